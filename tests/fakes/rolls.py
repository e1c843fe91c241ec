"""What do tests show of rolls? One that would be done, and one that would not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from attrs import evolve

from cream.core.execution.roll_events import RollOwed
from cream.core.execution.rolls import RollReport
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.roll_choice import NoRoll, Roll
from cream.core.options.roll_legs import RollLeg
from cream.core.options.rolling import Trigger

CALL = OptionContract("AAPL", date(2026, 11, 27), OptionRight.CALL, Decimal(240))
PUT = OptionContract("AAPL", date(2026, 11, 27), OptionRight.PUT, Decimal(230))


def a_roll_owed(**changes: Any) -> RollOwed:
    """Two calls that are owed, to be rolled a month further out by two orders."""
    owed = RollOwed(
        at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
        roll_id="roll-1",
        closes=(RollLeg(CALL, -1),),
        opens=(RollLeg(evolve(CALL, expiration=date(2026, 12, 24)), -1),),
        units=2,
        as_one=False,
        limit=Decimal("-0.50"),
        most_debit=None,
        urgent=False,
        reasons=("delta",),
    )
    return evolve(owed, **changes)


def a_roll_report() -> RollReport:
    """Four calls into two later ones, urgently; and a put that waits."""
    return RollReport(
        as_of=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
        enabled=True,
        answers=(
            Roll(
                contract=CALL,
                quantity=Decimal(-4),
                reasons=(Trigger.URGENT_EXPIRY, Trigger.DELTA),
                urgent=True,
                into=evolve(CALL, expiration=date(2026, 12, 24)),
                into_quantity=Decimal(-2),
                units=2,
                close_ratio=2,
                open_ratio=1,
                middle=Decimal("-0.50"),
                natural=Decimal("-0.305"),
                limit=Decimal("-0.30"),
            ),
            NoRoll(
                contract=PUT,
                quantity=Decimal(1),
                reasons=(Trigger.PROFIT_TARGET,),
                why="the market is closed",
            ),
        ),
    )
