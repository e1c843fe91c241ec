"""How do orders, verdicts and answers to commands look on the wire?"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cream.adapters.server import wire_enums as enums
from cream.adapters.server.figures import check_figures, violation_figures
from cream.adapters.server.json_views import execution_errors, leg_fill, leg_id, planned_stop
from cream.adapters.server.wire_values import wire_instant, wire_instrument, wire_quantity
from cream.core.model.errors import CreamError
from cream.core.model.money import decimal_text
from cream.core.model.order import Order, OrderLeg, OrderStatus, OrderTerms
from cream.core.model.plan import Environment
from cream.core.model.verdict import Check, Verdict, Violation
from cream.core.operations import CancelResult, OrderResult, PlanResult
from cream.wire import execution_pb2


def double(value: Decimal | None) -> float | None:
    """The nearest double."""
    return None if value is None else float(value)


def text(value: Decimal | None) -> str | None:
    """The plain digits."""
    return None if value is None else decimal_text(value)


def violation_message(violation: Violation) -> execution_pb2.ConstraintViolation:
    """One violation with its numbers."""
    figures = violation_figures(violation)
    return execution_pb2.ConstraintViolation(
        code=violation.code,
        severity=enums.SEVERITY.name(violation.severity),
        message=violation.message,
        instrument_id=violation.instrument_id,
        field_path=violation.field_path,
        observed_value=double(figures.observed),
        limit_value=double(figures.limit),
        constraint_name=violation.code,
        unit=violation.unit.value,
        headroom=text(figures.headroom),
        observed=text(figures.observed),
        limit=text(figures.limit),
    )


def check_message(check: Check) -> execution_pb2.ConstraintCheck:
    """One check with its numbers."""
    figures = check_figures(check)
    return execution_pb2.ConstraintCheck(
        name=check.code,
        result=enums.CHECK_RESULT.name(check.result),
        description=check.description,
        actual_value=double(figures.observed),
        threshold=double(figures.limit),
        unit=check.unit.value,
        observed=text(figures.observed),
        limit=text(figures.limit),
    )


def planned_order_message(terms: OrderTerms) -> execution_pb2.PlannedOrder:
    """An order that would be sent."""
    return execution_pb2.PlannedOrder(
        decision_id=terms.decision_id,
        symbol=terms.instrument.symbol,
        side=enums.ORDER_SIDE.name(terms.side),
        quantity=decimal_text(terms.quantity),
        order_type=enums.ORDER_TYPE.name(terms.order_type),
        order_class=enums.ORDER_CLASS.name(terms.order_class),
        limit_price=text(terms.limit_price),
        stop_price=text(planned_stop(terms)),
        take_profit_price=text(terms.take_profit),
        time_in_force=enums.TIME_IN_FORCE.name(terms.time_in_force),
        legs=[
            execution_pb2.PlannedLeg(
                symbol=leg.contract.symbol,
                ratio_qty=leg.ratio,
                side=enums.ORDER_SIDE.name(leg.side),
                position_intent=enums.POSITION_INTENT.name(leg.intent),
                quantity=decimal_text(abs(leg.ratio) * terms.quantity),
            )
            for leg in terms.legs
        ],
    )


def first_refusal(verdict: Verdict) -> Violation | None:
    """The first violation that refuses, if any does."""
    return next((each for each in verdict.violations if each.severity.refuses), None)


def check_reply(verdict: Verdict) -> execution_pb2.CheckConstraintsResponse:
    """The answer to a check."""
    refusal = None if verdict.ok else first_refusal(verdict)
    return execution_pb2.CheckConstraintsResponse(
        approved=verdict.ok,
        checks=map(check_message, verdict.checks),
        violations=map(violation_message, verdict.violations),
        validated_at=wire_instant(verdict.validated_at),
        rejection_reason=None if refusal is None else refusal.message,
        orders=map(planned_order_message, verdict.orders),
        policy_version=verdict.policy_version,
        suggestions=[
            execution_pb2.Suggestion(decision_id=each.decision_id, quantity=text(each.quantity))
            for each in verdict.suggestions
        ],
    )


def _option_leg_message(order: Order, leg: OrderLeg, index: int) -> execution_pb2.OrderLegState:
    fill = leg_fill(order, leg)
    quantity = abs(leg.ratio) * order.terms.quantity
    return execution_pb2.OrderLegState(
        leg_id=leg_id(order, index),
        instrument=wire_instrument(leg.contract),
        side=enums.ORDER_SIDE.name(leg.side),
        quantity=wire_quantity(quantity),
        order_type=enums.ORDER_TYPE.name(order.terms.order_type),
        status=enums.wire_status(order),
        filled_quantity=wire_quantity(fill.filled),
        avg_fill_price=double(fill.average_price),
        last_update_at=wire_instant(order.updated_at),
        status_detail=order.status.value,
        position_intent=enums.POSITION_INTENT.name(leg.intent),
        exact_quantity=decimal_text(quantity),
        exact_filled_quantity=decimal_text(fill.filled),
        exact_avg_fill_price=text(fill.average_price),
    )


def _child_message(child: Order) -> execution_pb2.OrderLegState:
    terms = child.terms
    intent = terms.position_intent
    return execution_pb2.OrderLegState(
        leg_id=child.order_id,
        instrument=wire_instrument(terms.instrument),
        side=enums.ORDER_SIDE.name(terms.side),
        quantity=wire_quantity(terms.quantity),
        order_type=enums.ORDER_TYPE.name(terms.order_type),
        limit_price=double(terms.limit_price),
        status=enums.wire_status(child),
        filled_quantity=wire_quantity(child.filled),
        avg_fill_price=double(child.average_price),
        last_update_at=wire_instant(child.updated_at),
        status_detail=child.status.value,
        position_intent=None if intent is None else enums.POSITION_INTENT.name(intent),
        exact_quantity=decimal_text(terms.quantity),
        exact_filled_quantity=decimal_text(child.filled),
        exact_avg_fill_price=text(child.average_price),
    )


def order_message(order: Order, children: Sequence[Order] = ()) -> execution_pb2.OrderState:
    """An order with its option legs and with those of its children that are given."""
    terms = order.terms
    legs = [_option_leg_message(order, leg, index) for index, leg in enumerate(terms.legs)]
    return execution_pb2.OrderState(
        order_id=order.order_id,
        broker_order_id=order.broker_order_id or "",
        client_order_id=terms.client_order_id,
        is_multi_leg=bool(terms.legs),
        legs=[*legs, *map(_child_message, children)],
        status=enums.wire_status(order),
        side=enums.ORDER_SIDE.name(terms.side),
        order_type=enums.ORDER_TYPE.name(terms.order_type),
        instrument=wire_instrument(terms.instrument),
        requested_quantity=wire_quantity(terms.quantity),
        filled_quantity=wire_quantity(order.filled),
        avg_fill_price=double(order.average_price),
        limit_price=double(terms.limit_price),
        stop_price=double(terms.stop_price),
        time_in_force=enums.TIME_IN_FORCE.name(terms.time_in_force),
        submitted_at=wire_instant(order.intended_at),
        last_update_at=wire_instant(order.updated_at),
        commission=float(order.commission),
        cycle_id=terms.cycle_id,
        status_message=order.reason,
        status_detail=order.status.value,
        decision_id=terms.decision_id,
        plan_id=terms.plan_id,
        order_class=enums.ORDER_CLASS.name(terms.order_class),
        purpose=enums.ORDER_PURPOSE.name(terms.purpose),
        parent_order_id=terms.parent_order_id,
        exact_requested_quantity=decimal_text(terms.quantity),
        exact_filled_quantity=decimal_text(order.filled),
        exact_avg_fill_price=text(order.average_price),
        exact_limit_price=text(terms.limit_price),
        exact_stop_price=text(terms.stop_price),
        exact_commission=decimal_text(order.commission),
    )


def order_state_reply(
    order: Order, children: Sequence[Order]
) -> execution_pb2.GetOrderStateResponse:
    """One order, flat as the contract has it, and whole."""
    whole = order_message(order, children)
    return execution_pb2.GetOrderStateResponse(
        order_id=whole.order_id,
        broker_order_id=whole.broker_order_id,
        instrument=whole.instrument,
        status=whole.status,
        side=whole.side,
        order_type=whole.order_type,
        requested_quantity=whole.requested_quantity,
        filled_quantity=whole.filled_quantity,
        avg_fill_price=whole.avg_fill_price,
        limit_price=whole.limit_price if whole.HasField("limit_price") else None,
        stop_price=whole.stop_price if whole.HasField("stop_price") else None,
        submitted_at=whole.submitted_at,
        last_update_at=whole.last_update_at,
        status_message=whole.status_message,
        order=whole,
    )


def submit_order_reply(
    result: OrderResult, client_order_id: str
) -> execution_pb2.SubmitOrderResponse:
    """What became of a single order."""
    order = result.order
    violations = [violation_message(each) for each in result.verdict.violations]
    if order is None:
        refusal = first_refusal(result.verdict)
        why = "REFUSED" if refusal is None else f"[{refusal.code}] {refusal.message}"
        return execution_pb2.SubmitOrderResponse(
            client_order_id=client_order_id,
            status="ORDER_STATUS_REJECTED",
            submitted_at=wire_instant(result.acknowledged_at),
            error_message=why,
            status_detail=OrderStatus.REJECTED.value,
            violations=violations,
        )
    rejected = order.status is OrderStatus.REJECTED
    return execution_pb2.SubmitOrderResponse(
        order_id=order.order_id,
        client_order_id=client_order_id,
        status=enums.wire_status(order),
        submitted_at=wire_instant(order.intended_at),
        error_message=f"[ORDER_REJECTED] {order.reason}" if rejected else None,
        status_detail=order.status.value,
        violations=violations,
    )


def _error_messages(orders: Sequence[Order]) -> list[execution_pb2.ExecutionError]:
    return [
        execution_pb2.ExecutionError(
            code=error.code,
            message=error.message,
            instrument_id=error.instrument_id,
            order_id=error.order_id,
            retryable=error.retryable,
        )
        for error in execution_errors(orders)
    ]


def plan_reply(
    result: PlanResult, children: Sequence[Sequence[Order]]
) -> execution_pb2.ExecutionAck:
    """What became of a plan. `children` are those of each order, in the same sequence."""
    return execution_pb2.ExecutionAck(
        cycle_id=result.plan.cycle_id,
        environment=enums.ENVIRONMENT.name(result.plan.environment),
        ack_time=wire_instant(result.acknowledged_at),
        orders=map(order_message, result.orders, children),
        errors=_error_messages(result.orders),
        ok=result.verdict.ok,
        violations=map(violation_message, result.verdict.violations),
        left_out=result.verdict.left_out,
        plan_id=result.plan.plan_id,
    )


def orders_ack(
    orders: Sequence[Order], environment: Environment, at: datetime
) -> execution_pb2.ExecutionAck:
    """Orders of one plan, as the execution stream carries them."""
    first = orders[0].terms if orders else None
    return execution_pb2.ExecutionAck(
        cycle_id="" if first is None else first.cycle_id,
        environment=enums.ENVIRONMENT.name(environment),
        ack_time=wire_instant(at),
        orders=[order_message(order) for order in orders],
        errors=_error_messages(orders),
        ok=True,
        plan_id="" if first is None else first.plan_id,
    )


def error_text(result: CancelResult) -> str | None:
    """Why an order will not be cancelled; None where it will."""
    return f"[{result.code}] {result.message}" if result.code else None


def cancel_reply(result: CancelResult) -> execution_pb2.CancelOrderResponse:
    """What became of a request to cancel.   Raises: CreamError NOT_FOUND."""
    order = result.order
    if order is None:
        raise CreamError("NOT_FOUND", f"No order has the id {result.requested_id}")
    return execution_pb2.CancelOrderResponse(
        accepted=result.accepted,
        order_id=order.order_id,
        status=enums.wire_status(order),
        error_message=error_text(result),
        status_detail=order.status.value,
    )
