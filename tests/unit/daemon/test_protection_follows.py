"""What the broker works to guard a position follows the position: its size, and its levels."""

from decimal import Decimal
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.model.order import OrderPurpose, Side
from cream.core.model.state import TradingState
from tests.fakes.world import Life, World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def entered(life: Life, quantity: str = "20") -> None:
    await life.submit(buy(quantity), plan_id="first")
    await life.until(lambda: life.held() == Decimal(quantity))
    # Whatever comes next comes later.
    await trio.sleep(1)


def requested_cancels(world: World) -> list[e.CancelRequested]:
    events = [one.event for one in world.journal.durable]
    return [one for one in events if isinstance(one, e.CancelRequested)]


async def exits(life: Life, **price: str) -> list[int]:
    """How much every exit at this price that the venue itself works is for."""
    every = [one for shown in await life.broker.open_orders() for one in (shown, *shown.legs)]
    (name, wanted), *_ = price.items()
    found = [one for one in every if one.side is Side.SELL]
    return [int(one.quantity) for one in found if getattr(one, name) == Decimal(wanted)]


async def stops(life: Life) -> set[Decimal]:
    """Every stop price at which the venue would sell."""
    orders = [one for shown in await life.broker.open_orders() for one in (shown, *shown.legs)]
    return {one.stop_price for one in orders if one.stop_price is not None}


# The size -----------------------------------------------------------------------------------------


async def test_a_stop_for_more_than_is_held_is_cut_to_what_is_held(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await entered(life)
        life.stubborn.sold_by_hand = Decimal(15)
        await life.until(lambda: life.held() == 5)
        cut_by = trio.current_time() + 3

        await trio.sleep_until(cut_by)

        assert await exits(life, stop_price="228.50") == [5]
        assert await exits(life, limit_price="253.50") == [5]
        assert life.operations.positions()[0].protected_quantity == 5
        reasons = [one.reason for one in requested_cancels(world)]
        assert reasons == ["it would close more than is held"] * 2


async def test_what_is_left_is_watched_here_while_its_stop_is_being_cut(
    autojump_clock: MockClock, world: World
) -> None:
    """The broker clings to the stop for a while; the market falls through it meanwhile."""
    async with world.life() as life:
        await entered(life)
        life.stubborn.sold_by_hand = Decimal(15)
        await life.until(lambda: life.held() == 5)
        await life.until(
            lambda: all(not one.is_open for one in life.orders(OrderPurpose.STOP_LOSS))
        )

        life.quote("AAPL", "228.00", "228.02")

        await life.until(lambda: life.held() == 0, seconds=5)
        (fired,) = life.orders(OrderPurpose.EXIT)
        assert fired.filled == 5, "not a share more than was held"


async def test_nothing_closes_a_position_that_is_no_more(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await entered(life)
        life.stubborn.sold_by_hand = Decimal(20)
        await life.until(lambda: life.held() == 0)

        await trio.sleep(10)

        assert await life.broker.open_orders() == []
        assert not list(life.tree.desk.book.open_orders())


async def test_a_position_that_was_turned_over_is_not_sold_on(
    autojump_clock: MockClock, world: World
) -> None:
    """Short by hand: the stop of the long position would make it shorter."""
    async with world.life() as life:
        await entered(life)
        life.stubborn.sold_by_hand = Decimal(25)
        await life.until(lambda: life.held() == -5)

        await trio.sleep(10)

        assert await life.broker.open_orders() == []


async def test_a_stop_is_cut_by_a_life_that_finds_it_too_large(
    autojump_clock: MockClock, world: World
) -> None:
    """Shares were sold while nobody was there to see it."""
    async with world.life() as life:
        await entered(life)

    world.sold_by_hand = Decimal(15)
    async with world.life() as life:
        await life.until(lambda: life.held() == 5)
        await trio.sleep(3)
        assert await exits(life, stop_price="228.50") == [5]
        assert await exits(life, limit_price="253.50") == [5]


async def test_what_is_bought_elsewhere_comes_under_the_levels_of_the_position(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await entered(life)
        life.stubborn.sold_by_hand = Decimal(-10)
        await life.until(lambda: life.held() == 30)

        await trio.sleep(5)

        (view,) = life.operations.positions()
        assert (view.protected_quantity, view.stop_price) == (30, Decimal("228.50"))
        placed = life.orders(OrderPurpose.TAKE_PROFIT)[-1]
        assert (placed.terms.quantity, placed.terms.stop_loss) == (10, Decimal("228.50"))


# The levels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stop", "target"), [("231.00", "255.00"), ("226.00", "262.00")])
async def test_the_levels_of_a_later_entry_hold_for_all_of_the_position(
    autojump_clock: MockClock, world: World, stop: str, target: str
) -> None:
    async with world.life() as life:
        await entered(life)
        await life.submit(buy("10", stop=stop, target=target), plan_id="second")
        await life.until(lambda: life.held() == 30)

        await trio.sleep(5)

        assert await stops(life) == {Decimal(stop)}, "the first bracket's stop is gone"
        (view,) = life.operations.positions()
        assert (view.stop_price, view.take_profit_price) == (Decimal(stop), Decimal(target))
        assert sum(await exits(life, stop_price=stop)) == 30
        assert sum(await exits(life, limit_price=target)) == 30


async def test_a_tighter_level_holds_before_the_broker_has_it(
    autojump_clock: MockClock, world: World
) -> None:
    """The broker's stop is still that of the first entry: it counts for nothing."""
    async with world.life() as life:
        await entered(life)
        await life.submit(buy("10", stop="231.00", target="255.00"), plan_id="second")
        await life.until(lambda: life.held() == 30)

        life.quote("AAPL", "230.50", "230.52")

        await life.until(lambda: life.held() == 0, seconds=10)
        assert not list(life.tree.desk.book.open_orders())


async def test_the_earlier_stop_stays_until_the_later_entry_is_done(
    autojump_clock: MockClock, world: World
) -> None:
    """A venue lets nobody sell against his own entry: better the old stop there than none."""
    async with world.life() as life:
        await entered(life)
        life.quote("AAPL", "238.39", "238.41", size=4)
        await life.submit(buy("10", stop="231.00", target="255.00"), plan_id="second")
        await life.until(lambda: life.held() == 24)
        await trio.sleep(5)
        assert Decimal("228.50") in await stops(life)
        assert life.operations.positions()[0].stop_price == Decimal("231.00")

        life.quote("AAPL", "238.39", "238.41")
        await life.until(lambda: life.held() == 30)
        await trio.sleep(5)

        assert await stops(life) == {Decimal("231.00")}


async def test_a_broker_that_lets_an_order_stand_is_not_asked_in_a_swarm(
    autojump_clock: MockClock, world: World
) -> None:
    """What would not be cancelled has filled perhaps: that is told, or asked for, in its time."""
    async with world.life() as life:
        await entered(life)
        life.stubborn.lets_none_go = True
        await life.submit(buy("10", stop="231.00", target="255.00"), plan_id="second")
        await life.until(lambda: life.held() == 30)

        await trio.sleep(30)

        assert life.stubborn.asked
        assert all(2 <= len(times) <= 7 for times in life.stubborn.asked.values())

        life.stubborn.lets_none_go = False
        await trio.sleep(10)
        assert await stops(life) == {Decimal("231.00")}


async def test_levels_that_agree_are_left_alone(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await entered(life)
        await life.submit(buy("10"), plan_id="second")
        await life.until(lambda: life.held() == 30)
        await trio.sleep(60)

        assert requested_cancels(world) == []
        assert life.operations.trading_state().state is TradingState.ACTIVE
