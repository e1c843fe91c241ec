"""How is the broker asked about several orders, where one answer may be long in coming?"""

from collections.abc import Awaitable, Callable, Iterable

import trio

from cream.core.execution.book import Book
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order
from cream.core.model.order_state import Unanswered, beneath

# Orders that are asked about are few, and so are requests a minute.
_AT_ONCE = 5


def unanswered(book: Book) -> list[Order]:
    """Orders that the broker has given no id though they may have left."""
    return [
        order
        for order in book.open_orders()
        if order.broker_order_id is None and isinstance(beneath(order.state), Unanswered)
    ]


async def side_by_side(orders: Iterable[Order], ask: Callable[[Order], Awaitable[None]]) -> None:
    """Ask about each, so that an answer which is lost holds up nobody else's.

    Raises: BrokerUnavailable, the first of them, once all have been asked about.
    """
    failures: list[BrokerUnavailable] = []
    limiter = trio.CapacityLimiter(_AT_ONCE)

    async def one(order: Order) -> None:
        async with limiter:
            try:
                await ask(order)
            except BrokerUnavailable as error:
                failures.append(error)

    async with trio.open_nursery() as nursery:
        for order in orders:
            nursery.start_soon(one, order)
    if failures:
        raise failures[0]
