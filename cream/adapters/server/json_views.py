"""How does the model look as JSON?"""

from collections.abc import Sequence
from decimal import Decimal

from cream.adapters.server import json_types as api
from cream.adapters.server.figures import check_figures, violation_figures
from cream.core.model.errors import CreamError
from cream.core.model.money import decimal_text
from cream.core.model.order import LegFill, Order, OrderLeg, OrderStatus, OrderTerms
from cream.core.model.verdict import Check, Verdict, Violation
from cream.core.operations import CancelResult, PlanResult


def text_or_none(value: Decimal | None) -> str | None:
    """The plain digits, or null."""
    return None if value is None else decimal_text(value)


def error_view(error: CreamError) -> api.Error:
    """The one shape of every error."""
    return api.Error(
        code=error.kind.code,
        message=error.message,
        grpc_code=error.kind.grpc.value,
        details=tuple(
            api.FieldDetail(field=problem.field, problem=problem.problem)
            for problem in error.problems
        ),
    )


def violation_view(violation: Violation) -> api.Violation:
    """One violation with its numbers."""
    figures = violation_figures(violation)
    return api.Violation(
        code=violation.code,
        severity=violation.severity.value,
        message=violation.message,
        instrument_id=violation.instrument_id,
        field_path=violation.field_path,
        observed=text_or_none(figures.observed),
        limit=text_or_none(figures.limit),
        unit=violation.unit.value,
        headroom=text_or_none(figures.headroom),
    )


def check_view(check: Check) -> api.Check:
    """One check with its numbers."""
    figures = check_figures(check)
    return api.Check(
        code=check.code,
        result=check.result.value,
        description=check.description,
        observed=text_or_none(figures.observed),
        limit=text_or_none(figures.limit),
        unit=check.unit.value,
    )


def planned_stop(terms: OrderTerms) -> Decimal | None:
    """The price that an order stops at: its own trigger, or that of the protection it carries."""
    return terms.stop_loss if terms.stop_price is None else terms.stop_price


def planned_order_view(terms: OrderTerms) -> api.PlannedOrder:
    """An order that would be sent."""
    return api.PlannedOrder(
        decision_id=terms.decision_id,
        symbol=terms.instrument.symbol,
        side=terms.side.value,
        quantity=decimal_text(terms.quantity),
        order_type=terms.order_type.value,
        order_class=terms.order_class.value,
        limit_price=text_or_none(terms.limit_price),
        stop_price=text_or_none(planned_stop(terms)),
        take_profit_price=text_or_none(terms.take_profit),
        time_in_force=terms.time_in_force.value,
        legs=tuple(
            api.PlannedLeg(
                symbol=leg.contract.symbol,
                side=leg.side.value,
                ratio_qty=leg.ratio,
                quantity=decimal_text(abs(leg.ratio) * terms.quantity),
                position_intent=leg.intent.value,
            )
            for leg in terms.legs
        ),
    )


def verdict_view(verdict: Verdict) -> api.Verdict:
    """The answer to a check."""
    return api.Verdict(
        ok=verdict.ok,
        violations=tuple(map(violation_view, verdict.violations)),
        checks=tuple(map(check_view, verdict.checks)),
        orders=tuple(map(planned_order_view, verdict.orders)),
        suggestions=tuple(
            api.Suggestion(
                decision_id=suggestion.decision_id, quantity=text_or_none(suggestion.quantity)
            )
            for suggestion in verdict.suggestions
        ),
        left_out=verdict.left_out,
        policy_version=verdict.policy_version,
        validated_at=verdict.validated_at,
    )


def leg_fill(order: Order, leg: OrderLeg) -> LegFill:
    """What `leg` of `order` has filled."""
    for fill in order.leg_fills:
        if fill.contract == leg.contract:
            return fill
    return LegFill(leg.contract)


def leg_id(order: Order, index: int) -> str:
    """The name of an option leg: it is no order of its own, so it is named by its place."""
    return f"{order.order_id}.{index}"


