"""Has a level been reached? Quotes in, exit intents out, with or without a broker session.

The monitor survives restarts of the router and the feed, keeps only what can be lost (since when a
position has been uncovered), and asks `core/execution/protection.py` what to do. It decides within
the desk's turn, on the book as it is there, so that a level fires once.

It looks at a position when a quote that it watches has come, when the book has changed about it,
and when time alone may change the decision; never at the others, however many there are.
"""

import heapq
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, evolve, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.guards import concerned
from cream.core.execution.levels import Calm, Protection, better_price, calm_of
from cream.core.execution.protection import (
    ExitNow,
    PlaceProtection,
    ProtectionPolicy,
    WithdrawProtection,
    coverage,
    decide,
    look,
)
from cream.core.execution.withdrawals import OTHER_LEVELS, excess
from cream.core.model.market import Quote
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decide, Decided, ViewOf, request_cancels
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import never_halted, without
from cream.daemon.desk import Committed, Desk

log = structlog.get_logger(__name__)

# What the gate refuses, or a desk that is too busy takes no notice of, is tried again after this.
_REFUSED_RETRY = timedelta(seconds=1)
# An exit that waits for the end of a halt is looked at this often; a quote wakes it at once.
_HALT_RETRY = timedelta(seconds=1)


# How often it is looked whether a stop that is only watched here can still see its price.
_SIGHT_SECONDS = 1.0


def _sees(_symbol: str) -> bool:
    """A market whose quotes never stop."""
    return True


# Why an exit is withdrawn, for whoever reads the order's story.
_TOO_LARGE = "it would close more than is held"
_ACTOR = "stop"


async def _nobody_asks(_symbols: Sequence[str]) -> None:
    """Quotes come by themselves."""
    await trio.lowlevel.checkpoint()


