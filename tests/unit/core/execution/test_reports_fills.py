"""What is booked of what reports say has filled, and when an order counts as filled."""

from decimal import Decimal

import pytest

from cream.core.execution import events as e
from cream.core.execution.lifecycle import LOST
from cream.core.execution.reports import Reading, read_executions
from cream.core.model.order import OrderStatus, Side
from tests.fakes.builders import (
    NOW,
    broker_id,
    execution,
    later,
    order_terms,
    shown,
)
from tests.fakes.ledger import Ledger

S = OrderStatus
TERMS = order_terms()


def kinds(reading: Reading) -> list[str]:
    return [type(one).__name__ for one in reading.events]


def intended() -> Ledger:
    ledger = Ledger()
    ledger.intend(TERMS)
    return ledger


def working() -> Ledger:
    ledger = intended()
    ledger.report(shown(TERMS))
    return ledger


# Fills ------------------------------------------------------------------------------------------


def test_an_update_with_an_execution_acknowledges_then_fills() -> None:
    ledger = intended()

    reading = ledger.report(
        shown(TERMS, S.PARTIALLY_FILLED, "40"), execution(TERMS, "x-1", "40", "99.98")
    )

    assert kinds(reading) == ["OrderAcknowledged", "OrderFilled"]
    order = ledger.order("o-entry")
    assert (order.status, order.filled) == (S.PARTIALLY_FILLED, 40)
    assert order.average_price == Decimal("99.98")


def test_an_execution_carries_all_it_says_into_the_fill() -> None:
    ledger = working()
    one = execution(TERMS, "x-1", "40", "99.98", seconds=7, commission="0.35")

    reading = ledger.report(shown(TERMS, S.PARTIALLY_FILLED, "40"), one)

    (event,) = reading.events
    assert isinstance(event, e.OrderFilled)
    fill = event.fill
    assert (fill.execution_id, fill.order_id) == ("x-1", "o-entry")
    assert (fill.instrument, fill.side) == (TERMS.instrument, Side.BUY)
    assert (fill.quantity, fill.price, fill.commission) == (40, Decimal("99.98"), Decimal("0.35"))
    assert fill.executed_at == later(7)


@pytest.mark.parametrize("status", [S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED])
@pytest.mark.parametrize("filled", ["40", "100"])
def test_missing_executions_never_fill_or_close_an_order(status: S, filled: str) -> None:
    """What has filled is only what is booked: the report says what has to be fetched."""
    ledger = working()

    reading = ledger.report(shown(TERMS, status, filled))

    assert reading.events == ()
    assert reading.missing_executions == ("o-entry",)
    assert reading.missing_since == NOW
    assert ledger.order("o-entry").status is S.ACCEPTED
    assert ledger.held() == 0


def test_filled_without_a_figure_claims_all_of_it() -> None:
    ledger = working()

    reading = ledger.report(shown(TERMS, S.FILLED, "0"))

    assert reading.missing_executions == ("o-entry",)
    assert ledger.order("o-entry").status is S.ACCEPTED


def test_once_the_executions_are_fetched_the_same_report_closes_the_order() -> None:
    ledger = working()
    report = shown(TERMS, S.CANCELED, "40", reason="by its owner")
    ledger.report(report)

    ledger.executions([execution(TERMS, "x-1", "40")])
    ledger.report(report)

    order = ledger.order("o-entry")
    assert (order.status, order.filled, order.reason) == (S.CANCELED, 40, "by its owner")


def test_an_order_that_the_broker_reduced_is_filled_once_all_of_that_is_booked() -> None:
    """Of two exits after the same shares, one shrinks when the other fills. It must not stay open
    here, as if a rest of it still guarded something.
    """
    ledger = working()
    ledger.fill(TERMS, "60")

    ledger.report(shown(TERMS, S.FILLED, "60", quantity="60"))

    order = ledger.order("o-entry")
    assert (order.status, order.filled, order.leaves) == (S.FILLED, 60, 0)
    assert "reduced" in order.reason


def test_the_execution_that_completes_a_reduced_order_completes_it_at_once() -> None:
    ledger = working()

    reading = ledger.report(
        shown(TERMS, S.FILLED, "60", quantity="60"), execution(TERMS, "x-1", "60")
    )

    assert kinds(reading) == ["OrderFilled", "OrderProgressed"]
    assert ledger.order("o-entry").status is S.FILLED


def test_an_execution_that_comes_again_is_not_booked_again() -> None:
    ledger = working()
    report = shown(TERMS, S.PARTIALLY_FILLED, "40")
    one = execution(TERMS, "x-1", "40")

    ledger.report(report, one, one)
    reading = ledger.report(report, one)

    assert reading == Reading()
    assert ledger.order("o-entry").filled == 40


