from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.options.expirations import (
    Cycle,
    ExpiryCutoffs,
    ExpiryPhase,
    cycle_of,
    days_to_expiry,
    expiry_phase,
    last_session,
    monthly_expiration,
    third_friday,
    weekly_expirations,
)

# Good Friday 2025 fell on a monthly expiration; 2026 has Juneteenth on one.
HOLIDAYS = {date(2025, 4, 18), date(2026, 6, 19), date(2026, 7, 3), date(2026, 12, 25)}
CONTRACT = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))
CLOSE = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


def is_session(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def test_the_third_friday_of_every_month() -> None:
    assert third_friday(2026, 12) == date(2026, 12, 18)
    assert third_friday(2026, 5) == date(2026, 5, 15)
    assert all(third_friday(2027, month).weekday() == 4 for month in range(1, 13))
    assert all(15 <= third_friday(2027, month).day <= 21 for month in range(1, 13))


def test_a_holiday_moves_the_expiration_to_the_session_before() -> None:
    assert monthly_expiration(2025, 4, is_session) == date(2025, 4, 17)
    assert monthly_expiration(2026, 6, is_session) == date(2026, 6, 18)


def test_weeklies_are_fridays_or_the_session_before() -> None:
    found = list(weekly_expirations(date(2026, 6, 25), date(2026, 7, 10), is_session))

    assert found == [date(2026, 6, 26), date(2026, 7, 2), date(2026, 7, 10)]
    assert list(weekly_expirations(date(2026, 6, 29), date(2026, 7, 2), is_session)) == [
        date(2026, 7, 2)
    ]


@pytest.mark.parametrize(
    ("day", "cycle"),
    [
        (date(2026, 12, 18), Cycle.MONTHLY),
        (date(2026, 6, 18), Cycle.MONTHLY),
        (date(2026, 12, 11), Cycle.WEEKLY),
        (date(2026, 7, 2), Cycle.WEEKLY),
        (date(2026, 9, 30), Cycle.QUARTERLY),
        (date(2026, 12, 15), Cycle.DAILY),
    ],
)
def test_the_series_of_an_expiration(day: date, cycle: Cycle) -> None:
    assert cycle_of(day, is_session) is cycle


def test_nothing_expires_without_a_session() -> None:
    with pytest.raises(ValueError, match="no session"):
        cycle_of(date(2026, 12, 25), is_session)
    with pytest.raises(ValueError, match="no session"):
        last_session(date(2026, 12, 25), lambda day: False)


def test_days_are_counted_by_the_date_in_new_york() -> None:
    """Just after midnight in London it is still the day before."""
    assert days_to_expiry(CONTRACT, datetime(2026, 12, 18, 2, 0, tzinfo=UTC)) == 1
    assert days_to_expiry(CONTRACT, datetime(2026, 12, 18, 15, 0, tzinfo=UTC)) == 0
    assert days_to_expiry(CONTRACT, datetime(2026, 12, 19, 15, 0, tzinfo=UTC)) == -1


@pytest.mark.parametrize(
    ("minutes", "phase"),
    [
        (1440, ExpiryPhase.EARLIER),
        (300, ExpiryPhase.LAST_DAY),
        (121, ExpiryPhase.LAST_DAY),
        (120, ExpiryPhase.CLOSE_ONLY),
        (90, ExpiryPhase.MUST_CLOSE),
        (1, ExpiryPhase.MUST_CLOSE),
        (0, ExpiryPhase.EXPIRED),
        (-5, ExpiryPhase.EXPIRED),
    ],
)
def test_the_phases_of_the_last_day_follow_the_close(minutes: int, phase: ExpiryPhase) -> None:
    now = CLOSE - timedelta(minutes=minutes)

    assert expiry_phase(CONTRACT, now, CLOSE, ExpiryCutoffs()) is phase


def test_the_cutoffs_keep_clear_of_the_venues() -> None:
    """Alpaca refuses openings 30 minutes before the close and liquidates from 45 minutes."""
    cutoffs = ExpiryCutoffs()

    assert cutoffs.close_only_before_close > cutoffs.must_close_before_close
    assert cutoffs.must_close_before_close >= timedelta(minutes=75)
