"""Which holdings has a split changed, and what stands at prices that are no more?

A split makes other shares of the same money: the number of shares changes and what they have cost
does not. No trade does that. Stops and targets that were placed before it stand at prices of
before; at the new ones they would trade at once, and for the wrong number of shares.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.broker import BrokerPosition
from cream.core.model.instrument import Equity
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.position import Position

# A broker rounds the average price to a few places, and pays fractions of shares out.
_ROUNDING = Decimal("0.005")


def is_split(ours: Position, theirs: BrokerPosition) -> bool:
    """Whether both are the same money in another number of shares."""
    one_side = ours.quantity * theirs.quantity > 0
    if not isinstance(ours.instrument, Equity) or not one_side or ours.quantity == theirs.quantity:
        return False
    cost = theirs.quantity * theirs.average_price
    return ours.cost != 0 and abs(cost - ours.cost) <= _ROUNDING * abs(ours.cost)


def split_among(
    book: Book, symbols: Sequence[str], shown: Sequence[BrokerPosition]
) -> Iterator[BrokerPosition]:
    """What the broker holds of those `symbols` that were split."""
    for theirs in shown:
        ours = book.positions.get(theirs.instrument.symbol)
        if theirs.instrument.symbol in symbols and ours is not None and is_split(ours, theirs):
            yield theirs


def taken_in(theirs: BrokerPosition, now: datetime) -> tuple[e.Event, ...]:
    """The events that make the holding the broker's, without the levels of before."""
    reason = f"a split: the broker holds {theirs.quantity:f} at {theirs.average_price:f}"
    # A holding that ends takes its levels with it; the one that begins has none.
    steps = ((ZERO, ZERO), (theirs.quantity, theirs.average_price))
    return tuple(
        e.PositionAdjusted(
            at=now,
            instrument=theirs.instrument,
            quantity=quantity,
            average_price=price,
            reason=reason,
        )
        for quantity, price in steps
    )


def standing_at_old_prices(book: Book, symbol: str) -> Sequence[Order]:
    """All of our orders in `symbol` that can still trade; a stranger's is the stranger's."""
    return [
        order for order in book.open_on(symbol) if order.terms.purpose is not OrderPurpose.EXTERNAL
    ]
