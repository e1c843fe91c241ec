"""Has cash moved at the broker that no fill has moved here?"""

from collections.abc import Awaitable, Callable

from attrs import define

from cream.core.execution.book import Book
from cream.core.execution.cash import CashPoint, unexplained
from cream.core.execution.reconciliation import Discrepancy
from cream.core.model.account import Account


@define
class CashWatch:
    """The last moment at which the two were compared."""

    _last: CashPoint | None = None

    async def difference(
        self, book: Book, fetch_account: Callable[[], Awaitable[Account]]
    ) -> Discrepancy | None:
        """What no fill explains. Only between two moments at which no fill was under way."""
        fills = book.fills_booked
        account = await fetch_account()
        if fills != book.fills_booked:
            return None
        now = CashPoint(at_broker=account.cash, by_fills=book.paid)
        difference = None if self._last is None else unexplained(self._last, now)
        self._last = now
        return difference
