from datetime import UTC, date, datetime, timedelta

import pytest

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.history import TradeHistory
from cream.core.model.state import Cause, TradingState
from cream.core.risk.limits import Losses
from cream.core.risk.losses import LossWatch, is_limited, mark_equity, reached, stop_trading
from tests.unit.core.risk.scenes import NOW, account, d

TODAY = date(2026, 11, 23)
DAILY = Losses(max_daily_loss_pct=d("0.05"))


def past(first: int = 100, peak: int = 120, session: date = TODAY) -> TradeHistory:
    return TradeHistory(session=session, session_equity=d(first), peak_equity=d(peak))


def test_losses_are_limited_by_any_of_the_three() -> None:
    assert not is_limited(Losses())
    assert is_limited(DAILY)
    assert is_limited(Losses(max_drawdown_pct=d(0)))
    assert is_limited(Losses(max_losing_streak=0))


def book_of(*marks: tuple[datetime, int]) -> Book:
    book = Book()
    for at, equity in marks:
        for event in mark_equity(account(equity))(book, at).events:
            book.apply(e.Record(book.sequence + 1, event))
    return book


def test_only_the_first_equity_of_a_day_and_new_highs_are_recorded() -> None:
    tomorrow = NOW + timedelta(days=1)

    book = book_of((NOW, 100), (NOW, 90), (NOW, 110), (NOW, 110), (tomorrow, 95), (tomorrow, 96))

    assert book.sequence == 3
    assert (book.history.session_equity, book.history.peak_equity) == (95, 110)


def test_a_day_begins_at_midnight_in_new_york() -> None:
    evening = datetime(2026, 11, 24, 4, 59, tzinfo=UTC)

    assert book_of((evening, 100)).history.session == TODAY


@pytest.mark.parametrize(("equity", "stops"), [("95.01", False), ("95", True), ("94.99", True)])
def test_a_day_s_loss(equity: str, stops: bool) -> None:
    found = reached(DAILY, account(equity), past(), NOW)

    assert (found is not None) is stops


def test_the_loss_of_another_day_is_not_today_s() -> None:
    yesterday = past(session=TODAY - timedelta(days=1))

    assert reached(DAILY, account(1), yesterday, NOW) is None


@pytest.mark.parametrize(("equity", "stops"), [("108.01", False), ("108", True)])
def test_a_fall_from_the_peak_counts_over_days(equity: str, stops: bool) -> None:
    yesterday = past(session=TODAY - timedelta(days=1))
    limits = Losses(max_drawdown_pct=d("0.10"))

    assert (reached(limits, account(equity), yesterday, NOW) is not None) is stops


@pytest.mark.parametrize(("streak", "stops"), [(2, False), (3, True)])
def test_a_row_of_losing_trades(streak: int, stops: bool) -> None:
    history = TradeHistory(streak_day=TODAY, losing_streak=streak)

    found = reached(Losses(max_losing_streak=3), account(), history, NOW)

    assert (found is not None) is stops


def confirmations(watch: LossWatch, *equities: int) -> list[bool]:
    return [watch.confirmed(account(equity), past(), NOW) is not None for equity in equities]


def test_one_bad_figure_halts_nothing() -> None:
    """What follows is a good one, and the row begins anew."""
    assert confirmations(LossWatch(DAILY), 1, 1, 100, 1, 1) == [False] * 5


def test_three_in_a_row_do_once() -> None:
    assert confirmations(LossWatch(DAILY), 90, 90, 90, 90, 90) == [False, False, True, False, False]


def test_after_a_recovery_it_can_be_reached_again() -> None:
    watch = LossWatch(Losses(max_daily_loss_pct=d("0.05"), confirmations=1))

    assert confirmations(watch, 90, 90, 100, 90) == [True, False, False, True]


@pytest.mark.parametrize(
    ("action", "state"),
    [("deny", None), ("reduce", TradingState.REDUCING), ("flatten", TradingState.HALTED)],
)
def test_what_follows_is_a_cause_of_its_own(action: str, state: TradingState | None) -> None:
    decide = stop_trading(Losses(action=action), "lost")  # type: ignore[arg-type]

    assert (decide is None) is (state is None)
    if decide is not None:
        (event,) = decide(Book(), NOW).events
        assert isinstance(event, e.TradingRestricted)
        assert (event.cause, event.state, event.reason) == (Cause.LOSS_LIMIT, state, "lost")
