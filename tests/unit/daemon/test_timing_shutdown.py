"""How long does stopping take? Each phase as long as it needs, and no longer than its deadline."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from cream.daemon.tree import TreeSettings
from tests.fakes.timeline import MILLISECOND, Timeline, timeline
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.timed import RESTING, about, timed

# Less than until open orders are compared: a parked order would be found then.
WITHIN = 4.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def line() -> Iterator[Timeline]:
    with timeline() as entries:
        yield entries


def settings(of: TreeSettings) -> TreeSettings:
    return evolve(timed(of), stop_within=WITHIN)


async def stopped(life: Life) -> float:
    """How long the daemon took from being told to having ended."""
    told = trio.current_time()
    life.tree.stop()
    await life.tree.ended.wait()
    return trio.current_time() - told


async def test_an_idle_daemon_stops_at_once(autojump_clock: MockClock, world: World) -> None:
    async with world.life(settings) as life:
        assert await stopped(life) == about(0.0)


async def test_an_order_in_flight_is_waited_for(autojump_clock: MockClock, world: World) -> None:
    async with world.life(settings) as life:
        life.stubborn.fall_silent()
        await life.submit(buy(**RESTING), wait_seconds=0.0)
        await life.until(lambda: life.tree.router.in_flight)
        life.nursery.start_soon(_speak_after, life, WITHIN - 0.5)

        assert await stopped(life) == about(WITHIN - 0.5)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.ACCEPTED


async def _speak_after(life: Life, seconds: float) -> None:
    await trio.sleep(seconds)
    life.stubborn.speak()


async def test_an_order_that_is_not_answered_is_parked_at_the_deadline(
    autojump_clock: MockClock, world: World
) -> None:
    """And what is parked is journalled as unknown, to be looked up by the next life."""
    async with world.life(settings) as life:
        life.stubborn.mute = True
        life.broker.fault("drop_updates", {})
        await life.submit(buy(**RESTING), wait_seconds=0.0)
        await life.until(lambda: life.tree.router.in_flight)

        assert await stopped(life) == about(WITHIN)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.UNKNOWN_SUBMIT
    kinds = [type(one.event).__name__ for one in world.journal.durable]
    assert kinds[-2:] == ["SubmitUnknown", "RunStopped"]

    async with world.life(settings) as life:
        await life.until(lambda: life.operations.readiness().ready)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.ACCEPTED


@pytest.mark.parametrize(("clings", "takes"), [(2.0, WITHIN + 2.0), (60.0, WITHIN + WITHIN)])
async def test_a_part_that_resists_holds_up_the_stop_for_its_deadline_only(
    autojump_clock: MockClock, world: World, clings: float, takes: float
) -> None:
    async with world.life(settings) as life:
        life.stubborn.mute, life.stubborn.clings = True, clings
        await life.submit(buy(**RESTING), wait_seconds=0.0)
        await life.until(lambda: life.tree.router.in_flight)
        told = trio.current_time()
        life.tree.stop()

        await life.tree.desk.finished.wait()
        assert trio.current_time() - told == about(takes)
        await life.tree.ended.wait()


async def test_a_stop_in_the_middle_of_a_disconnect_leaves_the_debt_to_the_next_life(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(settings) as life:
        await life.submit(buy(**RESTING))
        life.broker.disconnect(1_000)
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is not None)

        assert await stopped(life) <= WITHIN + MILLISECOND
        assert life.tree.desk.book.mass_cancel_owed is not None

    async with world.life(settings) as life:
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is None)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.CANCELED
