"""What has gone wrong with Alpaca's order stream, one by one, and what the daemon does about it.

The whole daemon over the real adapter, over loopback, at the sandbox; the fault is switched on by
name, as anyone can do over the control port. The numbers are those of docs/sandbox.md.
"""

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.order import OrderStatus
from tests.conformance.alpaca_world import life
from tests.conformance.failure_world import (
    QUIET_SECONDS,
    filled,
    fills,
    is_connected,
    only_timers,
    same_as_at_the_venue,
)
from tests.fakes.world import buy

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
        one.fault("ws.drop_between", for_seconds=20)
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


async def test_a_silent_stream_is_noticed_by_the_timer_of_an_order(
    autojump_clock: MockClock,
) -> None:
    """Nothing else looks within an hour: the order is asked about, and the stream opened anew."""
    async with life(only_timers) as one:
        one.fault("ws.mute_updates")
        began = trio.current_time()
        await filled(one, buy())
        assert trio.current_time() - began < 5
        one.heal()
        one.sandbox.broadcast._listener = None
        await one.until(lambda: is_connected(one))
        same_as_at_the_venue(one)


async def test_a_cancel_that_the_stream_does_not_confirm_is_asked_about(
    autojump_clock: MockClock,
) -> None:
    async with life(only_timers) as one:
        await one.submit(buy(limit="230.00"))
        await one.until(lambda: one.entry().status is OrderStatus.ACCEPTED)
        one.fault("ws.mute_updates")
        await one.operations.cancel_orders((one.entry().order_id,), "test", "test")
        await one.until(lambda: one.entry().status is OrderStatus.CANCELED, seconds=5)


async def test_a_stream_that_tells_everything_is_left_alone(autojump_clock: MockClock) -> None:
    async with life(only_timers) as one:
        listener = one.sandbox.broadcast._listener
        await one.submit(buy(limit="230.00"))
        await trio.sleep(60)
        assert one.sandbox.broadcast._listener is listener
