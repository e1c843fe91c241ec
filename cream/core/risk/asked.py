"""What of a request and its verdict goes into the journal, so that it can be explained later?"""

from collections.abc import Sequence

from cream.core.execution.events import Asked
from cream.core.model import verdict
from cream.core.model.plan import Decision, DecisionPlan, SizeUnit
from cream.core.model.request import SingleOrder
from cream.core.model.verdict import Check, Checks


def asked_by_plan(plan: DecisionPlan) -> tuple[Asked, ...]:
    """What each decision of the plan asks for."""
    return tuple(_asked_by(decision) for decision in plan.decisions)


def _asked_by(decision: Decision) -> Asked:
    limit = decision.net_limit_price if decision.legs else decision.limit_price
    return Asked(
        decision_id=decision.decision_id,
        symbol=decision.instrument.symbol,
        action=f"{decision.action.value} {decision.direction.value}",
        size=decision.size.quantity,
        unit=decision.size.unit.value,
        limit_price=limit,
        stop_loss=decision.stop_loss,
        take_profit=decision.take_profit,
        confidence=decision.confidence,
        rationale=decision.rationale,
    )


def asked_by_order(order: SingleOrder) -> Asked:
    """What a single order asks for. Units: its quantity is in shares or contracts."""
    multiplied = order.instrument.multiplier != 1
    return Asked(
        decision_id="",
        symbol=order.instrument.symbol,
        action=f"{order.side.value} {order.order_type.value}",
        size=order.quantity,
        unit=(SizeUnit.CONTRACTS if multiplied else SizeUnit.SHARES).value,
        limit_price=order.limit_price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
    )


def with_numbers(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks that measured something. What a code means is in docs/api.md, not in each."""
    return checks.with_numbers() if isinstance(checks, Checks) else verdict.with_numbers(checks)
