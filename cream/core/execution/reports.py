"""What does a broker's report mean for us? Reports in, events out; stream and query alike.

A report never moves an order backwards, and never makes it FILLED or closed before its executions
are booked: a report that shows more filled than is booked here says so in `missing_executions`, and
whoever asked fetches them. Executions are booked once, by id.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from attrs import evolve, field, frozen

from cream.core.execution import events as e
from cream.core.execution import lifecycle
from cream.core.execution.book import Book
from cream.core.execution.corrections import booked_for, busted, corrected, net_quantity
from cream.core.execution.guards import is_leg
from cream.core.execution.replacements import before_it, is_superseded, predecessor, replaced
from cream.core.execution.spreads import spread_fills
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

_FillEvent = e.OrderFilled | e.SpreadFilled | e.FillCorrected

# Statuses that only we know, or that wait for executions to be booked.
_SYNTHETIC_STATUSES = frozenset(
    (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN_SUBMIT, OrderStatus.FILLED)
)


@frozen
class Reading:
    """What a report says: events to record, and what could not be settled by it alone.

    `missing_executions`: orders that filled more than is booked; the oldest of them was submitted
    at `missing_since`. `unknown`: broker orders that nobody here placed. `unclear`: orders of ours
    in a state that nobody knows, or whose successor is not known yet.
    """

    events: tuple[e.Event, ...] = ()
    missing_executions: tuple[str, ...] = ()
    unknown: tuple[BrokerOrder, ...] = field(default=())
    missing_since: datetime | None = None
    unclear: tuple[BrokerOrder, ...] = ()

    @property
    def leaves_questions(self) -> bool:
        """Whether the broker has to be asked to know what happened."""
        return bool(self.missing_executions or self.unknown or self.unclear)

    def __add__(self, other: "Reading") -> "Reading":
        # Nearly all that a reconciliation reads is known already.
        if other is _NOTHING:
            return self
        if self is _NOTHING:
            return other
        moments = [one for one in (self.missing_since, other.missing_since) if one is not None]
        return Reading(
            self.events + other.events,
            self.missing_executions + other.missing_executions,
            self.unknown + other.unknown,
            min(moments, default=None),
            self.unclear + other.unclear,
        )


_NOTHING = Reading()


def read_outcome(book: Book, order_id: str, outcome: SubmitOutcome, now: datetime) -> Reading:
    """What the answer to our submit of `order_id` means.

    A refusal of an order that the broker is known to have is the answer to something else.
    """
    order = book.order(order_id)
    match outcome:
        case Accepted(shown):
            if order.broker_order_id in (None, shown.broker_order_id):
                return _read(book, order, OrderUpdate(event="submitted", order=shown), now)
            return read_update(book, OrderUpdate(event="submitted", order=shown), now)
        case OutcomeUnknown(why):
            event: e.Event = e.SubmitUnknown(at=now, order_id=order_id, why=why)
        case Refused(code, message) if code == DUPLICATE_CLIENT_ID:
            event = e.SubmitUnknown(at=now, order_id=order_id, why=message)
        case Refused(code, message):
            event = e.OrderRefused(at=now, order_id=order_id, code=code, message=message)
        case Unavailable(why):
            code = "BROKER_UNAVAILABLE"
            event = e.OrderRefused(at=now, order_id=order_id, code=code, message=why)
        case _:
            assert_never(outcome)
    return Reading((event,)) if order.broker_order_id is None else Reading()


def read_update(book: Book, update: OrderUpdate, now: datetime) -> Reading:
    """What one message of the order stream (or one order from a query) means."""
    shown = update.order
    before = predecessor(book, shown)
    if before is not None:
        return _read_replacement(book, before, update, now)
    order = book.find(shown.broker_order_id)
    if order is not None and is_superseded(order, shown):
        taken_back = (one for each in update.busted for one in busted(book, each, now))
        return Reading((*_fills(book, order, update.executions, now), *taken_back))
    order = order or book.find(shown.client_order_id)
    if order is None or is_superseded(order, shown):
        return Reading(unknown=(shown,))
    if order.broker_order_id is None and _is_another(order.terms, shown):
        return _id_taken(order, shown, now)
    return _read(book, order, update, now)


def _read_replacement(book: Book, order: Order, update: OrderUpdate, now: datetime) -> Reading:
    """The order on its new terms, and what the report says of it."""
    event = replaced(order, update.order, now)
    return Reading((event,)) + _read(book, lifecycle.replaced(order, event), update, now)


def _read(book: Book, order: Order, update: OrderUpdate, now: datetime) -> Reading:
    """The order itself, then the legs that the broker made with it."""
    shown = update.order
    reading = _read_order(book, order, update, now)
    if shown.order_class is not OrderClass.MLEG:
        for leg in {leg.broker_order_id: leg for leg in shown.legs}.values():
            reading += _read_child(book, order, leg, now)
    return reading


def _read_order(book: Book, order: Order, update: OrderUpdate, now: datetime) -> Reading:
    shown = update.order
    if _says_nothing_new(order, update):
        return _NOTHING
    fills = tuple(_fills(book, order, update.executions, now)) if update.executions else ()
    booked = order.filled + sum(map(net_quantity, fills), ZERO)
    events: list[e.Event] = []
    if order.broker_order_id is None or (lifecycle.was_lost(order) and _lives(shown)):
        events.append(_acknowledged(order, shown, now))
    events.extend(fills)
    events.extend(_reduced(order, shown, booked, now))
    for execution_id in update.busted:
        events.extend(busted(book, execution_id, now))
    reading = Reading(unclear=(shown,)) if _is_unclear(shown) else _NOTHING
    if before_it(order, shown) + _claimed(shown) > booked:
        missing = (order.order_id,)
        return reading + Reading(tuple(events), missing, missing_since=shown.submitted_at)
    if booked < order.terms.quantity:
        events.extend(_progress(order, shown, booked, bool(fills), now))
    return reading + Reading(tuple(events)) if events else reading


def _lives(shown: BrokerOrder) -> bool:
    return shown.status is not None and not shown.status.is_closed


def _says_nothing_new(order: Order, update: OrderUpdate) -> bool:
    """Whether the order stands as it is shown: stream and answer tell most things twice."""
    shown = update.order
    return (
        order.broker_order_id is not None
        and shown.status is order.status
        and shown.filled == order.filled
        and shown.quantity == order.terms.quantity
        and not (update.executions or update.busted)
        and shown.replaced_by is None
        and not order.status.is_closed
    )


def _is_unclear(shown: BrokerOrder) -> bool:
    return shown.status is None or shown.replaced_by is not None


def _reduced(
    order: Order, shown: BrokerOrder, booked: Decimal, now: datetime
) -> Iterator[e.ChildListed]:
    """A leg that the broker has made smaller: what seems to be guarded must be guarded."""
    smaller = ZERO < shown.quantity < order.terms.quantity and shown.replaces is None
    if smaller and booked <= shown.quantity and order.is_open and is_leg(order.terms):
        yield e.ChildListed(
            at=now,
            terms=evolve(order.terms, quantity=shown.quantity),
            broker_order_id=shown.broker_order_id,
            status=order.status,
        )


def _claimed(shown: BrokerOrder) -> Decimal:
    """How much the report says has filled. "Filled" without a figure means all of it."""
    if shown.status is OrderStatus.FILLED and not shown.filled:
        return shown.quantity
    return shown.filled


def _is_another(terms: OrderTerms, shown: BrokerOrder) -> bool:
    """Whether an order under our client id cannot be the one that we sent."""
    if terms.legs:
        return shown.order_class is not OrderClass.MLEG
    return (
        shown.instrument != terms.instrument
        or shown.side is not terms.side
        or shown.quantity > terms.quantity
    )


def _id_taken(order: Order, shown: BrokerOrder, now: datetime) -> Reading:
    """Ours was never taken, and never will be: its id belongs to someone else's order."""
    if order.status.is_closed:
        return Reading(unknown=(shown,))
    refused = e.OrderRefused(
        at=now,
        order_id=order.order_id,
        code=DUPLICATE_CLIENT_ID,
        message=f"the broker has another order under this id: {shown.broker_order_id}",
    )
    return Reading((refused,), unknown=(shown,))


