"""Everything is closed, and nothing more than that."""

from pathlib import Path

import pytest
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from tests.fakes.world import World, buy, close


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_what_rests_for_a_better_price_is_closed_now(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.submit(close("8", limit="250.00"), plan_id="out")
        await life.until(lambda: life.orders(OrderPurpose.EXIT)[0].broker_order_id)

        await life.operations.kill_switch("enough", "me", True)

        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))


async def test_what_an_exit_works_on_already_is_not_closed_twice(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.quote("AAPL", "238.39", "238.41", size=5)
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.held() == 15)

        await life.operations.kill_switch("enough", "me", True)
        life.quote("AAPL", "238.39", "238.41", size=500)

        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))
        sold = sum(one.filled for one in life.orders(OrderPurpose.EXIT))
        assert sold == 20
        assert all(one.status is not OrderStatus.REJECTED for one in life.orders())
