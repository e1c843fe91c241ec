"""What may be asked about the account beside its orders: its history, its fees, what is wrong?"""

from collections.abc import Sequence
from typing import Protocol

from cream.core.execution.activity_pages import ActivityFilter, ActivityPage
from cream.core.execution.fee_drift import DayOfCharges, DayOfEstimates
from cream.core.execution.option_events import OptionAlarmed


class AccountShown(Protocol):
    """The part of `core.operations.Operations` that is about the account."""

    def activities(self, wanted: ActivityFilter) -> ActivityPage:
        """What has happened to the account that was no trade, as far as it is remembered."""
        ...

    def fees(self) -> Sequence[DayOfCharges | DayOfEstimates]:
        """By day and kind, what trades were estimated to cost and were charged, if they were."""
        ...

    def option_alarms(self) -> Sequence[OptionAlarmed]:
        """What an operator has to know of options that are held, and is so still."""
        ...


class HistoryShown(Protocol):
    """Where that is asked for."""

    @property
    def history(self) -> AccountShown:
        """What has happened to the account beside orders, and what is wrong with it."""
        ...
