"""What the order stream leaves open is asked about at once."""

from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.errors import BrokerUnavailable
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


async def test_a_sweep_in_which_a_request_fails_is_repeated_in_the_same_session(
    autojump_clock: MockClock, world: World
) -> None:
    """A sweep is many requests, and until it is done not even an exit leaves."""
    async with world.life() as life, trio.open_nursery() as nursery:
        attempts = []

        async def fails_twice() -> None:
            attempts.append(trio.current_time())
            await trio.lowlevel.checkpoint()
            if len(attempts) < 3:
                raise BrokerUnavailable("503")

        await nursery.start(evolve(life.tree.session, sweep=fails_twice).run)

        assert len(attempts) == 3
        assert attempts[-1] - attempts[0] < 1
        nursery.cancel_scope.cancel()


async def test_a_broker_that_fails_every_sweep_is_asked_over_a_new_connection(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        attempts = []

        async def fails() -> None:
            attempts.append(trio.current_time())
            await trio.lowlevel.checkpoint()
            raise BrokerUnavailable("503")

        with pytest.RaisesGroup(BrokerUnavailable):
            await evolve(life.tree.session, sweep=fails).run()

        assert len(attempts) == 4
