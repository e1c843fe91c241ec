"""A reached level closes the position, whatever else an agent has working on it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import Decision, Size, SizeUnit, StrategyFamily
from tests.fakes.world import Life, World, buy, close

CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))
THREE = Size(Decimal(3), SizeUnit.CONTRACTS)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def call(**changes: Any) -> Decision:
    """Three calls with a stop at a price of the underlying: watched here, not at the venue."""
    entry = buy(instrument=CALL, stop="230.00", target=None, **{"limit": None, **changes})
    return evolve(entry, size=THREE, strategy_family=StrategyFamily.OPTION_LONG)


async def holding(life: Life) -> None:
    await life.submit(call())
    await life.until(lambda: life.held(CALL.symbol) == 3)


async def test_an_exit_that_rests_for_a_better_price_does_not_stand_in_the_stops_way(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await holding(life)
        rests = close("3", instrument=CALL, limit="20.00")
        await life.submit(evolve(rests, size=THREE), plan_id="out")
        resting = life.orders(OrderPurpose.EXIT)[0]
        assert resting.status is OrderStatus.ACCEPTED

        life.quote("AAPL", "229.00", "229.02")

        await life.until(lambda: life.held(CALL.symbol) == 0)
        first, fired = life.orders(OrderPurpose.EXIT)
        assert (first.status, first.filled) == (OrderStatus.CANCELED, 0)
        assert (fired.status, fired.filled) == (OrderStatus.FILLED, 3)


async def test_a_level_that_was_reached_fires_once(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await holding(life)
        for cents in range(50):
            life.quote("AAPL", f"229.{cents:02}", f"229.{cents + 1:02}")

        await life.until(lambda: life.held(CALL.symbol) == 0)
        assert len(life.orders(OrderPurpose.EXIT)) == 1


async def test_a_mass_cancel_does_not_undo_a_stop_that_has_fired(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await holding(life)
        life.broker.fault("submit_unavailable", {})
        life.quote("AAPL", "229.00", "229.02")
        await life.until(lambda: life.orders(OrderPurpose.EXIT))

        await life.operations.mass_cancel("test", "me")
        life.broker.fault("submit_unavailable", {"on": False})

        await life.until(lambda: life.held(CALL.symbol) == 0)
        assert not any("mass cancel" in one.reason for one in life.orders(OrderPurpose.EXIT))
