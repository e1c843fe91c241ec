"""Is there money at the broker that nobody can explain? Compared with every full reconciliation."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal

import structlog
from attrs import define, field

from cream.core.execution.activity_events import CashUnexplained
from cream.core.execution.cash import CashPoint, compared
from cream.core.execution.fee_drift import DayOfCharges, charges
from cream.core.execution.reconciliation import Discrepancy, DiscrepancyKind
from cream.core.model.account import Account
from cream.core.risk.decisions import Decide, Decided
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)


@define
class CashWatch:
    """The account's cash as it was at the last comparison.

    `refresh` reads the activities first; nothing is compared where it says that it could not.
    """

    desk: Desk
    fetch_account: Callable[[], Awaitable[Account]]
    refresh: Callable[[], Awaitable[bool]] | None = None
    _last: CashPoint | None = None
    # A few a day at most, for as long as the daemon lives.
    _surprises: set[DayOfCharges] = field(factory=set)

    async def compare(self) -> Sequence[Discrepancy]:
        """What moved since the last comparison and has no explanation, and fees that surprise.

        Raises: BrokerUnavailable.
        """
        if self.refresh is not None and not await self.refresh():
            return ()
        cash = await self._cash()
        return (*self._fees(), *(() if cash is None else (cash,)))

    def _fees(self) -> Iterator[Discrepancy]:
        """Each once in a life; what is charged later for the same day may be named anew."""
        for one in charges(self.desk.book.activities):
            if one in self._surprises or not one.drifts:
                continue
            self._surprises.add(one)
            log.warning(
                "cash_watch.fees_differ",
                day=one.day.isoformat(),
                kind=one.kind,
                estimated=str(one.estimated),
                charged=str(one.charged),
            )
            yield Discrepancy(
                kind=DiscrepancyKind.FEES,
                subject=f"{one.kind} of {one.day}",
                ours=str(one.estimated),
                theirs=str(one.charged),
                critical=False,
            )

    async def _cash(self) -> Discrepancy | None:
        """Only between two moments at which no fill was under way."""
        book = self.desk.book
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
