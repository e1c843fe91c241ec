"""An order has filled in part and then no more: what is to be done with the rest, and when?

By what the order is for, and measured from its last fill. What the filled part needs is seen to
elsewhere and at once: protection follows cumulative fills (`book.py`, `protection.py`). What is
sent anew is what is left of the order once the broker has confirmed its end, and never more than is
held and free: an order that fills while it is being cancelled is not closed twice.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import assert_never

from attrs import evolve, frozen

from cream.core.execution.book import Book
from cream.core.execution.guards import closes_at_any_price, free_to_exit, protects_now
from cream.core.model.ids import client_order_id, digest
from cream.core.model.money import ZERO
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
)
from cream.core.model.plan import Guard, TimeInForce


class PartialAction(Enum):
    """What happens to the rest.

    KEEP_PARTIAL lets it work on; CANCEL_REMAINING ends it, after which the broker can hold
    protection for what filled. The others end it and close what is left at the market:
    RESUBMIT_MARKET once, AGGRESSIVE_RESUBMIT again each time that fills only in part.
    """

    KEEP_PARTIAL = "keep_partial"
    CANCEL_REMAINING = "cancel_remaining"
    RESUBMIT_MARKET = "resubmit_market"
    AGGRESSIVE_RESUBMIT = "aggressive_resubmit"

    @property
    def resubmits(self) -> bool:
        """Whether what is left is sent anew."""
        return self in (PartialAction.RESUBMIT_MARKET, PartialAction.AGGRESSIVE_RESUBMIT)


@frozen
class Patience:
    """How long after its last fill an order is let be, and what follows. Units: seconds."""

    seconds: float
    action: PartialAction


@frozen(kw_only=True)
class PartialFillPolicy:
    """Patience by what an order is for. `stop_loss` is also for exits that a level has sent."""

    entry: Patience = Patience(300.0, PartialAction.KEEP_PARTIAL)
    exit: Patience = Patience(60.0, PartialAction.RESUBMIT_MARKET)
    stop_loss: Patience = Patience(10.0, PartialAction.AGGRESSIVE_RESUBMIT)
    take_profit: Patience = Patience(120.0, PartialAction.RESUBMIT_MARKET)


@frozen
class TimedOut:
    """This order's patience is at its end."""

    order: Order
    action: PartialAction


def patience_with(book: Book, order: Order, policy: PartialFillPolicy) -> Patience | None:
    """How long `order` is let be; None for what has a time plan of its own, or is not ours."""
    if order.terms.is_tactic or order.terms.legs or order.terms.plan_id in book.options.rolls:
        return None
    parent = book.find(order.terms.parent_order_id or "")
    if parent is not None and parent.terms.is_tactic:
        return None
    match order.terms.purpose:
        case OrderPurpose.ENTRY:
            return policy.entry
        case OrderPurpose.STOP_LOSS:
            return policy.stop_loss
        case OrderPurpose.TAKE_PROFIT:
            return policy.take_profit
        case OrderPurpose.EXIT:
            return policy.stop_loss if _is_stop(book, order) else policy.exit
        # What has several legs was told of above.
        case OrderPurpose.EXTERNAL | OrderPurpose.ROLL:
            return None
        case _:
            assert_never(order.terms.purpose)


def _is_stop(book: Book, order: Order) -> bool:
    """Whether the exit is a stop's, or was sent anew for what was left of one."""
    if protects_now(book, order):
        return True
    parent = book.find(order.terms.parent_order_id or "")
    if parent is None:
        return False
    return parent.terms.purpose is OrderPurpose.STOP_LOSS or _is_stop(book, parent)


def due_at(book: Book, order: Order, policy: PartialFillPolicy) -> datetime | None:
    """When the order's patience ends, if it goes on as it is; None where it does not.

    A stop that waits for its limit has none at all: it is measured from when it was sent.
    """
    if not order.is_open or order.leaves <= ZERO or order.order_id in book.timed_out:
        return None
    patience = patience_with(book, order, policy)
    if patience is None:
        return None
    since = order.last_fill_at
    if since is None:
        waits = order.terms.purpose is OrderPurpose.EXIT and not closes_at_any_price(order)
        since = order.intended_at if waits and protects_now(book, order) else None
    return None if since is None else since + timedelta(seconds=patience.seconds)


def timed_out(
    book: Book, order_ids: Iterable[str], now: datetime, policy: PartialFillPolicy
) -> Iterator[TimedOut]:
    """Those of the orders whose patience is at its end."""
    for order in _known(book, order_ids):
        due = due_at(book, order, policy)
        patience = patience_with(book, order, policy)
        if due is None or patience is None or now < due:
            continue
        action = patience.action
        if action is PartialAction.RESUBMIT_MARKET and _was_sent_anew(book, order):
            # Once is what was asked for: it works at the market already.
            action = PartialAction.KEEP_PARTIAL
        yield TimedOut(order, action)


def _known(book: Book, order_ids: Iterable[str]) -> Iterator[Order]:
    """Those of the orders that have not left memory: what has is closed for long."""
    found = (book.find(order_id) for order_id in order_ids)
    return (order for order in found if order is not None)


def _was_sent_anew(book: Book, order: Order) -> bool:
    return (order.terms.parent_order_id or "") in book.timed_out


def to_resubmit(book: Book, order_ids: Iterable[str]) -> Iterator[OrderTerms]:
    """What is to be closed at the market for orders that timed out and have ended since."""
    for order in _known(book, order_ids):
        action = book.timed_out.get(order.order_id)
        if action is None or not PartialAction(action).resubmits or order.is_open:
            continue
        terms = _rest_of(book, order)
        if terms is not None and book.find(terms.order_id) is None:
            yield terms


def _rest_of(book: Book, order: Order) -> OrderTerms | None:
    """A market order for what the order did not close; None where nothing is left or free."""
    ended_short = order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED)
    symbol = order.terms.instrument.symbol
    position = book.positions.get(symbol)
    if not ended_short or position is None or position.is_flat:
        return None
    closes = position.quantity * order.terms.side.sign < 0
    quantity: Decimal = min(order.terms.quantity - order.filled, free_to_exit(book, symbol))
    if not closes or quantity <= 0:
        return None
    order_id = "o" + digest(order.order_id, "rest")
    return evolve(
        order.terms,
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        order_type=OrderType.MARKET,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.DAY,
        quantity=quantity,
        purpose=OrderPurpose.EXIT,
        limit_price=None,
        stop_price=None,
        trail_price=None,
        trail_percent=None,
        take_profit=None,
        stop_loss=None,
        guard=Guard(),
        parent_order_id=order.order_id,
    )
