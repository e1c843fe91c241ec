"""Money that moved at the broker was moved by a fill, or is named."""

from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.cash import CashPoint, compared
from cream.core.execution.reconciliation import DiscrepancyKind
from cream.core.model.broker import OrderUpdate
from cream.core.model.order import OrderPurpose, Side
from tests.fakes.builders import CALL, execution, leg_executions, order_terms, shown, spread
from tests.fakes.ledger import Ledger


def point(cash: str, flow: str, told: str = "0") -> CashPoint:
    return CashPoint(at_broker=Decimal(cash), by_fills=Decimal(flow), by_activities=Decimal(told))


def finding(before: CashPoint, now: CashPoint, left: str = "0") -> tuple[Decimal, bool]:
    """What is left, and whether it is worth naming."""
    found = compared(before, now, Decimal(left))
    return found.unexplained, found.discrepancy is not None


def test_what_the_fills_cost_is_explained() -> None:
    assert finding(point("1000", "0"), point("899.50", "-100.50")) == (0, False)


def test_what_no_fill_has_moved_is_named_with_its_sign() -> None:
    found = compared(point("1000", "0"), point("912.25", "-100"), Decimal(0)).discrepancy

    assert found is not None
    assert (found.kind, found.ours, found.theirs) == (DiscrepancyKind.CASH, "-100", "-87.75")
    assert not found.critical


def test_a_fee_that_has_its_row_is_explained() -> None:
    """As a deposit and a dividend are; the fills of the same time are counted beside it."""
    assert finding(point("1000", "0"), point("899.98", "-100", "-0.02")) == (0, False)


def test_a_row_for_another_amount_leaves_the_rest_unexplained() -> None:
    found = finding(point("1000", "0"), point("999", "0", "-0.40"))
    assert found == (Decimal("-0.60"), True)


def test_a_row_that_comes_a_day_after_its_money_is_no_news() -> None:
    """The money was named when it moved; a row explains it, or a part of it."""
    before = point("0", "0")
    assert finding(before, point("-100", "0")) == (-100, True)
    assert finding(before, point("0", "0", "-100"), left="-100") == (0, False)
    assert finding(before, point("0", "0", "-60"), left="-100") == (-40, False)
    assert finding(before, point("0", "0", "60"), left="100") == (40, False)


def test_a_row_without_its_money_is_named_and_the_money_then_is_not() -> None:
    assert finding(point("0", "0"), point("0", "0", "-5")) == (5, True)
    assert finding(point("0", "0", "-5"), point("-5", "0", "-5"), left="5") == (0, False)


def test_what_moves_without_a_row_is_named_beside_what_was_left() -> None:
    assert finding(point("0", "0"), point("7", "0"), left="100") == (107, True)
    assert finding(point("0", "0"), point("-7", "0"), left="100") == (93, True)


def test_a_purchase_pays_its_value_and_its_commission() -> None:
    ledger, terms = Ledger(), order_terms(instrument=CALL)
    ledger.work(terms)
    ledger.fill(terms, "2", "1.50", commission="1.30")

    assert ledger.book.paid == Decimal("-301.30")


def test_a_round_trip_has_paid_what_it_lost() -> None:
    ledger, entry = Ledger(), order_terms()
    leave = order_terms("o-exit", side=Side.SELL, purpose=OrderPurpose.EXIT)
    ledger.enter(entry, "100")
    ledger.work(leave)
    ledger.fill(leave, "100", "99.5", commission="0.02")

    assert ledger.book.paid == Decimal("-50.02")


def test_a_spread_pays_by_its_legs() -> None:
    ledger, legs = Ledger(), spread()
    ledger.intend(legs)
    ledger.report(shown(legs), *leg_executions(legs, "x", "1", ["4", "1"]))

    booked = [one.event for one in ledger.records if isinstance(one.event, e.SpreadFilled)]
    assert ledger.book.paid == sum(fill.paid for one in booked for fill in one.legs)
    assert ledger.book.paid != 0


def test_a_busted_fill_has_paid_nothing() -> None:
    ledger, terms = Ledger(), order_terms()
    ledger.work(terms)
    ledger.executions([execution(terms, "x-1", "40", "100", commission="1")])

    ledger.update(OrderUpdate(event="trade_bust", order=shown(terms), busted=("x-1",)))

    assert ledger.book.paid == 0
