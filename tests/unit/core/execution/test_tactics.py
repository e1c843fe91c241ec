"""Which slice is due, which order it is, and when a tactic is over."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.tactics import (
    SliceDue,
    TacticOver,
    TacticStep,
    TacticWaits,
    next_step,
    open_slices,
    paced,
    slice_order_id,
    slice_terms,
)
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import Guard
from tests.fakes.builders import AAPL, CALL, NOW, order_terms, tactic
from tests.fakes.ledger import Ledger

S = OrderStatus
D40 = Decimal(40)


def begun(parent: OrderTerms | None = None) -> Ledger:
    ledger = Ledger()
    ledger.intend(parent or tactic())
    ledger.apply(
        e.OrderProgressed(at=NOW, order_id="o-tactic", status=S.ACCEPTED, reason="worked here")
    )
    return ledger


def step(ledger: Ledger) -> TacticStep:
    return next_step(ledger.book, ledger.order("o-tactic"))


def due(ledger: Ledger) -> SliceDue:
    found = step(ledger)
    assert isinstance(found, SliceDue), found
    return found


def send(ledger: Ledger) -> OrderTerms:
    """Send the slice that is due."""
    terms = due(ledger).terms
    ledger.work(terms)
    return terms


def test_slices_are_due_one_interval_after_the_other() -> None:
    ledger = begun()
    seen = []
    for _ in range(3):
        found = due(ledger)
        seen.append((found.index, found.due_at - NOW, found.terms.quantity))
        ledger.work(found.terms)

    assert seen == [
        (0, timedelta(0), 40),
        (1, timedelta(seconds=60), 30),
        (2, timedelta(seconds=120), 30),
    ]
    assert step(ledger) == TacticWaits()


def test_a_slice_that_exists_is_never_due_again() -> None:
    """Not after a restart, and not after it was refused or cancelled either."""
    ledger = begun()
    first = send(ledger)
    ledger.end(first, S.REJECTED)
    again = Book()
    for record in ledger.records:
        again.apply(record)

    found = next_step(again, again.order("o-tactic"))

    assert isinstance(found, SliceDue)
    assert found.index == 1


def test_a_slice_that_fell_due_while_nobody_looked_is_due_at_its_own_time() -> None:
    ledger = begun()
    ledger.wait(3600)

    assert due(ledger).due_at == NOW


def test_a_tactic_is_over_when_every_slice_is() -> None:
    ledger = begun(tactic(slices=["60", "40"]))
    first, second = send(ledger), send(ledger)
    ledger.fill(first, "60")
    assert step(ledger) == TacticWaits()

    ledger.end(second, S.CANCELED)

    over = step(ledger)
    assert isinstance(over, TacticOver)
    assert over.status is S.EXPIRED
    assert ledger.order("o-tactic").filled == 60


def test_a_tactic_that_filled_is_filled_by_its_slices() -> None:
    ledger = begun(tactic(slices=["60", "40"]))
    for _ in range(2):
        terms = send(ledger)
        ledger.fill(terms, str(terms.quantity))

    assert ledger.order("o-tactic").status is S.FILLED
    assert isinstance(step(ledger), TacticOver)


def test_a_cancelled_tactic_sends_nothing_more_and_waits_for_its_slices() -> None:
    ledger = begun()
    first = send(ledger)
    ledger.ask_cancel("o-tactic")
    assert step(ledger) == TacticWaits()

    ledger.end(first, S.CANCELED)

    over = step(ledger)
    assert isinstance(over, TacticOver)
    assert over.status is S.CANCELED


def test_a_tactic_that_was_cancelled_before_its_first_slice_is_over_at_once() -> None:
    ledger = Ledger()
    ledger.intend(tactic())
    ledger.ask_cancel("o-tactic")

    over = step(ledger)

    assert isinstance(over, TacticOver)
    assert over.status is S.CANCELED


def test_an_ended_tactic_has_no_steps_left() -> None:
    ledger = begun()
    ledger.apply(e.OrderProgressed(at=NOW, order_id="o-tactic", status=S.CANCELED, reason="gone"))

    assert isinstance(step(ledger), TacticOver)


@pytest.mark.parametrize(
    "purpose", [OrderPurpose.EXIT, OrderPurpose.STOP_LOSS, OrderPurpose.TAKE_PROFIT]
)
def test_a_tactic_does_not_wait_for_what_guards_its_position(purpose: OrderPurpose) -> None:
    """A stop may work for weeks; the tactic was over when its last slice was."""
    ledger = begun(tactic(slices=["40"]))
    first = send(ledger)
    ledger.fill(first, "30")
    ledger.end(first, S.CANCELED, "30")
    ledger.work(order_terms("o-guard", "30", side=Side.SELL, purpose=purpose, parent="o-tactic"))

    assert list(open_slices(ledger.book, ledger.order("o-tactic"))) == []
    assert isinstance(step(ledger), TacticOver)


def exiting() -> Ledger:
    ledger = Ledger()
    ledger.enter(order_terms("o-held", "100"))
    ledger.intend(tactic(side=Side.SELL, purpose=OrderPurpose.EXIT))
    return ledger


def test_an_exit_by_slices_sends_while_there_is_something_to_close() -> None:
    ledger = exiting()

    terms = send(ledger)

    assert (terms.side, terms.purpose) == (Side.SELL, OrderPurpose.EXIT)
    assert [one.order_id for one in open_slices(ledger.book, ledger.order("o-tactic"))] == [
        terms.order_id
    ]


def test_an_exit_by_slices_ends_when_a_stop_was_quicker() -> None:
    """Its next slice would be refused for ever."""
    ledger = exiting()
    first = send(ledger)
    ledger.enter(order_terms("o-stop", "100", side=Side.SELL, purpose=OrderPurpose.STOP_LOSS))
    assert step(ledger) == TacticWaits()

    ledger.end(first, S.CANCELED)

    assert step(ledger) == TacticOver(S.EXPIRED, "nothing is left to close")


def test_a_slice_is_never_more_than_what_the_parent_has_left() -> None:
    """A slice that the venue filled twice takes from the ones that follow."""
    ledger = begun(tactic(slices=["60", "40"]))
    first = send(ledger)
    ledger.fill(first, "75")

    assert due(ledger).terms.quantity == 25


# Where time is real -----------------------------------------------------------------------------


def at(ledger: Ledger) -> TacticStep:
    return paced(ledger.book, ledger.order("o-tactic"), ledger.now)


def test_in_time_every_slice_is_due_at_its_own_time() -> None:
    ledger = begun()
    for seconds in (0, 60, 120):
        ledger.now = NOW + timedelta(seconds=seconds)
        assert at(ledger) == due(ledger)
        send(ledger)


def test_slices_that_were_missed_follow_at_twice_the_pace_until_it_is_back_in_time() -> None:
    ledger = begun(tactic(slices=["10"] * 8))
    send(ledger)
    ledger.wait(200)

    moments = []
    for _ in range(6):
        found = at(ledger)
        assert isinstance(found, SliceDue)
        ledger.now = max(ledger.now, found.due_at)
        moments.append((ledger.now - NOW).total_seconds())
        send(ledger)

    assert moments == [200, 230, 260, 290, 320, 360]


@pytest.mark.parametrize("missed", [180, 86_400])
def test_an_entry_ends_with_the_time_that_was_planned_for_it(missed: float) -> None:
    """Whoever approved of it did not approve of Monday's open."""
    ledger = begun()
    first = send(ledger)
    ledger.wait(missed)
    assert at(ledger) == TacticWaits()

    ledger.end(first, S.CANCELED)

    over = at(ledger)
    assert isinstance(over, TacticOver)
    assert over.status is S.EXPIRED


