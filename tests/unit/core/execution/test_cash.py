"""Money that moved at the broker was moved by a fill, or is named."""

from decimal import Decimal

from cream.core.execution import events as e
from cream.core.execution.cash import CashPoint, unexplained
from cream.core.execution.reconciliation import DiscrepancyKind
from cream.core.model.broker import OrderUpdate
from cream.core.model.order import OrderPurpose, Side
from tests.fakes.builders import CALL, execution, leg_executions, order_terms, shown, spread
from tests.fakes.ledger import Ledger


def point(cash: str, flow: str) -> CashPoint:
    return CashPoint(at_broker=Decimal(cash), by_fills=Decimal(flow))


def test_what_the_fills_cost_is_explained() -> None:
    assert unexplained(point("1000", "0"), point("899.50", "-100.50")) is None


def test_what_no_fill_has_moved_is_named_with_its_sign() -> None:
    found = unexplained(point("1000", "0"), point("912.25", "-100"))

    assert found is not None
    assert (found.kind, found.ours, found.theirs) == (DiscrepancyKind.CASH, "-100", "-87.75")
    assert not found.critical


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
