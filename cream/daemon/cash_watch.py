"""Is there money at the broker that nobody can explain? Compared with every full reconciliation."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from attrs import define

from cream.core.execution.activity_events import CashUnexplained
from cream.core.execution.cash import CashPoint, compared
from cream.core.execution.reconciliation import Discrepancy
from cream.core.model.account import Account
from cream.core.risk.decisions import Decide, Decided
from cream.daemon.desk import Desk


@define
class CashWatch:
    """The account's cash as it was at the last comparison.

    `refresh` reads the activities first; nothing is compared where it says that it could not.
    """

    desk: Desk
    fetch_account: Callable[[], Awaitable[Account]]
    refresh: Callable[[], Awaitable[bool]] | None = None
    _last: CashPoint | None = None

    async def compare(self) -> Discrepancy | None:
        """What moved since the last comparison and has no explanation.

        Only between two moments at which no fill was under way.   Raises: BrokerUnavailable.
        """
        book = self.desk.book
        if self.refresh is not None and not await self.refresh():
            return None
        fills, told = book.fills_booked, book.activities.moved
        account = await self.fetch_account()
        if fills != book.fills_booked or told != book.activities.moved:
            return None
        now = CashPoint(at_broker=account.cash, by_fills=book.paid, by_activities=told)
        before, self._last = self._last, now
        if before is None:
            return None
        found = compared(before, now, book.activities.unexplained)
        if found.unexplained != book.activities.unexplained:
            await self.desk.do(_left(found.unexplained), passes_without_journal=True)
        return found.discrepancy


def _left(amount: Decimal) -> Decide[None]:
    return lambda _book, now: Decided(None, (CashUnexplained(at=now, amount=amount),))