def test_an_execution_that_is_told_twice_in_one_message_hides_none_that_is_missing() -> None:
    ledger = working()
    one = execution(TERMS, "x-1", "40")

    reading = ledger.report(shown(TERMS, S.PARTIALLY_FILLED, "80"), one, one)

    assert reading.missing_executions == ("o-entry",)
    assert ledger.held() == 40


@pytest.mark.parametrize("quantity", ["0", "-5"])
def test_an_execution_of_nothing_is_none(quantity: str) -> None:
    ledger = working()

    reading = ledger.report(shown(TERMS), execution(TERMS, "x-1", quantity))

    assert reading == Reading()


def test_a_fill_and_an_end_in_one_message_are_both_believed() -> None:
    ledger = working()

    ledger.report(shown(TERMS, S.CANCELED, "40"), execution(TERMS, "x-1", "40"))

    assert ledger.order("o-entry").status is S.CANCELED
    assert ledger.held() == 40


def test_a_late_execution_of_a_closed_order_is_booked() -> None:
    ledger = working()
    ledger.report(shown(TERMS, S.CANCELED))

    ledger.report(shown(TERMS, S.CANCELED, "40"), execution(TERMS, "x-1", "40"))

    assert ledger.order("o-entry").status is S.CANCELED
    assert (ledger.held(), ledger.book.late_fills) == (40, 1)


def test_an_order_that_proves_to_be_alive_takes_its_fills_with_it() -> None:
    """What was taken for absent has traded."""
    ledger = intended()
    ledger.apply(
        e.OrderRefused(at=NOW, order_id="o-entry", code="NOT_FOUND_AT_BROKER", message="gone")
    )

    ledger.report(shown(TERMS, S.PARTIALLY_FILLED, "40"), execution(TERMS, "x-1", "40"))

    order = ledger.order("o-entry")
    assert (order.status, order.filled) == (S.PARTIALLY_FILLED, 40)
    assert order.is_open


def test_an_order_that_proves_to_have_lived_and_ended_is_closed_again() -> None:
    ledger = intended()
    ledger.apply(
        e.OrderRefused(at=NOW, order_id="o-entry", code="NOT_FOUND_AT_BROKER", message="gone")
    )

    ledger.report(shown(TERMS, S.EXPIRED))

    assert ledger.order("o-entry").status is S.EXPIRED
    assert ledger.order("o-entry").broker_order_id == broker_id("o-entry")


def test_an_order_that_the_broker_denied_and_then_shows_works_again() -> None:
    ledger = Ledger()
    ledger.work(TERMS)
    ledger.apply(
        e.OrderProgressed(at=NOW, order_id="o-entry", status=S.CANCELED, reason=f"{LOST} gone")
    )
    assert not ledger.order("o-entry").is_open

    ledger.report(shown(TERMS, S.EXPIRED))
    assert ledger.order("o-entry").status is S.CANCELED, "over is over"

    ledger.report(shown(TERMS, S.ACCEPTED))
    assert ledger.order("o-entry").status is S.ACCEPTED


def test_an_order_that_was_cancelled_stays_so_whatever_a_late_report_says() -> None:
    ledger = Ledger()
    ledger.work(TERMS)
    ledger.report(shown(TERMS, S.CANCELED))
    ledger.report(shown(TERMS, S.ACCEPTED))
    assert ledger.order("o-entry").status is S.CANCELED


# Queries for executions -------------------------------------------------------------------------


def test_executions_are_booked_in_the_order_in_which_they_happened() -> None:
    """What was earned depends on it: a purchase after a sale is not one before it."""
    ledger = Ledger()
    buy, sell = order_terms("o-buy", "20"), order_terms("o-sell", "10", side=Side.SELL)
    ledger.work(buy)
    ledger.work(sell)

    ledger.executions(
        [
            execution(buy, "x-1", "10", "100", seconds=1),
            execution(sell, "x-2", "10", "101", seconds=2),
            execution(buy, "x-3", "10", "120", seconds=3),
        ]
    )

    position = ledger.book.position(buy.instrument)
    assert position.realized_pnl == 10
    assert position.average_price == 120


def test_executions_of_strangers_and_known_ones_are_left_alone() -> None:
    ledger = working()
    one = execution(TERMS, "x-1", "10")
    ledger.executions([one])

    stranger = execution(order_terms("o-stranger"), "x-2", "10")

    assert ledger.executions([one, stranger]) == Reading()
    assert read_executions(ledger.book, [], NOW) == Reading()
