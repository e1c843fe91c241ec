"""New York's sessions: holidays by rule against the published lists, and the hours of a day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.exchange.calendar import (
    SessionMode,
    Sessions,
    closes_early,
    holidays,
    is_trading_day,
)
from cream.core.model.market import MarketStatus
from cream.core.options.occ import NEW_YORK

CALENDAR = Sessions(SessionMode.CALENDAR)
ALWAYS = Sessions(SessionMode.ALWAYS_OPEN)

# As the exchange published them, month and day.
PUBLISHED = {
    2020: "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25",
    2021: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
    2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
    2023: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}
PUBLISHED_EARLY = {
    2020: "11-27 12-24",
    2021: "11-26",
    2022: "11-25",
    2023: "07-03 11-24",
    2024: "07-03 11-29 12-24",
    2025: "07-03 11-28 12-24",
    2026: "11-27 12-24",
    2027: "11-26",
}


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    seconds = int((last - first).total_seconds())
    return st.integers(0, seconds).map(lambda after: first + timedelta(seconds=after))


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_rules_give_the_published_holidays(year: int) -> None:
    assert " ".join(f"{day:%m-%d}" for day in sorted(holidays(year))) == PUBLISHED[year]


@pytest.mark.parametrize("year", PUBLISHED_EARLY)
def test_the_rules_give_the_published_early_closes(year: int) -> None:
    early = [day for day in days_of(year) if closes_early(day)]
    assert " ".join(f"{day:%m-%d}" for day in early) == PUBLISHED_EARLY[year]


@pytest.mark.parametrize("year", range(2020, 2060))
def test_every_year_has_about_as_many_sessions_as_a_year_has(year: int) -> None:
    sessions = sum(is_trading_day(day) for day in days_of(year))
    assert 249 <= sessions <= 253


def test_a_session_runs_from_half_past_nine_to_four_in_new_york() -> None:
    assert not CALENDAR.is_open(utc("2026-11-23T14:29:59"))
    assert CALENDAR.is_open(utc("2026-11-23T14:30:00"))
    assert CALENDAR.is_open(utc("2026-11-23T20:59:59"))
    assert not CALENDAR.is_open(utc("2026-11-23T21:00:00"))


def test_the_hours_follow_daylight_saving_time() -> None:
    assert CALENDAR.is_open(utc("2026-07-01T13:30:00"))
    assert not CALENDAR.is_open(utc("2026-07-01T20:00:00"))


def test_an_eve_ends_at_one() -> None:
    assert CALENDAR.close_of(date(2026, 11, 27)) == utc("2026-11-27T18:00:00")
    assert CALENDAR.close_of(date(2026, 11, 26)) is None


def test_the_next_session_after_a_holiday_weekend_is_found() -> None:
    friday_evening = utc("2026-07-02T21:00:00")
    assert CALENDAR.next_open(friday_evening) == utc("2026-07-06T13:30:00")


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2026-11-23T08:59:59", MarketStatus.CLOSED),
        ("2026-11-23T09:00:00", MarketStatus.PRE_MARKET),
        ("2026-11-23T14:29:59", MarketStatus.PRE_MARKET),
        ("2026-11-23T14:30:00", MarketStatus.OPEN),
        ("2026-11-23T20:59:59", MarketStatus.OPEN),
        ("2026-11-23T21:00:00", MarketStatus.AFTER_HOURS),
        ("2026-11-24T00:59:59", MarketStatus.AFTER_HOURS),
        ("2026-11-24T01:00:00", MarketStatus.CLOSED),
        # Thanksgiving, and the eve that closes early after it.
        ("2026-11-26T15:00:00", MarketStatus.CLOSED),
        ("2026-11-27T18:00:00", MarketStatus.AFTER_HOURS),
        ("2026-11-27T22:00:00", MarketStatus.CLOSED),
        ("2026-11-28T15:00:00", MarketStatus.CLOSED),
    ],
)
def test_a_day_has_hours_before_and_after_its_session(moment: str, status: MarketStatus) -> None:
    assert CALENDAR.status_at(utc(moment)) is status
    assert ALWAYS.status_at(utc(moment)) is MarketStatus.OPEN


def test_during_a_session_the_next_open_is_the_next_day() -> None:
    assert CALENDAR.next_open(utc("2026-11-23T15:00:00")) == utc("2026-11-24T14:30:00")


def test_a_day_order_ends_with_its_session_and_one_given_at_night_with_the_next() -> None:
    assert CALENDAR.day_order_ends_at(utc("2026-11-23T15:00:00")) == utc("2026-11-23T21:00:00")
    assert CALENDAR.day_order_ends_at(utc("2026-11-23T22:00:00")) == utc("2026-11-24T21:00:00")


@given(moments(utc("2020-02-01"), utc("2035-12-01")))
def test_the_next_open_lies_ahead_and_opens(moment: datetime) -> None:
    for sessions in (CALENDAR, ALWAYS):
        opening = sessions.next_open(moment)
        assert moment < opening
        assert sessions.is_open(opening)
        assert sessions.day_order_ends_at(moment) > moment


@given(moments(utc("2000-01-01"), utc("2099-01-01")))
def test_the_market_that_never_closes_is_open_and_its_days_end_at_midnight_in_new_york(
    moment: datetime,
) -> None:
    session = ALWAYS.session_of(moment)
    assert session is not None
    end = ALWAYS.day_order_ends_at(moment).astimezone(NEW_YORK)
    assert (end.hour, end.minute) == (0, 0)
    assert end.date() == moment.astimezone(NEW_YORK).date() + timedelta(days=1)
