"""What of the book has to be in memory, and how does the rest leave it and come back?

The book is the fold of the journal. A `BookState` is that fold at one sequence, so that a start
need not fold everything again. Closed orders leave the book after a while, as whole families (a
parent with its legs, exits and slices), and can be put back as they were. None of this is a change
of what is true, so none of it is an event. This module and the book are friends: it reads and
fills the book's own fields.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from cream.core.execution import events as e
from cream.core.execution.activities import ActivityBook, ActivityState
from cream.core.execution.book import Book
from cream.core.execution.history import HistoryState, TradeHistory
from cream.core.execution.levels import Protection
from cream.core.execution.option_book import OptionBook, OptionState
from cream.core.model.fill import Fill
from cream.core.model.order import Order
from cream.core.model.position import Position
from cream.core.model.state import Restriction

# Rises when a state of before would no longer be what the fold gives: a field more in the book, or
# a rule that folds the same events to something else. States of another version are not used.
STATE_VERSION: Final = 5


@frozen
class Booked:
    """An execution that was booked for an order. `fill` is None where the id has none (now)."""

    execution_id: str
    order_id: str
    fill: Fill | None


@frozen(kw_only=True)
class ArchivedOrder:
    """An order that left memory: all that the book knew of it.

    `root_id` names its family; `broker_ids` are all that it ever had there, in order.
    """

    order: Order
    root_id: str
    broker_ids: tuple[str, ...]
    executions: tuple[Booked, ...]


@frozen(kw_only=True)
class Archived:
    """Orders and plans that left memory together, or come back."""

    orders: tuple[ArchivedOrder, ...] = ()
    plans: tuple[e.PlanJudged, ...] = ()


@frozen(kw_only=True)
class BookState:
    """Everything that a book holds in memory at `sequence`, in the book's own order."""

    sequence: int
    plans: tuple[e.PlanJudged, ...]
    positions: tuple[Position, ...]
    protections: tuple[Protection, ...]
    restrictions: tuple[Restriction, ...]
    mass_cancel_owed: e.MassCancelOwed | None
    flatten_owed: e.FlattenOwed | None
    timed_out: tuple[tuple[str, str], ...]
    client_sessions: tuple[e.ClientSessionKept, ...]
    last_reconciliation: e.ReconciliationCompleted | None
    stopped_cleanly: bool
    late_fills: int
    position_sequence: int
    last_executed_at: datetime | None
    paid: Decimal
    fills_forgotten: int
    history: HistoryState
    touched: tuple[tuple[str, int, str], ...]
    orders: tuple[Order, ...]
    open_orders: tuple[str, ...]
    client_ids: tuple[tuple[str, str], ...]
    broker_ids: tuple[tuple[str, str], ...]
    executions: tuple[Booked, ...]
    activities: ActivityState = field(factory=ActivityState)
    options: OptionState = field(factory=OptionState)


def state_of(book: Book) -> BookState:
    """The book as a value."""
    return BookState(
        sequence=book.sequence,
        plans=tuple(book.plans.values()),
        positions=tuple(book.positions.values()),
        protections=tuple(book.protections.values()),
        restrictions=tuple(book.restrictions.values()),
        mass_cancel_owed=book.mass_cancel_owed,
        flatten_owed=book.flatten_owed,
        timed_out=tuple(book.timed_out.items()),
        client_sessions=tuple(book.client_sessions.values()),
        last_reconciliation=book.last_reconciliation,
        stopped_cleanly=book.stopped_cleanly,
        late_fills=book.late_fills,
        position_sequence=book.position_sequence,
        last_executed_at=book.last_executed_at,
        paid=book.paid,
        fills_forgotten=book._fills_forgotten,
        history=book.history.state(),
        touched=tuple((symbol, *change) for symbol, change in book.touched.items()),
        orders=tuple(book._orders.values()),
        open_orders=tuple(book._open),
        client_ids=tuple(book._by_client.items()),
        broker_ids=tuple(book._by_broker.items()),
        executions=tuple(_booked(book)),
        activities=book.activities.state(),
        options=book.options.state(),
    )


