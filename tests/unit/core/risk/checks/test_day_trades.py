from datetime import UTC, datetime

import pytest
from attrs import evolve

from cream.core.execution.history import Traded, TradeHistory, trading_day
from cream.core.model.market import Known
from cream.core.model.verdict import Severity
from cream.core.risk.view import PortfolioView
from tests.unit.core.risk.scenes import (
    NOW,
    WIDE,
    account,
    buy,
    check,
    close,
    codes,
    d,
    held,
    judge,
    limits,
    spread,
    trim,
    view,
    violation,
)

LEGACY = limits(pdt={"mode": "legacy"})
BUDGET = evolve(WIDE, pdt=evolve(WIDE.pdt, mode="budget"))
BEFORE_THE_RULE = datetime(2026, 6, 3, 15, 0, tzinfo=UTC)


def traded(times: int, opened: bool = False) -> TradeHistory:
    """So many round trips today; perhaps AAPL was bought today and is held."""
    return TradeHistory(
        round_trips={trading_day(NOW): times},
        today={"AAPL": Traded(opened=opened)},
        today_is=trading_day(NOW),
    )


def small(times: int, opened: bool = False, **changes: object) -> PortfolioView:
    """An account under the threshold."""
    of = account(20_000, **changes)
    return view(held("AAPL", 10), of=Known(of), history=traded(times, opened))


def a_buy() -> object:
    return buy("XOM", 1, limit="116.00", stop="112", target="125")


@pytest.mark.parametrize(("used", "passes"), [(2, True), (3, False), (4, False)])
def test_nothing_is_opened_when_no_day_trade_is_left(used: int, passes: bool) -> None:
    found = judge(a_buy(), on=small(used), by=LEGACY)  # type: ignore[arg-type]

    assert codes(found) == ([] if passes else ["PDT_LIMIT_EXCEEDED"])
    shown = check(found, "PDT_LIMIT_EXCEEDED")
    assert (shown.observed, shown.limit) == (used, 3)


@pytest.mark.parametrize(("used", "warned"), [(1, False), (2, True)])
def test_the_last_day_trade_is_warned_of_and_allowed(used: int, warned: bool) -> None:
    found = judge(a_buy(), on=small(used), by=LEGACY)  # type: ignore[arg-type]

    warnings = [one.code for one in found.violations if one.severity is Severity.WARNING]
    assert warnings == (["PDT_LIMIT_WARNING"] if warned else [])
    assert found.ok


def test_an_exit_always_passes_and_one_too_many_is_warned_of() -> None:
    found = judge(trim(), on=small(3, opened=True), by=LEGACY)

    assert found.ok
    assert violation(found, "PDT_LIMIT_WARNING").observed == 4


def test_an_exit_turns_no_entry_into_a_refusal() -> None:
    """What it ends is warned of, and counts once it has filled."""
    found = judge(a_buy(), trim(), on=small(2, opened=True), by=LEGACY)  # type: ignore[arg-type]

    assert found.ok
    assert violation(found, "PDT_LIMIT_WARNING").observed == 3


def test_the_broker_s_count_counts_where_it_is_higher() -> None:
    found = judge(a_buy(), on=small(0, day_trade_count=3), by=LEGACY)  # type: ignore[arg-type]

    assert codes(found) == ["PDT_LIMIT_EXCEEDED"]


@pytest.mark.parametrize(
    ("last_equity", "passes"), [(24_999, False), (25_000, True), (25_001, True)]
)
def test_the_rule_is_for_small_accounts(last_equity: int, passes: bool) -> None:
    on = small(9, last_equity=d(last_equity))

    assert judge(a_buy(), on=on, by=LEGACY).ok is passes  # type: ignore[arg-type]


def test_the_rule_is_off_unless_it_is_asked_for() -> None:
    assert judge(a_buy(), on=small(9)).ok  # type: ignore[arg-type]


def test_a_budget_is_the_count_before_the_new_rule() -> None:
    on = evolve(small(0, day_trade_count=3))

    found = judge(a_buy(), on=on, by=BUDGET, now=BEFORE_THE_RULE)  # type: ignore[arg-type]

    assert codes(found) == ["PDT_LIMIT_EXCEEDED"]
    assert "PDT_LIMIT_EXCEEDED" not in codes(judge(a_buy(), on=on, by=BUDGET))  # type: ignore[arg-type]


def worth(equity: int) -> PortfolioView:
    """An account whose buying power does not stand in the way."""
    return view(of=Known(account(equity, buying_power=d(10**9), margin_used=d(-(10**9)))))


@pytest.mark.parametrize(("shares", "passes"), [(79, True), (80, True), (81, False)])
def test_a_quarter_of_what_is_held_is_covered_by_equity(shares: int, passes: bool) -> None:
    """80 shares at 250 are 20,000, of which a quarter is the equity."""
    found = judge(buy(quantity=shares, limit="250.00"), on=worth(5_000), by=_no_collar())

    assert codes(found) == ([] if passes else ["INTRADAY_MARGIN_EXCEEDED"])
    if passes:
        assert check(found, "INTRADAY_MARGIN_EXCEEDED").observed == d("62.50") * shares


def _no_collar() -> object:
    return evolve(BUDGET, collar=evolve(BUDGET.collar, min_abs=d(10**6)))


@pytest.mark.parametrize(("shares", "passes"), [(7, True), (8, False)])
def test_a_small_account_borrows_nothing(shares: int, passes: bool) -> None:
    found = judge(buy(quantity=shares, limit="238.00"), on=worth(1_900), by=BUDGET)

    assert codes(found) == ([] if passes else ["INTRADAY_MARGIN_EXCEEDED"])


def test_options_count_in_full() -> None:
    assert judge(spread(16), on=worth(5_000), by=BUDGET).ok
    assert codes(judge(spread(17), on=worth(5_000), by=BUDGET)) == ["INTRADAY_MARGIN_EXCEEDED"]


def test_exits_need_no_margin() -> None:
    on = view(held("AAPL", 10), of=Known(account(1)))

    assert judge(close(), on=on, by=BUDGET).ok
