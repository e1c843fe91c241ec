"""What callers ask for is done once, and told as it is."""

from decimal import Decimal
from pathlib import Path

import pytest
from trio.testing import MockClock

from tests.fakes.world import World, buy, close


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_what_a_closed_holding_earned_is_still_told(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        bought = life.orders()[0].average_price
        life.quote("AAPL", "240.00", "240.02")
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.held() == 0)

        assert life.operations.positions() == []
        assert life.operations.realized_pnl() == 20 * (Decimal("240.00") - bought)
        assert life.operations.realized_pnl() > 0
