"""What has gone wrong at Alpaca, one by one, and what the daemon does about it.

The whole daemon over the real adapter, over loopback, at the sandbox; the fault is switched on by
name, as anyone can do over the control port. The numbers are those of docs/sandbox.md.
"""

from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.adapters.brokers.alpaca.requests import Replacement
from cream.core.model.broker import Accepted, OutcomeUnknown, Refused
from cream.core.model.order import OrderPurpose, OrderStatus, Side
from cream.core.model.state import TradingState
from tests.conformance.alpaca_world import AlpacaLife, life
from tests.fakes.venue_lab import terms
from tests.fakes.world import buy, close

QUIET_SECONDS = 30.0


async def filled(one: AlpacaLife, decision: Any, quantity: int = 20) -> None:
    await one.submit(decision)
    await one.until(lambda: one.held() == quantity)


def fills(one: AlpacaLife) -> int:
    return int(one.tree.desk.book.fills_booked)


def is_connected(one: AlpacaLife) -> bool:
    return bool(one.sandbox.broadcast._listener)


def same_as_at_the_venue(one: AlpacaLife) -> None:
    """Invariants 3 and 4: no order and no share that the other side does not have."""
    assert one.held() == one.held_at_venue()
    theirs = [order for order in one.at_venue() for order in (order, *(order["legs"] or ()))]
    working = {order["id"] for order in theirs if order["status"] not in CLOSED}
    ours = {order.broker_order_id for order in one.orders() if order.is_open}
    assert working <= ours


CLOSED = ("filled", "canceled", "expired", "replaced", "rejected")


# The order stream -------------------------------------------------------------------------------


async def test_3_a_refused_upgrade_is_not_stormed(autojump_clock: MockClock) -> None:
    """Waits grow, and a 429 is given its ninety seconds."""
    async with life() as one:
        one.fault("ws.upgrade_429", for_seconds=200)
        one.sandbox.broadcast.cut()
        began = trio.current_time()
        await one.until(lambda: not is_connected(one))
        await one.until(lambda: is_connected(one), seconds=600)
        assert 200 <= trio.current_time() - began < 400


