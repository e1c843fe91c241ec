"""A child that needs another one waits for it, and nobody waits for the one that waits."""

from collections.abc import Iterator
from typing import Any

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from cream.core.resilience.backoff import Backoff
from cream.daemon.supervisor import Child, Phase, Supervisor
from tests.unit.daemon.children import TOLERANT, counted, lives, supervised, whole


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


def phases(supervisor: Supervisor) -> dict[str, Phase]:
    return {one.name: one.phase for one in supervisor.statuses()}


async def test_it_begins_when_what_it_needs_runs(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    session = Child(name="session", run=lives([], (), useful_after=7.0), wait_for_start=False)
    reader = Child(name="reader", run=counted(began), after=("session",))
    async with supervised(reader, session) as supervisor:
        await trio.testing.wait_all_tasks_blocked()
        assert phases(supervisor) == {"reader": Phase.WAITING, "session": Phase.STARTING}
        assert trio.current_time() == 0.0, "the start of all waits for nobody who waits"
        await trio.sleep(6.999)
        assert began == []
        await trio.sleep(0.002)

        assert began == [7.0]
        assert phases(supervisor) == {"reader": Phase.RUNNING, "session": Phase.RUNNING}


async def test_a_life_goes_on_without_what_it_needed_but_the_next_waits_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    sessions: list[float] = []
    readers: list[float] = []
    session = Child(name="session", run=lives(sessions, (10.0,)), backoff=Backoff(base=20.0))
    reader = Child(
        name="reader",
        run=lives(readers, (15.0,)),
        after=("session",),
        backoff=Backoff(base=1.0),
    )
    async with supervised(session, reader) as supervisor:
        await trio.sleep(12.0)
        assert phases(supervisor) == {"session": Phase.BACKING_OFF, "reader": Phase.RUNNING}
        await trio.sleep(5.0)
        assert phases(supervisor)["reader"] is Phase.WAITING
        await trio.sleep(20.0)

    assert sessions == [0.0, 30.0]
    assert readers == [0.0, 30.0]


async def test_waiting_is_no_failure_however_long_and_can_be_ended(
    autojump_clock: trio.testing.MockClock,
) -> None:
    session = Child(
        name="session",
        run=lives([], (), useful_after=10_000.0),
        wait_for_start=False,
        start_timeout=20_000.0,
    )
    reader = Child(name="reader", run=counted([]), after=("session",), start_timeout=1.0)
    async with supervised(session, reader) as supervisor:
        await trio.sleep(5_000.0)
        (_, status) = supervisor.statuses()
        assert (status.phase, status.restarts, status.since) == (Phase.WAITING, 0, 0.0)

        assert await supervisor.stop("reader", 1.0)
        assert phases(supervisor)["reader"] is Phase.STOPPED


async def test_nobody_waits_for_a_stranger(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = Supervisor(whole, TOLERANT)
    lost = Child(name="reader", run=counted([]), after=("sesion",))

    with pytest.raises(AssertionError):
        await supervisor.run([lost], task_status=trio.TASK_STATUS_IGNORED)
