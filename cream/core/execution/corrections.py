"""What becomes of a fill that was not what it seemed: guessed, corrected by the venue, or busted?

A broker may show that an order has traded before it tells the executions. What nobody can name is
guessed, so that the position is guarded at once, and the execution takes the place of the guess
when it comes. Nothing is ever counted twice.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.replacements import before_it
from cream.core.model.broker import BrokerOrder
from cream.core.model.fill import Fill
from cream.core.model.ids import inferred_execution_id
from cream.core.model.money import ZERO, average
from cream.core.model.order import Order, OrderClass


def guessed_fill(order: Order, shown: BrokerOrder, now: datetime) -> e.FillInferred | None:
    """What `order` must have traded for the broker to show it so; None if that cannot be said.

    The price follows from the broker's average. Of a spread nothing is guessed: which leg traded at
    what price is not shown.
    """
    earlier = before_it(order, shown)
    quantity = earlier + shown.filled - order.filled
    if quantity <= 0 or shown.average_price is None or order.terms.order_class is OrderClass.MLEG:
        return None
    price = average(shown.filled * shown.average_price - order.notional_filled, quantity)
    if price <= 0 or earlier:
        # The average contradicts what is booked, or is not of all that is booked; it is still the
        # best that is known.
        price = shown.average_price
    # The name follows from the facts: the same guess, made again after a crash, is the same fill.
    name = inferred_execution_id(shown.broker_order_id, str(order.filled), str(shown.filled))
    return e.FillInferred(
        at=now,
        fill=Fill(
            execution_id=name,
            order_id=order.order_id,
            instrument=order.terms.instrument,
            side=order.terms.side,
            quantity=quantity,
            price=price,
            executed_at=shown.updated_at,
        ),
    )


def booked_for(
    order: Order, fills: Sequence[Fill], now: datetime
) -> Iterator[e.OrderFilled | e.FillCorrected]:
    """The events that book `fills`, each in the place of what had been guessed of it."""
    guesses = list(order.inferred)
    for fill in fills:
        before = tuple(_taken_from(guesses, fill.quantity))
        if before:
            reason = "the execution of what had been guessed"
            yield e.FillCorrected(
                at=now, order_id=order.order_id, before=before, after=fill, reason=reason
            )
        else:
            yield e.OrderFilled(at=now, fill=fill)


def _taken_from(guesses: list[Fill], quantity: Decimal) -> Iterator[Fill]:
    """Take up to `quantity` off the oldest of `guesses`."""
    while guesses and quantity > 0:
        oldest = guesses[0]
        part = min(quantity, oldest.quantity)
        yield evolve(oldest, quantity=part)
        quantity -= part
        if part == oldest.quantity:
            guesses.pop(0)
        else:
            guesses[0] = evolve(oldest, quantity=oldest.quantity - part)


def busted(book: Book, execution_id: str, now: datetime) -> Iterator[e.FillCorrected]:
    """The venue takes an execution back. One that was never booked, or is gone already, is not."""
    fill = book.fill(execution_id)
    if fill is not None:
        yield e.FillCorrected(
            at=now,
            order_id=fill.order_id,
            before=(fill,),
            after=None,
            reason=f"the venue took execution {execution_id} back",
        )


def corrected(
    book: Book, execution_id: str, after: Fill, now: datetime
) -> Iterator[e.FillCorrected]:
    """The venue says that the execution was in truth `after`, which has an id of its own."""
    before = book.fill(execution_id)
    if before is not None and not book.has_booked(after.execution_id):
        yield e.FillCorrected(
            at=now,
            order_id=before.order_id,
            before=(before,),
            after=after,
            reason=f"the venue corrected execution {execution_id}",
        )


def net_quantity(event: e.OrderFilled | e.SpreadFilled | e.FillCorrected) -> Decimal:
    """By how much the event changes what its order has filled."""
    match event:
        case e.OrderFilled(fill=fill):
            return fill.quantity
        case e.SpreadFilled(quantity=quantity):
            return quantity
        case e.FillCorrected(before=before, after=after):
            taken = sum((one.quantity for one in before), ZERO)
            return (after.quantity if after is not None else ZERO) - taken
