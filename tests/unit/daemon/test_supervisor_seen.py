"""What can be seen of a child: its status, its task, and the log of its failures."""

from collections.abc import Iterator
from typing import Any

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from cream.core.resilience.backoff import Backoff
from cream.daemon.supervisor import Child, Phase, Restart, Supervisor
from tests.unit.daemon.children import TOLERANT, idle, supervised, whole


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What the supervisor logs, instead of on the terminal."""
    with capture_logs() as entries:
        yield entries


async def test_the_log_has_the_whole_group_and_the_status_its_first_leaf(
    logged: list[Any], autojump_clock: trio.testing.MockClock
) -> None:
    async def fail(error: Exception) -> None:
        raise error

    both = [OSError("the socket\nis gone"), ValueError("x" * 1000)]

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            for error in both:
                nursery.start_soon(fail, error)

    async with supervised(Child(name="feed", run=run, restart=Restart.TEMPORARY)) as supervisor:
        await trio.sleep(1.0)
        status = supervisor.statuses()[0]

    entry = logged[0]
    assert (entry["subsystem"], entry["log_level"]) == ("feed", "error")
    group = entry["exc_info"]
    while len(group.exceptions) == 1:
        group = group.exceptions[0]
    assert set(group.exceptions) == set(both)
    assert status.last_error in ("OSError: the socket is gone", "ValueError: " + "x" * 488)
    assert [entry["event"] for entry in logged] == ["supervisor.subsystem_failed"]


@pytest.mark.parametrize(
    ("errors", "traced"),
    [
        ([OSError("gone")], False),
        ([OSError("gone"), OSError("really")], False),
        ([OSError("gone"), ValueError("a defect")], True),
    ],
)
async def test_what_was_expected_is_a_line_and_a_defect_beside_it_is_not(
    errors: list[Exception],
    traced: bool,
    logged: list[Any],
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise ExceptionGroup("both", errors)

    child = Child(name="a", run=run, restart=Restart.TEMPORARY, expected=(OSError,))
    async with supervised(child):
        await trio.sleep(1.0)

    [entry] = logged
    assert entry["event"] == "supervisor.subsystem_failed"
    assert entry["log_level"] == ("error" if traced else "warning")
    assert ("exc_info" in entry, entry.get("error")) == (
        traced,
        None if traced else "OSError: gone",
    )


async def test_a_status_tells_where_a_child_is_and_since_when(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(2.0)
        task_status.started()
        await trio.sleep(5.0)
        raise OSError("gone")

    seen: list[tuple[Phase, float, int]] = []
    child = Child(name="a", run=run, wait_for_start=False, backoff=Backoff(base=4.0))
    async with supervised(child) as supervisor:
        for pause in (1.0, 2.0, 5.0, 4.0):
            await trio.sleep(pause)
            status = supervisor.statuses()[0]
            seen.append((status.phase, status.since, status.restarts))

    assert seen == [
        (Phase.STARTING, 0.0, 0),
        (Phase.RUNNING, 2.0, 0),
        (Phase.BACKING_OFF, 7.0, 1),
        (Phase.STARTING, 11.0, 1),
    ]


async def test_a_task_bears_the_name_of_its_child(autojump_clock: trio.testing.MockClock) -> None:
    names: list[str] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        names.append(trio.lowlevel.current_task().name)
        await idle(task_status=task_status)

    async with supervised(Child(name="feed_reader", run=run)):
        pass

    assert names == ["cream.daemon.supervisor.feed_reader"]


async def test_two_children_cannot_have_one_name() -> None:
    twins = [Child(name="a", run=idle), Child(name="a", run=idle)]

    with pytest.raises(AssertionError, match="names are addresses"):
        await Supervisor(whole, TOLERANT).run(twins, task_status=trio.TASK_STATUS_IGNORED)