async def test_4_a_ghost_of_our_own_is_waited_for(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.fault("ws.ghost_session", seconds=90, count=1)
        one.sandbox.broadcast.cut()
        await one.until(lambda: not is_connected(one))
        await one.until(lambda: is_connected(one), seconds=600)
        await filled(one, buy())


async def test_5_fills_during_a_disconnect_are_found(autojump_clock: MockClock) -> None:
    """Nothing is replayed; the sweep on connecting finds it."""
    async with life() as one:
        await one.submit(buy(limit="230.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("ws.upgrade_429", for_seconds=20)
        one.sandbox.broadcast.cut()
        await one.until(lambda: not is_connected(one))
        one.quote("AAPL", "229.00", "229.02")
        await one.until(lambda: one.held() == 20, seconds=600)
        same_as_at_the_venue(one)


async def test_6_a_fill_that_is_not_told_is_found(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.fault("ws.drop_event")
        await filled(one, buy())
        assert one.entry().status is OrderStatus.FILLED
        same_as_at_the_venue(one)


async def test_7_what_is_told_several_times_is_booked_once(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.fault("ws.duplicate", times=3)
        await filled(one, buy())
        one.fault("ws.replay_tail", times=50)
        one.sandbox.broadcast.cut()
        await trio.sleep(QUIET_SECONDS)
        assert (fills(one), one.held()) == (1, 20)


async def test_8_a_frame_may_come_before_the_answer(autojump_clock: MockClock) -> None:
    """The stream and REST are two ways: here the fill is told a minute before the answer comes."""
    async with life() as one:
        one.fault("rest.hang_after_commit", seconds=3, count=1)
        await filled(one, buy())
        await trio.sleep(QUIET_SECONDS)
        assert (fills(one), len(one.at_venue())) == (1, 1)


@pytest.mark.parametrize("name", ["ws.null_data", "ws.unknown_event", "ws.shuffle"])
async def test_9_messages_that_make_no_sense_hurt_nobody(
    autojump_clock: MockClock, name: str
) -> None:
    async with life() as one:
        one.fault(name)
        await filled(one, buy())
        assert is_connected(one)
        await trio.sleep(QUIET_SECONDS)
        assert (fills(one), one.entry().status) == (1, OrderStatus.FILLED)


async def test_22_what_happens_to_an_exit_is_found_without_being_told(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("ws.suppress_leg_event")
        await filled(one, buy())
        one.quote("AAPL", "228.00", "228.02")
        await one.until(lambda: one.held() == 0, seconds=600)
        await trio.sleep(QUIET_SECONDS)
        await one.until(lambda: not [order for order in one.orders() if order.is_open])
        same_as_at_the_venue(one)


async def test_35_a_connection_that_is_cut_comes_back(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.fault("ws.cut_silently", count=1)
        await one.submit(buy(limit="230.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.quote("AAPL", "229.00", "229.02")
        await one.until(lambda: one.held() == 20, seconds=600)


async def test_a_stream_that_falls_silent_loses_nothing(autojump_clock: MockClock) -> None:
    """The reconciler looks, whatever the stream does not say."""
    async with life() as one:
        one.fault("ws.mute_updates")
        await filled(one, buy())
        await trio.sleep(QUIET_SECONDS)
        same_as_at_the_venue(one)
        assert one.operations.positions()[0].protected_quantity == 20


# Orders whose fate is unknown -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rest.post_accept_then_504", "rest.hang_after_commit"])
async def test_10_an_order_without_an_answer_is_looked_up_and_never_sent_again(
    autojump_clock: MockClock, name: str
) -> None:
    """Exactly one order at the venue."""
    async with life() as one:
        one.fault(name, seconds=300, count=1)
        await filled(one, buy())
        await trio.sleep(QUIET_SECONDS)
        assert len(one.at_venue()) == 1
        assert one.entry().status is OrderStatus.FILLED


async def test_10_an_order_that_never_arrived_is_declared_absent(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.post_lost_504", count=1)
        await one.submit(buy())
        await one.until(lambda: one.entry().status.is_closed, seconds=3_600)
        assert one.at_venue() == []
        assert one.held() == 0


async def test_11_an_order_that_cannot_be_found_yet_is_not_given_up(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.post_accept_then_504", count=1)
        one.fault("rest.lookup_lag", seconds=3, count=1)
        one.fault("ws.mute_updates")
        await filled(one, buy())
        assert len(one.at_venue()) == 1


async def test_29_an_outage_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    """Orders are taken, nothing is told; what happened is found all the same."""
    async with life() as one:
        one.fault("venue.outage")
        await one.submit(buy())
        await trio.sleep(QUIET_SECONDS)
        one.heal()
        await one.until(lambda: one.held() == 20, seconds=600)
        same_as_at_the_venue(one)


async def test_30_requests_that_fail_now_and_then_change_nothing(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        one.fault("rest.flaky", p=0.3)
        await one.submit(buy())
        await one.until(lambda: one.entry().status.is_closed, seconds=3_600)
        one.heal()
        await trio.sleep(QUIET_SECONDS)
        same_as_at_the_venue(one)


# Replacing and cancelling -----------------------------------------------------------------------


async def resting(one: AlpacaLife) -> str:
    outcome = await one.broker.submit(terms(limit="200.00"))
    assert isinstance(outcome, Accepted)
    return outcome.order.broker_order_id


def cheaper() -> Replacement:
    return Replacement(client_order_id="cream-new", limit_price=Decimal("199.00"))


async def test_12_a_replacement_that_failed_may_have_happened(autojump_clock: MockClock) -> None:
    """Nothing is replaced again; the old order says by whom it was replaced."""
    async with life() as one:
        broker: Any = one.broker
        order_id = await resting(one)
        one.fault("rest.patch_error_but_applied", count=1)
        assert isinstance(await broker.replace(order_id, cheaper()), OutcomeUnknown)
        old = await broker.api.order(order_id)
        new = await broker.order_by_client_id("cream-new")
        assert old.replaced_by == new.broker_order_id


async def test_15_the_head_of_a_chain_of_replacements_is_followed(
    autojump_clock: MockClock,
) -> None:
    """Replaced twice from outside: the daemon has the order on its last terms, and one order."""
    async with life() as one:
        broker: Any = one.broker
        await one.submit(buy(limit="200.00", stop="195.00"))
        await one.until(lambda: one.entry().broker_order_id is not None)
        first = one.entry().broker_order_id
        for price in ("199.00", "198.00"):
            change = Replacement(client_order_id=f"hand-{price}", limit_price=Decimal(price))
            outcome = await broker.replace(one.entry().broker_order_id, change)
            assert isinstance(outcome, Accepted)
            new = outcome.order.broker_order_id
            await one.until(lambda new=new: one.entry().broker_order_id == new)
        assert one.entry().broker_order_id != first
        one.quote("AAPL", "197.50", "197.52")
        await one.until(lambda: one.held() == 20)
        same_as_at_the_venue(one)


@pytest.mark.parametrize("name", ["rest.chain_not_ready", "rest.patch_403_qty"])
async def test_15_39_a_replacement_that_is_refused_leaves_the_order(
    autojump_clock: MockClock, name: str
) -> None:
    async with life() as one:
        broker: Any = one.broker
        order_id = await resting(one)
        one.fault(name, count=1)
        assert isinstance(await broker.replace(order_id, cheaper()), Refused)
        shown = await broker.order(order_id)
        assert (shown.status, shown.limit_price) == (OrderStatus.ACCEPTED, Decimal("200"))


async def test_16_an_order_that_fills_as_it_is_cancelled_is_filled(
    autojump_clock: MockClock,
) -> None:
    """The refusal of the cancel is no failure: the final state is asked for."""
    async with life() as one:
        await one.submit(buy(limit="238.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("order.fill_before_cancel", count=1)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await one.until(lambda: one.held() == 20)
        assert one.entry().status is OrderStatus.FILLED


async def test_17_a_cancel_that_sticks_is_counted_until_it_is_done(
    autojump_clock: MockClock,
) -> None:
    async with life() as one:
        await one.submit(buy(limit="200.00", stop="195.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("order.stick_pending_cancel", seconds=120, count=1)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await trio.sleep(QUIET_SECONDS)
        assert one.entry().is_open
        await one.until(lambda: one.entry().status is OrderStatus.CANCELED, seconds=600)


async def test_18_what_filled_before_the_cancel_is_kept(autojump_clock: MockClock) -> None:
    async with life() as one:
        one.quote("AAPL", "238.39", "238.41", 5)
        await one.submit(buy(limit="238.41"))
        await one.until(lambda: one.held() == 5)
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await one.until(lambda: one.entry().status is OrderStatus.CANCELED)
        assert (one.entry().filled, one.held()) == (5, 5)
        same_as_at_the_venue(one)


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
