"""What the venue itself has done to orders and holdings, and what the daemon does about it.

The whole daemon over the real adapter, over loopback, at the sandbox; the fault is switched on by
name, as anyone can do over the control port. The numbers are those of docs/sandbox.md.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from structlog.testing import capture_logs
from trio.testing import MockClock

from cream.adapters.brokers.alpaca.requests import Replacement
from cream.adapters.sandbox.exchange import Exchange
from cream.core.exchange.calendar import SessionMode
from cream.core.model.broker import Refused, SubmitOutcome
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.plan import Guard, TimeInForce
from cream.core.options.occ import compact
from cream.daemon.tree import TreeSettings
from tests.conformance.alpaca_world import AlpacaLife, life, quick
from tests.conformance.failure_world import (
    QUIET_SECONDS,
    filled,
    only_timers,
    same_as_at_the_venue,
)
from tests.fakes.world import buy, close
from tests.unit.daemon.option_lab import HIGH, LOW, quote, spread

CALL = "AAPL261218C00240000"
TOLD_OF_ORPHANS = "option_keeper.alarm"


async def replaced(one: AlpacaLife) -> SubmitOutcome:
    """The entry, resting, replaced from outside: what came of it."""
    broker: Any = one.broker
    await one.submit(buy(limit="200.00", stop="195.00"))
    await one.until(lambda: one.entry().broker_order_id is not None)
    change = Replacement(client_order_id="by-hand", limit_price=Decimal("199.00"))
    outcome: SubmitOutcome = await broker.replace(one.entry().broker_order_id, change)
    return outcome


async def test_13_a_replacement_that_is_rejected_afterwards_is_known_to_be(
    autojump_clock: MockClock,
) -> None:
    """The answer was yes. What counts is where the new order ends: nothing is open any more, and
    who asked for it is told that it was refused.
    """
    async with life() as one:
        one.fault("order.replace_reject_async", count=1)
        refused = await replaced(one)
        assert isinstance(refused, Refused)
        assert refused.code == "REPLACEMENT_REJECTED"
        await one.until(lambda: not one.entry().is_open)
        assert one.entry().status is OrderStatus.REJECTED
        await trio.sleep(QUIET_SECONDS)
        same_as_at_the_venue(one)


async def test_13_nothing_is_replaced_again_and_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever moves, the daemon itself replaces no order: it cancels and places anew."""
    patched: list[str] = []
    monkeypatch.setattr(
        Exchange, "replace", lambda _self, order_id, *_rest: patched.append(order_id)
    )
    async with life() as one:
        trailing = Guard(trail_price=Decimal(5))
        await filled(one, buy(stop="233.00", guard=trailing, target="260.00"))
        for price in range(240, 250):
            one.quote("AAPL", f"{price}.00", f"{price}.02")
            await trio.sleep(2)
        await one.submit(buy("10", limit=None, stop="241.00", target="270.00"), plan_id="more")
        await one.until(lambda: one.held() == 30)
        await trio.sleep(QUIET_SECONDS)
        stops = [order for order in one.orders(OrderPurpose.STOP_LOSS) if order.is_open]
        assert sum(order.leaves for order in stops) == 30
        assert patched == []
        same_as_at_the_venue(one)


async def test_14_an_order_that_fills_while_it_is_replaced_is_filled_once(
    autojump_clock: MockClock,
) -> None:
    """The old one filled, the new one was rejected: it is one intent, and its shares are held."""
    async with life() as one:
        one.fault("order.fill_during_replace", count=1)
        await replaced(one)
        await one.until(lambda: one.held() == 20)
        await trio.sleep(QUIET_SECONDS)
        assert not one.entry().is_open
        assert one.entry().filled == 20
        assert one.operations.positions()[0].protected_quantity == 20
        same_as_at_the_venue(one)


async def test_23_an_exit_that_gets_another_id_is_still_the_same_exit(
    autojump_clock: MockClock,
) -> None:
    """Its client id is another, too: it is known by its parent and by what it replaces."""
    async with life() as one:
        one.fault("order.leg_swap_id", count=1)
        await filled(one, buy())
        await trio.sleep(QUIET_SECONDS)
        working = [leg for leg in one.orders() if leg.is_open]
        purposes = sorted(leg.terms.purpose.value for leg in working)
        assert purposes == sorted((OrderPurpose.STOP_LOSS.value, OrderPurpose.TAKE_PROFIT.value))
        same_as_at_the_venue(one)
        one.quote("AAPL", "253.60", "253.62")
        await one.until(lambda: one.held() == 0)
        await trio.sleep(QUIET_SECONDS)
        same_as_at_the_venue(one)


async def test_27_what_both_exits_have_sold_is_taken_back_once(
    autojump_clock: MockClock,
) -> None:
    """What was sold twice is a short position that nobody asked for: one order, which can only
    reduce, closes it, and somebody is told.
    """
    async with life() as one:
        await filled(one, buy())
        one.fault("order.double_oco_fill", count=1)
        one.quote("AAPL", "253.60", "253.62")
        await one.until(lambda: one.held() == -20)
        await one.until(lambda: one.held() == 0, seconds=10)
        await trio.sleep(QUIET_SECONDS)
        (back,) = one.orders(OrderPurpose.EXIT)
        assert (back.terms.side, back.terms.quantity, back.filled) == (Side.BUY, 20, 20)
        assert one.tree.overshoots.taken_back == 1
        assert not [order for order in one.orders() if order.is_open]
        same_as_at_the_venue(one)