def test_an_exit_goes_on_until_it_is_done() -> None:
    exits = tactic(side=Side.SELL, purpose=OrderPurpose.EXIT)
    ledger = Ledger()
    ledger.enter(order_terms())
    ledger.intend(exits)
    ledger.wait(86_400)

    found = at(ledger)

    assert isinstance(found, SliceDue)
    assert found.index == 0


# What a slice is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop_loss", "take_profit", "order_class"),
    [
        (None, None, OrderClass.SIMPLE),
        ("95", None, OrderClass.OTO),
        (None, "110", OrderClass.OTO),
        ("95", "110", OrderClass.BRACKET),
    ],
)
def test_a_slice_in_shares_takes_its_exits_along(
    stop_loss: str | None, take_profit: str | None, order_class: OrderClass
) -> None:
    parent = tactic(stop_loss=stop_loss, take_profit=take_profit)

    terms = slice_terms(parent, 0, Decimal(40))

    assert terms.order_class is order_class
    assert (terms.stop_loss, terms.take_profit) == (parent.stop_loss, parent.take_profit)


def test_a_slice_in_options_is_watched_here() -> None:
    parent = tactic(instrument=CALL, stop_loss="95", take_profit="110")

    terms = slice_terms(parent, 0, Decimal(40))

    assert terms.order_class is OrderClass.SIMPLE
    assert terms.stop_loss == 95


