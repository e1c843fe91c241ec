"""How the broker and the book differ, what is asked, and what follows."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.adoption import adoption
from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    Discrepancy,
    DiscrepancyKind,
    Reconciliation,
    Tolerances,
    adjustments,
    reconcile,
)
from cream.core.model.broker import BrokerOrder, BrokerPosition
from cream.core.model.instrument import Instrument
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType, Side
from tests.fakes.builders import (
    AAPL,
    CALL,
    HIGHER_CALL,
    MSFT,
    NOW,
    bracket,
    order_terms,
    shown,
    spread,
    tactic,
    with_exits,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
K = DiscrepancyKind


def held(quantity: str, instrument: Instrument = AAPL, price: str = "100") -> BrokerPosition:
    return BrokerPosition(
        instrument=instrument, quantity=Decimal(quantity), average_price=Decimal(price)
    )


def compare(
    ledger: Ledger,
    orders: Sequence[BrokerOrder] = (),
    positions: Sequence[BrokerPosition] = (),
    before: int | None = None,
) -> Reconciliation:
    snapshot = BrokerSnapshot(
        open_orders=orders,
        positions=positions,
        sequence_before=ledger.book.sequence if before is None else before,
    )
    return reconcile(ledger.book, snapshot, ledger.now)


def kinds(result: Reconciliation) -> list[tuple[DiscrepancyKind, str, bool]]:
    return [(one.kind, one.subject, one.critical) for one in result.discrepancies]


def settle(
    ledger: Ledger, orders: Sequence[BrokerOrder], positions: Sequence[BrokerPosition]
) -> Reconciliation:
    """Compare, take in what follows, strangers too, until nothing new does."""
    for _ in range(10):
        result = compare(ledger, orders, positions)
        ledger.apply(*result.reading.events)
        ledger.apply(*(adoption(one, NOW) for one in result.reading.unknown))
        if not result.reading.events and not result.reading.unknown:
            return result
    raise AssertionError("it never settles")


# Orders -----------------------------------------------------------------------------------------


def test_two_that_agree_have_nothing_to_say() -> None:
    ledger, terms = Ledger(), order_terms("o-limit", limit="90")
    ledger.enter(order_terms())
    ledger.work(terms)

    result = compare(ledger, [shown(terms)], [held("100")])

    assert result.reading.events == ()
    assert (result.ask_by_broker_id, result.ask_by_client_id) == ((), ())
    assert result.discrepancies == ()
    assert result.clean


def test_what_the_broker_shows_of_our_orders_is_read() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)

    result = compare(ledger, [shown(terms, S.PENDING_CANCEL, updated=5)])

    (event,) = result.reading.events
    assert isinstance(event, e.OrderProgressed)
    assert event.status is S.PENDING_CANCEL


def test_an_order_that_is_not_listed_is_asked_about_and_never_taken_for_ended() -> None:
    """Absence is a question."""
    ledger = Ledger()
    ledger.work(order_terms())

    result = compare(ledger)

    assert result.ask_by_broker_id == ("o-entry",)
    assert result.reading.events == ()
    assert kinds(result) == [(K.MISSING_AT_BROKER, "o-entry", False)]
    assert ledger.order("o-entry").is_open


@pytest.mark.parametrize("status", [S.PENDING_NEW, S.UNKNOWN_SUBMIT, S.PENDING_CANCEL])
def test_an_order_without_a_broker_id_is_asked_about_by_its_client_id(status: S) -> None:
    ledger = Ledger()
    ledger.intend(order_terms())
    if status is S.UNKNOWN_SUBMIT:
        ledger.apply(e.SubmitUnknown(at=NOW, order_id="o-entry", why="timed out"))
    if status is S.PENDING_CANCEL:
        ledger.ask_cancel("o-entry")

    result = compare(ledger)

    assert result.ask_by_client_id == ("o-entry",)
    assert result.discrepancies == ()


def test_a_tactic_is_never_at_the_broker() -> None:
    ledger = Ledger()
    ledger.intend(tactic())

    assert compare(ledger).ask_by_client_id == ()


def test_a_successor_for_what_was_left_differs_in_nothing() -> None:
    ledger, terms = Ledger(), order_terms(limit="90")
    ledger.work(terms)
    ledger.fill(terms, "40")
    successor = evolve(
        shown(terms, quantity="60", updated=1), broker_order_id="b-2", replaces="b-o-entry"
    )
    ledger.report(successor)

    assert not compare(ledger, [successor], [held("40")]).discrepancies


def test_a_closed_order_is_not_asked_about() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.end(terms, S.CANCELED)

    assert compare(ledger).ask_by_broker_id == ()


def test_legs_are_listed_with_their_parent_or_alone() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)
    order = with_exits(entry)
    assert compare(ledger, [order]).ask_by_broker_id == ()

    ledger.fill(entry, "100")
    result = compare(ledger, order.legs, [held("100")])

    assert result.ask_by_broker_id == ()
    assert result.discrepancies == ()


def test_executions_that_are_missing_are_said_so() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)

    result = compare(ledger, [shown(terms, S.PARTIALLY_FILLED, "40")], [held("40")])

    assert result.reading.missing_executions == ("o-entry",)
    assert kinds(result) == [(K.MISSING_EXECUTIONS, "o-entry", False)]


def test_an_order_on_two_pages_is_one_order() -> None:
    """Pages overlap when orders come and go between them; legs must not be listed twice."""
    ledger, entry = Ledger(), bracket()
    ledger.intend(entry)
    order = with_exits(entry)

    result = compare(ledger, [order, order, *order.legs])
    ledger.apply(*result.reading.events)

    assert len(ledger.book.children("o-entry")) == 2
    assert result.reading.unknown == ()


# What both sides know ---------------------------------------------------------------------------


def test_an_order_that_is_closed_here_and_open_there_is_critical() -> None:
    """Nothing that works at the broker may be missing from what is open here."""
    ledger, terms = Ledger(), order_terms(limit="90")
    ledger.work(terms)
    ledger.end(terms, S.CANCELED)

    result = compare(ledger, [shown(terms, updated=5)])

    assert kinds(result) == [(K.ORDER_STATE, "o-entry", True)]
    assert ledger.order("o-entry").status is S.CANCELED


def test_a_list_that_is_older_than_what_the_stream_has_told_differs_in_nothing() -> None:
    """It was fetched while the cancel was on its way."""
    ledger, terms = Ledger(), order_terms(limit="90")
    ledger.work(terms)
    ledger.end(terms, S.CANCELED)

    assert compare(ledger, [shown(terms, updated=-5)]).discrepancies == ()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"quantity": Decimal(70)}, K.ORDER_QUANTITY),
        ({"limit_price": Decimal(91)}, K.ORDER_PRICE),
    ],
)
def test_an_order_that_somebody_changed_differs(
    change: dict[str, Decimal], kind: DiscrepancyKind
) -> None:
    ledger, terms = Ledger(), order_terms(limit="90")
    ledger.work(terms)

    result = compare(ledger, [evolve(shown(terms), **change)])

    assert kinds(result) == [(kind, "o-entry", False)]


def test_the_price_of_a_trailing_stop_moves_and_differs_from_nothing() -> None:
    ledger = Ledger()
    terms = order_terms(order_type=OrderType.TRAILING_STOP)
    ledger.work(terms)

    assert not compare(ledger, [evolve(shown(terms), stop_price=Decimal(88))]).discrepancies


def test_holdings_that_were_not_asked_for_are_not_compared() -> None:
    ledger = Ledger()
    ledger.enter(order_terms())
    snapshot = BrokerSnapshot(open_orders=[], positions=None, sequence_before=99)

    assert reconcile(ledger.book, snapshot, NOW).discrepancies == ()


# Positions --------------------------------------------------------------------------------------


def test_a_holding_that_differs_is_critical() -> None:
    ledger = Ledger()
    ledger.enter(order_terms())

    result = compare(ledger, positions=[held("70")])

    assert kinds(result) == [(K.POSITION_QUANTITY, "AAPL", True)]
    assert (result.discrepancies[0].ours, result.discrepancies[0].theirs) == ("100", "70")
    assert not result.clean


@pytest.mark.parametrize(("ours", "theirs"), [("100", None), (None, "100")])
def test_a_holding_that_one_side_does_not_have_differs(
    ours: str | None, theirs: str | None
) -> None:
    ledger = Ledger()
    if ours is not None:
        ledger.enter(order_terms())
    positions = [held(theirs)] if theirs is not None else []

    assert kinds(compare(ledger, positions=positions)) == [(K.POSITION_QUANTITY, "AAPL", True)]


def test_a_position_that_was_closed_is_the_same_as_none() -> None:
    ledger = Ledger()
    ledger.enter(order_terms())
    ledger.enter(order_terms("o-out", side=Side.SELL, purpose=OrderPurpose.EXIT))

    assert compare(ledger).discrepancies == ()


def test_a_holding_that_a_question_may_explain_is_not_compared() -> None:
    """An order that is gone from the list may have filled: first ask."""
    ledger = Ledger()
    ledger.work(order_terms())

    result = compare(ledger, positions=[held("100")])

    assert K.POSITION_QUANTITY not in {one.kind for one in result.discrepancies}


def test_one_open_question_does_not_blind_the_others() -> None:
    """An order that nobody can answer for must not hide what happens to every other symbol."""
    ledger = Ledger()
    ledger.work(order_terms("o-msft", instrument=MSFT))

    result = compare(ledger, positions=[held("5"), held("9", MSFT)])

    assert (K.POSITION_QUANTITY, "AAPL", True) in kinds(result)
    assert (K.POSITION_QUANTITY, "MSFT", True) not in kinds(result)


def test_a_spread_in_question_puts_its_legs_in_doubt() -> None:
    ledger = Ledger()
    ledger.work(spread())

    result = compare(ledger, positions=[held("2", CALL), held("-2", HIGHER_CALL)])

    assert {one.kind for one in result.discrepancies} == {K.MISSING_AT_BROKER}


def test_a_holding_is_not_compared_with_one_from_before_the_last_fill() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    before = ledger.book.sequence
    ledger.fill(terms, "100")

    assert compare(ledger, positions=[], before=before).discrepancies == ()


def test_what_does_not_move_a_holding_does_not_keep_it_from_being_compared() -> None:
    """On a busy day something happens all the time."""
    ledger = Ledger()
    ledger.enter(order_terms())
    before = ledger.book.sequence
    ledger.intend(order_terms("o-msft", instrument=MSFT))

    result = compare(ledger, positions=[held("70")], before=before)

    assert kinds(result) == [(K.POSITION_QUANTITY, "AAPL", True)]


def test_nothing_is_compared_while_a_leg_with_fills_is_only_just_listed() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.enter(order_terms("o-msft", "9", instrument=MSFT))
    ledger.intend(entry)
    order = with_exits(entry)
    sold = evolve(order.legs[1], status=S.FILLED, filled=Decimal(100))

    result = compare(ledger, [evolve(order, legs=(order.legs[0], sold))], [])

    assert {one.kind for one in result.discrepancies} == {K.MISSING_EXECUTIONS}


# Adjustments ------------------------------------------------------------------------------------


def adjusted(ledger: Ledger, positions: Sequence[BrokerPosition]) -> list[e.PositionAdjusted]:
    result = compare(ledger, positions=positions)
    return list(adjustments(ledger.book, result.discrepancies, positions, NOW))


def test_the_broker_s_holding_is_the_truth() -> None:
    """One event, tagged with both figures; afterwards nothing differs."""
    ledger = Ledger()
    ledger.enter(order_terms())
    positions = [held("70", price="99.50"), held("9", MSFT, "500")]

    events = adjusted(ledger, positions)
    ledger.apply(*events)

    assert [one.reason for one in events] == [
        "the broker holds 70, the book had 100",
        "the broker holds 9, the book had 0",
    ]
    assert ledger.book.position(AAPL).average_price == Decimal("99.50")
    assert ledger.held(MSFT) == 9
    assert compare(ledger, positions=positions).discrepancies == ()


def test_what_the_broker_does_not_hold_is_flat() -> None:
    ledger = Ledger()
    ledger.enter(order_terms())

    ledger.apply(*adjusted(ledger, []))

    assert ledger.held() == 0


def test_a_holding_that_has_moved_since_it_was_compared_is_compared_again_first() -> None:
    """The fill that explains the difference came in between: adjusting would undo it."""
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.end(terms, S.CANCELED)
    positions = [held("40")]
    result = compare(ledger, positions=positions)
    assert not result.clean

    ledger.fill(terms, "40")

    assert list(adjustments(ledger.book, result.discrepancies, positions, NOW)) == []


def test_only_holdings_are_adjusted() -> None:
    difference = Discrepancy(
        kind=K.MISSING_AT_BROKER, subject="AAPL", ours="0", theirs="5", critical=False
    )

    assert list(adjustments(Ledger().book, [difference], [held("5")], NOW)) == []


# Tolerances ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "price", "found"),
    [
        ("100", "100", []),
        ("98", "100", []),
        ("97", "100", [K.POSITION_QUANTITY]),
        ("0", "100", [K.POSITION_QUANTITY]),
        ("100", "101", []),
        ("100", "102", [K.POSITION_PRICE]),
        ("100", "98", [K.POSITION_PRICE]),
        ("97", "102", [K.POSITION_QUANTITY]),
        ("100", "0", []),
    ],
)
def test_small_differences_of_a_holding_are_not_counted(
    theirs: str, price: str, found: list[DiscrepancyKind]
) -> None:
    """Two shares of a hundred, and one percent of the broker's average price."""
    ledger = Ledger()
    ledger.enter(order_terms("o-entry"))
    snapshot = BrokerSnapshot(
        open_orders=(), positions=[held(theirs, price=price)], sequence_before=ledger.book.sequence
    )
    tolerances = Tolerances(quantity=Decimal(2), price=Decimal("0.01"))

    result = reconcile(ledger.book, snapshot, ledger.now, tolerances=tolerances)

    assert [one.kind for one in result.discrepancies] == found
    assert result.clean is (K.POSITION_QUANTITY not in found), "a price is for the audit alone"
