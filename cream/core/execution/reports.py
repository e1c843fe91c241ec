"""What does a broker's report mean for us? Reports in, events out; stream and query alike.

A report never moves an order backwards, and never makes it FILLED or closed before its executions
are booked: a report that shows more filled than is booked here says so in `missing_executions`, and
whoever asked fetches them. Executions are booked once, by id.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from attrs import field, frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.states import may_become
from cream.core.model.broker import (
    Accepted,
    BrokerOrder,
    Execution,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.fill import Fill
from cream.core.model.ids import child_order_id
from cream.core.model.money import ZERO
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
)

# The broker already has an order under this client id: look it up and adopt it.
DUPLICATE_CLIENT_ID = "CLIENT_ORDER_ID_NOT_UNIQUE"

_SYNTHETIC_STATUSES = frozenset(
    (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN_SUBMIT, OrderStatus.FILLED)
)


@frozen
class Reading:
    """What a report says: events to record, and what could not be settled by it alone.

    `missing_executions`: orders that filled more than is booked. `unknown`: broker orders that
    nobody here placed.
    """

    events: tuple[e.Event, ...] = ()
    missing_executions: tuple[str, ...] = ()
    unknown: tuple[BrokerOrder, ...] = field(default=())

    def __add__(self, other: "Reading") -> "Reading":
        return Reading(
            self.events + other.events,
            self.missing_executions + other.missing_executions,
            self.unknown + other.unknown,
        )


def read_outcome(book: Book, order_id: str, outcome: SubmitOutcome, now: datetime) -> Reading:
    """What the answer to our submit of `order_id` means."""
    match outcome:
        case Accepted(order):
            return read_update(book, OrderUpdate(event="submitted", order=order), now)
        case Refused(code, message):
            if code == DUPLICATE_CLIENT_ID:
                return Reading((e.SubmitUnknown(at=now, order_id=order_id, why=message),))
            refused = e.OrderRefused(at=now, order_id=order_id, code=code, message=message)
            return Reading((refused,))
        case Unavailable(why):
            code = "BROKER_UNAVAILABLE"
            return Reading((e.OrderRefused(at=now, order_id=order_id, code=code, message=why),))
        case OutcomeUnknown(why):
            return Reading((e.SubmitUnknown(at=now, order_id=order_id, why=why),))
    assert_never(outcome)


def read_update(book: Book, update: OrderUpdate, now: datetime) -> Reading:
    """What one message of the order stream (or one order from a query) means."""
    shown = update.order
    order = book.find(shown.broker_order_id) or book.find(shown.client_order_id)
    if order is None:
        return Reading(unknown=(shown,))
    fills = tuple(_fills(book, order, update.executions, now))
    booked = order.filled + _traded(fills)
    events: list[e.Event] = []
    if order.broker_order_id is None:
        events.append(_acknowledged(order, shown, now))
    events.extend(fills)
    missing: tuple[str, ...] = ()
    if shown.filled > booked:
        missing = (order.order_id,)
    elif booked < order.terms.quantity:
        events.extend(_progress(order, shown, bool(fills), now))
    reading = Reading(tuple(events), missing)
    if shown.order_class is not OrderClass.MLEG:
        for leg in shown.legs:
            reading += _read_child(book, order, leg, now)
    return reading


def read_executions(book: Book, executions: Sequence[Execution], now: datetime) -> Reading:
    """Fills that a query for executions brought to light. Strangers' executions are left alone."""
    by_order: dict[str, list[Execution]] = {}
    for execution in executions:
        by_order.setdefault(execution.broker_order_id, []).append(execution)
    events: list[e.Event] = []
    for broker_order_id, traded in by_order.items():
        order = book.find(broker_order_id)
        if order is not None:
            events.extend(_fills(book, order, traded, now))
    return Reading(tuple(events))


def _acknowledged(order: Order, shown: BrokerOrder, now: datetime) -> e.OrderAcknowledged:
    """A closed order was once taken in; its end follows as an event of its own."""
    early = shown.status.is_closed or shown.status in _SYNTHETIC_STATUSES
    partial = shown.status is OrderStatus.PARTIALLY_FILLED
    return e.OrderAcknowledged(
        at=now,
        order_id=order.order_id,
        broker_order_id=shown.broker_order_id,
        status=OrderStatus.ACCEPTED if early or partial else shown.status,
        broker_updated_at=shown.updated_at,
    )