@define
class StopMonitor:
    """The monitor's collaborators.

    `interval` is the least pause between two looks that time alone asks for. `ensure` sees to it
    that symbols are quoted; `halted` tells why one is not traded now, `sees` whether its price is
    fresh, as far as the market is open. `looks` counts, and `looked` is set after the next: whoever
    wants to know that the monitor lives pokes it and waits.
    """

    desk: Desk
    gate: Gate
    view_of: ViewOf
    quote_of: Callable[[str], Quote | None]
    policy: ProtectionPolicy
    interval: float
    enabled: bool = True
    ensure: Callable[[Sequence[str]], Awaitable[None]] = _nobody_asks
    halted: Callable[[str], str | None] = never_halted
    sees: Callable[[str], bool] = _sees
    looks: int = 0
    looked: trio.Event = field(factory=trio.Event)
    _since: dict[str, datetime] = field(factory=dict)
    _marked: dict[str, None] = field(factory=dict)
    _resized: dict[str, None] = field(factory=dict)
    _excess_since: dict[str, datetime] = field(factory=dict)
    _again: list[tuple[datetime, str]] = field(factory=list)
    _ensured: set[str] = field(factory=set)
    _blind_since: dict[str, datetime] = field(factory=dict)
    # Where quotes change nothing, by position: as of its last look, and until the book changes.
    _calm: dict[str, tuple[Protection, Calm]] = field(factory=dict)
    _wake: trio.Event = field(factory=trio.Event)

    def quoted(self, quote: Quote) -> None:
        """A quote came: look at the positions that watch it, unless it reaches nothing of theirs.

        Does not wait.
        """
        trigger = self.policy.trigger
        protections = self.desk.book.protections
        for symbol in protections.watching(quote.symbol):
            kept = self._calm.get(symbol)
            is_same = kept is not None and kept[0] is protections[symbol]
            if kept is None or not is_same or not kept[1].holds(quote, trigger):
                self._marked[symbol] = None
                self._wake.set()

    def changed(self, committed: Sequence[Committed]) -> None:
        """The book changed. Does not wait."""
        book = self.desk.book
        for one in committed:
            refused = isinstance(one.record.event, e.CancelRefused)
            touched = one.touched
            symbols = concerned(book, touched.orders, touched.symbols, asked_again=refused)
            if symbols:
                self._resized |= symbols
                for symbol in symbols:
                    self._calm.pop(symbol, None)
                self._mark(symbols)
            if refused:
                self._let_be(symbols, one.record.event.at)
            if isinstance(one.record.event, e.MassCancelConfirmed):
                self._calm.clear()
                self._mark(book.protections)

    def _let_be(self, symbols: Iterable[str], at: datetime) -> None:
        """Ask for no withdrawal there for a while.

        Whoever would not let an order go knows of it what has not been told here yet.
        """
        pause = max(0.0, self.policy.retry_seconds - self.policy.settle_seconds)
        for symbol in symbols:
            # As if it had come about that much later: from then on it has to settle.
            self._since[symbol] = self._excess_since[symbol] = at + timedelta(seconds=pause)

    def poke(self) -> None:
        """Look at whatever is due, now. Does not wait."""
        self._wake.set()

    def _mark(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self._marked[symbol] = None
            self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Guard positions until cancelled. Before anything else: what is protected now?"""
        book = self.desk.book
        self._mark(book.protections)
        self._resized |= {each: None for one in book.open_orders() for each in one.terms.symbols}
        self._ensured.clear()
        self._calm.clear()
        async with trio.open_nursery() as nursery:
            if self.enabled and not self.policy.place_at_broker:
                nursery.start_soon(self._watch_sight)
            task_status.started()
            while True:
                if self.enabled:
                    self._look(nursery)
                self.looks += 1
                self.looked.set()
                self.looked = trio.Event()
                self._wake = trio.Event()
                with trio.move_on_after(self._pause()):
                    await self._wake.wait()
                # One turn for everyone else, whatever the rate of quotes.
                await trio.lowlevel.checkpoint()

    async def _watch_sight(self) -> None:
        """Mark the positions that no quote of theirs will wake: their price is not to be seen."""
        while True:
            await trio.sleep(_SIGHT_SECONDS)
            now, protections = self.desk.clock.now(), self.desk.book.protections
            unseen = [one for one, each in protections.items() if not self.sees(each.watched)]
            self._blind_since = {one: self._blind_since.get(one, now) for one in unseen}
            self._mark(sorted(self._blind(now)))

    def _blind(self, now: datetime) -> frozenset[str]:
        """Positions whose price has not been seen for too long to be watched here alone."""
        least = timedelta(seconds=self.policy.blind_seconds)
        return frozenset(one for one, since in self._blind_since.items() if now - since >= least)

    def _pause(self) -> float:
        """How long nothing changes by itself. Units: seconds."""
        if not self._again:
            return float("inf")
        left = (self._again[0][0] - self.desk.clock.now()).total_seconds()
        return max(left, self.interval)

    def _look(self, nursery: trio.Nursery) -> None:
        """Hand the desk one decision if any position that is due for a look needs something."""
        book, now = self.desk.book, self.desk.clock.now()
        needy: list[str] = []
        blind = self._blind(now)
        policy = evolve(self.policy, uncovered_since=self._since, blind=blind)
        for symbol in self._due(now):
            protection = book.protections.get(symbol)
            self._calm.pop(symbol, None)
            if protection is None:
                self._since.pop(symbol, None)
                continue
            self._note_uncovered(book, symbol, now)
            if protection.watched not in self._ensured:
                self._ensured.add(protection.watched)
                nursery.start_soon(self.ensure, (protection.watched,))
            seen = look(book, symbol, self.quote_of, now, policy)
            if isinstance(seen.action, ExitNow) and self.halted(symbol) is not None:
                # An order at any price would trade at whatever price the market reopens.
                heapq.heappush(self._again, (now + _HALT_RETRY, symbol))
                continue
            if seen.again_at is not None:
                heapq.heappush(self._again, (seen.again_at, symbol))
            if seen.action is not None or self._better(book, symbol) is not None:
                needy.append(symbol)
                continue
            calm = calm_of(protection, book.positions[symbol].quantity)
            if calm is not None:
                self._calm[symbol] = (protection, calm)
        # Exits that a level asks for are decided first.
        if needy:
            acting = self._acting(needy, evolve(policy, uncovered_since=dict(self._since)))
            self._decide(acting, needy, now)
        oversized = list(self._oversized(book, now))
        if oversized:
            self._decide(_cutting(oversized), oversized, now)

    def _decide(self, acting: Decide[None], symbols: Sequence[str], now: datetime) -> None:
        try:
            self.desk.do_soon(acting, passes_without_journal=False)
        except trio.WouldBlock:
            log.error("stop_monitor.desk_busy")
            for symbol in symbols:
                self._retry(symbol, now)

    def _retry(self, symbol: str, now: datetime) -> None:
        """Look again though nothing happens: the monitor may be asleep until something does."""
        heapq.heappush(self._again, (now + _REFUSED_RETRY, symbol))
        self._wake.set()

    def _oversized(self, book: Book, now: datetime) -> Iterator[str]:
        """Positions that more would close than is held, for longer than reports need to settle."""
        resized, self._resized = self._resized, {}
        for symbol in dict.fromkeys((*resized, *self._excess_since)):
            if not excess(book, symbol):
                self._excess_since.pop(symbol, None)
                continue
            if symbol not in self._excess_since:
                self._excess_since[symbol] = now
            due = self._excess_since[symbol] + timedelta(seconds=self.policy.settle_seconds)
            if due <= now:
                yield symbol
            elif symbol in resized:
                heapq.heappush(self._again, (due, symbol))

    def _due(self, now: datetime) -> Iterator[str]:
        """Positions that something happened to, and those whose time has come."""
        while self._again and self._again[0][0] <= now:
            self._marked[heapq.heappop(self._again)[1]] = None
        marked, self._marked = self._marked, {}
        return iter(marked)

    def _note_uncovered(self, book: Book, symbol: str, now: datetime) -> None:
        if coverage(book, symbol).uncovered > 0:
            self._since.setdefault(symbol, now)
        else:
            self._since.pop(symbol, None)

    def _better(self, book: Book, symbol: str) -> e.TrailMoved | None:
        """That a trailing stop has moved, if it has."""
        protection = book.protections[symbol]
        quote = self.quote_of(protection.watched) if protection.guard.trails else None
        if quote is None:
            return None
        quantity = book.positions[symbol].quantity
        best = better_price(protection, quantity, quote, self.policy.trigger)
        if best is None:
            return None
        return e.TrailMoved(at=self.desk.clock.now(), symbol=symbol, best=best)

    def _acting(self, symbols: Sequence[str], policy: ProtectionPolicy) -> Decide[None]:
        def act(book: Book, now: datetime) -> Decided[None]:
            events: list[e.Event] = []
            sends: list[Approved] = []
            cancels: list[str] = []
            for symbol in symbols:
                moved = self._better(book, symbol) if symbol in book.protections else None
                if moved is not None:
                    events.append(moved)
            for action in decide(book, self.quote_of, now, policy, symbols):
                match action:
                    case ExitNow():
                        self._exit(action, book, now, events, sends, cancels)
                    case PlaceProtection():
                        self._place(action, book, now, events, sends)
                    case WithdrawProtection():
                        orders = [book.order(one) for one in action.order_ids]
                        asked, wanted = request_cancels(orders, OTHER_LEVELS, _ACTOR, now)
                        events.extend(asked)
                        cancels.extend(wanted)
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
            self._retry(action.symbol, now)
            return
        log.warning(
            "stop_monitor.level_reached",
            symbol=action.symbol,
            trigger=action.trigger.value,
            level=str(action.level),
            price=str(action.price),
        )
        adding = [book.order(one) for one in action.cancel_first]
        asked, wanted = request_cancels(adding, f"{action.trigger.value} reached", _ACTOR, now)
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
            self._retry(action.symbol, now)
            return
        reason = "protection that the broker does not hold"
        events.append(e.OrderIntended(at=now, terms=action.terms, reason=reason))
        sends.append(approved)


def _cutting(symbols: Sequence[str]) -> Decide[None]:
    """Ask for whatever would close more than is held to go; the rest is placed anew."""

    def cut(book: Book, now: datetime) -> Decided[None]:
        orders = [order for symbol in symbols for order in excess(book, symbol)]
        for order in orders:
            log.warning("stop_monitor.more_than_is_held", order_id=order.order_id)
        events, cancels = request_cancels(orders, _TOO_LARGE, _ACTOR, now)
        return Decided(None, events, cancels=cancels)

    return cut


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
