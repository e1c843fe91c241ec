"""What differs, what is asked, and what is never concluded from absence."""

from collections.abc import Sequence
from decimal import Decimal

from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    DiscrepancyKind,
    Reconciliation,
    adjustments,
    adoption,
    reconcile,
)
from cream.core.model.broker import BrokerOrder, BrokerPosition
from cream.core.model.order import OrderPurpose, OrderStatus
from tests.fakes.builders import AAPL, bracket, order_terms, shown, with_exits
from tests.fakes.ledger import Ledger


def holding(quantity: str) -> BrokerPosition:
    return BrokerPosition(instrument=AAPL, quantity=Decimal(quantity), average_price=Decimal(100))


def compare(
    ledger: Ledger,
    orders: Sequence[BrokerOrder] = (),
    positions: Sequence[BrokerPosition] = (),
    *,
    before: int | None = None,
) -> Reconciliation:
    sequence = ledger.book.sequence if before is None else before
    snapshot = BrokerSnapshot(open_orders=orders, positions=positions, sequence_before=sequence)
    return reconcile(ledger.book, snapshot, ledger.now)


def test_the_same_view_gives_nothing_to_do() -> None:
    ledger = Ledger()
    ledger.work(bracket())

    result = compare(ledger, [with_exits(bracket())])

    assert result.clean
    assert result.reading.events == ()
    assert (result.ask_by_broker_id, result.ask_by_client_id) == ((), ())


def test_an_order_that_is_not_listed_is_asked_about_not_ended() -> None:
    ledger = Ledger()
    terms = order_terms(limit="100")
    ledger.work(terms)

    result = compare(ledger)

    assert result.ask_by_broker_id == (terms.order_id,)
    assert result.reading.events == ()
    assert [one.kind for one in result.discrepancies] == [DiscrepancyKind.MISSING_AT_BROKER]
    assert ledger.order(terms.order_id).is_open


def test_an_order_without_an_answer_is_asked_about_by_its_client_id() -> None:
    ledger = Ledger()
    terms = order_terms(limit="100")
    ledger.intend(terms)

    assert compare(ledger).ask_by_client_id == (terms.order_id,)


def test_a_listed_order_that_we_lost_the_answer_of_is_found() -> None:
    ledger = Ledger()
    terms = order_terms(limit="100")
    ledger.intend(terms)

    result = compare(ledger, [shown(terms)])
    ledger.apply(*result.reading.events)

    assert ledger.order(terms.order_id).status is OrderStatus.ACCEPTED
    assert compare(ledger, [shown(terms)]).reading.events == ()


def test_a_strangers_order_is_adopted_to_be_watched() -> None:
    ledger = Ledger()
    stranger = shown(order_terms("o-stranger", limit="50"))

    result = compare(ledger, [stranger])
    ledger.apply(adoption(stranger, ledger.now))

    assert [one.broker_order_id for one in result.reading.unknown] == [stranger.broker_order_id]
    adopted = ledger.book.find(stranger.broker_order_id)
    assert adopted is not None
    assert adopted.terms.purpose is OrderPurpose.EXTERNAL


def test_the_brokers_position_is_the_truth() -> None:
    ledger = Ledger()
    result = compare(ledger, positions=[holding("7")])
    assert not result.clean

    ledger.apply(*adjustments(ledger.book, result.discrepancies, [holding("7")], ledger.now))

    assert ledger.held() == 7
    assert compare(ledger, positions=[holding("7")]).clean


def test_a_position_that_is_gone_there_is_gone_here() -> None:
    ledger = Ledger()
    ledger.enter(order_terms(quantity="5"))

    result = compare(ledger)
    ledger.apply(*adjustments(ledger.book, result.discrepancies, [], ledger.now))

    assert ledger.held() == 0
    assert compare(ledger).clean


def test_positions_are_compared_only_while_the_book_stands_still() -> None:
    ledger = Ledger()
    ledger.enter(order_terms(quantity="5"))

    assert compare(ledger, before=ledger.book.sequence - 1).discrepancies == ()
