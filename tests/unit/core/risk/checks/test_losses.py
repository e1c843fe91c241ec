from datetime import timedelta

import pytest

from cream.core.execution.history import TradeHistory, trading_day
from cream.core.model.market import Known, Stale, Unknown
from cream.core.model.verdict import Severity
from cream.core.risk.limits import Constraints
from cream.core.risk.view import Baseline, PortfolioView
from tests.unit.core.risk.scenes import (
    NOW,
    account,
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

DAILY = limits(losses={"max_daily_loss_pct": d("0.03")})
DRAWDOWN = limits(losses={"max_drawdown_pct": d("0.10")})
STREAK = limits(losses={"max_losing_streak": 3})


def worth(equity: str | int, session: int = 100_000, peak: int = 100_000) -> PortfolioView:
    baseline = Known(Baseline(d(session), d(peak)))
    return view(held("AAPL", 10), of=Known(account(equity)), baseline=baseline)


@pytest.mark.parametrize(
    ("equity", "passes"), [("97000.01", True), ("97000.00", False), ("96999.99", False)]
)
def test_a_day_s_loss_is_bounded(equity: str, passes: bool) -> None:
    found = judge(buy(), on=worth(equity), by=DAILY)

    assert codes(found) == ([] if passes else ["DAILY_LOSS_LIMIT"])
    assert check(found, "DAILY_LOSS_LIMIT").limit == d("0.03")


@pytest.mark.parametrize(
    ("equity", "passes"), [(108_001, True), (108_000, False), (107_999, False)]
)
def test_the_fall_from_the_peak_is_bounded(equity: int, passes: bool) -> None:
    found = judge(buy(), on=worth(equity, 100_000, 120_000), by=DRAWDOWN)

    assert codes(found) == ([] if passes else ["DRAWDOWN_LIMIT"])


@pytest.mark.parametrize(("streak", "passes"), [(2, True), (3, False), (4, False)])
def test_losing_trades_in_a_row_are_bounded(streak: int, passes: bool) -> None:
    history = TradeHistory(streak_day=trading_day(NOW), losing_streak=streak)

    found = judge(buy(), on=view(history=history), by=STREAK)

    assert codes(found) == ([] if passes else ["LOSS_STREAK_LIMIT"])
    assert check(found, "LOSS_STREAK_LIMIT").observed == streak


def test_the_streak_of_yesterday_does_not_count() -> None:
    yesterday = trading_day(NOW) - timedelta(days=1)

    assert judge(buy(), on=view(history=TradeHistory(streak_day=yesterday, losing_streak=9))).ok


def test_a_loss_is_grave_and_says_how_large_it_is() -> None:
    refusal = violation(judge(buy(), on=worth(95_000), by=DAILY), "DAILY_LOSS_LIMIT")

    assert refusal.severity is Severity.CRITICAL
    assert (refusal.observed, refusal.limit) == (d("0.05"), d("0.03"))


@pytest.mark.parametrize("by", [DAILY, DRAWDOWN, STREAK])
def test_exits_pass_whatever_was_lost(by: Constraints) -> None:
    history = TradeHistory(streak_day=trading_day(NOW), losing_streak=9)
    on = view(
        held("AAPL", 10),
        of=Known(account(1)),
        history=history,
        baseline=Known(Baseline(d(100), d(100))),
    )

    assert judge(close(), on=on, by=by).ok


def test_a_limit_of_zero_denies_without_any_loss() -> None:
    zero = limits(losses={"max_daily_loss_pct": d(0)})

    assert codes(judge(buy(), on=worth(100_000), by=zero)) == ["DAILY_LOSS_LIMIT"]


def test_a_day_that_began_with_nothing_allows_no_loss() -> None:
    found = judge(buy(), on=worth(100_000, 0, 0), by=DAILY)

    assert codes(found) == ["DAILY_LOSS_LIMIT"]
    assert violation(found, "DAILY_LOSS_LIMIT").observed is None


def test_what_losses_are_measured_from_must_be_known_where_they_are_limited() -> None:
    on = view(baseline=Unknown("no figure today"))

    refusal = violation(judge(buy(), on=on, by=DAILY), "RISK_INPUT_UNKNOWN")

    assert "no figure today" in refusal.message
    assert judge(buy(), on=on).ok


def test_an_old_baseline_is_one_all_the_same() -> None:
    on = view(of=Known(account(90_000)), baseline=Stale(Baseline(d(100_000), d(100_000)), 9.0))

    assert codes(judge(buy(), on=on, by=DAILY)) == ["DAILY_LOSS_LIMIT"]


def test_without_limits_nothing_is_measured() -> None:
    found = judge(buy(), on=worth(96_000))

    assert check(found, "DAILY_LOSS_LIMIT").observed is None
    assert found.ok
