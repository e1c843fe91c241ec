"""Has a level been reached? Quotes in, exit intents out, with or without a broker session.

The monitor survives restarts of the router and the feed, keeps only what can be lost (since when a
position has been uncovered), and asks `core/execution/protection.py` what to do. It decides within
the desk's turn, on the book as it is there, so that a level fires once.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
import trio
from attrs import define, evolve, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import (
    ExitNow,
    PlaceProtection,
    ProtectionPolicy,
    coverage,
    decide,
)
from cream.core.model.market import Quote
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decide, Decided, ViewOf, request_cancels
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import without
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)


@define
class StopMonitor:
    """The monitor's collaborators. `interval` is how often time alone may change a decision."""

    desk: Desk
    gate: Gate
    view_of: ViewOf
    quote_of: Callable[[str], Quote | None]
    policy: ProtectionPolicy
    interval: float
    enabled: bool = True
    _since: dict[str, datetime] = field(factory=dict)
    _moved: set[str] = field(factory=set)
    _wake: trio.Event = field(factory=trio.Event)

    def quoted(self, quote: Quote) -> None:
        """A quote came: look at the positions that watch it. Does not wait."""
        self._moved.add(quote.symbol)
        self._wake.set()

    def changed(self) -> None:
        """The book changed. Does not wait."""
        self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Guard positions until cancelled. Before anything else: what is protected now?"""
        task_status.started()
        while True:
            if self.enabled:
                self._look()
            self._moved.clear()
            self._wake = trio.Event()
            with trio.move_on_after(self.interval):
                await self._wake.wait()
            # One turn for everyone else, whatever the rate of quotes.
            await trio.lowlevel.checkpoint()

    def _look(self) -> None:
        """Hand the desk one decision if any protected position needs something."""
        book = self.desk.book
        if not book.protections:
            self._since.clear()
            return
        now = self.desk.clock.now()
        self._note_uncovered(book, now)
        policy = evolve(self.policy, uncovered_since=dict(self._since))
        if any(True for _ in decide(book, self.quote_of, now, policy)):
            try:
                self.desk.do_soon(self._acting(policy), passes_without_journal=False)
            except trio.WouldBlock:
                log.error("stop_monitor.desk_busy")

    def _note_uncovered(self, book: Book, now: datetime) -> None:
        for symbol in list(self._since):
            if symbol not in book.protections:
                del self._since[symbol]
        for symbol in book.protections:
            if coverage(book, symbol).uncovered > 0:
                self._since.setdefault(symbol, now)
            else:
                self._since.pop(symbol, None)

    def _acting(self, policy: ProtectionPolicy) -> Decide[None]:
        def act(book: Book, now: datetime) -> Decided[None]:
            events: list[e.Event] = []
            sends: list[Approved] = []
            cancels: list[str] = []
            for action in decide(book, self.quote_of, now, policy):
                match action:
                    case ExitNow():
                        self._exit(action, book, now, events, sends, cancels)
                    case PlaceProtection():
                        self._place(action, book, now, events, sends)
            return Decided(None, tuple(events), tuple(sends), tuple(cancels))

        return act

    def _exit(
        self,
        action: ExitNow,
        book: Book,
        now: datetime,
        events: list[e.Event],
        sends: list[Approved],
        cancels: list[str],
    ) -> None:
        view = without(action.cancel_first, self.view_of(book, now))
        approved = self.gate.approve_exit(action.terms, view)
        if isinstance(approved, Violation):
            log.error("stop_monitor.exit_refused", symbol=action.symbol, code=approved.code)
            return
        log.warning(
            "stop_monitor.level_reached",
            symbol=action.symbol,
            trigger=action.trigger.value,
            level=str(action.level),
            price=str(action.price),
        )
        adding = [book.order(one) for one in action.cancel_first]
        asked, wanted = request_cancels(adding, f"{action.trigger.value} reached", "stop", now)
        events.extend(asked)
        cancels.extend(wanted)
        reason = f"{action.trigger.value} {action.level} reached at {action.price}"
        events.append(e.OrderIntended(at=now, terms=action.terms, reason=reason))
        events.append(_latched(action, now))
        sends.append(approved)

    def _place(
        self,
        action: PlaceProtection,
        book: Book,
        now: datetime,
        events: list[e.Event],
        sends: list[Approved],
    ) -> None:
        approved = self.gate.approve_exit(action.terms, self.view_of(book, now))
        if isinstance(approved, Violation):
            log.error("stop_monitor.protection_refused", symbol=action.symbol, code=approved.code)
            return
        reason = "protection that the broker does not hold"
        events.append(e.OrderIntended(at=now, terms=action.terms, reason=reason))
        sends.append(approved)


def _latched(action: ExitNow, now: datetime) -> e.ProtectionTriggered:
    return e.ProtectionTriggered(
        at=now,
        symbol=action.symbol,
        kind=action.trigger.value,
        level=action.level,
        price=action.price,
        exit_order_id=action.terms.order_id,
    )


def unprotected(book: Book) -> Sequence[str]:
    """Symbols that are held without a stop of any kind."""
    return [
        symbol
        for symbol, position in book.positions.items()
        if not position.is_flat
        and symbol not in book.protections
        and coverage(book, symbol).uncovered > 0
    ]
