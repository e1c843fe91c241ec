"""What do tests show of an account: rows of its history, fees, and an alarm?"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from attrs import define, field

from cream.core.execution.activities import Noted
from cream.core.execution.activity_pages import ActivityFilter, ActivityPage, page_of
from cream.core.execution.fee_drift import DayOfCharges, DayOfEstimates
from cream.core.execution.option_events import OptionAlarmed
from cream.core.model.activity import Activity, ActivityKind
from tests.fakes.operations_data import NOW

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def a_fee(number: int, day: date = TUESDAY) -> Noted:
    """A row of a cent and more."""
    row = Activity(
        activity_id=f"{day:%Y%m%d}000000000::fee-{number}",
        kind=ActivityKind.FEE,
        word="FEE",
        sub_word="TAF",
        day=day,
        net_amount=Decimal(-number) / 100,
        description=f"TAF fee for proceed of 50 shares (1 trades) on {MONDAY}",
    )
    return Noted(activity=row, at=NOW)


def an_assignment(day: date = MONDAY) -> Noted:
    """A short call that was assigned."""
    row = Activity(
        activity_id=f"{day:%Y%m%d}000000000::opasn",
        kind=ActivityKind.ASSIGNMENT,
        word="OPASN",
        day=day,
        symbol="AAPL  261218C00240000",
        quantity=Decimal(1),
        price=Decimal("0"),
        group_id="g-1",
    )
    return Noted(activity=row, at=NOW + timedelta(hours=1))


def an_alarm() -> OptionAlarmed:
    """A leg that is alone."""
    return OptionAlarmed(
        at=NOW, symbol="AAPL  261218C00240000", kind="orphan_leg", message="1 is held without more"
    )


@define
class FakeHistory:
    """An AccountShown over what a test puts into it."""

    rows: list[Noted] = field(factory=list)
    days: list[DayOfCharges | DayOfEstimates] = field(factory=list)
    alarms: list[OptionAlarmed] = field(factory=list)

    def activities(self, wanted: ActivityFilter) -> ActivityPage:
        return page_of(self.rows, wanted)

    def fees(self) -> Sequence[DayOfCharges | DayOfEstimates]:
        return self.days

    def option_alarms(self) -> Sequence[OptionAlarmed]:
        return self.alarms


def a_history() -> FakeHistory:
    """Something of everything."""
    return FakeHistory(
        rows=[a_fee(1), a_fee(2), an_assignment()],
        days=[
            DayOfCharges(
                day=MONDAY, kind="TAF", estimated=Decimal("0.01"), charged=Decimal("0.03")
            ),
            DayOfEstimates(day=TUESDAY, kind="REG", estimated=Decimal("0.21")),
        ],
        alarms=[an_alarm()],
    )
