"""The journal keeps what was asked for and what was measured, and no more."""

from decimal import Decimal

from attrs import evolve

from cream.core.execution.events import Asked
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.model.request import SingleOrder
from cream.core.model.verdict import Check, CheckResult, Unit
from cream.core.risk.asked import asked_by_order, asked_by_plan, with_numbers
from tests.fakes.builders import CALL
from tests.fakes.world import buy, plan_of

SINGLE = SingleOrder(
    client_order_id="mine",
    cycle_id="c",
    instrument=Equity("AAPL"),
    side=Side.SELL,
    quantity=Decimal(7),
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.DAY,
    limit_price=Decimal(240),
)


def test_each_decision_of_a_plan_is_kept_with_its_levels_and_its_reason() -> None:
    decision = buy("20", decision_id="d-1", rationale="it rises", confidence=Decimal("0.7"))

    assert asked_by_plan(plan_of(decision)) == (
        Asked(
            decision_id="d-1",
            symbol="AAPL",
            action="BUY LONG",
            size=Decimal(20),
            unit="SHARES",
            limit_price=Decimal("238.50"),
            stop_loss=Decimal("228.50"),
            take_profit=Decimal("253.50"),
            confidence=Decimal("0.7"),
            rationale="it rises",
        ),
    )


def test_a_single_order_is_kept_in_its_own_words() -> None:
    asked = asked_by_order(SINGLE)

    assert (asked.action, asked.size, asked.unit) == ("SELL LIMIT", Decimal(7), "SHARES")
    assert asked.limit_price == 240
    assert asked_by_order(evolve(SINGLE, instrument=CALL)).unit == "CONTRACTS"


def test_only_checks_with_numbers_are_kept_and_without_their_statement() -> None:
    measured = Check(
        code="A", result=CheckResult.PASS, description="is", observed=Decimal(1), unit=Unit.USD
    )
    plain = Check(code="B", result=CheckResult.PASS, description="is")

    assert with_numbers((plain, measured)) == (evolve(measured, description=""),)
