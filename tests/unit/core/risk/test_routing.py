"""What whoever sends orders records about one of them."""

from decimal import Decimal

import pytest

from cream.core.model.broker import OutcomeUnknown, Refused
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from cream.core.risk import routing
from tests.fakes.builders import NOW, order_terms
from tests.fakes.ledger import Ledger

S = OrderStatus


def holding(quantity: str = "100") -> Ledger:
    ledger = Ledger()
    ledger.enter(order_terms("o-held", quantity))
    return ledger


def closing(order_id: str = "o-out", quantity: str = "100", side: Side = Side.SELL) -> OrderTerms:
    return order_terms(order_id, quantity, side=side, purpose=OrderPurpose.EXIT)


def test_the_answer_to_a_submit_is_recorded() -> None:
    ledger = Ledger()
    ledger.intend(order_terms("o-1"), order_terms("o-2"))
    refused = Refused("NO", "not today")
    for order_id, outcome in (("o-1", refused), ("o-2", OutcomeUnknown("silence"))):
        ledger.apply(*routing.answered(order_id, outcome)(ledger.book, ledger.now).events)
    assert ledger.order("o-1").status is S.REJECTED
    assert ledger.order("o-2").status is S.UNKNOWN_SUBMIT


def test_an_order_that_is_to_go_and_never_left_is_over() -> None:
    ledger = Ledger()
    ledger.intend(order_terms("o-1"))
    assert not routing.withdraw("o-1")(ledger.book, ledger.now).events
    ledger.ask_cancel("o-1")
    ledger.apply(*routing.withdraw("o-1")(ledger.book, ledger.now).events)
    assert ledger.order("o-1").status is S.CANCELED


def test_an_order_that_the_broker_has_is_not_withdrawn() -> None:
    ledger = Ledger()
    ledger.work(order_terms("o-1"))
    ledger.ask_cancel("o-1")
    assert not routing.withdraw("o-1")(ledger.book, ledger.now).events


def test_a_refused_cancel_leaves_the_order_as_it_was() -> None:
    ledger = Ledger()
    ledger.work(order_terms("o-1"))
    assert not routing.cancel_refused("o-1", "no")(ledger.book, ledger.now).events
    ledger.ask_cancel("o-1")
    ledger.apply(*routing.cancel_refused("o-1", "no")(ledger.book, ledger.now).events)
    assert ledger.order("o-1").status is S.ACCEPTED


def test_what_holds_the_shares_of_an_exit_is_asked_to_go() -> None:
    ledger = holding()
    stop = order_terms("o-stop", "100", side=Side.SELL, stop="95", purpose=OrderPurpose.STOP_LOSS)
    ledger.work(stop)
    ledger.intend(closing())
    decided = routing.release_holders("o-out")(ledger.book, ledger.now)
    assert decided.result == decided.cancels == ("o-stop",)
    ledger.apply(*decided.events)
    assert ledger.order("o-stop").status is S.PENDING_CANCEL


@pytest.mark.parametrize(
    ("quantity", "side", "problem"),
    [
        ("99", Side.SELL, None),
        ("100", Side.SELL, None),
        ("101", Side.SELL, "101 AAPL to close, but only 100 are held"),
        ("1", Side.BUY, "1 AAPL to close, but only 0 are held"),
    ],
)
def test_an_exit_closes_no_more_than_is_held(
    quantity: str, side: Side, problem: str | None
) -> None:
    ledger = holding()
    terms = closing(quantity=quantity, side=side)
    found = routing.closes_too_much(ledger.book, terms)
    assert found == problem

    ledger.intend(terms)
    events = routing.bound_exit("o-out")(ledger.book, ledger.now).events
    ledger.apply(*events)
    assert ledger.order("o-out").status is (S.PENDING_NEW if problem is None else S.REJECTED)
    assert ledger.held() == Decimal(100)


def test_of_an_order_that_left_memory_meanwhile_nothing_is_recorded() -> None:
    """Whoever asked the broker about it may have waited for longer than a closed order is kept."""
    book = Ledger().book
    for decide in (routing.withdraw("o-gone"), routing.cancel_refused("o-gone", "too late")):
        assert decide(book, NOW).events == ()
