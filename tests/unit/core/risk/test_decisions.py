"""What follows from a command: cancels, restrictions, debts."""

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.events import Event, Record
from cream.core.model.order import OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import (
    Decided,
    cancel_orders,
    lift,
    owe_mass_cancel,
    request_cancels,
    restrict,
    together,
)
from tests.fakes.builders import NOW, order_terms, tactic


def book_of(*events: Event) -> Book:
    book = Book()
    for event in events:
        book.apply(Record(book.sequence + 1, event))
    return book


def after(book: Book, decided: Decided[object]) -> Book:
    for event in decided.events:
        book.apply(Record(book.sequence + 1, event))
    return book


def intended(order_id: str, **changes: object) -> e.OrderIntended:
    return e.OrderIntended(at=NOW, terms=order_terms(order_id, **changes), reason="test")  # type: ignore[arg-type]


def closed(order_id: str, status: OrderStatus) -> e.OrderProgressed:
    return e.OrderProgressed(at=NOW, order_id=order_id, status=status, reason="test")


def test_an_open_order_is_asked_to_go() -> None:
    decided = cancel_orders(["o1"], "why", "me")(book_of(intended("o1")), NOW)

    assert [type(one) for one in decided.events] == [e.CancelRequested]
    assert decided.cancels == ("o1",)
    assert decided.result[0].accepted


def test_asking_again_records_nothing_and_asks_the_broker_again() -> None:
    book = book_of(intended("o1"))
    after(book, cancel_orders(["o1"], "why", "me")(book, NOW))

    again = cancel_orders(["o1"], "why", "me")(book, NOW)

    assert again.events == ()
    assert again.cancels == ("o1",)


def test_what_is_unknown_or_closed_is_said_so() -> None:
    book = book_of(
        intended("o1"),
        closed("o1", OrderStatus.EXPIRED),
        intended("o2"),
        closed("o2", OrderStatus.CANCELED),
    )

    answers = cancel_orders(["o1", "o2", "nobody"], "why", "me")(book, NOW).result

    assert [(one.accepted, one.code) for one in answers] == [
        (False, "ORDER_NOT_CANCELABLE"),
        (True, ""),
        (False, "NOT_FOUND"),
    ]


def test_a_tactic_goes_with_its_slices() -> None:
    parent = e.OrderIntended(at=NOW, terms=tactic("o-t"), reason="test")
    book = book_of(parent, intended("s1", parent="o-t"), intended("s2", parent="o-t"))

    decided = cancel_orders(["o-t"], "why", "me")(book, NOW)

    assert len(decided.events) == 3
    assert decided.cancels == ("s1", "s2")


def test_the_first_reason_of_a_cause_stands_but_an_operator_may_say_more() -> None:
    book = book_of()
    halt = restrict(Cause.OPERATOR, TradingState.HALTED, "one", "me")
    gone = restrict(Cause.DISCONNECT, TradingState.REDUCING, "one", "watchdog")
    after(book, together(halt, gone)(book, NOW))
    assert book.trading_state is TradingState.HALTED

    again = restrict(Cause.DISCONNECT, TradingState.REDUCING, "two", "watchdog")(book, NOW)
    more = restrict(Cause.OPERATOR, TradingState.HALTED, "two", "me")(book, NOW)

    assert again.events == ()
    assert len(more.events) == 1


def test_only_standing_causes_are_lifted() -> None:
    book = book_of()
    after(book, restrict(Cause.OPERATOR, TradingState.HALTED, "x", "me")(book, NOW))

    decided = lift([Cause.OPERATOR, Cause.DISCONNECT], "back", "me")(book, NOW)
    after(book, decided)

    assert len(decided.events) == 1
    assert book.trading_state is TradingState.ACTIVE


def test_a_debt_is_owed_once() -> None:
    book = book_of()
    after(book, owe_mass_cancel("x")(book, NOW))

    assert owe_mass_cancel("y")(book, NOW).events == ()


def test_requests_tell_who_wants_it() -> None:
    book = book_of(intended("o1"))

    events, cancels = request_cancels(book.open_orders(), "why", "me", NOW)

    assert [(one.reason, one.actor) for one in events if isinstance(one, e.CancelRequested)] == [
        ("why", "me")
    ]
    assert cancels == ("o1",)
