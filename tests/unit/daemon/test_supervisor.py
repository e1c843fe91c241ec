"""A child that fails comes back by its policy, at the exact time, and at most so often."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cream.core.resilience.backoff import Backoff
from cream.daemon.supervisor import (
    Child,
    Escalated,
    Intensity,
    Phase,
    Restart,
    StartTimedOut,
    Supervisor,
)
from tests.unit.daemon.children import TOLERANT, lives, supervised, whole

AT_ONCE = Backoff(base=1.0, factor=1.0, cap=0.0)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What the supervisor logs, instead of on the terminal."""
    with capture_logs() as entries:
        yield entries


def phases(supervisor: Supervisor) -> Sequence[tuple[str, Phase]]:
    return [(status.name, status.phase) for status in supervisor.statuses()]


async def test_children_start_in_order_each_once_the_one_before_is_useful(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    children = [
        Child(name=name, run=lives(began, [], useful_after=seconds))
        for name, seconds in (("a", 2.0), ("b", 1.0), ("c", 0.5))
    ]

    async with supervised(*children) as supervisor:
        assert began == [0.0, 2.0, 3.0]
        assert trio.current_time() == 3.5
        assert phases(supervisor) == [(name, Phase.RUNNING) for name in "abc"]


async def test_a_child_that_need_not_be_waited_for_holds_nobody_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    slow = Child(name="slow", run=lives(began, [], useful_after=9.0), wait_for_start=False)
    quick = Child(name="quick", run=lives([], []))

    async with supervised(slow, quick) as supervisor:
        assert trio.current_time() == 0.0
        await trio.testing.wait_all_tasks_blocked()
        assert phases(supervisor) == [("slow", Phase.STARTING), ("quick", Phase.RUNNING)]
        await trio.sleep(9.0)
        await trio.testing.wait_all_tasks_blocked()
        assert phases(supervisor)[0] == ("slow", Phase.RUNNING)


async def test_a_child_that_fails_before_it_is_useful_is_tried_again_and_waited_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    tries: list[float] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        tries.append(trio.current_time())
        if len(tries) < 3:
            raise OSError("not there yet")
        task_status.started()
        await trio.sleep_forever()

    flaky = Child(name="flaky", run=run, backoff=Backoff(base=1.0, factor=4.0, cap=60.0))
    after: list[float] = []
    async with supervised(flaky, Child(name="next", run=lives(after, []))):
        assert tries == [0.0, 1.0, 5.0]
        assert after == [5.0]


async def test_a_child_that_does_not_become_useful_in_time_is_started_again(
    logged: list[Any], autojump_clock: trio.testing.MockClock
) -> None:
    tries: list[float] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        tries.append(trio.current_time())
        if len(tries) == 1:
            await trio.sleep_forever()
        task_status.started()
        await trio.sleep_forever()

    slow = Child(name="slow", run=run, start_timeout=5.0, backoff=Backoff(base=1.0))
    async with supervised(slow) as supervisor:
        assert tries == [0.0, 6.0]
        assert supervisor.statuses()[0].last_error == "StartTimedOut: slow took over 5.0 s"

    assert isinstance(logged[0]["exc_info"].exceptions[0], StartTimedOut)


async def test_the_start_timeout_ends_once_the_child_is_useful(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    prompt = Child(name="prompt", run=lives(began, [], useful_after=5.0), start_timeout=5.5)

    async with supervised(prompt):
        await trio.sleep(1000.0)

    assert began == [0.0]


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT])
async def test_to_end_before_being_useful_is_to_fail(
    restart: Restart, autojump_clock: trio.testing.MockClock
) -> None:
    tries: list[float] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        tries.append(trio.current_time())
        if len(tries) > 1:
            task_status.started()
            await trio.sleep_forever()

    child = Child(name="hasty", run=run, restart=restart, backoff=Backoff(base=2.0))
    async with supervised(child) as supervisor:
        assert tries == [0.0, 2.0]
        assert "without calling task_status.started()" in supervisor.statuses()[0].last_error


