"""How is everything closed at once? One market exit per position, decided in one turn.

Exits are allowed in every trading state. What waits for a better price to close, or would add, is
cancelled; whoever sends the exits waits for that, and releases protection, before.
"""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import coverage, exit_side, in_the_way
from cream.core.model.ids import client_order_id, digest
from cream.core.model.order import OrderClass, OrderPurpose, OrderTerms, OrderType
from cream.core.model.plan import TimeInForce
from cream.core.model.position import Position
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decide, Decided, ViewOf, request_cancels
from cream.core.risk.gate import Approved, Gate
from cream.core.risk.view import without


@frozen
class Closing:
    """The exits that were intended, by id, and what the gate said of those that were not."""

    order_ids: tuple[str, ...]
    refused: tuple[Violation, ...]


def is_done(book: Book) -> bool:
    """Whether nothing is held, and nothing that could still fill is on its way out."""
    return book.mass_cancel_owed is None and all(one.is_flat for one in book.positions.values())


def settled_if_flat(book: Book, now: datetime) -> Decided[None]:
    """Write down that nothing is left to close, where that was owed."""
    if book.flatten_owed is None or not is_done(book):
        return Decided(None)
    return Decided(None, (e.FlattenSettled(at=now, reason="nothing is held any more"),))


def close_everything(gate: Gate, view_of: ViewOf, reason: str) -> Decide[Closing]:
    """Intend an exit for what no exit at any price works on yet."""

    def decide(book: Book, now: datetime) -> Decided[Closing]:
        view = view_of(book, now)
        events: list[e.Event] = []
        sends: list[Approved] = []
        cancels: list[str] = []
        refused: list[Violation] = []
        # What is owed before what is owned: a short leg is never left without the long one.
        for symbol, position in sorted(book.positions.items(), key=lambda one: one[1].quantity > 0):
            if position.is_flat:
                continue
            cover = coverage(book, symbol)
            quantity = cover.held - cover.exiting
            if quantity <= 0:
                continue
            going = in_the_way(book, symbol)
            terms = _exit(book, position, quantity)
            approved = gate.approve_exit(terms, without(going, view))
            if isinstance(approved, Violation):
                refused.append(approved)
                continue
            orders = [book.order(one) for one in going]
            asked, wanted = request_cancels(orders, f"flatten: {reason}", "flattening", now)
            events += asked
            cancels += wanted
            events.append(e.OrderIntended(at=now, terms=terms, reason=f"flatten: {reason}"))
            sends.append(approved)
        ids = tuple(one.terms.order_id for one in sends)
        closing = Closing(ids, tuple(refused))
        return Decided(closing, tuple(events), tuple(sends), tuple(cancels))

    return decide


def _exit(book: Book, position: Position, quantity: Decimal) -> OrderTerms:
    symbol = position.instrument.symbol
    # The journal's length makes the id new for each flatten and the same in a replay.
    order_id = "o" + digest("flatten", symbol, str(book.sequence))
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=position.instrument,
        side=exit_side(position.quantity),
        order_type=OrderType.MARKET,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=quantity,
        purpose=OrderPurpose.EXIT,
    )
