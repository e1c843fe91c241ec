"""Who records decisions and sends orders in a backtest? Desk and router in one, at once.

A decision is recorded in the book, then its cancels and orders go to the venue, and what the venue
tells is read, all before the next decision. Everything that is decided is what the daemon decides
(`core/risk`, `core/execution`); the venue's answer is there at once, and never in doubt.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from attrs import define, field, frozen

from cream.core.exchange.venue import Venue
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.guards import holders_to_release
from cream.core.execution.levels import Trigger
from cream.core.execution.reports import Reading, read_outcome, read_update
from cream.core.model.broker import OrderUpdate, Refused
from cream.core.model.content import content_hash
from cream.core.model.fill import Fill
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms
from cream.core.risk import routing
from cream.core.risk.decisions import Decide
from cream.core.risk.gate import Approved

T = TypeVar("T")

_REACHED = {
    OrderPurpose.STOP_LOSS: Trigger.STOP_LOSS.value,
    OrderPurpose.TAKE_PROFIT: Trigger.TAKE_PROFIT.value,
}


@frozen
class Traded:
    """A fill, what it earned by closing, and why it closed; empty for what opens.

    Units: dollars, commission aside.
    """

    fill: Fill
    realized: Decimal
    reason: str


@define(eq=False)
class Clerk:
    """The only one that changes the book. `given` is told of each order before it is sent."""

    book: Book
    venue: Venue
    now: datetime
    given: Callable[[OrderTerms], None]
    traded: list[Traded] = field(factory=list, init=False)
    _why: dict[str, str] = field(factory=dict, init=False)
    _digest: str = field(default="", init=False)

    @property
    def digest(self) -> str:
        """What everything that was recorded comes to: equal for equal runs."""
        return self._digest

    def do(self, decide: Decide[T]) -> T:
        """The decision's answer, once all that follows from it has happened.

        Raises: CreamError from the decision.
        """
        decided = decide(self.book, self.now)
        self.record(decided.events)
        for order_id in decided.cancels:
            self._cancel(order_id)
        for approved in decided.sends:
            self._send(approved)
        return decided.result

    def take(self, updates: Iterable[OrderUpdate]) -> None:
        """Read what the venue tells."""
        for update in updates:
            self._read(read_update(self.book, update, self.now))

    def record(self, events: Sequence[e.Event]) -> None:
        """Fold events into the book."""
        for event in events:
            fills: tuple[Fill, ...] = ()
            match event:
                case e.OrderFilled(fill=fill):
                    fills = (fill,)
                case e.SpreadFilled(legs=legs):
                    fills = legs
                case e.ProtectionTriggered():
                    self._why[event.exit_order_id] = event.kind
                case _:
                    pass
            before = [self.book.position(fill.instrument) for fill in fills]
            self.book.apply(e.Record(self.book.sequence + 1, event))
            self._digest = sha256(f"{self._digest}{content_hash(event)}".encode()).hexdigest()
            for fill, held in zip(fills, before, strict=True):
                earned = self.book.position(fill.instrument).realized_pnl - held.realized_pnl
                closes = held.quantity * fill.side.sign < 0
                self.traded.append(Traded(fill, earned, self._reason(fill) if closes else ""))

    def _reason(self, fill: Fill) -> str:
        """Why a position was reduced: what was reached, a plan, or that all had to be closed."""
        order = self.book.find(fill.order_id)
        if order is not None and order.terms.purpose is OrderPurpose.ROLL:
            return "roll"
        if order is not None and not order.terms.plan_id:
            return "flatten"
        while order is not None:
            why = self._why.get(order.order_id) or _REACHED.get(order.terms.purpose)
            if why is not None:
                return why
            # What a stop or a target could not close is sent anew, as its child.
            order = self.book.find(order.terms.parent_order_id or "")
        return "plan"

    def _read(self, reading: Reading) -> None:
        assert not reading.leaves_questions, "the venue of a backtest tells everything"
        self.record(reading.events)

    # Sending ------------------------------------------------------------------------------------

    def _cancel(self, order_id: str) -> None:
        order = self.book.order(order_id)
        if not order.is_open:
            return
        if order.broker_order_id is None:
            self.do(routing.withdraw(order_id))
            return
        outcome, updates = self.venue.cancel(order.broker_order_id, self.now)
        self.take(updates)
        if isinstance(outcome, Refused):
            self.do(routing.cancel_refused(order_id, outcome.message))

    def _send(self, approved: Approved) -> None:
        terms = approved.terms
        if terms.purpose is OrderPurpose.EXIT and self._has_to_wait(terms):
            self.do(routing.release_holders(terms.order_id))
            self.do(routing.bound_exit(terms.order_id))
        if self.book.order(terms.order_id).status is not OrderStatus.PENDING_NEW:
            return
        stopped = self._stopped_at_the_door(terms)
        if stopped is not None:
            self._read(read_outcome(self.book, terms.order_id, stopped, self.now))
            return
        self.given(terms)
        outcome, updates = self.venue.submit(terms, self.now)
        self._read(read_outcome(self.book, terms.order_id, outcome, self.now))
        self.take(updates)

    def _has_to_wait(self, terms: OrderTerms) -> bool:
        order = self.book.order(terms.order_id)
        return (
            bool(holders_to_release(self.book, order))
            or routing.closes_too_much(self.book, terms) is not None
        )

    def _stopped_at_the_door(self, terms: OrderTerms) -> Refused | None:
        """As at the router's: what was allowed may not be any more."""
        if terms.purpose.opens and not self.book.trading_state.allows_increases:
            state = self.book.trading_state.value
            return Refused(f"TRADING_{state}", f"trading became {state} before the order was sent")
        problem = routing.closes_too_much(self.book, terms)
        return Refused("POSITION_MISMATCH", problem) if problem is not None else None
