"""May the levels of a position be from before a split?

A split changes what a price means: a stop from before it is at another level now, and so are the
sizes of orders that rest at the broker. Nothing is opened in such a share until that position is
closed; exits pass.
"""

from cream.core.execution.book import Book
from cream.core.options.occ import NEW_YORK


def levels_doubtful(book: Book, symbol: str) -> str | None:
    """Why the levels on the share `symbol` or its options cannot be trusted; None: they can.

    An entry of the split's own day is taken to be from before it.
    """
    day = book.activities.split_of(symbol)
    if day is None:
        return None
    for protection in book.protections.values():
        if protection.instrument.underlying != symbol:
            continue
        entry = book.find(protection.entry_order_id)
        if entry is None or entry.intended_at.astimezone(NEW_YORK).date() <= day:
            return f"the levels of {protection.instrument.symbol} are from before its split, {day}"
    return None