def _progress(
    order: Order, shown: BrokerOrder, just_filled: bool, now: datetime
) -> Iterator[e.OrderProgressed]:
    """The status change that is not a fill, if the report is not older than what is known."""
    known = order.broker_updated_at
    if known is not None and shown.updated_at < known:
        return
    status = shown.status
    if status in _SYNTHETIC_STATUSES or status is OrderStatus.PARTIALLY_FILLED:
        return
    acknowledged_now = order.broker_order_id is None
    if acknowledged_now and not status.is_closed:
        return
    current = OrderStatus.ACCEPTED if acknowledged_now else order.status
    if just_filled and not status.is_closed:
        return
    if may_become(current, status):
        yield e.OrderProgressed(
            at=now,
            order_id=order.order_id,
            status=status,
            reason=shown.reason or shown.raw_status,
            broker_updated_at=shown.updated_at,
        )


def _traded(fills: Sequence[e.OrderFilled | e.SpreadFilled]) -> Decimal:
    return sum(
        (f.fill.quantity if isinstance(f, e.OrderFilled) else f.quantity for f in fills), ZERO
    )


def _fills(
    book: Book, order: Order, executions: Sequence[Execution], now: datetime
) -> Iterator[e.OrderFilled | e.SpreadFilled]:
    new = [one for one in executions if not book.has_booked(one.execution_id)]
    if order.terms.order_class is OrderClass.MLEG:
        yield from _spread_fills(order, new, now)
        return
    for execution in new:
        yield e.OrderFilled(at=now, fill=_fill(order, execution))


def _fill(order: Order, execution: Execution) -> Fill:
    return Fill(
        execution_id=execution.execution_id,
        order_id=order.order_id,
        instrument=execution.instrument,
        side=execution.side,
        quantity=execution.quantity,
        price=execution.price,
        executed_at=execution.executed_at,
        commission=execution.commission,
    )


def _spread_fills(
    order: Order, executions: Sequence[Execution], now: datetime
) -> Iterator[e.SpreadFilled]:
    """Leg executions in whole spreads. The venue fills legs as a unit, so they come together."""
    by_leg: dict[str, list[Execution]] = {}
    for execution in executions:
        by_leg.setdefault(execution.instrument.symbol, []).append(execution)
    legs = order.terms.legs
    if not executions or set(by_leg) != {leg.contract.symbol for leg in legs}:
        return
    for round_of in zip(*(by_leg[leg.contract.symbol] for leg in legs), strict=False):
        units = round_of[0].quantity / abs(legs[0].ratio)
        net = sum((leg.ratio * part.price for leg, part in zip(legs, round_of, strict=True)), ZERO)
        yield e.SpreadFilled(
            at=now,
            order_id=order.order_id,
            execution_id=f"{round_of[0].execution_id}/unit",
            quantity=units,
            net_price=net,
            legs=tuple(_fill(order, part) for part in round_of),
        )


def _read_child(book: Book, parent: Order, shown: BrokerOrder, now: datetime) -> Reading:
    """A leg that the broker made: listed under its parent the first time it is seen (R-06)."""
    if book.find(shown.broker_order_id) is not None:
        return read_update(book, OrderUpdate(event="listed", order=shown), now)
    status = shown.status
    if status.is_closed or status in _SYNTHETIC_STATUSES:
        status = OrderStatus.HELD
    listed = e.ChildListed(
        at=now,
        terms=child_terms(parent.terms, shown),
        broker_order_id=shown.broker_order_id,
        status=status,
    )
    return Reading((listed,))


def child_terms(parent: OrderTerms, shown: BrokerOrder) -> OrderTerms:
    """The terms of a broker-made leg of `parent`: its exits, by what the broker shows of them."""
    is_stop = shown.order_type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
    purpose = OrderPurpose.STOP_LOSS if is_stop else OrderPurpose.TAKE_PROFIT
    return OrderTerms(
        order_id=child_order_id(parent.order_id, purpose.value.lower()),
        client_order_id=shown.client_order_id,
        plan_id=parent.plan_id,
        cycle_id=parent.cycle_id,
        decision_id=parent.decision_id,
        instrument=shown.instrument,
        side=shown.side,
        order_type=shown.order_type,
        order_class=parent.order_class,
        time_in_force=shown.time_in_force,
        quantity=shown.quantity,
        purpose=purpose,
        limit_price=shown.limit_price,
        stop_price=shown.stop_price,
        parent_order_id=parent.order_id,
    )