def book_of(state: BookState) -> Book:
    """A book in that state."""
    book = Book()
    book.sequence = state.sequence
    book.plans.update((one.plan_id, one) for one in state.plans)
    book.positions.update((one.instrument.symbol, one) for one in state.positions)
    for protection in state.protections:
        book.protections[protection.instrument.symbol] = protection
    book.restrictions.update((one.cause, one) for one in state.restrictions)
    book.mass_cancel_owed = state.mass_cancel_owed
    book.flatten_owed = state.flatten_owed
    book.timed_out.update(state.timed_out)
    book.client_sessions.update((one.session_id, one) for one in state.client_sessions)
    book.last_reconciliation = state.last_reconciliation
    book.stopped_cleanly = state.stopped_cleanly
    book.late_fills = state.late_fills
    book.position_sequence = state.position_sequence
    book.last_executed_at = state.last_executed_at
    book.paid = state.paid
    book._fills_forgotten = state.fills_forgotten
    book.history = TradeHistory.of(state.history)
    for order in state.orders:
        _put(book, order)
    # An order that was closed and lives again has its place behind those that came after it.
    book._open = dict.fromkeys(state.open_orders)
    book._open_on = {}
    for order_id in state.open_orders:
        symbol = book._orders[order_id].terms.instrument.symbol
        book._open_on.setdefault(symbol, {})[order_id] = None
    book.touched = {symbol: (sequence, name) for symbol, sequence, name in state.touched}
    book._by_client.update(state.client_ids)
    book._by_broker.update(state.broker_ids)
    _book_executions(book, state.executions)
    book.activities = ActivityBook.of(state.activities)
    book.options = OptionBook(state.options)
    return book


def rebuilt(
    state: BookState | None, recalled: Iterable[ArchivedOrder], records: Iterable[e.Record]
) -> Book:
    """The book that follows from a state, the archived orders that `records` are about, and them.

    Without a state, `records` have to be the whole journal.
    """
    book = Book() if state is None else book_of(state)
    revive(book, Archived(orders=tuple(recalled)))
    for record in records:
        book.apply(record)
    return book


def superfluous(book: Book, closed_before: datetime, kept: Collection[str] = ()) -> Archived:
    """What may leave memory: families that closed before that moment, and plans without orders.

    A family stays as long as one of it is open, guessed or in `kept`, a protection stands on it, or
    the roll that it belongs to is not settled.
    """
    roots = {order_id: _root(book, order_id) for order_id in book._orders}
    needed = {roots[one] for one in _needed(book, closed_before, kept) if one in roots}
    leaving = [one for one, root in roots.items() if root not in needed]
    gone = frozenset(leaving)
    plans = tuple(
        plan
        for plan in book.plans.values()
        if plan.at < closed_before
        and all(one in gone or one not in book._orders for one in plan.order_ids)
    )
    names: dict[str, list[str]] = {}
    for broker_id, order_id in book._by_broker.items():
        if order_id in gone:
            names.setdefault(order_id, []).append(broker_id)
    executions: dict[str, list[Booked]] = {}
    for one in _booked(book) if gone else ():
        executions.setdefault(one.order_id, []).append(one)
    orders = tuple(
        ArchivedOrder(
            order=book._orders[order_id],
            root_id=roots[order_id],
            broker_ids=tuple(names.get(order_id, ())),
            executions=tuple(executions.get(order_id, ())),
        )
        for order_id in leaving
    )
    return Archived(orders=orders, plans=plans)


def _needed(book: Book, closed_before: datetime, kept: Collection[str]) -> Iterator[str]:
    for order in book._orders.values():
        needed = order.is_open or order.inferred or order.updated_at >= closed_before
        if needed or order.terms.plan_id in book.options.rolls:
            yield order.order_id
    yield from kept
    for protection in book.protections.values():
        yield protection.entry_order_id
        if protection.exit_order_id is not None:
            yield protection.exit_order_id


