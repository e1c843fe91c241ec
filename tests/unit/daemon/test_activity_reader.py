"""What happens to the account besides trades is noted once, and what follows from it is done."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.exchange.calendar import SessionMode
from cream.core.execution.activity_events import ActivityNoted
from cream.core.execution.events import OrderFilled
from cream.core.model.activity import Activity, ActivityKind, ActivityStatus
from cream.core.model.fill import Fee
from cream.core.model.state import TradingState
from cream.daemon.activity_reader import ActivityReaderSettings
from cream.daemon.settings import Settings
from cream.daemon.tree import TreeSettings
from cream.daemon.tree_settings import tree_settings
from tests.fakes.world import START, Life, World, buy

DEFAULTS = tree_settings(Settings(), "test", "test")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def reading(settings: TreeSettings) -> TreeSettings:
    """A reconciler that compares everything every ten seconds, beside the reader."""
    often = evolve(settings.reconciler, interval=10.0)
    return evolve(settings, reconciler=often, activities=ActivityReaderSettings())


def row(activity_id: str = "a-1", **changes: Any) -> Activity:
    """A fee of two cents."""
    fee = Activity(
        activity_id=activity_id,
        kind=ActivityKind.FEE,
        word="FEE",
        day=START.date(),
        net_amount=Decimal("-0.02"),
    )
    return evolve(fee, **changes)


def noted(world: World) -> list[str]:
    return [
        one.event.activity.activity_id
        for one in world.journal.durable
        if isinstance(one.event, ActivityNoted)
    ]


def differences(life: Life) -> list[tuple[str, str]]:
    last = life.tree.desk.book.last_reconciliation
    assert last is not None
    return [(one.kind, one.theirs) for one in last.differences]


async def test_a_fee_that_has_its_row_is_no_difference(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(reading) as life:
        await life.tree.reconciler.sweep()
        life.stubborn.activities = (row(),)
        life.stubborn.deposited = Decimal("-0.02")
        await life.tree.reconciler.sweep()

        assert noted(world) == ["a-1"]
        assert differences(life) == []
        assert life.tree.desk.book.activities.unexplained == 0


async def test_money_that_moves_a_day_before_its_row_is_named_once(
    autojump_clock: MockClock, world: World
) -> None:
    """Known across a restart: what is left unexplained is in the journal."""
    async with world.life(reading) as life:
        await life.tree.reconciler.sweep()
        life.stubborn.deposited = Decimal("-0.02")
        await life.tree.reconciler.sweep()
        assert differences(life) == [("CASH", "-0.02")]
    world.later(86_400)

    async with world.life(reading) as life:
        assert life.tree.desk.book.activities.unexplained == Decimal("-0.02")
        life.stubborn.activities = (row(),)
        await life.tree.reconciler.sweep()

        assert differences(life) == []
        assert life.tree.desk.book.activities.unexplained == 0


async def test_a_row_is_noted_once_in_all_lives(autojump_clock: MockClock, world: World) -> None:
    for _ in range(2):
        async with world.life(reading) as life:
            life.stubborn.activities = (row(), row("a-2"))
            await trio.sleep(200)
        world.later(60)

    assert noted(world) == ["a-1", "a-2"]


async def test_in_session_it_looks_every_minute_and_goes_back_some_days(
    autojump_clock: MockClock, world: World
) -> None:
    world.session = SessionMode.CALENDAR
    rarely = evolve(reading(DEFAULTS), reconciler=DEFAULTS.reconciler)
    async with world.life(lambda _: rarely) as life:
        await trio.sleep(250)
        asked = life.stubborn.requested("activities_since")

    # Four minutes, and the start's own look and comparison.
    assert 5 <= len(asked) <= 6
    assert {one.subject for one in asked} == {str((START - timedelta(days=7)).date())}


async def test_a_history_that_cannot_be_read_harms_nothing_and_names_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    """Cash is compared again once it can be: a row that is not seen yet may explain it."""
    async with world.life(reading) as life:
        await life.tree.reconciler.sweep()
        life.stubborn.deposited = Decimal("-0.02")
        life.stubborn.fails_once.add("activities_since")
        await life.tree.reconciler.sweep()
        assert differences(life) == []
        assert life.tree.link.session_up

        life.stubborn.activities = (row(),)
        await life.tree.reconciler.sweep()
        assert differences(life) == []
        assert noted(world) == ["a-1"]


@pytest.mark.parametrize("status", [ActivityStatus.EXECUTED, ActivityStatus.PENDING])
async def test_what_moves_a_position_has_holdings_compared_at_once(
    autojump_clock: MockClock, world: World, status: ActivityStatus
) -> None:
    """Not at the next interval, which is half a minute away; and only once it has happened."""
    slow = evolve(DEFAULTS, activities=ActivityReaderSettings(interval=5.0))
    slow = evolve(slow, reconciler=evolve(slow.reconciler, positions_interval=3000.0))
    async with world.life(lambda _: slow) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await trio.sleep(10)
        life.stubborn.sold_by_hand = Decimal(5)
        kind = {"kind": ActivityKind.ASSIGNMENT, "word": "OPASN"}
        life.stubborn.activities = (row(symbol="AAPL", status=status, **kind),)
        await trio.sleep(7)

        happened = status is ActivityStatus.EXECUTED
        assert life.held() == (15 if happened else 20)


async def test_after_a_split_nothing_is_opened_on_old_levels(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(reading) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        split = row(kind=ActivityKind.SPLIT, word="SPLIT", symbol="AAPL", net_amount=Decimal(0))
        life.stubborn.activities = (split,)
        await life.until(lambda: noted(world), seconds=90)

        codes = {one.code for one in (await life.submit(buy(), plan_id="p-2")).verdict.violations}
        assert "SYMBOL_HALTED" in codes
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE


async def test_fees_that_differ_from_their_estimate_by_more_than_a_cent_are_named_once(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(reading) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await trio.sleep(1)
        fill = next(
            one.event.fill for one in world.journal.durable if isinstance(one.event, OrderFilled)
        )
        life.tree.desk.book.activities.traded(evolve(fill, fees=(Fee("TAF", Decimal("0.02")),)))
        told = f"TAF fee for proceed of 20 shares (1 trades) on {START.date()}"
        life.stubborn.activities = (row(sub_word="TAF", description=told, net_amount=Decimal(-1)),)
        life.stubborn.deposited = Decimal(-1)
        await life.tree.reconciler.sweep()
        assert differences(life) == [("FEES", "1")]
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE

        await life.tree.reconciler.sweep()
        assert differences(life) == []
