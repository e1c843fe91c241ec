"""Which order of ours is this, when the broker has put another in its place?

A replacement has an id of its own at the broker and names the one that it replaces. Here it is the
same order: fills of either id are its fills, and whoever cancels it cancels the newest.
"""

from datetime import datetime

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.broker import BrokerOrder
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


def replaced(order: Order, shown: BrokerOrder, now: datetime) -> e.OrderReplaced:
    """The event that makes `shown` the order at the broker.

    A broker's new quantity is the new total. Where it is exactly what had been left, it is that.
    """
    quantity = shown.quantity
    if order.filled > 0 and quantity == order.terms.quantity - order.filled:
        quantity = order.terms.quantity
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
