"""Who looks after options that are held? One task: it tells what is wrong, and closes what it may.

What has to be done follows from the book, the time and the policy
(`core/execution/option_duties.py`), and is decided in the desk's turn. The task keeps only what
can be lost: since when a leg has been alone, and when a close is tried again.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import structlog
import trio
from attrs import define, field

from cream.core.exchange.calendar import Sessions
from cream.core.execution import events as e
from cream.core.execution import option_events as o
from cream.core.execution.book import Book
from cream.core.execution.market_exit import market_exit
from cream.core.execution.option_duties import (
    CloseCause,
    OptionPolicy,
    QuoteOf,
    closable_now,
    held_options,
    new_duties,
    openings_of,
    orphans_of,
    settlements,
)
from cream.core.execution.protection import coverage, in_the_way
from cream.core.model.errors import CreamError
from cream.core.model.verdict import Violation
from cream.core.resilience.backoff import Backoff
from cream.core.risk.decisions import Decided, ViewOf, request_cancels, with_slices
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import without
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)

# Cut-offs are minutes apart and orphans are confirmed over seconds.
_LOOK_SECONDS = 1.0
# A close that came to nothing is tried again after a second, and then less often.
_AGAIN = Backoff(base=1.0, cap=30.0)


@define
class OptionKeeper:
    """The keeper's collaborators."""

    desk: Desk
    gate: Gate
    view_of: ViewOf
    sessions: Sessions
    quote_of: QuoteOf
    policy: OptionPolicy
    _alone_since: dict[str, datetime] = field(factory=dict)
    _tries: dict[str, tuple[int, datetime]] = field(factory=dict)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look after what is held until cancelled.

        Cancellation: closes that were intended stay; what is owed stands.
        """
        task_status.started()
        while True:
            options = self.desk.book.options
            if not any(held_options(self.desk.book)) and not options.owed and not options.alarms:
                self._alone_since.clear()
                await self.desk.wait_change()
                continue
            try:
                await self._look()
            except CreamError as error:
                log.error("option_keeper.not_possible", code=error.kind.code)
            await trio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        """Take note, then pay; each only where there is something to do."""
        now = self.desk.clock.now()
        lonely = orphans_of(self.desk.book)
        self._alone_since = {one: self._alone_since.get(one, now) for one in lonely}
        if any(self._duties(self.desk.book, now)):
            for event in await self.desk.do(self._noting):
                _say(event)
        self._tries = {
            one: tried for one, tried in self._tries.items() if one in self.desk.book.options.owed
        }
        if self.sessions.is_open(now) and any(self._due(self.desk.book, now)):
            await self.desk.do(self._paying)

    def _duties(self, book: Book, now: datetime) -> list[e.Event]:
        return [
            *new_duties(book, self.sessions, self.quote_of, self._alone_since, now, self.policy),
            *settlements(book, self.sessions, now, self.policy),
        ]

    def _noting(self, book: Book, now: datetime) -> Decided[tuple[e.Event, ...]]:
        events = tuple(self._duties(book, now))
        return Decided(events, events)

    def _due(self, book: Book, now: datetime) -> list[tuple[o.CloseOwed, Decimal]]:
        """What is to be closed now, and how much of it: what no other exit works on."""
        found = []
        lonely = orphans_of(book)
        for owed in closable_now(book):
            symbol = owed.contract.symbol
            _, again_at = self._tries.get(symbol, (0, now))
            held = book.position(owed.contract).quantity
            if again_at > now or held * owed.held <= 0:
                continue
            quantity = abs(held) - owed.keep
            if owed.cause == CloseCause.ORPHAN.value:
                alone = lonely[symbol].quantity if symbol in lonely else Decimal(0)
                quantity = min(quantity, abs(alone))
            quantity -= coverage(book, symbol).exiting
            if quantity > 0:
                found.append((owed, quantity))
        return found

    def _paying(self, book: Book, now: datetime) -> Decided[None]:
        events: list[e.Event] = []
        sends: list[Approved] = []
        cancels: list[str] = []
        view = self.view_of(book, now)
        for owed, quantity in self._due(book, now):
            symbol = owed.contract.symbol
            attempt, _ = self._tries.get(symbol, (0, now))
            again = timedelta(seconds=_AGAIN.ceiling(attempt))
            self._tries[symbol] = (attempt + 1, now + again)
            # Part of a position is closed beside what else works on it, all of it instead.
            going = in_the_way(book, symbol) if owed.keep == 0 else ()
            terms = market_exit(book, owed.cause, owed.contract, owed.held, quantity)
            approved = self.gate.approve_exit(terms, without(going, view))
            if isinstance(approved, Violation):
                log.error("option_keeper.close_refused", symbol=symbol, code=approved.code)
                continue
            orders = [book.order(one) for one in going]
            if owed.keep == 0:
                for opening in openings_of(book, owed.contract):
                    orders += with_slices(book, opening)
            unique = {one.order_id: one for one in orders}
            asked, wanted = request_cancels(unique.values(), owed.reason, "option_keeper", now)
            events += [event for event in asked if event not in events]
            cancels += wanted
            reason = f"{owed.cause}: {owed.reason}"
            events.append(e.OrderIntended(at=now, terms=terms, reason=reason))
            sends.append(approved)
        return Decided(None, tuple(events), tuple(sends), tuple(cancels))


def _say(event: e.Event) -> None:
    match event:
        case o.OptionAlarmed(message=""):
            log.info("option_keeper.alarm_over", symbol=event.symbol, kind=event.kind)
        case o.OptionAlarmed():
            log.error(
                "option_keeper.alarm",
                symbol=event.symbol,
                kind=event.kind,
                message=event.message,
            )
        case o.CloseOwed():
            log.warning("option_keeper.close_owed", symbol=event.contract.symbol, cause=event.cause)
        case o.CloseSettled():
            log.info("option_keeper.close_settled", symbol=event.symbol, reason=event.reason)
        case _:
            pass
