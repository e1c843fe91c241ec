"""A mass cancel is paid in the end, whatever comes to be while it is owed."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import Action, Decision, Direction, RiskDenomination, Size, SizeUnit
from cream.core.options.occ import parse_instrument
from cream.core.safety.heartbeat import HeartbeatLimits
from cream.core.safety.mass_cancel import MassCancelPolicy
from cream.daemon.tree import TreeSettings
from tests.fakes.world import World, buy

CALL = parse_instrument("NVDA  261218C00190000")


def keeping(keep_protection: bool) -> Callable[[TreeSettings], TreeSettings]:
    """A quick watchdog, and a mass cancel that keeps protection or does not."""

    def change(settings: TreeSettings) -> TreeSettings:
        policy = MassCancelPolicy(keep_protection=keep_protection)
        return evolve(
            settings,
            heartbeat=HeartbeatLimits(interval=5.0, timeout=2.0, grace=3.0),
            mass_cancel=evolve(settings.mass_cancel, policy=policy),
        )

    return change


def three_calls() -> Decision:
    """A long option, whose levels are watched here and not at the broker."""
    return Decision(
        decision_id="d",
        instrument=CALL,
        action=Action.BUY,
        direction=Direction.LONG,
        size=Size(Decimal(3), SizeUnit.CONTRACTS),
        limit_price=Decimal("6.40"),
        stop_loss=Decimal("3.20"),
        take_profit=Decimal("12.80"),
        denomination=RiskDenomination.OPTION_PRICE,
    )


@pytest.mark.parametrize("keep_protection", [True, False])
async def test_a_stop_that_is_reached_while_the_broker_is_gone_sells_when_it_is_back(
    autojump_clock: MockClock, tmp_path: Path, keep_protection: bool
) -> None:
    """Its exit must neither be withdrawn for ever nor keep the debt, and so the router, waiting."""
    async with World(tmp_path).life(keeping(keep_protection)) as life:
        await life.submit(three_calls())
        await life.until(lambda: life.held(CALL.symbol) == 3)
        book = life.tree.desk.book
        life.broker.disconnect(60)
        await life.until(lambda: book.mass_cancel_owed is not None)

        life.quote(CALL.symbol, "3.00", "3.10")

        await life.until(lambda: book.mass_cancel_owed is None, seconds=180)
        await life.until(lambda: life.held(CALL.symbol) == 0)
        exits = [one.status for one in life.orders(OrderPurpose.EXIT)]
        assert exits.count(OrderStatus.FILLED) == 1


async def test_nothing_comes_in_while_a_mass_cancel_is_owed(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """An order that may or may not exist keeps it owed; what came in meanwhile would go with it."""
    async with World(tmp_path).life() as life:
        life.broker.fault("submit_lost", {"count": 1})
        await life.submit(buy(limit="200.00", stop="190.00", target="220.00"), plan_id="lost")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.operations.mass_cancel, "maintenance", "me")
            await life.until(lambda: life.tree.desk.book.mass_cancel_owed is not None)

            refused = await life.submit(buy(), plan_id="meanwhile")

            assert "TRADING_REDUCING" in [one.code for one in refused.verdict.violations]
            assert "mass cancel: not confirmed yet" in life.operations.readiness().reasons
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is None, seconds=120)
        assert (await life.submit(buy(), plan_id="afterwards")).verdict.ok
