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
