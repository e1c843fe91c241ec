"""How is everything closed at once? One market exit per position, decided in one turn.

Exits are allowed in every trading state. What waits for a better price to close, or would add, is
cancelled; whoever sends the exits waits for that, and releases protection, before.
"""

from datetime import datetime

from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.market_exit import market_exit
from cream.core.execution.protection import coverage, in_the_way
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
            terms = market_exit(book, "flatten", position.instrument, position.quantity, quantity)
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
