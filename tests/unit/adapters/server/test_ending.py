"""Work that never ends by itself ends when it is told to, and never hides what went wrong."""

import pytest
import trio

from cream.adapters.server.ending import run_until


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
