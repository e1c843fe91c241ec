"""What a signal asks for is done, also where it comes before the daemon can do it."""

import os
import signal
from collections.abc import Iterator

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from cream.core.model.errors import CreamError
from cream.daemon.signals import Signals


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[object]]:
    with capture_logs() as entries:
        yield entries  # type: ignore[misc]


async def test_signals_that_come_early_are_kept_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    signals, done = Signals(), []
    for one in (signal.SIGUSR1, signal.SIGHUP, signal.SIGUSR1):
        signals.take(one)

    async def kill() -> None:
        done.append("kill")
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(signals.obey, kill, lambda: done.append("reload"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert done == ["kill", "reload", "kill"]
    assert not signals.stop.is_set()


@pytest.mark.parametrize("one", [signal.SIGTERM, signal.SIGINT])
async def test_the_signals_that_end_a_process_drain_it(one: signal.Signals) -> None:
    signals = Signals()
    signals.take(one)

    assert signals.stop.is_set()


async def test_a_flood_of_signals_blocks_nobody(logged: list[object]) -> None:
    signals = Signals()
    for _ in range(100):
        signals.take(signal.SIGUSR1)

    assert "signals.signal_dropped" in str(logged)


async def test_a_kill_switch_that_cannot_be_recorded_does_not_end_the_listening(
    autojump_clock: trio.testing.MockClock,
) -> None:
    signals, tries = Signals(), []

    async def kill() -> None:
        tries.append(1)
        raise CreamError("PERSISTENCE_UNAVAILABLE", "no disk")

    signals.take(signal.SIGUSR1)
    signals.take(signal.SIGUSR1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(signals.obey, kill, lambda: None)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert len(tries) == 2


async def test_the_process_s_own_signals_are_heard() -> None:
    signals = Signals()
    async with trio.open_nursery() as nursery:
        await nursery.start(signals.listen)
        os.kill(os.getpid(), signal.SIGTERM)
        with trio.fail_after(10):
            await signals.stop.wait()
        nursery.cancel_scope.cancel()
