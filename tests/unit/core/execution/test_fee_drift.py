"""What was estimated by the fill and what was charged by the day are compared by day and kind."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.activities import KEPT, ActivityBook
from cream.core.execution.activity_events import ActivityNoted
from cream.core.execution.fee_drift import charges, uncharged
from cream.core.model.activity import Activity, ActivityKind, ActivityStatus
from cream.core.model.fill import Fee, Fill
from cream.core.model.instrument import Equity
from cream.core.model.side import Side
from tests.fakes.builders import NOW, execution, order_terms
from tests.fakes.ledger import Ledger

DAY = NOW.date()


def sold(execution_id: str = "x-1", days: int = 0, **fees: str) -> Fill:
    return Fill(
        execution_id=execution_id,
        order_id="o-1",
        instrument=Equity("AAPL"),
        side=Side.SELL,
        quantity=Decimal(50),
        price=Decimal(100),
        executed_at=NOW + timedelta(days=days),
        fees=tuple(Fee(kind, Decimal(amount)) for kind, amount in fees.items()),
    )


def fee(kind: str, amount: str, traded: date | None = DAY, **changes: Any) -> Activity:
    told = "" if traded is None else f"{kind} fee for proceed of 50 shares (1 trades) on {traded}"
    row = Activity(
        activity_id=f"{kind}-{amount}",
        kind=ActivityKind.FEE,
        word="FEE",
        sub_word=kind,
        day=DAY + timedelta(days=1),
        net_amount=-Decimal(amount),
        description=told,
    )
    return evolve(row, **changes)


def book(fills: list[Fill], rows: list[Activity]) -> ActivityBook:
    made = ActivityBook()
    for fill in fills:
        made.traded(fill)
    for row in rows:
        made.fold(ActivityNoted(at=NOW, activity=row))
    return made


def compared(fills: list[Fill], rows: list[Activity]) -> list[tuple[str, str, str, bool]]:
    found = charges(book(fills, rows))
    assert {one.day for one in found} <= {DAY}
    return [(one.kind, str(one.estimated), str(one.charged), one.drifts) for one in found]


def test_fills_of_a_day_are_added_up_before_they_are_rounded() -> None:
    fills = [sold("x-1", TAF="0.004"), sold("x-2", TAF="0.004"), sold("x-3", TAF="0.004")]
    assert compared(fills, [fee("TAF", "0.02")]) == [("TAF", "0.02", "0.02", False)]


@pytest.mark.parametrize(("charged", "drifts"), [("0.02", False), ("0.04", False), ("0.05", True)])
def test_a_cent_is_no_drift_and_two_are(charged: str, drifts: bool) -> None:
    ((_, _, _, found),) = compared([sold(TAF="0.03")], [fee("TAF", charged)])
    assert found is drifts


def test_a_day_without_a_row_is_not_charged_yet() -> None:
    assert compared([sold(TAF="0.03", REG="1")], []) == []


def test_once_a_day_is_charged_each_of_its_kinds_is_looked_at() -> None:
    """One that was estimated and not charged, and one that was charged and not estimated."""
    found = compared([sold(TAF="0.03", REG="1")], [fee("TAF", "0.03"), fee("XYZ", "0.50")])
    assert found == [
        ("REG", "1.00", "0", True),
        ("TAF", "0.03", "0.03", False),
        ("XYZ", "0.00", "0.50", True),
    ]


def test_the_kind_may_stand_in_the_description_alone() -> None:
    found = compared([sold(TAF="0.03")], [fee("TAF", "0.03", sub_word="")])
    assert found == [("TAF", "0.03", "0.03", False)]


def test_a_row_that_names_no_day_is_for_the_last_one_before_it() -> None:
    earlier = sold("x-0", days=-3, TAF="9")
    found = compared([earlier, sold(TAF="0.03")], [fee("TAF", "0.03", None)])
    assert found == [("TAF", "0.03", "0.03", False)]


def test_a_row_of_long_ago_or_of_days_without_estimates_says_nothing() -> None:
    late = fee("TAF", "0.03", None, day=DAY + timedelta(days=6))
    elsewhere = fee("TAF", "0.04", DAY - timedelta(days=1))
    unreadable = fee("TAF", "0.05", None, description="TAF fee on 2026-99-99")
    assert compared([sold(TAF="0.03")], [late, elsewhere, unreadable]) == []


def test_a_row_that_does_not_count_is_no_charge() -> None:
    pending = fee("TAF", "0.03", status=ActivityStatus.PENDING)
    assert compared([sold(TAF="0.03")], [pending]) == []


def test_estimates_leave_memory_with_the_rows_they_wait_for() -> None:
    made = book([sold(TAF="1"), sold("x-2", days=KEPT.days + 1, TAF="2")], [])
    assert list(made.estimated_fees().values()) == [2]
    assert ActivityBook.of(made.state()) == made


def test_a_fill_costs_its_estimate_and_has_not_paid_it() -> None:
    """Cash is right before the broker charges; the order shows what it costs."""
    ledger, terms = Ledger(), order_terms(side=Side.SELL)
    ledger.work(terms)
    told = execution(terms, "x-1", "10", "100", commission="1", side=Side.SELL)
    ledger.executions([evolve(told, fees=(Fee("TAF", Decimal("0.02")),))])

    assert ledger.book.paid == 999
    assert ledger.order(terms.order_id).commission == Decimal("1.02")
    assert list(ledger.book.activities.estimated_fees().values()) == [Decimal("0.02")]


def test_a_fill_that_is_taken_back_takes_its_estimate_with_it() -> None:
    ledger, terms = Ledger(), order_terms(side=Side.SELL)
    ledger.work(terms)
    told = execution(terms, "x-1", "10", "100", side=Side.SELL)
    ledger.executions([evolve(told, fees=(Fee("TAF", Decimal("0.02")),))])
    (booked,) = [one.event.fill for one in ledger.records if isinstance(one.event, e.OrderFilled)]
    ledger.apply(
        e.FillCorrected(
            at=NOW, order_id=terms.order_id, before=(booked,), after=None, reason="bust"
        )
    )

    assert ledger.order(terms.order_id).commission == 0
    assert list(ledger.book.activities.estimated_fees().values()) == [0]


def test_what_has_no_row_yet_is_still_to_be_charged() -> None:
    """A day with one row is over, for all of its kinds."""
    fills = [sold(TAF="0.021", REG="1"), sold("x-2", days=1, TAF="0.004"), sold("x-3", CAT="0")]
    waiting = uncharged(book(fills, [fee("TAF", "0.03")]))
    assert [(one.day, one.kind, str(one.estimated)) for one in waiting] == [
        (DAY + timedelta(days=1), "TAF", "0.01")
    ]
    assert [one.kind for one in uncharged(book(fills, []))] == ["REG", "TAF", "TAF"]
