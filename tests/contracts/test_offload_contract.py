"""What everyone may expect of an Offload, in a thread or inline."""

import pytest
import trio

from cream.adapters.offload import ThreadOffload
from cream.core.ports import Offload
from cream.daemon.valuations import InlineOffload


@pytest.fixture(params=[ThreadOffload, InlineOffload])
def offload(request: pytest.FixtureRequest) -> Offload:
    made: Offload = request.param()
    return made


async def test_what_the_work_gives_its_caller_gets(offload: Offload) -> None:
    assert await offload.run(lambda: 42) == 42


async def test_what_the_work_raises_its_caller_gets(offload: Offload) -> None:
    with pytest.raises(ZeroDivisionError):
        await offload.run(lambda: 1 // 0)


async def test_everyone_else_gets_a_turn(offload: Offload) -> None:
    seen: list[str] = []

    async def another() -> None:
        seen.append("another")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(another)
        # Who is ready at the same time comes in any order; by the second time all have been.
        await offload.run(lambda: None)
        await offload.run(lambda: None)
        assert seen == ["another"]


async def test_a_caller_that_is_cancelled_already_gets_nothing(offload: Offload) -> None:
    done: list[int] = []

    with trio.move_on_after(0) as scope:
        await offload.run(lambda: done.append(1))

    assert scope.cancelled_caught
    assert not done
