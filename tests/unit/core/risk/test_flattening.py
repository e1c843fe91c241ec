"""What is closed at once: everything that no exit at any price works on yet."""

from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.market import Unknown
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import Environment
from cream.core.model.position import Position
from cream.core.risk.flattening import close_everything, is_done, settled_if_flat
from cream.core.risk.gate import Gate
from cream.core.risk.limits import Constraints
from cream.core.risk.view import PortfolioView
from tests.fakes.builders import AAPL, MSFT, order_terms
from tests.fakes.ledger import Ledger

GATE = Gate(Constraints(), Environment.PAPER, "a")


def view_of(book: Book, _now: object) -> PortfolioView:
    return PortfolioView(
        account=Unknown("not asked"),
        positions=book.positions,
        working=tuple(book.open_orders()),
        quote=lambda _symbol: Unknown("not asked"),
        knows=lambda _instrument: True,
    )


def holding() -> Ledger:
    """Long a hundred and short fifty."""
    ledger = Ledger()
    ledger.enter(order_terms("o-long", "100"))
    ledger.enter(order_terms("o-short", "50", side=Side.SELL, instrument=MSFT))
    return ledger


def close(ledger: Ledger) -> tuple[str, ...]:
    decided = close_everything(GATE, view_of, "enough")(ledger.book, ledger.now)
    assert [one.terms.order_id for one in decided.sends] == [*decided.result.order_ids]
    ledger.apply(*decided.events)
    return decided.result.order_ids


def test_every_position_gets_an_exit_at_the_market_what_is_owed_first() -> None:
    ledger = holding()
    exits = [ledger.order(one).terms for one in close(ledger)]
    found = [(one.instrument, one.side, one.quantity, one.order_type) for one in exits]
    assert found == [
        (MSFT, Side.BUY, Decimal(50), OrderType.MARKET),
        (AAPL, Side.SELL, Decimal(100), OrderType.MARKET),
    ]
    assert {one.purpose for one in exits} == {OrderPurpose.EXIT}


def test_what_an_exit_works_on_is_not_closed_twice() -> None:
    ledger = holding()
    assert len(close(ledger)) == 2
    assert close(ledger) == ()


def test_what_waits_for_a_better_price_is_asked_to_go() -> None:
    ledger = holding()
    ledger.work(order_terms("o-rest", "40", side=Side.SELL, limit="120", purpose=OrderPurpose.EXIT))
    close(ledger)
    assert ledger.order("o-rest").status is OrderStatus.PENDING_CANCEL


def test_what_the_gate_refuses_is_told_and_does_not_leave() -> None:
    """The view knows less than the book: the gate sees nothing to close."""
    ledger = holding()

    def blind(book: Book, now: object) -> PortfolioView:
        seen = view_of(book, now)
        flat = {one: Position(instrument=each.instrument) for one, each in seen.positions.items()}
        return PortfolioView(
            account=seen.account,
            positions=flat,
            working=(),
            quote=seen.quote,
            knows=seen.knows,
        )

    decided = close_everything(GATE, blind, "enough")(ledger.book, ledger.now)
    assert not decided.sends
    assert not decided.events
    refused = [(one.instrument_id, one.code) for one in decided.result.refused]
    assert refused == [("MSFT", "POSITION_MISMATCH"), ("AAPL", "POSITION_MISMATCH")]


def test_the_debt_is_paid_once_nothing_is_held_and_nothing_can_fill() -> None:
    ledger = holding()
    ledger.apply(e.FlattenOwed(at=ledger.now, reason="enough", actor="me"))
    assert not settled_if_flat(ledger.book, ledger.now).events
    for order_id in close(ledger):
        terms = ledger.order(order_id).terms
        ledger.trade(order_id, str(terms.quantity))
    ledger.apply(e.MassCancelOwed(at=ledger.now, reason="enough"))
    assert not is_done(ledger.book)
    ledger.apply(e.MassCancelConfirmed(at=ledger.now))
    assert is_done(ledger.book)
    ledger.apply(*settled_if_flat(ledger.book, ledger.now).events)
    assert ledger.book.flatten_owed is None
    assert not settled_if_flat(ledger.book, ledger.now).events
