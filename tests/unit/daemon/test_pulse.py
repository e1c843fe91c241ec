"""systemd's watchdog is fed by work that is done, not by a timer that fires."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.daemon.pulse import Pulse
from tests.fakes.world import Life, World

EVERY, WITHIN = 7.5, 15.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def beating(life: Life) -> Pulse:
    pulse = Pulse(life.tree.desk, life.tree.monitor, EVERY, WITHIN)
    await life.nursery.start(pulse.run)
    return pulse


async def test_a_daemon_that_works_or_idles_beats(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        pulse = await beating(life)
        for _ in range(20):
            await trio.sleep(WITHIN)
            assert pulse.beats()


async def test_a_journal_that_takes_too_long_stops_the_beat(
    autojump_clock: MockClock, world: World
) -> None:
    """The loop comes round and the monitor looks: the commit is what is stuck."""
    async with world.life() as life:
        pulse = await beating(life)
        await trio.sleep(1.0)
        world.journal.delay_seconds = 9.0
        for _ in range(3):
            life.tree.desk.do_soon(_noted)
            await trio.sleep(0.1)
        proven = trio.current_time()
        await trio.sleep_until(proven + WITHIN + EVERY + 1)
        assert not pulse.beats()
        world.journal.delay_seconds = 0.0
        await trio.sleep(WITHIN + EVERY + 10)
        assert pulse.beats()


def _noted(_book: object, now: object) -> object:
    from cream.core.execution.events import ReconciliationCompleted
    from cream.core.risk.decisions import Decided

    event = ReconciliationCompleted(at=now, layer="test", differences=())  # type: ignore[arg-type]
    return Decided(None, (event,))


async def test_a_stop_monitor_that_does_not_look_stops_the_beat(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        pulse = await beating(life)
        await trio.sleep(1.0)
        await life.tree.supervisor.stop("stop_monitor", 1.0)

        await trio.sleep(2 * (WITHIN + EVERY))

        assert not pulse.beats()


async def test_a_journal_that_has_failed_is_no_reason_to_be_killed(
    autojump_clock: MockClock, world: World
) -> None:
    """Cancels still leave; a new start is for an operator to decide on."""
    async with world.life() as life:
        pulse = await beating(life)
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.operations.set_trading_state(_halted(), "x", "me")

        await trio.sleep(60)

        assert pulse.beats()


def _halted() -> object:
    from cream.core.model.state import TradingState

    return TradingState.HALTED


async def test_a_daemon_that_drains_is_let_be(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        pulse = await beating(life)
        life.tree.stop()
        await life.tree.ended.wait()
        await trio.sleep(WITHIN)

        assert pulse.draining
        assert pulse.beats()
