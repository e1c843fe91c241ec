import pytest
import trio
import trio.testing

from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.core.resilience.budget import Priority, RateBudget

EVER = 10_000.0


def empty() -> Turnstile:
    """A request a second, and none left."""
    turnstile = Turnstile(RateBudget(limit=10, period_seconds=10))
    for _ in range(10):
        turnstile.budget.take(trio.current_time())
    return turnstile


async def test_with_something_in_the_budget_nobody_waits() -> None:
    turnstile = Turnstile(RateBudget(limit=10, period_seconds=10))
    assert await turnstile.enter(Priority.OPEN, 0.0)
    assert turnstile.budget.available(trio.current_time()) < 10


async def test_the_most_urgent_goes_first_whoever_came_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turnstile = empty()
    order: list[Priority] = []

    async def pass_through(priority: Priority) -> None:
        assert await turnstile.enter(priority, EVER)
        order.append(priority)
        turnstile.answered()

    async with trio.open_nursery() as nursery:
        for priority in reversed(Priority):
            nursery.start_soon(pass_through, priority)
            await trio.testing.wait_all_tasks_blocked()
    assert order == list(Priority)


async def test_equals_go_in_the_order_in_which_they_came(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turnstile = empty()
    order: list[int] = []

    async def pass_through(number: int) -> None:
        await turnstile.enter(Priority.CANCEL, EVER)
        order.append(number)
        turnstile.answered()

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(pass_through, number)
            await trio.testing.wait_all_tasks_blocked()
    assert order == [0, 1, 2, 3, 4]


async def test_who_has_no_patience_left_takes_nothing_and_lets_the_next_pass(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turnstile = empty()
    results: list[bool] = []

    async def pass_through(priority: Priority, patience: float) -> None:
        results.append(await turnstile.enter(priority, patience))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pass_through, Priority.CANCEL, 0.5)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(pass_through, Priority.OPEN, EVER)
    assert results == [False, True]


async def test_a_cancelled_waiter_leaves_no_trace(autojump_clock: trio.testing.MockClock) -> None:
    turnstile = empty()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turnstile.enter, Priority.CANCEL, EVER)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert await turnstile.enter(Priority.CANCEL, EVER)


async def test_an_answer_that_frees_nothing_keeps_the_queue_waiting(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turnstile = empty()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turnstile.enter, Priority.CANCEL, EVER)
        await trio.testing.wait_all_tasks_blocked()
        turnstile.answered(remaining=0, reset_in_seconds=5)
        began = trio.current_time()
    assert trio.current_time() - began >= 1


def roomy() -> Turnstile:
    """A budget that nobody reaches the end of: what counts are the connections."""
    return Turnstile(RateBudget(limit=1_000, period_seconds=1))


@pytest.mark.parametrize(
    ("priority", "lines"),
    [
        (Priority.OPEN, 4),
        (Priority.QUERY, 5),
        (Priority.CLOSE, 6),
        (Priority.PROTECTIVE, 7),
        (Priority.CANCEL, 8),
    ],
)
async def test_each_kind_leaves_connections_to_those_above_it(
    autojump_clock: trio.testing.MockClock, priority: Priority, lines: int
) -> None:
    """A queue for connections knows no urgency: whoever is let through finds one free."""
    turnstile = roomy()
    for _ in range(lines):
        assert await turnstile.enter(priority, 1.0)

    assert not await turnstile.enter(priority, 1.0)

    turnstile.answered()
    assert await turnstile.enter(priority, 1.0)


async def test_a_cancel_passes_entries_that_hang_in_every_line_of_theirs(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turnstile = roomy()
    for _ in range(4):
        await turnstile.enter(Priority.OPEN, 1.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turnstile.enter, Priority.OPEN, EVER)
        await trio.testing.wait_all_tasks_blocked()
        assert await turnstile.enter(Priority.CANCEL, 0.0)
        nursery.cancel_scope.cancel()


async def test_what_is_not_wanted_any_more_when_its_turn_comes_takes_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    turnstile = empty()
    wanted, answers = True, []

    async def pass_through() -> None:
        answers.append(await turnstile.enter(Priority.CANCEL, EVER, lambda: wanted))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pass_through)
        await trio.testing.wait_all_tasks_blocked()
        wanted = False

    assert answers == [False]
    assert turnstile.budget.available(trio.current_time()) >= 1


async def test_a_remainder_that_no_clock_can_add_ends_all_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Far from the clock's zero, what is missing from a request can be too small to wait for."""
    autojump_clock.jump(1e9)
    turnstile = Turnstile(RateBudget(limit=60, period_seconds=60))
    for _ in range(60):
        turnstile.budget.take(trio.current_time())
    for _ in range(20):
        assert await turnstile.enter(Priority.CANCEL, EVER)
        turnstile.answered()
