"""What the book remembers of the account is what is shown."""

from pathlib import Path

import pytest
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution import option_events as o
from cream.core.execution.activity_events import ActivityNoted
from cream.core.execution.activity_pages import ActivityFilter
from cream.core.execution.option_duties import AlarmKind
from cream.core.model.activity import ActivityKind
from cream.core.risk.decisions import Decided
from tests.fakes.account_history import a_fee, an_assignment
from tests.fakes.world import Life, World
from tests.unit.daemon.option_lab import HIGH, LOW
from tests.unit.daemon.test_measures import value


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def noted(life: Life, *events: ActivityNoted | o.OptionAlarmed) -> None:
    await life.tree.desk.do(lambda _book, _now: Decided(None, events))


def counted(life: Life) -> dict[str, float]:
    return {kind.value: value(life, "cream_option_alarms", kind.value) for kind in AlarmKind}


async def test_rows_are_found_again_by_kind_and_after_a_restart(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        now = life.tree.desk.clock.now()
        rows = [a_fee(1).activity, an_assignment().activity]
        await noted(life, *(ActivityNoted(at=now, activity=row) for row in rows))
        await noted(life, ActivityNoted(at=now, activity=evolve(rows[0], description="corrected")))
    async with world.life() as life:
        history = life.operations.history
        assert len(history.activities(ActivityFilter()).rows) == 2
        fees = history.activities(ActivityFilter(kinds=frozenset((ActivityKind.FEE,))))
        assert [one.activity.description for one in fees.rows] == ["corrected"]


async def test_alarms_stand_until_they_are_over_and_are_counted_by_kind(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        zeros = {kind.value: 0.0 for kind in AlarmKind}
        assert counted(life) == zeros
        now = life.tree.desk.clock.now()
        symbols = (LOW.symbol, HIGH.symbol)
        told = [
            o.OptionAlarmed(at=now, symbol=symbol, kind="not_closed", message="x")
            for symbol in reversed(symbols)
        ]
        life.tree.operations.book.options.fold(told[0])
        life.tree.operations.book.options.fold(told[1])

        shown = life.operations.history.option_alarms()

        assert [one.symbol for one in shown] == sorted(symbols)
        assert counted(life) == zeros | {"not_closed": 2.0}
        for alarm in told:
            life.tree.operations.book.options.fold(evolve(alarm, message=""))
        assert life.operations.history.option_alarms() == []
        assert counted(life) == zeros
