"""Is every change of what the daemon believes true of the venue, and legal?

Wrapped around `Book.apply`, so that no state is ever looked at too late.
"""

from attrs import define

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.events import Record
from cream.core.execution.states import TRANSITIONS
from cream.core.model.fill import Fill
from cream.core.model.order import Order, OrderPurpose, OrderStatus
from cream.core.ports import MarketData
from tests.simulation.exchange import Exchange
from tests.simulation.judge_broker import BrokerJudge

# A quote that is older than this judges no increase; the moment of judging comes a little before.
STALE_SECONDS = 5.0
_TURN_SECONDS = 0.5


@define(eq=False)
class BookJudge:
    """Watches one book."""

    exchange: Exchange
    broker: BrokerJudge
    feed: MarketData
    book: Book

    def watch(self) -> None:
        """Look at every record that is applied from now on."""
        book, plain = self.book, self.book.apply

        def apply(record: Record) -> None:
            order_id = _order_of(record.event)
            before = book.find(order_id) if order_id is not None else None
            plain(record)
            self.exchange.world.trace.note(f"#{record.sequence} {record.event}")
            after = book.find(order_id) if order_id is not None else None
            if before is not None and after is not None:
                self._moved(before, after, record.event)
            self._event(record.event, after)

        book.apply = apply  # type: ignore[method-assign]

    def _demand(self, holds: bool, invariant: str, text: str) -> None:
        self.exchange.world.demand(holds, invariant, text)

    def _event(self, event: e.Event, order: Order | None) -> None:
        match event:
            case e.OrderFilled() | e.FillInferred():
                self._filled(event.fill, order, guessed=isinstance(event, e.FillInferred))
            case e.PositionAdjusted():
                self._demand(False, "I10", f"{event.instrument.symbol}: {event.reason}")
            case e.MassCancelConfirmed():
                left = self.broker.working()
                self._demand(not left, "I5", f"a mass cancel is confirmed, and {left} work")
            case e.OrderIntended() if event.terms.purpose is OrderPurpose.ENTRY:
                # A slice has the price of its plan.
                if event.terms.parent_order_id is None:
                    self._priced(event)
            case _:
                pass
        if order is not None:
            self._true_of_venue(order)

    def _moved(self, before: Order, after: Order, event: e.Event) -> None:
        """I6: states move along the table, and what has filled stays filled."""
        name = after.order_id
        corrected = isinstance(event, e.FillCorrected)
        grows = after.filled >= before.filled or corrected
        self._demand(grows, "I6", f"{name} had {before.filled} filled, now {after.filled}")
        bounded = after.filled <= after.terms.quantity
        self._demand(bounded, "I6", f"{name} of {after.terms.quantity} has {after.filled} filled")
        if before.status is after.status:
            return
        legal = after.status in TRANSITIONS[before.status] or _is_other_way(before, after, event)
        step = f"{before.status.value} -> {after.status.value} by {type(event).__name__}"
        self._demand(legal, "I6", f"{name}: {step}")

    def _filled(self, fill: Fill, order: Order | None, *, guessed: bool) -> None:
        """I10: a fill is one of the venue's, and the book is never ahead of it."""
        if not guessed:
            real = [x for x in self.exchange.executions if x.execution_id == fill.execution_id]
            same = len(real) == 1 and (real[0].quantity, real[0].price, real[0].side) == (
                fill.quantity,
                fill.price,
                fill.side,
            )
            self._demand(same, "I10", f"{fill.execution_id} is not what the venue has")
        if order is None or order.broker_order_id is None:
            return
        shown = self.exchange.book.find(order.broker_order_id)
        truth = shown.filled if shown is not None else 0
        ahead = order.filled > truth
        self._demand(not ahead, "I10", f"{order.order_id}: {order.filled} of {truth} filled")

    def _true_of_venue(self, order: Order) -> None:
        """I3: what is over here is over there."""
        if order.is_open or order.terms.is_tactic:
            return
        client_id, broker_id = order.terms.client_order_id, order.broker_order_id
        shown = self.exchange.book.find(broker_id if broker_id is not None else client_id)
        lives = shown is not None and shown.is_open
        self._demand(
            not lives,
            "I3",
            f"{client_id} is {order.status.value} here ({order.reason}), and lives at the venue",
        )

    def _priced(self, event: e.OrderIntended) -> None:
        """I16: no stale quote prices an entry."""
        for instrument, _, _ in event.terms.moves:
            quote = self.feed.latest(instrument.symbol)
            age = (event.at - quote.at).total_seconds() if quote is not None else float("inf")
            fresh = age <= STALE_SECONDS + _TURN_SECONDS
            text = f"{event.terms.order_id} was priced by a quote of {age:.1f} s"
            self._demand(fresh, "I16", text)


def _is_other_way(before: Order, after: Order, event: e.Event) -> bool:
    """Moves that are no report's: a fill's, a cancel's refusal, a life that was given up on."""
    match event:
        case e.OrderFilled() | e.FillInferred() | e.SpreadFilled() | e.FillCorrected():
            ends = (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)
            return after.status in ends and before.status is not OrderStatus.FILLED
        case e.CancelRefused():
            return before.status is OrderStatus.PENDING_CANCEL
        case e.OrderAcknowledged():
            return before.broker_order_id is None
        case e.ChildListed():
            return True
        case _:
            return False


def _order_of(event: e.Event) -> str | None:
    match event:
        case e.OrderFilled() | e.FillInferred():
            return event.fill.order_id
        case e.OrderIntended() | e.ChildListed():
            return event.terms.order_id
        case (
            e.OrderAcknowledged()
            | e.OrderRefused()
            | e.SubmitUnknown()
            | e.OrderProgressed()
            | e.CancelRequested()
            | e.CancelRefused()
            | e.SpreadFilled()
            | e.FillCorrected()
            | e.OrderReplaced()
        ):
            return event.order_id
        case _:
            return None