@pytest.mark.parametrize(
    ("guard", "order_class"),
    [
        (Guard(trail_price=Decimal(2)), OrderClass.BRACKET),
        (Guard(exit_at=NOW + timedelta(hours=1)), OrderClass.BRACKET),
        (Guard(stop_limit_price=Decimal("227.50")), OrderClass.SIMPLE),
    ],
)
def test_a_slice_s_stop_works_as_the_parent_s(guard: Guard, order_class: OrderClass) -> None:
    """Else what a tactic bought would be guarded by a stop that stands still."""
    terms = slice_terms(evolve(tactic(stop_loss="228.00", take_profit="250"), guard=guard), 0, D40)

    assert terms.guard == guard
    assert terms.order_class is order_class


@pytest.mark.parametrize(
    ("limit", "market", "order_type"),
    [
        (None, False, OrderType.MARKET),
        (None, True, OrderType.MARKET),
        ("100", False, OrderType.LIMIT),
        ("100", True, OrderType.MARKET),
    ],
)
def test_a_slice_is_limited_where_the_parent_is_unless_it_goes_to_the_market(
    limit: str | None, market: bool, order_type: OrderType
) -> None:
    terms = slice_terms(tactic(limit=limit, market=market), 0, Decimal(40))

    assert terms.order_type is order_type
    assert terms.limit_price == (Decimal(100) if order_type is OrderType.LIMIT else None)


def test_a_slice_is_an_order_of_its_parent_s_plan() -> None:
    parent = tactic()

    terms = slice_terms(parent, 1, Decimal(30))

    assert terms.order_id == slice_order_id(parent, 1) != slice_order_id(parent, 2)
    assert terms.client_order_id == f"cream-{terms.order_id}"
    assert terms.parent_order_id == "o-tactic"
    assert terms.twap is None
    assert (terms.plan_id, terms.decision_id) == (parent.plan_id, parent.decision_id)
    assert (terms.instrument, terms.side, terms.purpose) == (
        AAPL,
        parent.side,
        OrderPurpose.ENTRY,
    )


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_what_is_sent_adds_up_to_the_parent(sizes: list[int]) -> None:
    ledger = begun(tactic(slices=[str(size) for size in sizes]))
    ids = set()
    while isinstance(step(ledger), SliceDue):
        terms = send(ledger)
        ids.add(terms.order_id)
        ledger.fill(terms, str(terms.quantity))

    parent = ledger.order("o-tactic")
    assert len(ids) == len(sizes)
    assert parent.filled == parent.terms.quantity == sum(sizes)
    assert parent.status is S.FILLED


def test_only_a_tactic_has_slices() -> None:
    ledger = Ledger()
    ledger.intend(order_terms())
    order = ledger.order("o-entry")

    with pytest.raises(AssertionError):
        next_step(ledger.book, order)
    with pytest.raises(AssertionError):
        slice_terms(order.terms, 0, Decimal(1))
