from datetime import timedelta

import pytest

from cream.core.execution.history import TradeHistory
from tests.fakes.builders import order_terms
from tests.unit.core.risk.scenes import (
    NOW,
    buy,
    check,
    close,
    codes,
    d,
    held,
    judge,
    limits,
    view,
    violation,
)


def history(plans: int = 0, orders: int = 0) -> TradeHistory:
    """So many of each, just now."""
    found = TradeHistory()
    for _ in range(plans):
        found.judged(NOW - timedelta(milliseconds=500))
    for _ in range(orders):
        found.intended(order_terms(), NOW - timedelta(seconds=30))
    return found


@pytest.mark.parametrize(("before", "passes"), [(1, True), (2, True), (3, False)])
def test_plans_come_no_faster_than_they_may(before: int, passes: bool) -> None:
    found = judge(
        buy(), on=view(history=history(plans=before)), by=limits(rate={"plans_per_second": 3})
    )

    assert codes(found) == ([] if passes else ["PLAN_RATE_EXCEEDED"])
    shown = check(found, "PLAN_RATE_EXCEEDED")
    assert (shown.observed, shown.limit) == (before + 1, 3)


@pytest.mark.parametrize(("before", "passes"), [(1, True), (2, True), (3, False)])
def test_orders_come_no_faster_than_they_may(before: int, passes: bool) -> None:
    asked = (buy(quantity=1, decision_id="a"), buy(quantity=1, decision_id="b"))

    found = judge(
        *asked, on=view(history=history(orders=before)), by=limits(rate={"orders_per_minute": 4})
    )

    assert codes(found) == ([] if passes else ["ORDER_RATE_EXCEEDED"])
    assert check(found, "ORDER_RATE_EXCEEDED").observed == before + 2
    if not passes:
        assert violation(found, "ORDER_RATE_EXCEEDED").headroom == d(1)


def test_what_is_longer_ago_does_not_count() -> None:
    found = TradeHistory()
    found.judged(NOW - timedelta(seconds=2))
    found.intended(order_terms(), NOW - timedelta(seconds=61))

    slow = limits(rate={"plans_per_second": 1, "orders_per_minute": 1})

    assert judge(buy(), on=view(history=found), by=slow).ok


def test_exits_are_never_too_fast() -> None:
    none_at_all = limits(rate={"plans_per_second": 0, "orders_per_minute": 0})
    on = view(held("AAPL", 10), history=history(9, 9))

    assert judge(close(), on=on, by=none_at_all).ok
    assert codes(judge(buy(), on=on, by=none_at_all)) == [
        "PLAN_RATE_EXCEEDED",
        "ORDER_RATE_EXCEEDED",
    ]


def test_without_a_history_nothing_is_counted() -> None:
    found = judge(buy())

    assert check(found, "PLAN_RATE_EXCEEDED").observed is None
    assert check(found, "ORDER_RATE_EXCEEDED").observed is None
