"""Which order of ours is this, when the broker has put another in its place?

A replacement has an id of its own at the broker and names the one that it replaces. Here it is the
same order: fills of either id are its fills, and whoever cancels it cancels the newest.
"""

from datetime import datetime
from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.broker import BrokerOrder
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderClass


def predecessor(book: Book, shown: BrokerOrder) -> Order | None:
    """The order of ours whose newest order at the broker `shown` takes the place of."""
    if shown.replaces is None or book.find(shown.broker_order_id) is not None:
        return None
    order = book.find(shown.replaces)
    return order if order is not None and order.broker_order_id == shown.replaces else None


def is_superseded(order: Order, shown: BrokerOrder) -> bool:
    """Whether `shown` is an earlier order in the chain of `order`: only its fills still count."""
    return order.broker_order_id not in (None, shown.broker_order_id)


def before_it(order: Order, shown: BrokerOrder) -> Decimal:
    """How much of the order those before `shown` in its chain have filled: it counts its own."""
    if shown.replaces is None or shown.order_class is OrderClass.MLEG:
        return ZERO
    return max(ZERO, order.terms.quantity - shown.quantity)


def replaced(order: Order, shown: BrokerOrder, now: datetime) -> e.OrderReplaced:
    """The event that makes `shown` the order at the broker.

    What was filled stays with the one before: a successor's quantity is what it can still trade.
    """
    quantity = order.filled + shown.quantity
    return e.OrderReplaced(
        at=now,
        order_id=order.order_id,
        replaces=shown.replaces or "",
        broker_order_id=shown.broker_order_id,
        quantity=order.terms.quantity if shown.order_class is OrderClass.MLEG else quantity,
        limit_price=shown.limit_price,
        stop_price=shown.stop_price,
        broker_updated_at=shown.updated_at,
    )