def _option_leg_view(order: Order, leg: OrderLeg, index: int) -> api.OrderLeg:
    fill = leg_fill(order, leg)
    return api.OrderLeg(
        leg_id=leg_id(order, index),
        order_id=None,
        symbol=leg.contract.symbol,
        side=leg.side.value,
        quantity=decimal_text(abs(leg.ratio) * order.terms.quantity),
        filled_quantity=decimal_text(fill.filled),
        avg_fill_price=text_or_none(fill.average_price),
        status=order.status.value,
        order_type=order.terms.order_type.value,
        limit_price=None,
        stop_price=None,
        purpose=order.terms.purpose.value,
        ratio_qty=leg.ratio,
        position_intent=leg.intent.value,
    )


def _child_view(child: Order) -> api.OrderLeg:
    terms = child.terms
    return api.OrderLeg(
        leg_id=child.order_id,
        order_id=child.order_id,
        symbol=terms.instrument.symbol,
        side=terms.side.value,
        quantity=decimal_text(terms.quantity),
        filled_quantity=decimal_text(child.filled),
        avg_fill_price=text_or_none(child.average_price),
        status=child.status.value,
        order_type=terms.order_type.value,
        limit_price=text_or_none(terms.limit_price),
        stop_price=text_or_none(terms.stop_price),
        purpose=terms.purpose.value,
        ratio_qty=None,
        position_intent=None if terms.position_intent is None else terms.position_intent.value,
    )


def order_view(order: Order, children: Sequence[Order] = ()) -> api.OrderState:
    """An order with its option legs and with those of its children that are given."""
    terms = order.terms
    legs = [_option_leg_view(order, leg, index) for index, leg in enumerate(terms.legs)]
    return api.OrderState(
        order_id=order.order_id,
        client_order_id=terms.client_order_id,
        broker_order_id=order.broker_order_id,
        decision_id=terms.decision_id,
        plan_id=terms.plan_id,
        symbol=terms.instrument.symbol,
        side=terms.side.value,
        order_type=terms.order_type.value,
        order_class=terms.order_class.value,
        time_in_force=terms.time_in_force.value,
        status=order.status.value,
        requested_quantity=decimal_text(terms.quantity),
        filled_quantity=decimal_text(order.filled),
        avg_fill_price=text_or_none(order.average_price),
        limit_price=text_or_none(terms.limit_price),
        stop_price=text_or_none(terms.stop_price),
        purpose=terms.purpose.value,
        parent_order_id=terms.parent_order_id,
        legs=(*legs, *map(_child_view, children)),
        commission=decimal_text(order.commission),
        submitted_at=order.intended_at,
        last_update_at=order.updated_at,
        status_message=order.reason,
    )


def execution_errors(orders: Sequence[Order]) -> tuple[api.ExecutionError, ...]:
    """What went wrong with orders that the gate had approved."""
    errors = []
    for order in orders:
        if order.status is OrderStatus.REJECTED:
            code, message = "ORDER_REJECTED", order.reason
        elif order.status is OrderStatus.UNKNOWN_SUBMIT:
            code, message = "SUBMIT_UNKNOWN", "the broker has not answered; it is being asked"
        else:
            continue
        errors.append(
            api.ExecutionError(
                code=code,
                message=message,
                instrument_id=order.terms.instrument.symbol,
                order_id=order.order_id,
                # The same plan again is the same orders again: nothing is to be retried.
                retryable=False,
            )
        )
    return tuple(errors)


def submit_view(result: PlanResult, children: Sequence[Sequence[Order]]) -> api.SubmitReply:
    """The answer to a submitted plan. `children` are those of each order, in the same sequence."""
    return api.SubmitReply(
        cycle_id=result.plan.cycle_id,
        plan_id=result.plan.plan_id,
        environment=result.plan.environment.value,
        ack_time=result.acknowledged_at,
        ok=result.verdict.ok,
        repeated=result.repeated,
        orders=tuple(map(order_view, result.orders, children)),
        violations=tuple(map(violation_view, result.verdict.violations)),
        left_out=result.verdict.left_out,
        errors=execution_errors(result.orders),
    )


def cancel_view(result: CancelResult) -> api.CancelResult:
    """What became of one request to cancel."""
    order = result.order
    return api.CancelResult(
        requested_id=result.requested_id,
        order_id=result.requested_id if order is None else order.order_id,
        accepted=result.accepted,
        status=None if order is None else order.status.value,
        error=api.CancelError(code=result.code, message=result.message) if result.code else None,
    )
