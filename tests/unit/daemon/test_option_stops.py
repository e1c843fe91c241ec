"""Stops and targets on options: watched here, because no venue holds them."""

from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.order import OrderClass, OrderPurpose, OrderType, Side
from cream.core.model.plan import (
    Guard,
    PositionIntent,
    RiskDenomination,
    StrategyFamily,
    TimeInForce,
)
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.option_lab import HIGH, LOW, PUT, option, quote, spread

OPTION, UNDERLYING = RiskDenomination.OPTION_PRICE, RiskDenomination.UNDERLYING_PRICE


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def enter(life: Life, decision: object, symbol: str, quantity: int) -> None:
    result = await life.submit(decision, plan_id=symbol)  # type: ignore[arg-type]
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(symbol) == quantity)


def exits(life: Life) -> list[tuple[Side, OrderType, TimeInForce, PositionIntent | None]]:
    return [
        (
            one.terms.side,
            one.terms.order_type,
            one.terms.time_in_force,
            one.terms.position_intent,
        )
        for one in life.orders(OrderPurpose.EXIT)
    ]


SELLS = (Side.SELL, OrderType.MARKET, TimeInForce.DAY, PositionIntent.SELL_TO_CLOSE)
BUYS = (Side.BUY, OrderType.MARKET, TimeInForce.DAY, PositionIntent.BUY_TO_CLOSE)


async def test_a_long_call_is_sold_at_a_stop_in_its_own_price(
    autojump_clock: MockClock, world: World
) -> None:
    """The side at which it could be sold counts: the bid."""
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.10")
        long = option(LOW, limit="5.10", stop="4.00", target="7.50", denomination=OPTION)
        await enter(life, long, LOW.symbol, 2)
        quote(life, LOW, "4.01", "4.11")
        await trio.sleep(5)
        assert life.held(LOW.symbol) == 2

        quote(life, LOW, "4.00", "4.10")

        await life.until(lambda: life.held(LOW.symbol) == 0)
        assert exits(life) == [SELLS]


async def test_a_long_put_is_sold_when_its_underlying_rises_to_the_stop(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        quote(life, PUT, "4.00", "4.10")
        long = option(PUT, limit="4.10", stop="245.00", target="225.00", denomination=UNDERLYING)
        await enter(life, long, PUT.symbol, 2)
        life.quote("AAPL", "244.95", "244.99")
        await trio.sleep(5)
        assert life.held(PUT.symbol) == 2

        life.quote("AAPL", "244.96", "245.00")

        await life.until(lambda: life.held(PUT.symbol) == 0)
        assert exits(life) == [SELLS]


async def test_a_long_put_reaches_its_target_when_its_underlying_falls(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        quote(life, PUT, "4.00", "4.10")
        long = option(PUT, limit="4.10", stop="245.00", target="225.00", denomination=UNDERLYING)
        await enter(life, long, PUT.symbol, 2)

        life.quote("AAPL", "224.96", "225.00")

        await life.until(lambda: life.held(PUT.symbol) == 0)


def roomy(settings: TreeSettings) -> TreeSettings:
    """A hundred shares to deliver are a quarter of the account."""
    wide = evolve(settings.constraints.per_instrument, max_equity_pct=Decimal("0.5"))
    whole = evolve(settings.constraints.portfolio, max_underlying_equity_pct=Decimal("0.5"))
    limits = evolve(settings.constraints, per_instrument=wide, portfolio=whole)
    return evolve(settings, constraints=limits)


async def covered_call(life: Life, **levels: object) -> None:
    # Their stop is watched here: an order at the broker that may sell them would uncover the call.
    guard = Guard(stop_limit_price=Decimal("228.00"))
    shares = await life.submit(buy("100", limit=None, guard=guard), plan_id="shares")
    assert shares.verdict.ok, shares.verdict.violations
    await life.until(lambda: life.held() == 100)
    quote(life, HIGH, "3.00", "3.10")
    short = option(
        HIGH,
        "1",
        short=True,
        limit="3.00",
        strategy_family=StrategyFamily.OPTION_SHORT,
        **levels,
    )
    await enter(life, short, HIGH.symbol, -1)


async def test_a_short_call_is_bought_back_at_a_stop_in_its_own_price(
    autojump_clock: MockClock, world: World
) -> None:
    """What is owed loses as its price rises, and the ask is what buying it back costs."""
    async with world.life(roomy) as life:
        await covered_call(life, stop="4.60", target="0.50", denomination=OPTION)
        quote(life, HIGH, "4.50", "4.59")
        await trio.sleep(5)
        assert life.held(HIGH.symbol) == -1

        quote(life, HIGH, "4.51", "4.60")

        await life.until(lambda: life.held(HIGH.symbol) == 0)
        assert exits(life) == [BUYS]
        assert life.held() == 100


async def test_a_short_call_is_bought_back_when_its_underlying_rises_to_the_stop(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(roomy) as life:
        await covered_call(life, stop="246.00", target="220.00", denomination=UNDERLYING)

        life.quote("AAPL", "245.97", "246.01")

        await life.until(lambda: life.held(HIGH.symbol) == 0)
        assert exits(life) == [BUYS]
        assert life.held() == 100


async def test_the_watch_goes_on_after_a_crash(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.10")
        long = option(LOW, limit="5.10", stop="4.00", target="7.50", denomination=OPTION)
        await enter(life, long, LOW.symbol, 2)
        world.journal = world.journal.crash()
        life.die()

    async with world.life() as life:
        quote(life, LOW, "3.90", "4.00")
        await life.until(lambda: life.held(LOW.symbol) == 0)
        assert exits(life) == [SELLS]


async def test_no_stop_of_an_option_is_ever_placed_at_the_broker(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.10")
        long = option(LOW, limit="5.10", stop="4.00", target="7.50", denomination=OPTION)
        await enter(life, long, LOW.symbol, 2)
        await trio.sleep(60)

        (entry,) = life.orders()
        assert entry.terms.order_class is OrderClass.SIMPLE


@pytest.mark.parametrize("single", [True, False])
async def test_an_option_order_that_outlives_the_day_is_refused(
    autojump_clock: MockClock, world: World, single: bool
) -> None:
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.10")
        quote(life, HIGH, "3.00", "3.10")
        wanted = (
            option(LOW, limit="5.10", stop="4.00", target="7.50", denomination=OPTION)
            if single
            else spread("1", "2.10")
        )
        for tif in (TimeInForce.GTC, TimeInForce.IOC):
            result = await life.submit(evolve(wanted, time_in_force=tif), plan_id=tif.value)
            assert "INVALID_TIME_IN_FORCE" in {one.code for one in result.verdict.violations}
        assert life.orders() == []


async def test_levels_of_a_spread_are_told_to_have_no_effect(
    autojump_clock: MockClock, world: World
) -> None:
    """A spread has no price that is quoted, and what it can lose its legs say: nothing watches."""
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.10")
        quote(life, HIGH, "3.00", "3.10")

        result = await life.submit(spread("1", "2.10", stop="1.00", target="4.00"))

        assert "LEVELS_IGNORED" in {one.code for one in result.verdict.violations}
        await life.until(lambda: life.held(LOW.symbol) == 1)
        assert not life.tree.desk.book.protections
