"""What exits have closed twice is taken back, where the broker sees it too."""

from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.fill import Fill
from cream.core.model.order import OrderPurpose, Side
from cream.core.risk.decisions import Decide, Decided
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World, buy

FILLED = "stop-filled-too"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def nobody_compares(settings: TreeSettings) -> TreeSettings:
    """What is found, is found by the watch itself."""
    return evolve(settings, reconciler=evolve(settings.reconciler, enabled=False))


def stop_fills(life: Life) -> Decide[None]:
    """The broker tells that the stop, too, has sold 20."""
    (stop,) = life.orders(OrderPurpose.STOP_LOSS)

    def decide(book: Book, now: object) -> Decided[None]:
        fill = Fill(
            execution_id=FILLED,
            order_id=stop.order_id,
            instrument=stop.terms.instrument,
            side=Side.SELL,
            quantity=Decimal(20),
            price=Decimal("228.50"),
            executed_at=life.tree.desk.clock.now(),
        )
        return Decided(None, (e.OrderFilled(at=fill.executed_at, fill=fill),))

    return decide


async def sold(life: Life) -> None:
    """An entry that its target has closed."""
    await life.submit(buy())
    await life.until(lambda: life.held() == 20)
    life.quote("AAPL", "253.60", "253.62")
    await life.until(lambda: life.held() == 0)


async def test_what_the_broker_does_not_hold_is_not_taken_back(
    autojump_clock: MockClock, world: World
) -> None:
    """Reports come out of order, and wrongly: only what both sides hold is closed."""
    async with world.life() as life:
        await sold(life)
        await life.tree.desk.do(stop_fills(life))
        assert life.held() == -20
        await life.until(lambda: life.held() == 0)
        await trio.sleep(10)
        asked = len(life.stubborn.held)
        assert life.orders(OrderPurpose.EXIT) == []
        assert life.tree.overshoots.taken_back == 0
        await trio.sleep(20)
        assert len(life.stubborn.held) - asked < 3


async def test_a_broker_that_cannot_be_asked_is_asked_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(nobody_compares) as life:
        await sold(life)
        life.stubborn.fails_once.add("positions")
        before = len(life.stubborn.held)
        await life.tree.desk.do(stop_fills(life))
        await trio.sleep(3)
        assert len(life.stubborn.held) - before >= 2
        assert life.orders(OrderPurpose.EXIT) == []


async def test_a_fill_that_closes_what_is_held_makes_nobody_ask(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(nobody_compares) as life:
        before = len(life.stubborn.held)
        await sold(life)
        await trio.sleep(5)
        assert len(life.stubborn.held) == before
