"""How do the broker's reports become decisions for the desk?"""

from collections.abc import Sequence
from datetime import datetime

from cream.core.execution.book import Book
from cream.core.execution.corrections import guessed_fill
from cream.core.execution.reports import Reading, read_executions, read_update
from cream.core.model.broker import BrokerOrder, Execution, OrderUpdate
from cream.core.risk.decisions import Decide, Decided


def read(update: OrderUpdate) -> Decide[Reading]:
    """Record what `update` says; the reading is the answer."""

    def decide(book: Book, now: datetime) -> Decided[Reading]:
        reading = read_update(book, update, now)
        return Decided(reading, reading.events)

    return decide


def guess(shown: BrokerOrder) -> Decide[None]:
    """Book what the broker shows as filled and no execution tells of."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.find(shown.broker_order_id)
        event = None if order is None else guessed_fill(order, shown, now)
        return Decided(None, () if event is None else (event,))

    return decide


def read_fills(executions: Sequence[Execution]) -> Decide[Reading]:
    """Book the executions that are not booked yet."""

    def decide(book: Book, now: datetime) -> Decided[Reading]:
        reading = read_executions(book, executions, now)
        return Decided(reading, reading.events)

    return decide
