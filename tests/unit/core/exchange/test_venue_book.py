"""The venue's container: what is found by which id, and what counts as changed."""

from datetime import timedelta
from decimal import Decimal

from cream.core.exchange import venue_book
from cream.core.exchange.account import Settlement, flat_ledger
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue_book import VenueBook, VenueState
from cream.core.exchange.venue_order import VenueOrder, children_from, root_from
from cream.core.model.broker import Execution
from cream.core.model.order import OrderTerms, Side
from tests.fakes.venue_lab import NOON, bracket, call, terms


def book() -> VenueBook:
    return VenueBook(VenueState(ledger=flat_ledger(Decimal(1_000))))


def put_in(container: VenueBook, of: OrderTerms) -> VenueOrder:
    root = root_from(of, container.next_sequence, NOON, NOON, Decimal(0))
    children = children_from(of, root)
    root.child_ids = tuple(child.broker_order_id for child in children)
    for order in (root, *children):
        container.put(order)
    return root


def test_sequences_leave_room_for_exits_and_never_meet() -> None:
    container = book()
    assert container.next_sequence == 1
    first = put_in(container, bracket())
    second = put_in(container, terms())
    numbers = [one.sequence for one in (*container.group(first), second)]
    assert numbers == [1, 2, 3, 4]


def test_the_ends_of_closed_orders_do_not_pile_up() -> None:
    container = book()
    for number in range(3 * venue_book._FEW_ENDS):
        order = put_in(container, terms(client_order_id=f"c-{number}"))
        order.status = VenueStatus.CANCELED
        container.put(order)
    open_one = put_in(container, terms(client_order_id="open"))

    assert len(container._ends) <= venue_book._FEW_ENDS + 2
    assert list(container.ended(NOON)) == [open_one]


def test_a_closed_order_is_found_but_not_open() -> None:
    container = book()
    order = put_in(container, terms())
    assert container.open_on("AAPL") == (order,)
    order.status = VenueStatus.CANCELED
    container.put(order)
    assert container.open_on("AAPL") == ()
    assert list(container.open_orders()) == []
    assert container.find(order.client_order_id) is order
    assert container.has_client_id(order.client_order_id)


def test_groups_come_newest_first_and_the_open_ones_by_any_member() -> None:
    container = book()
    filled, plain = put_in(container, bracket()), put_in(container, terms())
    filled.status = VenueStatus.FILLED
    container.put(filled)
    closed = put_in(container, terms(client_order_id="gone"))
    closed.status = VenueStatus.CANCELED
    container.put(closed)

    def ids(*, open_only: bool) -> list[str]:
        return [one.broker_order_id for one in container.newest_first(open_only=open_only)]

    every = [closed.broker_order_id, plain.broker_order_id, filled.broker_order_id]
    assert ids(open_only=False) == every
    assert ids(open_only=True) == every[1:]

    def from_on(start: str, *, open_only: bool) -> list[str]:
        found = container.newest_first(open_only=open_only, start=start)
        return [one.broker_order_id for one in found]

    assert from_on(every[1], open_only=False) == every[1:]
    assert from_on(every[0], open_only=True) == every, "though it is closed"
    assert from_on(filled.child_ids[1], open_only=True) == every[2:]
    assert from_on("nothing", open_only=False) == every


def test_nothing_is_open_on_what_nobody_ordered() -> None:
    assert book().open_on("XOM") == ()


def test_time_only_moves_forward() -> None:
    container = book()
    assert container.advance_to(NOON) == NOON
    assert container.advance_to(NOON - timedelta(hours=1)) == NOON
    assert container.advance_to(NOON + timedelta(hours=1)) == NOON + timedelta(hours=1)


def test_time_alone_is_nothing_to_save() -> None:
    container = book()
    container.advance_to(NOON)
    assert container.unsaved() is None
    container.touch_ledger()
    changes = container.unsaved()
    assert changes is not None
    assert (changes.moment, changes.orders, changes.positions) == (NOON, (), ())


def test_an_execution_moves_cash_and_position_and_is_saved_with_both() -> None:
    container = book()
    execution = Execution(
        execution_id="x",
        broker_order_id="o",
        instrument=call("240"),
        side=Side.BUY,
        quantity=Decimal(2),
        price=Decimal("4.31"),
        executed_at=NOON,
    )
    container.record(execution)
    changes = container.unsaved()
    assert changes is not None
    assert changes.executions == (execution,)
    assert changes.ledger.cash == Decimal(1_000) - Decimal("862.00")
    assert [one.quantity for one in changes.positions] == [2]
    container.mark_saved()
    container.settle(
        Settlement(contract=call("240"), quantity=Decimal(2), price=Decimal(10), settled_at=NOON)
    )
    changes = container.unsaved()
    assert changes is not None
    assert (changes.executions, len(changes.settlements)) == ((), 1)
    assert changes.ledger.cash == Decimal("2138.00")
    (position,) = changes.positions
    assert (position.quantity, position.realized_pnl) == (0, Decimal("1138.00"))
