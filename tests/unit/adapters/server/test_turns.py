"""Many rows are made a few at a time, each once and in order."""

import pytest
import trio

from cream.adapters.server.turns import TURN, in_turns


@pytest.mark.parametrize("count", [0, 1, TURN, 2 * TURN + 1])
async def test_every_row_is_made_once_and_in_order(count: int) -> None:
    assert await in_turns(str, range(count)) == [str(number) for number in range(count)]


async def test_others_get_a_turn_in_between() -> None:
    """Whoever is ready runs while the rows are only made in part."""
    made: list[int] = []
    seen: list[int] = []

    async def watch() -> None:
        while len(made) < 3 * TURN:
            await trio.lowlevel.checkpoint()
            seen.append(len(made))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await trio.lowlevel.checkpoint()
        await in_turns(made.append, range(3 * TURN))

    assert {TURN, 2 * TURN} & set(seen)
