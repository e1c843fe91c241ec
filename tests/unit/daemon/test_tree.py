"""The daemon as a whole, under a clock that tests own."""

from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution.events import MassCancelOwed
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.safety.heartbeat import HeartbeatLimits, Link
from cream.daemon.supervisor import Phase
from cream.daemon.tree import TreeSettings
from tests.fakes.world import BRACKET, START, World, buy, close


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def quick_watchdog(settings: TreeSettings) -> TreeSettings:
    limits = HeartbeatLimits(interval=5.0, timeout=2.0, grace=3.0)
    return evolve(settings, heartbeat=limits)


async def test_an_entry_fills_and_is_protected(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)

        stops = life.orders(OrderPurpose.STOP_LOSS)
        assert [one.terms.stop_price for one in stops] == [Decimal("228.50")]
        assert life.operations.positions()[0].protected_quantity == 20


async def test_nothing_is_sent_before_it_is_durable(
    autojump_clock: MockClock, world: World
) -> None:
    world.journal.delay_seconds = 3.0
    async with world.life() as life:
        await life.tree.recovered.wait()
        submitted = trio.current_time()
        await life.submit(buy())

        assert trio.current_time() - submitted >= 3.0
        kinds = [type(one.event).__name__ for one in world.journal.durable]
        assert kinds.index("OrderIntended") < len(kinds)


async def test_the_stop_is_hit_at_the_venue(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)

        life.quote("AAPL", "228.00", "228.02")

        await life.until(lambda: life.held() == 0)
        statuses = {one.terms.purpose: one.status for one in life.orders()}
        assert statuses[OrderPurpose.STOP_LOSS] is OrderStatus.FILLED
        assert statuses[OrderPurpose.TAKE_PROFIT] is OrderStatus.CANCELED


async def test_a_partly_filled_bracket_is_guarded_here(
    autojump_clock: MockClock, world: World
) -> None:
    """Invariant 6: a venue holds a bracket's stop back until the entry is whole; we do not."""
    async with world.life() as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        await life.submit(buy())
        await life.until(lambda: life.held() == 5)
        assert life.operations.positions()[0].protected_quantity == 5

        # No offer within the limit: the rest of the entry does not fill on the way down.
        life.quote("AAPL", "228.00", "239.00")

        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))
        exits = life.orders(OrderPurpose.EXIT)
        assert [one.terms.quantity for one in exits] == [5]


async def test_a_partial_exit_is_followed_by_protection_for_the_rest(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)

        await life.submit(close("5"), plan_id="out")

        await life.until(lambda: life.held() == 15)

        def guarded() -> bool:
            stops = life.orders(OrderPurpose.STOP_LOSS)
            return any(one.is_open and one.terms.quantity == 15 for one in stops)

        await life.until(guarded)


async def test_a_disconnect_runs_the_whole_sequence(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(quick_watchdog) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"), plan_id="rest")
        resting = life.orders()[3]
        assert resting.status is OrderStatus.ACCEPTED
        life.broker.disconnect(60)
        gone = trio.current_time()

        await life.until(lambda: life.tree.link.state is Link.SUSPECT)
        assert trio.current_time() - gone < 0.1
        assert not life.operations.readiness().ready
        await life.until(lambda: life.tree.link.state is Link.DISCONNECTED)
        assert 3.0 <= trio.current_time() - gone < 3.1
        book = life.tree.desk.book
        await life.until(lambda: book.mass_cancel_owed is not None)
        assert book.trading_state is TradingState.REDUCING

        await life.until(lambda: book.mass_cancel_owed is None, seconds=120)
        await life.until(lambda: life.operations.readiness().ready, seconds=120)
        assert book.order(resting.order_id).status is OrderStatus.CANCELED
        guards = [one for one in life.orders(OrderPurpose.STOP_LOSS) if one.is_open]
        assert [one.terms.stop_price for one in guards] == [Decimal("228.50")]


async def test_a_short_interruption_cancels_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(quick_watchdog) as life:
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"))
        life.broker.disconnect(2)

        await trio.sleep(30)

        assert life.operations.readiness().ready
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.ACCEPTED


async def test_what_a_mass_cancel_owes_is_paid_by_the_next_life(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(quick_watchdog) as life:
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"))
        life.broker.disconnect(1_000)

        def owed() -> bool:
            return any(isinstance(one.event, MassCancelOwed) for one in world.journal.durable)

        await life.until(owed)
        world.journal = world.journal.crash()
        life.die()

    async with world.life(quick_watchdog) as life:
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is None)

        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.CANCELED
        await life.until(lambda: life.operations.readiness().ready)


@pytest.mark.parametrize(
    "name",
    [
        "feed_reader",
        "stop_monitor",
        "broker_session",
        "reconciler",
        "mass_canceller",
        "account_reader",
        "watchdog",
    ],
)
async def test_any_subsystem_can_be_killed_and_comes_back(
    autojump_clock: MockClock, world: World, name: str
) -> None:
    async with world.life() as life:
        life.tree.supervisor.interrupt(name)

        def back() -> bool:
            status = next(one for one in life.tree.supervisor.statuses() if one.name == name)
            return status.restarts == 1 and status.phase is Phase.RUNNING

        await life.until(back)
        others = [one for one in life.tree.supervisor.statuses() if one.name != name]
        assert {(one.restarts, one.phase) for one in others} == {(0, Phase.RUNNING)}
        await life.until(lambda: life.operations.readiness().ready)
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)


