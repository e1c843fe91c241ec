"""What have our own exits sold that nobody held any more?

Both exits of a pair can fill in a fast market, and an agent's close can meet a stop on its way:
then what was sold twice is a position on the other side that nobody asked for. Decided from the
orders and holdings of the book alone; whether the broker sees it too is asked elsewhere.
"""

from collections.abc import Iterator
from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.guards import coverage, exit_side
from cream.core.execution.market_exit import market_exit
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose, OrderTerms

_OPENING = frozenset((OrderPurpose.ENTRY, OrderPurpose.EXTERNAL))


def turned_over(book: Book, event: e.Event) -> str | None:
    """The symbol, where `event` is a fill of one of our exits and its side is what is held now."""
    if not isinstance(event, e.OrderFilled | e.FillInferred):
        return None
    fill, order = event.fill, book.find(event.fill.order_id)
    if order is None or order.terms.purpose in _OPENING:
        return None
    held = book.position(fill.instrument).quantity
    return fill.instrument.symbol if held * fill.side.sign > 0 else None


def closed_twice(book: Book, symbol: str) -> Decimal:
    """How much of the holding is there because exits have closed too much. Unsigned.

    What entries and strangers have opened on the same side is theirs.
    """
    position = book.positions.get(symbol)
    if position is None or position.is_flat:
        return ZERO
    side = exit_side(position.quantity).opposite
    closed = opened = ZERO
    for order in _simple(book, symbol):
        if order.terms.side is side:
            if order.terms.purpose in _OPENING:
                opened += order.filled
            else:
                closed += order.filled
    return max(ZERO, min(abs(position.quantity) - opened, closed))


def to_take_back(book: Book, symbol: str) -> Decimal:
    """The same without what an exit at any price is about to close."""
    excess = closed_twice(book, symbol)
    return max(ZERO, excess - coverage(book, symbol).exiting) if excess else ZERO


def found_at_start(book: Book) -> Iterator[str]:
    """Symbols in which the exits of one entry have closed more than the entry had opened."""
    for symbol, position in book.positions.items():
        if position.is_flat:
            continue
        side = exit_side(position.quantity).opposite
        for entry in _simple(book, symbol):
            if entry.terms.purpose is not OrderPurpose.ENTRY or entry.terms.side is side:
                continue
            exits = (one for one in book.children(entry.order_id) if one.terms.side is side)
            if sum((one.filled for one in exits), ZERO) > entry.filled:
                yield symbol
                break


def taking_back(book: Book, symbol: str, quantity: Decimal) -> OrderTerms:
    """The order at the market that closes so much of what should not be held."""
    position = book.positions[symbol]
    return market_exit(book, "taking back", position.instrument, position.quantity, quantity)


def _simple(book: Book, symbol: str) -> Iterator[Order]:
    """Orders that trade `symbol` and nothing else; of a tactic its slices, not the tactic too."""
    for order in book.orders():
        terms = order.terms
        if terms.instrument.symbol == symbol and not terms.legs and not terms.is_tactic:
            yield order
