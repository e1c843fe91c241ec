"""Work that never ends by itself ends when it is told to, and never hides what went wrong."""

import pytest
import trio

from cream.adapters.server.ending import end_of, run_until
from cream.core.operations import StreamEnd
from tests.fakes.operations import FakeOperations


async def test_work_that_ends_by_itself_has_ended() -> None:
    async def work() -> None:
        await trio.lowlevel.checkpoint()

    assert await run_until(trio.Event(), work)


async def test_work_is_cut_at_the_event(autojump_clock: trio.abc.Clock) -> None:
    stop = trio.Event()

    async def set_later() -> None:
        await trio.sleep(5)
        stop.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(set_later)
        assert not await run_until(stop, trio.sleep_forever)

    assert trio.current_time() == 5


async def test_an_error_of_the_work_comes_out() -> None:
    async def work() -> None:
        raise ValueError("mine")

    with pytest.RaisesGroup(ValueError):
        await run_until(trio.Event(), work)


async def test_a_cancellation_from_outside_is_not_swallowed() -> None:
    with trio.move_on_after(0) as scope:
        await run_until(trio.Event(), trio.sleep_forever)

    assert scope.cancelled_caught


async def test_a_stream_that_is_cut_ends_because_the_daemon_stops(
    operations: FakeOperations,
) -> None:
    stop = trio.Event()
    stop.set()
    async with operations.subscribe() as subscription:
        end = await end_of(subscription, stop, trio.sleep_forever)

    assert end is StreamEnd.STOPPING


@pytest.mark.parametrize("why", StreamEnd)
async def test_a_stream_that_is_read_out_ends_for_its_own_reason(
    operations: FakeOperations, why: StreamEnd
) -> None:
    """Not for what happens to be the case by then."""
    stop = trio.Event()
    async with operations.subscribe() as subscription:
        (subscriber,) = operations.subscribers

        async def follow() -> None:
            operations.end_stream(subscriber, why)
            await trio.lowlevel.checkpoint()

        assert await end_of(subscription, stop, follow) is why


async def test_a_reader_that_leaves_a_stream_which_goes_on_is_a_defect(
    operations: FakeOperations,
) -> None:
    async with operations.subscribe() as subscription:
        with pytest.raises(AssertionError):
            await end_of(subscription, trio.Event(), trio.lowlevel.checkpoint)
