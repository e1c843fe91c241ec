"""What the broker cannot tell is asked, and what it never tells is guessed."""

from decimal import Decimal
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.model.order import OrderPurpose
from tests.fakes.world import World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_fill_without_an_execution_is_held_and_guarded_at_once(
    autojump_clock: MockClock, world: World
) -> None:
    """The order shows that it has filled; the list of executions lags behind."""
    async with world.life() as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        life.broker.fault("drop_updates", {})
        life.stubborn.forgetful = True
        await life.submit(buy())
        await trio.sleep(1)
        life.broker.fault("drop_updates", {"on": False})
        life.quote("AAPL", "238.39", "238.42", size=5)

        await life.until(lambda: life.held() == 10, seconds=5)
        assert life.operations.positions()[0].protected_quantity == 10

        life.stubborn.forgetful = False
        await life.tree.reconciler.sweep()
        life.quote("AAPL", "238.39", "238.43", size=50)
        await life.until(lambda: life.held() == 20)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        position = life.tree.desk.book.positions["AAPL"]
        assert entry.filled == 20
        assert position.cost == entry.notional_filled
        assert Decimal("238.40") < position.average_price < Decimal("238.44")


async def test_a_guess_gives_way_to_its_execution(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        life.broker.fault("drop_updates", {})
        life.stubborn.forgetful = True
        await life.submit(buy())
        await life.until(lambda: life.held() == 20, seconds=400)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        assert entry.inferred
        life.stubborn.forgetful = False

        await life.until(lambda: not life.orders(OrderPurpose.ENTRY)[0].inferred, seconds=700)

        def corrections() -> int:
            return [type(one.event) for one in world.journal.durable].count(e.FillCorrected)

        await life.until(corrections)
        assert corrections() == 1
        assert life.held() == 20
