"""A broker that comes and goes: damped, whatever the phase it does so in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import TradingState
from cream.core.safety.heartbeat import Link
from tests.fakes.timeline import MILLISECOND, Timeline, timeline
from tests.fakes.world import Life, World
from tests.unit.daemon.timed import CALM, FIRST_RESTART, GRACE, about, resting, timed


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def line() -> Iterator[Timeline]:
    with timeline() as entries:
        yield entries


async def flap(life: Life, times: int, good: float) -> None:
    """Fail `times` times, each followed by `good` seconds of answers."""
    for _ in range(times):
        life.tree.link.failed()
        await trio.sleep(MILLISECOND)
        life.tree.link.alive()
        await trio.sleep(good)


async def test_a_link_that_fails_again_before_it_is_calm_has_no_new_grace(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    """Otherwise one answer now and then would keep a broker that is of no use connected."""
    async with world.life(timed) as life:
        began = trio.current_time()
        await flap(life, times=3, good=0.8 * CALM)
        life.tree.link.failed()
        await trio.sleep_until(began + GRACE)
        assert life.tree.link.state is Link.SUSPECT

        life.tree.link.failed()
        await trio.sleep(MILLISECOND)

        assert line.link("SUSPECT") == [about(began)]
        assert line.link("DISCONNECTED") == [about(began + GRACE)]


async def test_a_link_that_is_calm_in_between_begins_anew(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        await resting(life)
        await flap(life, times=5, good=CALM + 10 * MILLISECOND)

        assert len(line.link("SUSPECT")) == len(line.link("CONNECTED")) == 5
        assert line.link("DISCONNECTED") == []
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("after", [0.5, GRACE, GRACE + 0.01, GRACE + 1.0, GRACE + 5.0])
@pytest.mark.parametrize("down", [0.3, 4.0])
async def test_flapping_in_any_phase_ends_active_with_everything_cancelled(
    autojump_clock: MockClock, world: World, line: Timeline, after: float, down: float
) -> None:
    """The connection is cut again and again, `after` seconds into each recovery."""
    async with world.life(timed) as life:
        order = await resting(life)
        for _ in range(4):
            life.broker.disconnect(down)
            await trio.sleep(down + after)
        life.broker.disconnect(GRACE + 2.0)

        await life.until(lambda: life.tree.link.state is Link.DISCONNECTED)
        book = life.tree.desk.book
        await life.until(lambda: life.operations.readiness().ready, seconds=300)
        assert book.trading_state is TradingState.ACTIVE
        assert book.mass_cancel_owed is None
        assert book.order(order.order_id).status is OrderStatus.CANCELED
        assert await life.broker.open_orders() == []
        assert len(line.link("DISCONNECTED")) <= 5


async def test_sessions_are_tried_after_a_backoff_that_doubles(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        await trio.sleep(1.0)
        cut = trio.current_time()
        life.broker.disconnect(3.0)
        await life.until(lambda: life.operations.readiness().ready is False)
        await life.until(lambda: life.operations.readiness().ready)

        tries = [one.at for one in life.stubborn.requested("updates") if one.at > cut]
        due, wait = cut, FIRST_RESTART
        for moment in tries:
            due += wait
            wait *= 2
            assert moment == about(due)
        assert tries[-1] >= cut + 3.0 > tries[-2]


async def test_the_probes_of_a_link_in_doubt_are_a_quarter_of_their_timeout_apart(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timed) as life:
        cut = trio.current_time()
        life.broker.disconnect(60)
        await trio.sleep(9.9)

        probes = [one.at for one in life.stubborn.requested("ping") if one.at >= cut]
        assert len(probes) == 20
        assert probes == [about(cut + 0.5 * number) for number in range(20)]


async def test_a_session_that_drops_is_no_disconnect_while_the_broker_answers(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        order = await resting(life)
        for _ in range(5):
            life.tree.supervisor.interrupt("broker_session")
            await trio.sleep(5.0)

        assert line.link("SUSPECT") == []
        assert life.tree.desk.book.order(order.order_id).status is OrderStatus.ACCEPTED
