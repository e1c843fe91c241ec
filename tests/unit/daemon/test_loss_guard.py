"""Losses stop trading, and a restart does not forgive them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution.events import EquityMarked
from cream.core.model.state import Cause, TradingState
from cream.core.risk.limits import Losses
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World, buy

# 20 shares at 238.50 that fall to 229 lose some 190 dollars of 100,000.
SMALL_LOSS = Decimal("0.001")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def limited(losses: Losses) -> Callable[[TreeSettings], TreeSettings]:
    def change(settings: TreeSettings) -> TreeSettings:
        return evolve(settings, constraints=evolve(settings.constraints, losses=losses))

    return change


def restrictions(life: Life) -> dict[Cause, TradingState]:
    standing = life.tree.desk.book.restrictions
    return {cause: one.state for cause, one in standing.items()}


async def lose(life: Life) -> None:
    await life.submit(buy())
    await life.until(lambda: life.held() == 20)
    life.quote("AAPL", "229.00", "229.02")


async def test_a_confirmed_loss_lets_only_exits_pass(
    autojump_clock: MockClock, world: World
) -> None:
    change = limited(Losses(max_daily_loss_pct=SMALL_LOSS))
    async with world.life(change) as life:
        await lose(life)
        await life.until(lambda: Cause.LOSS_LIMIT in restrictions(life), seconds=600)

        assert restrictions(life)[Cause.LOSS_LIMIT] is TradingState.REDUCING
        assert life.held() == 20


async def test_the_limit_stands_after_a_restart(autojump_clock: MockClock, world: World) -> None:
    change = limited(Losses(max_daily_loss_pct=SMALL_LOSS))
    async with world.life(change) as life:
        await lose(life)
        await life.until(lambda: Cause.LOSS_LIMIT in restrictions(life), seconds=600)
    async with world.life(change) as again:
        assert restrictions(again)[Cause.LOSS_LIMIT] is TradingState.REDUCING
        refused = await again.submit(buy("1", decision_id="more"), plan_id="p2")

        assert refused.verdict is not None
        assert "TRADING_REDUCING" in [one.code for one in refused.verdict.violations]


async def test_to_deny_is_left_to_the_gate(autojump_clock: MockClock, world: World) -> None:
    change = limited(Losses(max_daily_loss_pct=SMALL_LOSS, action="deny", confirmations=1))
    async with world.life(change) as life:
        await lose(life)
        account = life.operations.accounts
        await life.until(lambda: account.figures.equity < 99_900, seconds=600)
        refused = await life.submit(
            buy("1", limit="229.10", stop="220", target="250"), plan_id="p2"
        )

        assert [one.code for one in refused.verdict.violations] == ["DAILY_LOSS_LIMIT"]
        assert restrictions(life) == {}


async def test_to_flatten_closes_what_is_held(autojump_clock: MockClock, world: World) -> None:
    change = limited(Losses(max_daily_loss_pct=SMALL_LOSS, action="flatten"))
    async with world.life(change) as life:
        await lose(life)
        await life.until(lambda: Cause.LOSS_LIMIT in restrictions(life), seconds=600)
        await life.until(lambda: life.held() == 0, seconds=600)

        assert restrictions(life)[Cause.LOSS_LIMIT] is TradingState.HALTED


async def test_without_limits_no_equity_is_marked(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await lose(life)

        kinds = {type(one.event) for one in world.journal.durable}
        assert EquityMarked not in kinds
