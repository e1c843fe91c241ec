"""What the order stream leaves open is asked about at once."""

from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from tests.fakes.builders import order_terms
from tests.fakes.world import START, World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_fill_that_the_stream_lost_is_fetched_when_the_next_one_shows_it(
    autojump_clock: MockClock, world: World
) -> None:
    """Not at the next sweep, five minutes later: until then nobody would guard those shares."""
    async with world.life() as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        life.broker.fault("drop_updates", {})
        await life.submit(buy())
        await trio.sleep(1)
        assert life.held() == 0
        life.broker.fault("drop_updates", {"on": False})
        life.quote("AAPL", "238.39", "238.42", size=5)

        seen = trio.current_time()
        await life.until(lambda: life.held() == 10)
        assert trio.current_time() - seen < 1
        assert life.operations.positions()[0].protected_quantity == 10


async def test_a_strangers_order_is_adopted_when_the_stream_shows_it(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        seen = trio.current_time()
        terms = evolve(order_terms("stranger", "7", limit="200"), client_order_id="by-hand")
        await life.broker.submit(terms)

        await life.until(lambda: life.orders(OrderPurpose.EXTERNAL))
        assert trio.current_time() - seen < 1
        assert life.orders(OrderPurpose.EXTERNAL)[0].status is OrderStatus.ACCEPTED


async def test_a_strangers_order_that_filled_at_once_is_booked(
    autojump_clock: MockClock, world: World
) -> None:
    """It filled before we knew it: its executions are older than its first mention here."""
    async with world.life() as life:
        await trio.sleep(1000)
        terms = evolve(order_terms("stranger", "7"), client_order_id="by-hand")
        await life.broker.submit(terms)
        assert len(await life.broker.executions_since(START)) == 1

        await life.until(lambda: life.held() == 7)
