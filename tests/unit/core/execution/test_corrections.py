"""What was not what it seemed is put right, and nothing is counted twice."""

from decimal import Decimal

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution import events as e
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from tests.fakes.builders import (
    AAPL,
    MSFT,
    bracket,
    broker_id,
    execution,
    order_terms,
    shown,
    spread,
    tactic,
)
from tests.fakes.ledger import Ledger

S = OrderStatus


def showing(terms: OrderTerms, filled: str, average: str | None, **changes: object) -> BrokerOrder:
    """The broker shows `filled` of the order at `average` on average."""
    price = None if average is None else Decimal(average)
    return evolve(shown(terms, S.PARTIALLY_FILLED, filled), average_price=price, **changes)


# Guesses ----------------------------------------------------------------------------------------


def test_what_nobody_tells_is_guessed_from_the_average() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.fill(terms, "10", "100")

    ledger.guess(showing(terms, "40", "103"))

    assert ledger.held() == 40
    assert ledger.order("o-entry").average_price == Decimal("103.00")
    assert [one.price for one in ledger.order("o-entry").inferred] == [Decimal("104.00")]


def test_a_guess_guards_the_position_like_a_fill() -> None:
    ledger, entry = Ledger(), bracket()
    ledger.work(entry)

    ledger.guess(showing(entry, "40", "100"))

    assert ledger.book.protections["AAPL"].stop_loss == 95


def test_the_same_guess_is_made_once() -> None:
    """The guess follows from the facts; what is booked already is not missing any more."""
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)

    for _ in range(3):
        ledger.guess(showing(terms, "40", "103"))

    assert ledger.held() == 40


def test_the_execution_takes_the_place_of_the_guess() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.guess(showing(terms, "40", "103"))

    ledger.fill(terms, "40", "102.90")

    order = ledger.order("o-entry")
    assert (order.filled, order.inferred) == (40, ())
    assert order.average_price == Decimal("102.90")
    assert ledger.book.position(AAPL).average_price == Decimal("102.90")


def test_an_average_that_contradicts_what_is_booked_is_still_the_best_that_is_known() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.fill(terms, "90", "100")

    ledger.guess(showing(terms, "91", "50"))

    assert [one.price for one in ledger.order("o-entry").inferred] == [50]


def test_nothing_is_guessed_without_a_price_nor_of_a_spread() -> None:
    ledger, terms, legs = Ledger(), order_terms(), spread()
    ledger.work(terms)
    ledger.intend(legs)
    ledger.report(shown(legs))

    ledger.guess(showing(terms, "40", None))
    ledger.guess(showing(legs, "1", "3"))

    assert ledger.book.fills_booked == 0


sizes = st.lists(st.integers(1, 30), min_size=1, max_size=6)


@given(sizes, sizes, st.randoms(use_true_random=False))
def test_however_guesses_and_executions_alternate_each_share_counts_once(
    told: list[int], seen: list[int], chance: object
) -> None:
    """A report shows a total; executions come late, early, or twice. The end is the same."""
    ledger, terms = Ledger(), order_terms(quantity=str(sum(told)))
    ledger.work(terms)
    pending = [
        execution(terms, f"x-{index}", str(size), str(100 + index))
        for index, size in enumerate(told)
    ]
    for size in seen:
        total = min(ledger.order("o-entry").filled + size, Decimal(sum(told)))
        ledger.guess(showing(terms, str(total), "101"))
        if pending:
            ledger.executions([pending[0]])
            ledger.executions([pending.pop(0)])
    for one in pending:
        ledger.executions([one])

    order = ledger.order("o-entry")
    assert (order.filled, ledger.held()) == (sum(told), sum(told))
    assert order.inferred == ()
    notional = sum(size * (100 + index) for index, size in enumerate(told))
    assert order.notional_filled == notional
    position = ledger.book.position(AAPL)
    assert position.cost - position.realized_pnl == notional


def test_a_guess_about_a_slice_is_its_tactics_too() -> None:
    ledger = Ledger()
    parent = tactic()
    piece = order_terms("o-slice", "40", parent="o-tactic")
    ledger.intend(parent)
    ledger.work(piece)

    ledger.guess(showing(piece, "40", "100"))
    ledger.fill(piece, "40", "101")

    whole = ledger.order("o-tactic")
    assert (whole.filled, whole.average_price) == (40, Decimal("101.00"))


# Corrections and busts ----------------------------------------------------------------------------


def test_a_corrected_execution_takes_the_place_of_the_one_that_was_wrong() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.executions([execution(terms, "x-1", "40", "100")])

    right = evolve(execution(terms, "x-2", "30", "99"), corrects="x-1")
    ledger.report(shown(terms, S.PARTIALLY_FILLED, "30"), right)
    ledger.report(shown(terms, S.PARTIALLY_FILLED, "30"), right)

    order = ledger.order("o-entry")
    assert (order.filled, order.average_price, ledger.held()) == (30, Decimal("99.00"), 30)


def test_a_busted_execution_has_never_been() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.executions([execution(terms, "x-1", "40", "100"), execution(terms, "x-2", "5", "90")])

    for _ in range(2):
        update = OrderUpdate(event="trade_bust", order=shown(terms), busted=("x-1", "nobody's"))
        ledger.update(update)

    assert (ledger.order("o-entry").filled, ledger.held()) == (5, 5)
    assert ledger.book.position(AAPL).average_price == Decimal("90.00")


def test_a_bust_does_not_open_a_closed_order_again() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.executions([execution(terms, "x-1", "100", "100")])

    busted = OrderUpdate(event="trade_bust", order=shown(terms, S.FILLED, "0"), busted=("x-1",))
    ledger.update(busted)

    order = ledger.order("o-entry")
    assert (order.status, order.filled, order.leaves) == (S.FILLED, 0, 0)
    assert ledger.held() == 0
    assert "AAPL" not in ledger.book.protections


def test_what_an_exit_had_closed_is_held_again_when_it_is_busted() -> None:
    ledger, entry = Ledger(), order_terms()
    leave = order_terms("o-exit", side=Side.SELL, purpose=OrderPurpose.EXIT)
    ledger.enter(entry, "100")
    ledger.work(leave)
    ledger.executions([execution(leave, "x-out", "100", "130", side=Side.SELL)])
    assert ledger.book.position(AAPL).realized_pnl == 3_000

    ledger.update(OrderUpdate(event="trade_bust", order=shown(leave), busted=("x-out",)))

    assert ledger.held() == 100
    position = ledger.book.position(AAPL)
    assert position.realized_pnl + position.unrealized_pnl(Decimal(100)) == 0


def test_an_execution_that_comes_again_after_its_bust_stays_busted() -> None:
    ledger, terms = Ledger(), order_terms(instrument=MSFT)
    ledger.work(terms)
    ledger.executions([execution(terms, "x-1", "40")])
    ledger.update(OrderUpdate(event="trade_bust", order=shown(terms), busted=("x-1",)))

    ledger.executions([execution(terms, "x-1", "40")])

    assert ledger.held(MSFT) == 0
    kinds = [type(one.event) for one in ledger.records]
    assert kinds.count(e.OrderFilled) == 1
    assert broker_id("o-entry") == ledger.order("o-entry").broker_order_id
