"""What has happened to the account, and what is wrong with what it holds? Read off the book."""

from collections.abc import Sequence

from attrs import frozen

from cream.core.execution.activity_pages import ActivityFilter, ActivityPage, page_of
from cream.core.execution.fee_drift import DayOfCharges, DayOfEstimates, charges, uncharged
from cream.core.execution.option_events import OptionAlarmed
from cream.daemon.desk import Desk


@frozen
class AccountHistory:
    """The one implementation of `core.execution.account_shown.AccountShown`."""

    desk: Desk

    def activities(self, wanted: ActivityFilter) -> ActivityPage:
        """What has happened to the account that was no trade, as far as it is remembered."""
        return page_of(self.desk.book.activities.latest(), wanted)

    def fees(self) -> Sequence[DayOfCharges | DayOfEstimates]:
        """By day and kind, what trades were estimated to cost and were charged, if they were."""
        book = self.desk.book.activities
        days: list[DayOfCharges | DayOfEstimates] = [*charges(book), *uncharged(book)]
        return sorted(days, key=lambda one: (one.day, one.kind))

    def option_alarms(self) -> Sequence[OptionAlarmed]:
        """What an operator has to know of options that are held, and is so still."""
        alarms = self.desk.book.options.alarms.values()
        return sorted(alarms, key=lambda one: (one.symbol, one.kind))
