"""A chain of orders at the broker is one order here."""

from decimal import Decimal

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.order import OrderStatus, OrderTerms, OrderType
from tests.fakes.builders import bracket, broker_id, execution, order_terms, shown, shown_exit
from tests.fakes.ledger import Ledger

S = OrderStatus


def successor(
    terms: OrderTerms, quantity: str = "100", limit: str = "101", number: int = 2
) -> BrokerOrder:
    """The order that takes the place of the one before it in the chain."""
    before = broker_id(terms.order_id) if number == 2 else f"b-{number - 1}"
    return evolve(
        shown(terms, quantity=quantity, updated=number),
        broker_order_id=f"b-{number}",
        client_order_id=f"made-by-the-broker-{number}",
        limit_price=Decimal(limit),
        replaces=before,
    )


def test_a_successor_is_the_same_order_on_new_terms() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)

    reading = ledger.report(successor(terms, "80", "101"))

    assert not reading.unknown
    (order,) = ledger.book.orders()
    assert (order.broker_order_id, order.status) == ("b-2", S.ACCEPTED)
    assert (order.terms.quantity, order.terms.limit_price) == (80, 101)
    assert ledger.book.find(broker_id("o-entry")) == ledger.book.find("b-2") == order


def test_fills_of_every_order_in_the_chain_are_the_orders_fills() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.report(successor(terms))
    ledger.report(successor(terms, number=3))

    late = execution(terms, "x-1", "10")
    ledger.report(shown(terms, S.PENDING_REPLACE, "10"), late)
    ledger.executions([execution(terms, "x-2", "20", broker_order_id="b-2")])
    ledger.executions([execution(terms, "x-3", "70", broker_order_id="b-3")])

    assert (ledger.order("o-entry").filled, ledger.order("o-entry").status) == (100, S.FILLED)
    assert ledger.held() == 100


def test_an_old_order_in_the_chain_says_nothing_of_the_order_any_more() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.report(successor(terms))

    ledger.report(shown(terms, S.CANCELED, updated=9))

    assert ledger.order("o-entry").status is S.ACCEPTED


def test_a_replaced_order_is_open_until_its_successor_is_known() -> None:
    """And whoever reads that it was replaced is told to ask by what."""
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)

    reading = ledger.report(evolve(shown(terms, S.PENDING_REPLACE, updated=1), replaced_by="b-2"))

    assert reading.leaves_questions
    assert ledger.order("o-entry").status is S.PENDING_REPLACE
    ledger.report(successor(terms))
    assert ledger.order("o-entry").status is S.ACCEPTED


@pytest.mark.parametrize(("new_quantity", "total"), [("60", 100), ("20", 60), ("100", 140)])
def test_what_had_filled_stays_with_the_order_before_and_is_not_traded_again(
    new_quantity: str, total: int
) -> None:
    """An order is closed here when its successor has traded all that it can, and not before."""
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.fill(terms, "40")

    ledger.report(successor(terms, new_quantity))

    order = ledger.order("o-entry")
    assert (order.terms.quantity, order.status) == (total, S.PARTIALLY_FILLED)


def test_a_replacement_down_to_what_has_filled_is_a_filled_order() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.fill(terms, "50")

    ledger.apply(
        e.OrderReplaced(
            at=ledger.now,
            order_id="o-entry",
            replaces="b-o-entry",
            broker_order_id="b-2",
            quantity=Decimal(50),
            limit_price=Decimal(100),
            stop_price=None,
            broker_updated_at=ledger.now,
        )
    )

    assert ledger.order("o-entry").status is S.FILLED


def test_a_cancel_that_was_asked_for_is_asked_of_the_newest() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.ask_cancel("o-entry")

    ledger.report(successor(terms))

    order = ledger.order("o-entry")
    assert (order.status, order.broker_order_id) == (S.PENDING_CANCEL, "b-2")


def test_a_leg_that_the_broker_swaps_is_the_same_leg() -> None:
    """Some venues give a stop another id when it is triggered: one stop, not two."""
    ledger, entry = Ledger(), bracket()
    ledger.enter(entry)
    stop = shown_exit(entry, OrderType.STOP, S.ACCEPTED)
    swapped = evolve(stop, broker_order_id="b-swapped", replaces=stop.broker_order_id)

    ledger.report(evolve(shown(entry, S.FILLED, "100"), legs=(swapped,)))

    stops = [one for one in ledger.book.orders() if one.terms.stop_price is not None]
    assert [one.broker_order_id for one in stops] == ["b-swapped"]


def test_a_successor_of_a_strangers_order_is_a_stranger() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")

    assert ledger.report(successor(terms)).unknown


def test_a_status_that_nobody_knows_is_asked_about_and_changes_nothing() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    before = ledger.order("o-entry")

    reading = ledger.report(evolve(shown(terms, updated=5), status=None, raw_status="teleported"))

    assert [one.raw_status for one in reading.unclear] == ["teleported"]
    assert reading.leaves_questions
    assert ledger.order("o-entry") == before


def test_an_order_first_seen_under_a_word_that_nobody_knows_is_taken_in_and_works() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.intend(terms)

    ledger.report(evolve(shown(terms), status=None, raw_status="teleported"))

    assert ledger.order("o-entry").status is S.ACCEPTED


def test_a_successor_that_has_filled_unheard_is_missed_though_it_is_for_less() -> None:
    """It counts its own fills only: 40 of 40 are not the 60 that the one before had filled."""
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.fill(terms, "60")
    ledger.report(successor(terms, "40"))
    filled = evolve(
        successor(terms, "40"), status=S.FILLED, filled=Decimal(40), average_price=Decimal(101)
    )

    reading = ledger.report(filled)

    assert reading.missing_executions == ("o-entry",)
    assert ledger.order("o-entry").is_open
    ledger.guess(filled)
    assert (ledger.order("o-entry").filled, ledger.order("o-entry").status) == (100, S.FILLED)
    assert ledger.order("o-entry").notional_filled == 60 * 100 + 40 * 101
    assert not ledger.report(filled).leaves_questions


def test_a_bust_of_an_order_that_was_replaced_is_taken_in() -> None:
    ledger, terms = Ledger(), order_terms(limit="100")
    ledger.work(terms)
    ledger.fill(terms, "40")
    ledger.report(successor(terms, "60"))

    ledger.update(OrderUpdate(event="trade_bust", order=shown(terms), busted=("fill-1",)))

    assert (ledger.order("o-entry").filled, ledger.held()) == (0, 0)
