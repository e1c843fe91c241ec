"""What does the daemon do between two plans? Guard positions, send slices, see to partial fills.

What the stop monitor, the tactic runner and the timers of partial fills do in tasks of their own
happens here in one call, by the same decisions of `core/execution`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import define, evolve, field, frozen

from cream.core.backtest.clerk import Clerk
from cream.core.backtest.tape import Tape
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.levels import better_price
from cream.core.execution.partial_fills import (
    PartialAction,
    PartialFillPolicy,
    timed_out,
    to_resubmit,
)
from cream.core.execution.protection import (
    ExitNow,
    ProtectionPolicy,
    WithdrawProtection,
    coverage,
    decide,
    look,
)
from cream.core.execution.tactics import SliceDue, TacticOver, TacticWaits, next_step
from cream.core.execution.withdrawals import OTHER_LEVELS
from cream.core.model.order import Order, OrderStatus
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decided, ViewOf, request_cancels
from cream.core.risk.flattening import close_everything, settled_if_flat
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import without
from cream.core.safety.mass_cancel import MassCancelPolicy, targets


@frozen(kw_only=True)
class Policies:
    """How the daemon is configured to look after orders. `watch`: whether levels are watched."""

    protection: ProtectionPolicy = field(factory=ProtectionPolicy)
    mass_cancel: MassCancelPolicy = field(factory=MassCancelPolicy)
    partial_fills: PartialFillPolicy = field(factory=PartialFillPolicy)
    watch: bool = True


@define(eq=False)
class Upkeep:
    """The collaborators, and since when positions are uncovered at the broker."""

    clerk: Clerk
    gate: Gate
    view_of: ViewOf
    tape: Tape
    policies: Policies
    _since: dict[str, datetime] = field(factory=dict, init=False)

    def guard(self, symbols: Iterable[str], as_of: datetime | None = None) -> None:
        """Exit where a level is reached, place protection that is missing, until nothing is left.

        `as_of` is how late it is for what time alone brings about; else it is now. Ends, because
        what came to nothing is not tried again at the same moment.
        """
        protections = self.clerk.book.protections
        watched = [symbol for symbol in dict.fromkeys(symbols) if symbol in protections]
        if not watched or not self.policies.watch:
            return
        before = -1
        while self.clerk.book.sequence != before:
            before = self.clerk.book.sequence
            self.clerk.do(lambda book, now: self._guarding(book, now, watched, as_of or now))

    def guard_all(self) -> None:
        """Guard every position that has levels."""
        self.guard(tuple(self.clerk.book.protections))

    def send_slices(self) -> None:
        """Let each tactic take the steps that are due."""
        for parent in tuple(self.clerk.book.open_orders()):
            if parent.terms.is_tactic:
                self._work(parent.order_id)

    def see_to_partials(self) -> None:
        """End, or send anew, what has filled in part and then no more for too long."""
        looked = [order.order_id for order in self.clerk.book.open_orders()]
        looked += self.clerk.book.timed_out
        self.clerk.do(lambda book, now: self._timing_out(book, now, looked))
        # What was cancelled just now has ended: the rest of it can be sent.
        self.clerk.do(lambda book, now: self._timing_out(book, now, looked))

    def pay_debts(self) -> None:
        """Cancel everything, and close everything while the market is open, where that is owed.

        What is closed between bars leaves with the next open. What came to nothing is closed again
        when this is called again.
        """
        book = self.clerk.book
        if book.mass_cancel_owed is not None:
            self.clerk.do(self._cancelling)
            self.send_slices()
            self.clerk.record((e.MassCancelConfirmed(at=self.clerk.now),))
        owed = book.flatten_owed
        if owed is not None and self.tape.sessions.is_open(self.clerk.now):
            self.clerk.do(close_everything(self.gate, self.view_of, owed.reason))
            self.clerk.do(settled_if_flat)

    def _cancelling(self, book: Book, now: datetime) -> Decided[None]:
        going = targets(book, self.policies.mass_cancel)
        events, cancels = request_cancels(going, "mass cancel", "mass_canceller", now)
        return Decided(None, events, cancels=cancels)

    # Levels -------------------------------------------------------------------------------------

    def _guarding(
        self, book: Book, now: datetime, symbols: Sequence[str], as_of: datetime
    ) -> Decided[None]:
        held = [symbol for symbol in symbols if symbol in book.protections]
        for symbol in held:
            self._note_uncovered(book, symbol, now)
        events: list[e.Event] = [moved for symbol in held for moved in self._better(book, symbol)]
        if events:
            # The stop stands elsewhere now: what it means is decided on the book that knows.
            return Decided(None, tuple(events))
        for action in decide(book, self.tape.fresh, as_of, self._policy(), held):
            if isinstance(action, WithdrawProtection):
                orders = [book.order(one) for one in action.order_ids]
                asked, cancels = request_cancels(orders, OTHER_LEVELS, "stop", now)
                return Decided(None, asked, cancels=cancels)
            leaving = action.cancel_first if isinstance(action, ExitNow) else ()
            approved = self.gate.approve_exit(
                action.terms, without(leaving, self.view_of(book, now))
            )
            if isinstance(approved, Violation):
                continue
            if not isinstance(action, ExitNow):
                reason = "protection that the broker does not hold"
                intent = e.OrderIntended(at=now, terms=action.terms, reason=reason)
                return Decided(None, (intent,), (approved,))
            return self._exit(action, approved, book, now)
        return Decided(None)

    def _exit(
        self, action: ExitNow, approved: Approved, book: Book, now: datetime
    ) -> Decided[None]:
        kind = action.trigger.value
        adding = [book.order(one) for one in action.cancel_first]
        asked, cancels = request_cancels(adding, f"{kind} reached", "stop", now)
        reason = f"{kind} {action.level} reached at {action.price}"
        latched = e.ProtectionTriggered(
            at=now,
            symbol=action.symbol,
            kind=kind,
            level=action.level,
            price=action.price,
            exit_order_id=action.terms.order_id,
        )
        intent = e.OrderIntended(at=now, terms=action.terms, reason=reason)
        return Decided(None, (*asked, intent, latched), (approved,), cancels)

    def next_look(self) -> datetime | None:
        """When time alone may bring about that something is to be done; None: never."""
        if not self.policies.watch:
            return None
        book, now = self.clerk.book, self.clerk.now
        looks = (
            look(book, symbol, self.tape.fresh, now, self._policy()) for symbol in book.protections
        )
        due = (one.again_at for one in looks if one.action is None and one.again_at is not None)
        return min(due, default=None)

    def _policy(self) -> ProtectionPolicy:
        return evolve(self.policies.protection, uncovered_since=self._since)

    def _note_uncovered(self, book: Book, symbol: str, now: datetime) -> None:
        if coverage(book, symbol).uncovered > 0:
            self._since.setdefault(symbol, now)
        else:
            self._since.pop(symbol, None)

    def _better(self, book: Book, symbol: str) -> Iterable[e.TrailMoved]:
        protection = book.protections[symbol]
        quote = self.tape.fresh(protection.watched) if protection.guard.trails else None
        if quote is not None:
            quantity = book.positions[symbol].quantity
            best = better_price(protection, quantity, quote, self.policies.protection.trigger)
            if best is not None:
                yield e.TrailMoved(at=self.clerk.now, symbol=symbol, best=best)

    # Slices -------------------------------------------------------------------------------------

    def _work(self, order_id: str) -> None:
        """Ends: each step but the last sends a slice, and there are so many."""
        while self.clerk.do(lambda book, now: self._step(book, now, book.order(order_id))):
            pass

    def _step(self, book: Book, now: datetime, parent: Order) -> Decided[bool]:
        """One step of a tactic; whether there may be another."""
        if parent.status is OrderStatus.PENDING_NEW:
            return Decided(
                True, (_progress(parent, OrderStatus.ACCEPTED, "worked by slices", now),)
            )
        match next_step(book, parent):
            case TacticOver(status, reason):
                if not parent.is_open:
                    return Decided(False)
                return Decided(False, (_progress(parent, status, reason, now),))
            case SliceDue(index=index, due_at=due_at, terms=terms) if due_at <= now:
                approved = self.gate.approve_slice(parent, terms, self.view_of(book, now))
                if isinstance(approved, Violation):
                    return Decided(False)
                reason = f"slice {index} of TWAP"
                return Decided(
                    True, (e.OrderIntended(at=now, terms=terms, reason=reason),), (approved,)
                )
            case SliceDue() | TacticWaits():
                return Decided(False)

    # Partial fills ------------------------------------------------------------------------------

    def _timing_out(self, book: Book, now: datetime, looked: Sequence[str]) -> Decided[None]:
        events: list[e.Event] = []
        sends: list[Approved] = []
        cancels: list[str] = []
        for one in timed_out(book, looked, now, self.policies.partial_fills):
            order, action = one.order, one.action
            events.append(e.PartialTimedOut(at=now, order_id=order.order_id, action=action.value))
            if action is not PartialAction.KEEP_PARTIAL:
                reason = f"filled {order.filled} of {order.terms.quantity} and then no more"
                asked, wanted = request_cancels([order], reason, "partial_fills", now)
                events.extend(asked)
                cancels.extend(wanted)
        for terms in to_resubmit(book, looked):
            approved = self.gate.approve_exit(terms, self.view_of(book, now))
            if not isinstance(approved, Violation):
                reason = f"what {terms.parent_order_id} left open"
                events.append(e.OrderIntended(at=now, terms=terms, reason=reason))
                sends.append(approved)
        return Decided(None, tuple(events), tuple(sends), tuple(cancels))


def _progress(order: Order, status: OrderStatus, reason: str, now: datetime) -> e.OrderProgressed:
    return e.OrderProgressed(at=now, order_id=order.order_id, status=status, reason=reason)
