"""Stops that follow, stops with a limit, and positions whose time is up."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.execution import events as e
from cream.core.execution.levels import (
    Protection,
    Protections,
    Trigger,
    TriggerPrice,
    better_price,
    reached,
    stop_level,
)
from cream.core.execution.protection import ExitNow, Look, ProtectionPolicy, look
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import Guard
from tests.fakes.builders import NOW, bracket, order_terms
from tests.fakes.ledger import Ledger

LONG, SHORT = Decimal(100), Decimal(-100)
TRAIL_FIVE = Guard(trail_price=Decimal(5))
TRAIL_TEN_PERCENT = Guard(trail_percent=Decimal(10))


def protection(guard: Guard, **changes: Any) -> Protection:
    own = Protection(
        instrument=Equity("AAPL"),
        watched="AAPL",
        stop_loss=Decimal(95),
        take_profit=None,
        entry_order_id="o-entry",
        guard=guard,
    )
    return evolve(own, **changes)


def quote(bid: str, ask: str | None = None, last: str | None = None) -> Quote:
    return Quote(
        symbol="AAPL",
        bid=Decimal(bid),
        ask=Decimal(ask or bid),
        bid_size=1,
        ask_size=1,
        at=NOW,
        last=Decimal(last) if last is not None else None,
    )


@pytest.mark.parametrize(
    ("guard", "best", "stop"),
    [
        (TRAIL_FIVE, None, "95"),
        (TRAIL_FIVE, "99", "95"),
        (TRAIL_FIVE, "100.01", "95.01"),
        (TRAIL_FIVE, "120", "115"),
        (TRAIL_TEN_PERCENT, "105", "95"),
        (TRAIL_TEN_PERCENT, "111.11", "100.00"),
        (TRAIL_TEN_PERCENT, "120", "108"),
        (Guard(), "120", "95"),
    ],
)
def test_a_long_positions_stop_follows_the_best_price_and_begins_where_it_was_put(
    guard: Guard, best: str | None, stop: str
) -> None:
    own = protection(guard, best=Decimal(best) if best else None)

    assert stop_level(own, LONG) == Decimal(stop)


def test_a_short_positions_stop_follows_downwards() -> None:
    own = protection(TRAIL_FIVE, stop_loss=Decimal(105), best=Decimal(90))

    assert stop_level(own, SHORT) == 95
    assert reached(own, SHORT, quote("94.99", "95")) == (Trigger.STOP_LOSS, 95, 95)
    assert reached(own, SHORT, quote("94.98", "94.99")) is None
    assert better_price(own, SHORT, quote("88", "89.99"), TriggerPrice.EXECUTABLE) == Decimal(
        "89.99"
    )


prices = st.decimals(min_value=1, max_value=1000, places=2)


@settings(max_examples=60)
@given(st.lists(prices, min_size=1, max_size=30), st.sampled_from([TRAIL_FIVE, TRAIL_TEN_PERCENT]))
def test_a_following_stop_never_goes_back_and_is_never_reached_by_what_moves_it(
    path: list[Decimal], guard: Guard
) -> None:
    own, before = protection(guard, stop_loss=Decimal("0.50")), Decimal("0.50")
    for price in path:
        best = better_price(own, LONG, quote(str(price)), TriggerPrice.EXECUTABLE)
        if best is not None:
            own = evolve(own, best=best)
            assert reached(own, LONG, quote(str(price))) is None
        level = stop_level(own, LONG)
        assert level is not None
        assert level >= before
        before = level


@pytest.mark.parametrize(
    ("by", "shown", "hit"),
    [
        (TriggerPrice.EXECUTABLE, quote("95", "97", last="96"), True),
        (TriggerPrice.LAST, quote("95", "97", last="96"), False),
        (TriggerPrice.LAST, quote("96", "97", last="95"), True),
        (TriggerPrice.EXECUTABLE, quote("96", "97", last="95"), False),
        (TriggerPrice.LAST, quote("95", "97"), True),
        (TriggerPrice.LAST, quote("97", "95", last="90"), False),
    ],
)
def test_the_policy_says_which_price_reaches_a_level(
    by: TriggerPrice, shown: Quote, hit: bool
) -> None:
    """Where no trade is known the side to close at counts; a crossed quote says nothing."""
    assert (reached(protection(Guard()), LONG, shown, by) is not None) is hit


def test_what_moves_a_stop_by_less_than_a_tick_is_not_recorded() -> None:
    own = protection(TRAIL_TEN_PERCENT, best=Decimal("100.00"))

    for bid, best in (("100.005", None), ("99", None), ("100.01", Decimal("100.01"))):
        assert better_price(own, LONG, quote(bid), TriggerPrice.EXECUTABLE) == best
    assert better_price(protection(Guard()), LONG, quote("120"), TriggerPrice.EXECUTABLE) is None


def test_who_watches_a_symbol_is_known_without_asking_everyone() -> None:
    every = Protections()
    every["A"] = protection(Guard(), watched="SPY")
    every["B"] = protection(Guard(), watched="SPY")
    every["A"] = protection(Guard(), watched="QQQ")

    assert list(every.watching("SPY")) == ["B"]
    assert list(every.watching("QQQ")) == ["A"]
    every.drop("B")
    every.drop("B")
    assert list(every.watching("SPY")) == []
    assert list(every) == ["A"]


# In a book -------------------------------------------------------------------------------------


def held(guard: Guard, *, at_broker: bool = True) -> Ledger:
    """100 shares bought at 100 with a stop at 95 and a target at 110."""
    ledger = Ledger()
    terms = evolve(bracket(), guard=guard)
    if not at_broker:
        terms = evolve(terms, order_class=order_terms().order_class, take_profit=None)
        ledger.intend(terms)
        ledger.trade(terms.order_id, "100")
    else:
        ledger.enter(terms)
    return ledger


def looked(ledger: Ledger, bid: str, **policy: Any) -> Look:
    return look(ledger.book, "AAPL", lambda _s: quote(bid), ledger.now, ProtectionPolicy(**policy))


def test_a_followed_stop_fires_here_above_the_brokers_that_stands_still() -> None:
    ledger = held(TRAIL_FIVE)
    ledger.apply(e.TrailMoved(at=ledger.now, symbol="AAPL", best=Decimal(108)))

    assert looked(ledger, "103.01").action is None
    action = looked(ledger, "103").action

    assert isinstance(action, ExitNow)
    assert (action.trigger, action.level) == (Trigger.STOP_LOSS, 103)
    assert (action.terms.side, action.terms.quantity) == (Side.SELL, 100)


def test_the_brokers_stop_and_target_are_left_to_the_broker() -> None:
    ledger = held(TRAIL_FIVE)

    assert looked(ledger, "94").action is None
    assert looked(ledger, "111").action is None


def test_a_stop_with_a_limit_sells_at_no_less_once_and_then_at_any_price() -> None:
    """While the limit order works nothing else fires; what is left of it goes at the market."""
    ledger = held(Guard(stop_limit_price=Decimal("94.50")), at_broker=False)
    first = looked(ledger, "95").action
    assert isinstance(first, ExitNow)
    assert (first.terms.order_type, first.terms.limit_price) == (OrderType.LIMIT, Decimal("94.50"))
    ledger.intend(first.terms)
    ledger.apply(
        e.ProtectionTriggered(
            at=ledger.now,
            symbol="AAPL",
            kind="stop_loss",
            level=first.level,
            price=first.price,
            exit_order_id=first.terms.order_id,
        )
    )
    assert looked(ledger, "94").action is None

    ledger.trade(first.terms.order_id, "40")
    ledger.ask_cancel(first.terms.order_id)
    ledger.apply(
        e.OrderProgressed(
            at=ledger.now,
            order_id=first.terms.order_id,
            status=ledger.order(first.terms.order_id).status.CANCELED,
            reason="test",
        )
    )
    second = looked(ledger, "93").action
    assert isinstance(second, ExitNow)
    assert (second.terms.order_type, second.terms.quantity) == (OrderType.MARKET, 60)


def test_a_stop_with_a_limit_is_not_placed_at_the_broker() -> None:
    ledger = held(Guard(stop_limit_price=Decimal("94.50")), at_broker=False)
    since = {"AAPL": ledger.now - timedelta(hours=1)}

    assert looked(ledger, "100", uncovered_since=since) == Look()


@pytest.mark.parametrize("at_broker", [True, False])
def test_when_its_time_is_up_a_position_is_closed_whatever_its_price(at_broker: bool) -> None:
    due = NOW + timedelta(minutes=30)
    ledger = held(Guard(exit_at=due), at_broker=at_broker)
    ledger.now = due - timedelta(microseconds=1)
    waiting = looked(ledger, "100", place_at_broker=False)
    assert waiting == Look(again_at=due)

    ledger.now = due
    action = looked(ledger, "100").action

    assert isinstance(action, ExitNow)
    assert (action.trigger, action.terms.order_type) == (Trigger.TIME_STOP, OrderType.MARKET)
    unseen = look(ledger.book, "AAPL", lambda _s: None, ledger.now, ProtectionPolicy()).action
    assert isinstance(unseen, ExitNow), "a quote that is stale stops no clock"


def test_what_nobody_could_change_by_waiting_is_not_looked_at_again() -> None:
    assert looked(held(Guard()), "100") == Look()
    assert look(Ledger().book, "AAPL", lambda _s: None, NOW, ProtectionPolicy()) == Look()