async def test_restarts_wait_for_the_drawn_share_of_a_growing_capped_ceiling(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Ceilings 1, 2, 4, 5, 5 s; each wait is its ceiling times the draw."""
    draws = iter([0.5, 0.25, 1.0, 0.0, 0.5])
    began: list[float] = []
    child = Child(
        name="a",
        run=lives(began, [1.0] * 5),
        backoff=Backoff(base=1.0, factor=2.0, cap=5.0),
    )

    async with supervised(child, draw=lambda: next(draws)):
        await trio.sleep(100.0)

    assert began == [0.0, 1.5, 3.0, 8.0, 9.0, 12.5]
    assert next(draws, None) is None


@pytest.mark.parametrize(
    ("restart", "fails", "comes_back"),
    [
        (Restart.PERMANENT, True, True),
        (Restart.PERMANENT, False, True),
        (Restart.TRANSIENT, True, True),
        (Restart.TRANSIENT, False, False),
        (Restart.TEMPORARY, True, False),
        (Restart.TEMPORARY, False, False),
    ],
)
async def test_the_policy_says_who_comes_back(
    restart: Restart, fails: bool, comes_back: bool, autojump_clock: trio.testing.MockClock
) -> None:
    began: list[float] = []
    child = Child(
        name="a", run=lives(began, [1.0], fails=fails), restart=restart, backoff=Backoff(base=1.0)
    )

    async with supervised(child) as supervisor:
        await trio.sleep(10.0)
        status = supervisor.statuses()[0]
        assert status.phase is (Phase.RUNNING if comes_back else Phase.STOPPED)
        assert status.restarts == comes_back
        assert status.last_error == ("ValueError: as told" if fails else "")

    assert began == ([0.0, 2.0] if comes_back else [0.0])


@pytest.mark.parametrize(("ran", "next_wait"), [(60.0, 4.0), (60.5, 1.0)])
async def test_only_a_life_longer_than_a_period_starts_the_backoff_anew(
    ran: float, next_wait: float, autojump_clock: trio.testing.MockClock
) -> None:
    began: list[float] = []
    child = Child(
        name="a", run=lives(began, [0.0, 0.0, ran]), backoff=Backoff(base=1.0, factor=2.0)
    )

    async with supervised(child):
        await trio.sleep(500.0)

    assert began == [0.0, 1.0, 3.0, 3.0 + ran + next_wait]


async def test_time_spent_starting_is_not_steady_running(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A child whose start always times out after more than a period backs off all the same."""
    tries: list[float] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        tries.append(trio.current_time())
        await trio.sleep_forever()

    child = Child(
        name="a",
        run=run,
        wait_for_start=False,
        start_timeout=100.0,
        backoff=Backoff(base=1.0, factor=2.0),
    )
    async with supervised(child):
        await trio.sleep(350.0)

    assert tries == [0.0, 101.0, 203.0, 307.0]


async def test_a_failing_child_disturbs_nobody(autojump_clock: trio.testing.MockClock) -> None:
    steady: list[float] = []
    shaky: list[float] = []
    children = [
        Child(name="before", run=lives(steady, [])),
        Child(name="shaky", run=lives(shaky, [1.0] * 20), backoff=AT_ONCE),
        Child(name="after", run=lives(steady, [])),
    ]

    async with supervised(*children) as supervisor:
        await trio.sleep(100.0)
        assert [status.restarts for status in supervisor.statuses()] == [0, 20, 0]

    assert len(shaky) == 21
    assert steady == [0.0, 0.0]


# What is too often ------------------------------------------------------------------------------


async def run_until_escalated(child: Child, intensity: Intensity) -> float | None:
    """When the supervisor gave up; None if it had not after 1000 s."""
    supervisor = Supervisor(whole, intensity)
    gave_up_at: float | None = None
    try:
        with trio.move_on_after(1000.0):
            async with trio.open_nursery() as nursery:
                await nursery.start(supervisor.run, [child])
    except* Escalated:
        assert phases(supervisor) == [("a", Phase.FAILED)]
        gave_up_at = trio.current_time()
    return gave_up_at


@pytest.mark.parametrize(
    ("restarts", "lengths", "gave_up_at"),
    [
        (0, [3.0], 3.0),
        (2, [1.0, 1.0], None),
        (2, [1.0, 1.0, 1.0], 3.0),
        # Failures at 1, 6 and 11: the first is exactly one period old and still counts.
        (2, [1.0, 5.0, 5.0], 11.0),
        (2, [1.0, 5.0, 5.5], None),
        (2, [1.0, 5.0, 5.5, 4.0], 15.5),
    ],
)
async def test_one_restart_too_many_within_a_period_escalates(
    restarts: int,
    lengths: list[float],
    gave_up_at: float | None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    child = Child(name="a", run=lives([], lengths), backoff=AT_ONCE)

    when = await run_until_escalated(child, Intensity(restarts=restarts, period_seconds=10.0))

    assert when == gave_up_at


async def test_endings_of_a_permanent_child_count_like_failures(
    autojump_clock: trio.testing.MockClock,
) -> None:
    child = Child(name="a", run=lives([], [1.0, 1.0], fails=False), backoff=AT_ONCE)

    assert await run_until_escalated(child, Intensity(restarts=1, period_seconds=10.0)) == 2.0


async def test_an_unlimited_child_never_escalates(autojump_clock: trio.testing.MockClock) -> None:
    began: list[float] = []
    child = Child(name="a", run=lives(began, [0.1] * 100), backoff=AT_ONCE, unlimited=True)

    assert await run_until_escalated(child, Intensity(restarts=0, period_seconds=10.0)) is None
    assert len(began) == 101


async def test_escalation_while_starting_lets_no_later_child_begin(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def broken(*, task_status: trio.TaskStatus[None]) -> None:
        raise OSError("never works")

    began: list[float] = []
    children = [Child(name="broken", run=broken), Child(name="next", run=lives(began, []))]
    supervisor = Supervisor(whole, Intensity(restarts=3, period_seconds=60.0))

    with pytest.RaisesGroup(pytest.RaisesExc(Escalated, match="broken"), flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run, children)

    assert began == []
    assert phases(supervisor) == [("broken", Phase.FAILED)]


async def test_a_child_that_must_start_gets_no_second_first_life(
    autojump_clock: trio.testing.MockClock,
) -> None:
    tries: list[float] = []

    async def taken(*, task_status: trio.TaskStatus[None]) -> None:
        tries.append(trio.current_time())
        raise OSError("the port is taken")

    child = Child(name="a", run=taken, must_start=True, unlimited=True)

    assert await run_until_escalated(child, TOLERANT) == 0.0
    assert tries == [0.0]


async def test_a_child_that_must_start_may_fail_later(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began: list[float] = []
    child = Child(name="a", run=lives(began, [1.0, 1.0]), must_start=True, backoff=AT_ONCE)

    assert await run_until_escalated(child, TOLERANT) is None
    assert began == [0.0, 1.0, 2.0]


async def test_escalation_ends_the_others_in_order(autojump_clock: trio.testing.MockClock) -> None:
    """Whoever can still clean up does; the statuses tell who was the cause."""
    cleaned: list[str] = []

    async def careful(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            cleaned.append("careful")

    children = [
        Child(name="careful", run=careful),
        Child(name="broken", run=lives([], [1.0])),
    ]
    supervisor = Supervisor(whole, Intensity(restarts=0, period_seconds=60.0))
    with pytest.RaisesGroup(Escalated, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run, children)

    assert cleaned == ["careful"]
    assert phases(supervisor) == [("careful", Phase.STOPPED), ("broken", Phase.FAILED)]


def given_up_at(lengths: Sequence[float], restarts: int, period: float) -> float | None:
    """The same rule, without any economy: look at all failures so far after each."""
    failures: list[float] = []
    now = 0.0
    for length in lengths:
        now += length
        failures.append(now)
        if sum(now - period <= one <= now for one in failures) > restarts:
            return now
    return None


@given(
    lengths=st.lists(st.integers(0, 12), max_size=12),
    restarts=st.integers(0, 4),
    period=st.integers(1, 20),
)
def test_the_window_counts_as_a_naive_one_does(
    lengths: list[int], restarts: int, period: int
) -> None:
    async def supervise() -> float | None:
        child = Child(name="a", run=lives([], map(float, lengths)), backoff=AT_ONCE)
        return await run_until_escalated(child, Intensity(restarts=restarts, period_seconds=period))

    clock = trio.testing.MockClock(autojump_threshold=0)

    assert trio.run(supervise, clock=clock) == given_up_at(lengths, restarts, period)