async def test_27_what_only_seems_to_be_sold_twice_is_let_be(autojump_clock: MockClock) -> None:
    """The exit's fill is told before the entry's: the broker holds no share too few."""
    async with life(only_timers) as one:
        one.fault("ws.drop_event", count=2)
        await one.submit(buy())
        one.quote("AAPL", "253.60", "253.62")
        await trio.sleep(QUIET_SECONDS)
        assert one.held_at_venue() == 0
        await one.until(lambda: one.held() == 0, seconds=120)
        assert one.orders(OrderPurpose.EXIT) == []
        same_as_at_the_venue(one)


async def test_40_what_the_broker_closes_unasked_is_booked(autojump_clock: MockClock) -> None:
    """An order under a client id that nobody here gave; the position is what it made of it."""
    async with life() as one:
        await filled(one, buy())
        for order_id in one.sandbox.exchange.open_ids():
            one.sandbox.exchange.cancel(order_id)
        one.sandbox.exchange.close("AAPL", "liquidation-1")
        await one.until(lambda: one.held() == 0)
        await trio.sleep(QUIET_SECONDS)
        same_as_at_the_venue(one)
        (theirs,) = one.orders(OrderPurpose.EXTERNAL)
        assert (theirs.terms.client_order_id, theirs.filled) == ("liquidation-1", 20)


def closing_orphans(settings: TreeSettings) -> TreeSettings:
    """And Greeks that are nobody's concern here."""
    wide = evolve(
        settings.constraints.options,
        max_portfolio_theta=Decimal(-100_000),
        max_portfolio_gamma=Decimal(100_000),
    )
    return evolve(
        quick(settings),
        constraints=evolve(settings.constraints, options=wide),
        options=evolve(settings.options, close_orphans=True),
    )


async def test_40_a_leg_that_loses_its_partner_is_told_of_and_closed(
    autojump_clock: MockClock,
) -> None:
    """The broker closes the short leg of a spread; the long one alone was nobody's plan."""
    async with life(closing_orphans) as one:
        quote(one, LOW, "5.00", "5.20")
        quote(one, HIGH, "3.00", "3.20")
        assert (await one.submit(spread("5", "2.25"))).verdict.ok
        await one.until(lambda: one.held(HIGH.symbol) == -5)
        with capture_logs() as logs:
            one.sandbox.exchange.close(compact(HIGH), "liquidation-2")
            await one.until(lambda: one.held(HIGH.symbol) == 0)
            await one.until(lambda: one.held(LOW.symbol) == 0, seconds=120)
        assert [line["symbol"] for line in logs if line["event"] == TOLD_OF_ORPHANS] == [LOW.symbol]
        (theirs,) = one.orders(OrderPurpose.EXTERNAL)
        assert (theirs.terms.client_order_id, theirs.filled) == ("liquidation-2", 5)
        assert one.sandbox.exchange.book()["positions"] == []


async def test_41_what_an_exercise_makes_of_holdings_is_found_by_comparing_them(
    autojump_clock: MockClock,
) -> None:
    """The stream says nothing, and the history nothing before the next day."""
    async with life() as one:
        exchange = one.sandbox.exchange
        body = {"symbol": CALL, "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
        exchange.submit(body, "by-hand")
        held = one.tree.desk.book.positions
        await one.until(lambda: any(position.quantity == 1 for position in held.values()))
        exchange.assign(CALL, Decimal(1))
        assert one.held_at_venue() == 100
        assert list(exchange.activities.others(exchange.clock.now())) == []
        await one.until(lambda: one.held() == 100, seconds=60)
        same_as_at_the_venue(one)
        assert [position.instrument.symbol for position in held.values() if position.quantity] == [
            "AAPL"
        ]


async def test_47_what_is_left_when_a_part_has_filled_and_the_rest_expires(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("order.partial_then_expire", count=1)
        one.quote("AAPL", "238.39", "238.41", 5)
        await one.submit(buy(limit="238.41"))
        await one.until(lambda: one.entry().status is OrderStatus.EXPIRED)
        assert (one.entry().filled, one.held()) == (5, 5)
        await one.until(lambda: one.operations.positions()[0].protected_quantity == 5)
        same_as_at_the_venue(one)


async def test_47_what_a_closing_auction_does_not_take_is_held_on_and_stays_protected(
    autojump_clock: MockClock,
) -> None:
    """As the venue's own rules have it, with no fault switched on."""
    late = datetime(2026, 11, 23, 20, 45, tzinfo=UTC)
    async with life(start=late, session=SessionMode.CALENDAR) as one:
        await filled(one, buy())
        await one.submit(
            close("20", decision_id="c", time_in_force=TimeInForce.CLS), plan_id="at-close"
        )
        await one.until(lambda: one.orders(OrderPurpose.EXIT)[0].status is OrderStatus.ACCEPTED)
        one.quote("AAPL", "238.39", "238.41", 5)
        await one.until(lambda: one.held() == 15, seconds=1_000)
        await one.until(lambda: one.orders(OrderPurpose.EXIT)[0].status is OrderStatus.EXPIRED)
        await trio.sleep(QUIET_SECONDS)
        assert one.held() == one.held_at_venue() == 15
        assert one.operations.positions()[0].protected_quantity == 15


async def test_48_an_order_into_a_halt_waits_for_its_end(autojump_clock: MockClock) -> None:
    async with life() as one:
        exchange, tape = one.sandbox.exchange, one.sandbox.tape
        exchange.halt("AAPL")
        tape.halt("AAPL", "LUDP")
        await one.submit(buy())
        await trio.sleep(QUIET_SECONDS)
        assert (one.held(), one.entry().status) == (0, OrderStatus.ACCEPTED)
        tape.resume("AAPL")
        exchange.resume("AAPL")
        await one.until(lambda: one.held() == 20)
        same_as_at_the_venue(one)