def read_executions(book: Book, executions: Sequence[Execution], now: datetime) -> Reading:
    """Fills that a query for executions brought to light, in the order in which they happened.

    Strangers' executions are left alone.
    """
    by_order: dict[str, list[Execution]] = {}
    for execution in executions:
        by_order.setdefault(execution.broker_order_id, []).append(execution)
    fills: list[_FillEvent] = []
    for broker_order_id, traded in by_order.items():
        order = book.find(broker_order_id)
        if order is not None:
            fills.extend(_fills(book, order, traded, now))
    fills.sort(key=_executed_at)
    return Reading(tuple(fills))


def _executed_at(event: _FillEvent) -> datetime:
    match event:
        case e.OrderFilled(fill=fill):
            return fill.executed_at
        case e.SpreadFilled(legs=legs):
            return max(leg.executed_at for leg in legs)
        case e.FillCorrected(before=before, after=after):
            return after.executed_at if after is not None else before[0].executed_at


def _acknowledged(order: Order, shown: BrokerOrder, now: datetime) -> e.OrderAcknowledged:
    """A closed order was once taken in; its end follows as an event of its own."""
    return e.OrderAcknowledged(
        at=now,
        order_id=order.order_id,
        broker_order_id=shown.broker_order_id,
        status=_before_events(shown.status, OrderStatus.ACCEPTED),
        broker_updated_at=shown.updated_at,
    )