def _root(book: Book, order_id: str) -> str:
    parent_id = book._orders[order_id].terms.parent_order_id
    while parent_id is not None and parent_id in book._orders:
        order_id, parent_id = parent_id, book._orders[parent_id].terms.parent_order_id
    return order_id


def forget(book: Book, archived: Archived) -> None:
    """Take what was archived out of memory.

    Only whole families are forgotten, as `superfluous` gives them; what has changed since stays.
    """
    changed = {
        one.root_id
        for one in archived.orders
        if book._orders.get(one.order.order_id) is not one.order
    }
    known = {one.order.order_id for one in archived.orders}
    # Somebody was born into the family meanwhile.
    changed.update(
        one.root_id
        for one in archived.orders
        if not known.issuperset(book._children.get(one.order.order_id, ()))
    )
    leaving = [one for one in archived.orders if one.root_id not in changed]
    gone = {one.order.order_id for one in leaving}
    for one in leaving:
        order_id, terms = one.order.order_id, one.order.terms
        del book._orders[order_id]
        book._children.pop(order_id, None)
        book.timed_out.pop(order_id, None)
        if book._by_client.get(terms.client_order_id) == order_id:
            del book._by_client[terms.client_order_id]
        for broker_id in one.broker_ids:
            book._by_broker.pop(broker_id, None)
        for booked in one.executions:
            book._executions.pop(booked.execution_id, None)
            book._spent.pop(booked.execution_id, None)
        book._fills_forgotten += len(one.executions)
    for plan in archived.plans:
        if not any(one in book._orders and one not in gone for one in plan.order_ids):
            book.plans.pop(plan.plan_id, None)
    for symbol in [symbol for symbol, working in book._open_on.items() if not working]:
        del book._open_on[symbol]


def revive(book: Book, archived: Archived) -> None:
    """Put archived orders and plans back into memory. What the book has already stays as it is."""
    for one in archived.orders:
        order = one.order
        if order.order_id in book._orders:
            continue
        _put(book, order)
        for broker_id in one.broker_ids:
            book._by_broker.setdefault(broker_id, order.order_id)
        _book_executions(book, one.executions)
        book._fills_forgotten -= len(one.executions)
    for plan in archived.plans:
        book.plans.setdefault(plan.plan_id, plan)


def _put(book: Book, order: Order) -> None:
    order_id, terms = order.order_id, order.terms
    book._orders[order_id] = order
    if terms.client_order_id:
        book._by_client.setdefault(terms.client_order_id, order_id)
    if terms.parent_order_id is not None:
        book._children.setdefault(terms.parent_order_id, []).append(order_id)
    if order.inferred:
        book._guessed.setdefault(order_id)


def _booked(book: Book) -> Iterator[Booked]:
    for execution_id, fill in book._executions.items():
        order_id = book._spent[execution_id] if fill is None else fill.order_id
        yield Booked(execution_id, order_id, fill)


def _book_executions(book: Book, executions: Iterable[Booked]) -> None:
    for one in executions:
        book._executions[one.execution_id] = one.fill
        if one.fill is None:
            book._spent[one.execution_id] = one.order_id


def orders_of(event: e.Event) -> Sequence[str]:
    """Our ids of the orders that have to be in the book before `event` is folded."""
    match event:
        case e.OrderIntended():
            return _present(event.terms.parent_order_id)
        case e.ChildListed():
            return _present(event.terms.order_id, event.terms.parent_order_id)
        case e.OrderFilled() | e.FillInferred():
            return (event.fill.order_id,)
        case (
            e.OrderAcknowledged()
            | e.OrderRefused()
            | e.SubmitUnknown()
            | e.OrderProgressed()
            | e.SpreadFilled()
            | e.FillCorrected()
            | e.OrderReplaced()
            | e.PartialTimedOut()
            | e.CancelRequested()
            | e.CancelRefused()
        ):
            return (event.order_id,)
        case _:
            return ()


def _present(*order_ids: str | None) -> Sequence[str]:
    return tuple(one for one in order_ids if one is not None)
