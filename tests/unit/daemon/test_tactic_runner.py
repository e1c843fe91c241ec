"""Slices leave one after the other, also where nobody could send them for a while."""

from itertools import pairwise
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from tests.fakes.world import Life, World, buy

_WORKED = buy(
    "40", tactic="TWAP", tactic_params={"duration_minutes": 40, "slice_interval_seconds": 60}
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def die_after_two_slices(world: World, life: Life) -> None:
    await life.submit(_WORKED)
    await life.until(lambda: life.held() == 2, seconds=100)
    world.journal = world.journal.crash()
    life.die()


async def test_slices_that_were_missed_do_not_leave_in_one_burst(
    autojump_clock: MockClock, world: World
) -> None:
    """Twenty minutes away, and then twenty slices at once, is no TWAP."""
    async with world.life() as life:
        await die_after_two_slices(world, life)
    world.later(1_200)

    async with world.life() as life:
        await trio.sleep(299)

        sent = [one.at for one in life.stubborn.requested("submit")]
        assert len(sent) == 10
        assert {round(after - before) for before, after in pairwise(sent)} == {30}


async def test_an_entry_whose_time_is_over_sends_nothing_at_the_next_start(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await die_after_two_slices(world, life)
    world.later(3 * 86_400)

    async with world.life() as life:
        await trio.sleep(60)

        parent, *slices = life.orders(OrderPurpose.ENTRY)
        assert (parent.status, parent.filled) == (OrderStatus.EXPIRED, 2)
        assert len(slices) == 2