def _before_events(status: OrderStatus | None, working: OrderStatus) -> OrderStatus:
    """Where an order stands that is seen for the first time: fills and ends are yet to follow."""
    if status is None or status.is_closed or status is OrderStatus.PARTIALLY_FILLED:
        return working
    return working if status in _SYNTHETIC_STATUSES else status


def _progress(
    order: Order, shown: BrokerOrder, booked: Decimal, just_filled: bool, now: datetime
) -> Iterator[e.OrderProgressed]:
    """The status change that is not a fill, if the report is not older than what is known.

    An end is never too old to be true.
    """
    status = shown.status
    if status is None:
        return
    if not status.is_closed:
        known = order.broker_updated_at
        too_old = known is not None and shown.updated_at < known
        if too_old or just_filled or order.broker_order_id is None:
            return
        if status in _SYNTHETIC_STATUSES:
            return
        if status is OrderStatus.PARTIALLY_FILLED and not booked:
            return
    current = OrderStatus.ACCEPTED if order.broker_order_id is None else order.status
    if not may_become(current, status):
        return
    reason = shown.reason or shown.raw_status
    if status is OrderStatus.FILLED:
        # All of it is booked, and it is less than was asked for: the broker reduced the order.
        reason = f"filled with {booked}, to which the broker had reduced it"
    yield e.OrderProgressed(
        at=now,
        order_id=order.order_id,
        status=status,
        reason=reason,
        broker_updated_at=shown.updated_at,
    )


def _fills(
    book: Book, order: Order, executions: Sequence[Execution], now: datetime
) -> Iterator[_FillEvent]:
    fills = {
        one.execution_id: _fill(order, one)
        for one in executions
        if one.quantity > 0 and not book.has_booked(one.execution_id)
    }
    if order.terms.order_class is OrderClass.MLEG:
        yield from spread_fills(order.terms, list(fills.values()), now)
        return
    for one in executions:
        if one.corrects is not None and one.execution_id in fills:
            yield from corrected(book, one.corrects, fills.pop(one.execution_id), now)
    yield from booked_for(order, list(fills.values()), now)


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
        fees=execution.fees,
    )


def _read_child(book: Book, parent: Order, shown: BrokerOrder, now: datetime) -> Reading:
    """A leg that the broker made: listed under its parent the first time it is seen."""
    update = OrderUpdate(event="listed", order=shown)
    known = book.find(shown.broker_order_id) or predecessor(book, shown)
    if known is not None:
        return read_update(book, update, now)
    listed = e.ChildListed(
        at=now,
        terms=child_terms(parent.terms, shown),
        broker_order_id=shown.broker_order_id,
        status=_before_events(shown.status, OrderStatus.HELD),
    )
    return Reading((listed,)) + _read_order(book, lifecycle.listed(listed, parent), update, now)


def child_terms(parent: OrderTerms, shown: BrokerOrder) -> OrderTerms:
    """The terms of a broker-made leg of `parent`: its exits, by what the broker shows of them.

    The broker's id is part of its name here: a leg that is replaced becomes another order. What a
    stranger's order brings along is a stranger's too.
    """
    is_stop = shown.order_type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
    purpose = OrderPurpose.STOP_LOSS if is_stop else OrderPurpose.TAKE_PROFIT
    if parent.purpose is OrderPurpose.EXTERNAL:
        purpose = OrderPurpose.EXTERNAL
    role = f"{purpose.value.lower()}/{shown.broker_order_id}"
    return OrderTerms(
        order_id=child_order_id(parent.order_id, role),
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
