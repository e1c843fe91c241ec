"""What Alpaca's answers have got wrong, and what the daemon does about it.

The whole daemon over the real adapter, over loopback, at the sandbox; the fault is switched on by
name, as anyone can do over the control port. The numbers are those of docs/sandbox.md.
"""

from decimal import Decimal

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.broker import Accepted, Refused
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.state import TradingState
from tests.conformance.alpaca_world import life
from tests.conformance.failure_world import (
    QUIET_SECONDS,
    filled,
    is_connected,
    same_as_at_the_venue,
)
from tests.fakes.venue_lab import terms
from tests.fakes.world import buy, close

# Answers that mislead ---------------------------------------------------------------------------


async def test_28_positions_that_lag_behind_do_not_count(autojump_clock: MockClock) -> None:
    """Our own fills do; the broker's list is compared when it is quiet."""
    async with life() as one:
        await one.broker.positions()
        one.fault("rest.stale_positions", seconds=10)
        await filled(one, buy())
        assert one.held() == 20
        await trio.sleep(QUIET_SECONDS)
        assert one.operations.trading_state().state is TradingState.ACTIVE


async def test_31_an_account_of_zeros_stops_increases_and_not_exits(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        await filled(one, buy())
        one.fault("account.zero")
        await trio.sleep(120)
        refused = await one.submit(buy(), plan_id="more")
        assert not refused.verdict.ok
        done = await one.submit(close("20"), plan_id="out")
        assert done.verdict.ok
        await one.until(lambda: one.held() == 0)


async def test_37_fractions_that_are_refused_for_a_while_are_a_definite_refusal(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("risk.fractional_pause", count=1)
        part = terms(quantity="0.5")
        assert isinstance(await one.broker.submit(part), Refused)
        assert isinstance(await one.broker.submit(part), Accepted)


async def test_38_an_odd_refusal_is_final_for_its_order_alone(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.fault("rest.spurious_403", count=1)
        await one.submit(buy())
        await one.until(lambda: one.entry().status is OrderStatus.REJECTED)
        assert one.at_venue() == []
        await one.submit(buy(), plan_id="next")
        await one.until(lambda: one.held() == 20)


async def test_36_a_throttled_account_waits_and_gets_through(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.fault("rest.throttle", count=5)
        await filled(one, buy())
        assert len(one.at_venue()) == 1


async def test_43_revoked_keys_stop_trading_without_a_storm(autojump_clock: MockClock) -> None:
    """No increase, no hammering; and once the keys are good again, everything goes on."""
    async with life() as one:
        one.fault("auth.revoke")
        one.sandbox.broadcast.cut()
        await trio.sleep(60)
        before = one.sandbox._requests
        refused = await one.submit(buy())
        assert not refused.verdict.ok
        await trio.sleep(60)
        assert one.sandbox._requests - before < 200
        one.heal()
        await one.until(lambda: is_connected(one), seconds=600)


async def test_50_one_endpoint_that_is_down_does_not_stop_the_others(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.503_on", path="/v2/positions")
        await filled(one, buy())
        assert one.entry().status is OrderStatus.FILLED


async def test_out_of_reach_everything_is_cancelled_once_it_is_back(
    autojump_clock: MockClock,
) -> None:
    """Invariant 7: the mass cancel that is owed is paid, and protection stays."""
    async with life() as one:
        await filled(one, buy())
        await one.submit(buy(limit="200.00", stop="195.00"), plan_id="rests")
        await one.until(lambda: len([o for o in one.at_venue() if o["status"] == "new"]) == 1)
        one.fault("venue.unreachable", for_seconds=120)
        one.sandbox.broadcast.cut()
        state = one.operations.trading_state
        await one.until(lambda: state().state is TradingState.REDUCING, seconds=600)
        await one.until(lambda: is_connected(one), seconds=900)
        await one.until(
            lambda: not [o for o in one.at_venue() if o["status"] == "new"], seconds=900
        )
        stops = one.orders(OrderPurpose.STOP_LOSS)
        assert [order.terms.stop_price for order in stops if order.is_open] == [Decimal("228.50")]
        same_as_at_the_venue(one)


async def test_21_a_price_between_ticks_never_leaves(autojump_clock: MockClock) -> None:
    async with life() as one:
        outcome = await one.broker.submit(evolve(terms(), limit_price=Decimal("238.001")))
        assert isinstance(outcome, Refused)
        assert one.at_venue() == []


async def test_49_dust_of_nine_places_is_closed_exactly(autojump_clock: MockClock) -> None:
    async with life() as one:
        dust = "0.419445493"
        assert isinstance(await one.broker.submit(terms(quantity=dust)), Accepted)
        (held,) = await one.broker.positions()
        assert str(held.quantity) == dust
        out = terms(Side.SELL, str(held.quantity), purpose=OrderPurpose.EXIT)
        assert isinstance(await one.broker.submit(out), Accepted)
        assert one.held_at_venue() == 0


async def test_19_shares_that_are_still_held_delay_an_exit_and_do_not_lose_it(
    autojump_clock: MockClock,
) -> None:
    """The cancel of the protection takes its time; then the exit leaves, or it is refused whole."""
    async with life() as one:
        await filled(one, buy())
        one.fault("order.stick_pending_cancel", seconds=2, count=1)
        await one.submit(close("20"), plan_id="out")
        await one.until(lambda: one.held() == 0, seconds=120)
        await one.until(lambda: not [order for order in one.orders() if order.is_open])
        same_as_at_the_venue(one)


async def test_19_shares_that_are_free_a_moment_after_the_cancel_are_waited_for(
    autojump_clock: MockClock,
) -> None:
    """The cancel is confirmed, and Alpaca refuses the exit all the same; it was lost then."""
    async with life() as one:
        await filled(one, buy())
        one.fault("pos.qty_release_lag", seconds=2)
        await one.submit(close("20"), plan_id="out")
        await one.until(lambda: one.held() == 0, seconds=10)
        same_as_at_the_venue(one)


async def test_20_an_order_that_could_trade_with_ones_own_is_refused_for_good(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        assert isinstance(await one.broker.submit(terms()), Accepted)
        resting = terms(Side.SELL, "5", "250.00", purpose=OrderPurpose.EXIT)
        assert isinstance(await one.broker.submit(resting), Accepted)
        refused = await one.broker.submit(terms(quantity="1"))
        assert isinstance(refused, Refused)
        assert refused.code == "WASH_TRADE"


async def test_25_the_filled_part_of_an_entry_is_protected_though_its_exits_wait(
    autojump_clock: MockClock,
) -> None:
    """At Alpaca the exits of a bracket stay held until the whole entry has filled."""
    async with life() as one:
        one.quote("AAPL", "238.39", "238.41", 5)
        await one.submit(buy(limit="238.41"))
        await one.until(lambda: one.held() == 5)
        one.quote("AAPL", "228.00", "228.02", 1_000)
        await one.until(lambda: one.held() == 0, seconds=600)
        same_as_at_the_venue(one)


async def test_25_of_an_entry_that_never_fills_whole_the_part_is_protected(
    autojump_clock: MockClock,
) -> None:
    """However long the rest works on, the part is sold where its stop is."""
    async with life() as one:
        one.fault("order.partial_entry_forever", count=1)
        await one.submit(buy(limit="238.41"))
        await one.until(lambda: one.held() == 10)
        await trio.sleep(600)
        one.quote("AAPL", "228.00", "228.02")
        await one.until(lambda: one.held() == 0, seconds=600)
        same_as_at_the_venue(one)


async def test_44_a_clock_that_is_far_ahead_and_steps_back_changes_nothing(
    autojump_clock: MockClock,
) -> None:
    """What happened is known by its totals, never by the order of moments."""
    async with life() as one:
        one.fault("clock.skew", seconds=30)
        await filled(one, buy())
        one.quote("AAPL", "228.00", "228.02")
        await one.until(lambda: one.held() == 0, seconds=120)
        one.heal()
        one.quote("AAPL", "238.39", "238.41")
        await one.submit(buy(), plan_id="again")
        await one.until(lambda: one.held() == 20, seconds=120)
        same_as_at_the_venue(one)


@pytest.mark.parametrize("ahead", [-0.5, 0.5])
async def test_44_clocks_that_differ_a_little_change_nothing(
    autojump_clock: MockClock, ahead: float
) -> None:
    """A fill that is stamped before or after our now is booked and found all the same."""
    async with life(ahead_seconds=ahead) as one:
        one.fault("ws.drop_event")
        await filled(one, buy())
        one.quote("AAPL", "228.00", "228.02")
        await one.until(lambda: one.held() == 0, seconds=120)
        await one.until(lambda: not [order for order in one.orders() if order.is_open])
        same_as_at_the_venue(one)
