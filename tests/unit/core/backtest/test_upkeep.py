"""What happens between plans: levels that are watched here, and orders that fill in part."""

from datetime import timedelta
from decimal import Decimal

from attrs import evolve

from cream.core.backtest.outcome import Outcome
from cream.core.backtest.run import DatedPlan, Setup, backtest
from cream.core.backtest.upkeep import Policies
from cream.core.execution.partial_fills import PartialAction, PartialFillPolicy, Patience
from cream.core.execution.protection import ProtectionPolicy
from cream.core.model.order import OrderClass, OrderPurpose, OrderStatus
from cream.core.model.plan import TimeInForce
from tests.unit.core.backtest.lab import (
    QUIET,
    ROOMY,
    TUESDAY,
    days,
    enter,
    fills,
    leave,
    plan,
    run,
)

GTC = TimeInForce.GTC


def placed(outcome: Outcome) -> list[str]:
    """Protection that was placed after the bracket had ended, by its class."""
    return [
        one.terms.order_class.value
        for one in outcome.orders
        if one.reason == "protection that the broker does not hold"
    ]


def test_protection_that_ended_with_its_day_is_placed_anew_before_the_next() -> None:
    outcome = run(days(QUIET, QUIET, "133 135 132 134"), enter())
    assert placed(outcome) == ["OCO"]
    assert fills(outcome)[1:] == [("SELL", "10", "133", "take_profit")]


def with_policies(policies: Policies, *bars: str) -> Outcome:
    setup = Setup(cash=Decimal(100_000), limits=ROOMY, policies=policies)
    return backtest(setup, days(QUIET, *bars), [DatedPlan(plan(enter()), TUESDAY)])


def test_where_none_may_be_placed_levels_are_watched_here() -> None:
    protection = ProtectionPolicy(place_at_broker=False)
    outcome = with_policies(Policies(protection=protection), QUIET, "100 101 89 95")
    assert placed(outcome) == []
    assert [one.terms.purpose for one in outcome.orders if one.filled][1:] == [OrderPurpose.EXIT]
    assert [one[3] for one in fills(outcome)] == ["", "stop_loss"]


def test_where_nobody_watches_and_nothing_is_placed_nothing_happens() -> None:
    outcome = with_policies(Policies(watch=False), QUIET, "100 101 89 95")
    assert placed(outcome) == []
    assert [one[3] for one in fills(outcome)] == [""]


def test_a_stop_with_a_limit_sells_at_no_less() -> None:
    decision = enter(target=None)
    guard = evolve(decision.guard, stop_limit_price=Decimal(89))
    decision = evolve(decision, guard=guard)
    sold = run(days(QUIET, QUIET, "95 96 85 86"), decision, slippage_bps=Decimal(200))
    assert fills(sold)[1:] == [("SELL", "10", "90.00", "stop_loss")]

    gapped = run(days(QUIET, QUIET, "88 88.50 85 86"), decision)
    assert fills(gapped)[1:] == []
    (waiting,) = (one for one in gapped.orders if one.terms.purpose is OrderPurpose.EXIT)
    assert waiting.terms.limit_price == 89


def test_an_exit_that_has_filled_in_part_is_sent_anew_at_the_market() -> None:
    """Its limit has been out of reach for longer than its patience."""
    bars = [*days(QUIET, QUIET)]
    wednesday = TUESDAY.date() + timedelta(days=1)
    bars += days("104 105 104 104", volume=4, since=wednesday)
    bars += days("99 100 98 99", since=wednesday + timedelta(days=1))
    out = evolve(leave(limit="104.00"), time_in_force=GTC)
    outcome = run(
        bars,
        enter(),
        more=[(plan(out, plan_id="out"), TUESDAY + timedelta(days=1))],
        participation=Decimal(1),
    )
    assert fills(outcome)[1:] == [("SELL", "4", "104", "plan"), ("SELL", "6", "99", "plan")]
    first = next(one for one in outcome.orders if one.terms.limit_price == 104)
    assert first.status is OrderStatus.CANCELED


def test_an_entry_that_has_filled_in_part_may_be_cut_off() -> None:
    patience = Patience(60.0, PartialAction.CANCEL_REMAINING)
    policies = Policies(partial_fills=PartialFillPolicy(entry=patience))
    setup = Setup(cash=Decimal(100_000), limits=ROOMY, policies=policies)
    bars = [*days(QUIET), *days(QUIET, QUIET, volume=40, since=TUESDAY.date())]
    decision = enter(limit="100.00", time_in_force=GTC)
    outcome = backtest(setup, bars, [DatedPlan(plan(decision), TUESDAY)])
    assert [one[:2] for one in fills(outcome)] == [("BUY", "4")]
    entry = outcome.orders[0]
    assert (entry.status, entry.terms.order_class) == (OrderStatus.CANCELED, OrderClass.BRACKET)


def test_a_stop_that_the_venue_cannot_fill_is_tried_again_with_the_next_bar() -> None:
    bars = [*days(QUIET, QUIET)]
    wednesday = TUESDAY.date() + timedelta(days=1)
    bars += days("89 89 89 89", volume=0, since=wednesday)
    bars += days("88 88 88 88", since=wednesday + timedelta(days=1))
    outcome = run(bars, enter())
    assert fills(outcome)[1:] == [("SELL", "10", "88", "stop_loss")]
