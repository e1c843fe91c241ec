"""What exits have closed twice: known from orders and holdings, and never guessed."""

from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.overshoots import (
    closed_twice,
    found_at_start,
    taking_back,
    to_take_back,
    turned_over,
)
from cream.core.model.order import OrderPurpose, Side
from tests.fakes.builders import AAPL, bracket, order_terms
from tests.fakes.ledger import Ledger


def pair(ledger: Ledger) -> tuple[str, str]:
    """An entry for 100 that has filled, and its two exits."""
    terms = bracket()
    ledger.enter(terms)
    target, stop = (one.order_id for one in ledger.book.children(terms.order_id))
    return target, stop


def last(ledger: Ledger) -> e.Event:
    return ledger.records[-1].event


def test_an_exit_that_closes_what_is_held_turns_nothing_over() -> None:
    ledger = Ledger()
    target, _ = pair(ledger)
    assert turned_over(ledger.book, last(ledger)) is None
    ledger.trade(target, "60")
    assert turned_over(ledger.book, last(ledger)) is None
    ledger.trade(target, "40")
    assert turned_over(ledger.book, last(ledger)) is None
    assert closed_twice(ledger.book, "AAPL") == 0
    assert closed_twice(ledger.book, "MSFT") == 0
    assert list(found_at_start(ledger.book)) == []


def test_what_both_exits_have_closed_is_there_once_too_often() -> None:
    ledger = Ledger()
    target, stop = pair(ledger)
    ledger.trade(target, "100")
    ledger.trade(stop, "30")
    assert turned_over(ledger.book, last(ledger)) == "AAPL"
    assert closed_twice(ledger.book, "AAPL") == 30
    assert list(found_at_start(ledger.book)) == ["AAPL"]


def test_an_exit_of_an_agent_counts_like_any_other() -> None:
    ledger = Ledger()
    _, stop = pair(ledger)
    close = order_terms("o-close", "100", side=Side.SELL, purpose=OrderPurpose.EXIT)
    ledger.enter(close)
    ledger.trade(stop, "100")
    assert turned_over(ledger.book, last(ledger)) == "AAPL"
    assert closed_twice(ledger.book, "AAPL") == 100


def test_what_somebody_has_opened_on_purpose_is_let_be() -> None:
    """Short by an entry of 50, and by 20 that an exit has closed too much."""
    ledger = Ledger()
    target, stop = pair(ledger)
    ledger.trade(target, "100")
    ledger.enter(order_terms("o-short", "50", side=Side.SELL))
    assert turned_over(ledger.book, last(ledger)) is None
    assert closed_twice(ledger.book, "AAPL") == 0
    ledger.trade(stop, "20")
    assert closed_twice(ledger.book, "AAPL") == 20


def test_a_holding_that_no_order_explains_is_nothing_that_exits_have_closed() -> None:
    ledger = Ledger()
    ledger.apply(
        e.PositionAdjusted(
            at=ledger.now,
            instrument=AAPL,
            quantity=Decimal(-100),
            average_price=Decimal(100),
            reason="assigned",
        )
    )
    assert turned_over(ledger.book, last(ledger)) is None
    assert closed_twice(ledger.book, "AAPL") == 0
    assert list(found_at_start(ledger.book)) == []


def test_it_is_taken_back_once_by_an_order_that_only_reduces() -> None:
    ledger = Ledger()
    target, stop = pair(ledger)
    ledger.trade(target, "100")
    ledger.trade(stop, "100")
    assert to_take_back(ledger.book, "AAPL") == 100
    back = taking_back(ledger.book, "AAPL", Decimal(100))
    assert (back.side, back.purpose) == (Side.BUY, OrderPurpose.EXIT)
    ledger.work(back)
    assert to_take_back(ledger.book, "AAPL") == 0
    assert closed_twice(ledger.book, "AAPL") == 100
    ledger.fill(back, "100")
    assert closed_twice(ledger.book, "AAPL") == 0
    assert list(found_at_start(ledger.book)) == []