async def test_a_failed_journal_halts_and_lets_only_cancels_out(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"))
        resting = life.orders(OrderPurpose.ENTRY)[0]
        world.journal.fail_next_commit()

        with pytest.raises(CreamError) as refused:
            await life.submit(buy(), plan_id="other")

        assert refused.value.kind.code == "PERSISTENCE_UNAVAILABLE"
        assert world.distrusted
        assert not life.operations.readiness().ready
        results = await life.operations.cancel_orders([resting.order_id], "test", "test")
        assert results[0].accepted
        shown = await life.broker.order_by_client_id(resting.terms.client_order_id)
        await life.until(lambda: True)
        with trio.move_on_after(5):
            while shown is None or not shown.status.is_closed:
                await trio.sleep(0.1)
                shown = await life.broker.order_by_client_id(resting.terms.client_order_id)
        assert shown is not None
        assert shown.status is OrderStatus.CANCELED


async def test_after_a_failed_journal_the_next_life_begins_halted(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
    world.trusted = False

    async with world.life() as life:
        assert life.tree.desk.book.trading_state is TradingState.HALTED
        assert Cause.PERSISTENCE in life.tree.desk.book.restrictions
        await life.operations.set_trading_state(TradingState.ACTIVE, "looked", "me")
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE


async def test_a_lost_answer_is_looked_up_and_never_sent_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.broker.fault("submit_timeout_booked", {"count": 1})

        await life.submit(buy())
        await life.until(lambda: life.held() == 20)

        assert len(life.orders(OrderPurpose.ENTRY)) == 1
        assert len(await life.broker.order_ids_since(START)) == BRACKET


async def test_an_order_that_never_arrived_is_given_up_only_when_proven(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.broker.fault("submit_lost", {"count": 1})
        sent = trio.current_time()

        await life.submit(buy())

        entry = life.orders(OrderPurpose.ENTRY)[0]
        assert entry.status is OrderStatus.UNKNOWN_SUBMIT
        book = life.tree.desk.book
        await life.until(lambda: book.order(entry.order_id).status is OrderStatus.REJECTED, 120)
        assert trio.current_time() - sent >= 30
        assert "NOT_FOUND_AT_BROKER" in book.order(entry.order_id).reason


async def test_a_twap_goes_on_where_the_last_life_stopped(
    autojump_clock: MockClock, world: World
) -> None:
    worked = buy(
        "6", tactic="TWAP", tactic_params={"duration_minutes": 6, "slice_interval_seconds": 60}
    )
    async with world.life() as life:
        await life.submit(worked)
        await life.until(lambda: life.held() == 2, seconds=100)
        world.journal = world.journal.crash()
        life.die()

    async with world.life() as life:
        await life.until(lambda: life.held() == 6, seconds=600)

        parent, *slices = life.orders(OrderPurpose.ENTRY)
        assert [one.terms.quantity for one in slices] == [1] * 6
        assert (parent.status, parent.filled) == (OrderStatus.FILLED, 6)


async def test_the_kill_switch_cancels_and_closes(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"), plan_id="rest")

        report = await life.operations.kill_switch("enough", "me", True)

        assert report.trading_state.state is TradingState.HALTED
        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))


async def test_a_stop_before_the_broker_was_ever_reached_is_in_order(
    autojump_clock: MockClock, world: World
) -> None:
    world.unreachable_for = 1_000
    async with world.life() as life:
        await trio.sleep(5)
        assert not life.tree.link.session_up

    kinds = [type(one.event).__name__ for one in world.journal.durable]
    assert kinds[-1] == "RunStopped"


async def test_a_stop_in_order_is_told_from_a_crash(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())

    kinds = [type(one.event).__name__ for one in world.journal.durable]
    assert kinds[0] == "RunStarted"
    assert kinds[-1] == "RunStopped"
