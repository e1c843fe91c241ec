"""What is held at the real venue, with its latest quotes."""

from decimal import Decimal
from pathlib import Path

import pytest
from trio.testing import MockClock

from tests.fakes.world import World
from tests.unit.daemon.test_option_keeper import by
from tests.unit.daemon.test_roller import CALL, WEDNESDAY, fresh, hold


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, start=WEDNESDAY)


async def test_the_greeks_of_what_is_held_come_from_its_latest_quotes(
    world: World, autojump_clock: MockClock
) -> None:
    async with world.life(by()) as life:
        empty = await life.operations.holdings_risk()
        await hold(life, "2")
        await fresh(life)
        found = await life.operations.holdings_risk()

    assert (empty.by_underlying, empty.whole.totals.delta_shares) == ({}, 0)
    (one,) = found.by_underlying.values()
    assert one.missing == ()
    assert 0 < one.totals.delta_shares < 200
    assert one.totals.theta_dollars_per_day < 0
    assert one.totals.delta_shares == found.whole.totals.delta_shares
    assert found.shorts == ()
    assert CALL.underlying in found.by_underlying
    assert Decimal(0) < one.totals.vega_dollars_per_point < 100
