"""Who ends a child, what it may still do then, and what can be seen of it."""

from collections.abc import Iterator
from typing import Any

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from cream.core.resilience.backoff import Backoff
from cream.daemon.supervisor import Child, Phase, Restart, Supervisor
from tests.unit.daemon.children import (
    INTOLERANT,
    TOLERANT,
    counted,
    idle,
    stubborn,
    supervised,
    whole,
)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What the supervisor logs, instead of on the terminal."""
    with capture_logs() as entries:
        yield entries


def events(logged: list[Any]) -> list[str]:
    return [entry["event"] for entry in logged]


async def fails_when_told_to_end(*, task_status: trio.TaskStatus[None]) -> None:
    try:
        await idle(task_status=task_status)
    finally:
        raise ValueError("the flush failed")


# interrupt --------------------------------------------------------------------------------------


async def test_an_interrupted_permanent_child_comes_back_after_its_backoff(
    logged: list[Any], autojump_clock: trio.testing.MockClock
) -> None:
    began: list[float] = []
    child = Child(name="a", run=counted(began), backoff=Backoff(base=2.0))
    async with supervised(child) as supervisor:
        await trio.sleep(5.0)
        supervisor.interrupt("a")
        await trio.sleep(10.0)
        status = supervisor.statuses()[0]

    assert began == [0.0, 7.0]
    assert (status.restarts, status.last_error) == (1, "")
    assert events(logged) == ["supervisor.subsystem_restarted"]


async def test_an_interrupted_transient_child_has_ended(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    child = Child(name="a", run=counted(began), restart=Restart.TRANSIENT)
    async with supervised(child) as supervisor:
        supervisor.interrupt("a")
        await trio.sleep(100.0)
        assert supervisor.statuses()[0].phase is Phase.STOPPED

    assert began == [0.0]


async def test_an_interrupt_reaches_a_child_that_is_still_starting(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        began.append(trio.current_time())
        await trio.sleep(8.0)
        await idle(task_status=task_status)

    child = Child(name="a", run=run, wait_for_start=False, backoff=Backoff(base=1.0))
    async with supervised(child) as supervisor:
        await trio.sleep(3.0)
        supervisor.interrupt("a")
        await trio.sleep(10.0)

    assert began == [0.0, 4.0]


async def test_an_interrupt_between_two_lives_or_of_a_stranger_changes_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    child = Child(name="a", run=counted(began), backoff=Backoff(base=4.0))
    async with supervised(child) as supervisor:
        supervisor.interrupt("nobody")
        supervisor.interrupt("a")
        await trio.sleep(1.0)
        supervisor.interrupt("a")
        await trio.sleep(10.0)

    assert began == [0.0, 4.0]


async def test_an_interrupted_child_that_fails_in_its_cleanup_has_failed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    child = Child(
        name="a",
        run=fails_when_told_to_end,
        restart=Restart.TRANSIENT,
        backoff=Backoff(base=1.0),
    )
    async with supervised(child) as supervisor:
        supervisor.interrupt("a")
        await trio.sleep(2.0)
        status = supervisor.statuses()[0]
        assert (status.phase, status.restarts) == (Phase.RUNNING, 1)
        assert status.last_error == "ValueError: the flush failed"


# stop -------------------------------------------------------------------------------------------


async def test_a_stopped_child_stays_away_and_the_others_stay(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    children = [Child(name="a", run=counted(began)), Child(name="b", run=idle)]
    async with supervised(*children) as supervisor:
        assert await supervisor.stop("a", 1.0)
        assert trio.current_time() == 0.0
        await trio.sleep(100.0)
        assert [one.phase for one in supervisor.statuses()] == [Phase.STOPPED, Phase.RUNNING]

    assert began == [0.0]


async def test_a_child_that_ignores_its_end_is_waited_for_no_longer_than_asked(
    autojump_clock: trio.testing.MockClock,
) -> None:
    finished: list[float] = []
    async with supervised(Child(name="a", run=stubborn(5.0, finished))) as supervisor:
        assert not await supervisor.stop("a", 2.0)
        assert trio.current_time() == 2.0
        assert supervisor.statuses()[0].phase is Phase.RUNNING
        assert await supervisor.stop("a", 10.0)
        assert trio.current_time() == 5.0
        assert supervisor.statuses()[0].phase is Phase.STOPPED

    assert finished == [5.0]


async def test_a_child_can_be_stopped_while_it_backs_off(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    child = Child(name="a", run=counted(began), backoff=Backoff(base=50.0, cap=50.0))
    async with supervised(child) as supervisor:
        supervisor.interrupt("a")
        await trio.sleep(1.0)
        assert supervisor.statuses()[0].phase is Phase.BACKING_OFF
        assert await supervisor.stop("a", 1.0)
        await trio.sleep(100.0)

    assert began == [0.0]


async def test_a_child_can_be_stopped_while_it_starts_and_the_next_one_follows(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def never_useful(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    began: list[float] = []
    children = [Child(name="a", run=never_useful), Child(name="b", run=counted(began))]
    supervisor = Supervisor(whole, INTOLERANT)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(nursery.start, supervisor.run, children)
        await trio.sleep(3.0)
        assert began == []
        assert await supervisor.stop("a", 1.0)
        await trio.testing.wait_all_tasks_blocked()
        assert [one.phase for one in supervisor.statuses()] == [Phase.STOPPED, Phase.RUNNING]
        nursery.cancel_scope.cancel()

    assert began == [3.0]


async def test_a_child_that_fails_while_it_is_stopped_does_not_escalate(
    logged: list[Any], autojump_clock: trio.testing.MockClock
) -> None:
    """It has no next life that could be one too many; the failure is in the log all the same."""
    async with supervised(
        Child(name="a", run=fails_when_told_to_end), intensity=INTOLERANT
    ) as supervisor:
        assert await supervisor.stop("a", 1.0)
        status = supervisor.statuses()[0]

    assert (status.phase, status.restarts) == (Phase.STOPPED, 0)
    assert status.last_error == "ValueError: the flush failed"
    assert events(logged) == ["supervisor.subsystem_failed"]


async def test_a_child_that_must_start_may_be_stopped_before_it_has(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def fails_early(*, task_status: trio.TaskStatus[None]) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("the flush failed")

    child = Child(name="a", run=fails_early, must_start=True)
    supervisor = Supervisor(whole, INTOLERANT)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(nursery.start, supervisor.run, [child])
        await trio.testing.wait_all_tasks_blocked()
        assert await supervisor.stop("a", 1.0)

    assert supervisor.statuses()[0].phase is Phase.STOPPED


async def test_whoever_gives_up_waiting_has_still_told_the_child(
    autojump_clock: trio.testing.MockClock,
) -> None:
    finished: list[float] = []
    async with supervised(Child(name="a", run=stubborn(5.0, finished))) as supervisor:
        with trio.move_on_after(1.0) as impatient:
            await supervisor.stop("a", 60.0)
        assert impatient.cancelled_caught
        await trio.sleep(10.0)
        assert supervisor.statuses()[0].phase is Phase.STOPPED

    assert finished == [5.0]


async def test_a_child_that_was_asked_to_finish_may_end_by_itself(
    autojump_clock: trio.testing.MockClock,
) -> None:
    finish = trio.Event()

    async def server(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await finish.wait()
        await trio.sleep(2.0)

    child = Child(name="server", run=server, restart=Restart.TRANSIENT)
    async with supervised(child) as supervisor:
        finish.set()
        assert await supervisor.stop_when_done("server", 3.0)
        assert trio.current_time() == 2.0
        assert supervisor.statuses()[0].phase is Phase.STOPPED


async def test_a_child_that_does_not_finish_in_time_is_stopped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    child = Child(name="server", run=counted(began), restart=Restart.TRANSIENT)
    async with supervised(child) as supervisor:
        assert not await supervisor.stop_when_done("server", 3.0)
        assert trio.current_time() == 3.0
        assert supervisor.statuses()[0].phase is Phase.STOPPED


async def test_the_supervisor_returns_once_all_children_have_ended(
    autojump_clock: trio.testing.MockClock,
) -> None:
    children = [Child(name="a", run=idle), Child(name="b", run=idle)]
    supervisor = Supervisor(whole, TOLERANT)
    with trio.fail_after(10.0):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run, children)
            await supervisor.stop("b", 1.0)
            await supervisor.stop("a", 1.0)

    assert {one.phase for one in supervisor.statuses()} == {Phase.STOPPED}


# The whole supervisor ends ----------------------------------------------------------------------


async def test_cancelling_the_supervisor_cancels_every_child_and_lets_it_clean_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    finished: list[float] = []
    children = [
        Child(name="a", run=stubborn(2.0, finished)),
        Child(name="b", run=stubborn(3.0, finished)),
    ]
    async with supervised(*children) as supervisor:
        pass

    assert finished == [2.0, 3.0]
    assert {one.phase for one in supervisor.statuses()} == {Phase.STOPPED}


async def test_a_child_that_fails_while_all_are_cancelled_neither_escalates_nor_comes_back(
    logged: list[Any], autojump_clock: trio.testing.MockClock
) -> None:
    async with supervised(
        Child(name="a", run=fails_when_told_to_end), intensity=INTOLERANT
    ) as supervisor:
        pass

    assert supervisor.statuses()[0].phase is Phase.STOPPED
    assert events(logged) == ["supervisor.subsystem_failed"]


async def test_what_is_no_ordinary_failure_is_not_survived(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Stop(BaseException):
        pass

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise Stop

    with pytest.RaisesGroup(Stop, flatten_subgroups=True):
        async with supervised(Child(name="a", run=run)):
            await trio.sleep(10.0)
