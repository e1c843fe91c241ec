"""When is the market open? New York's sessions, by rule, and a market that never closes.

The rules of the exchange are enough for the years from 2020 on, as long as they stay what they are;
days of mourning are listed. A session runs from 09:30 to 16:00 New York time, to 13:00 on the eves
that close early.

Source: NYSE Rule 7.2, NYSE Arca Rule 7.34-E for the extended hours, and the exchange's published
holidays.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache

from attrs import frozen

from cream.core.model.market import MarketStatus
from cream.core.options.occ import NEW_YORK

_OPEN = time(9, 30)
_CLOSE = time(16, 0)
_EARLY_CLOSE = time(13, 0)
_MIDNIGHT = time(0, 0)
# The extended hours of NYSE Arca: from 04:00 to the open, and four hours from the close.
_EARLIEST = time(4, 0)
_AFTER_HOURS = timedelta(hours=4)

# Juneteenth became a market holiday in 2022.
_JUNETEENTH_SINCE = 2022
# The national day of mourning for James Carter.
_MOURNING = frozenset((date(2025, 1, 9),))

_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6

# The longest run of closed days is four (a holiday at a weekend's edge); ten is beyond doubt.
_LONGEST_CLOSURE_DAYS = 10
# One entry a year and one for each side of it; a bound, not a working set.
_YEARS_CACHED = 32

ONE_DAY = timedelta(days=1)


class SessionMode(Enum):
    """Whether the simulated market keeps New York's hours or never closes."""

    ALWAYS_OPEN = "always_open"
    CALENDAR = "calendar"


@frozen
class Session:
    """One day of trading. Both moments are in UTC; the close is no longer part of it."""

    day: date
    opens_at: datetime
    closes_at: datetime


# The gate asks with every order: see `core/model/side`.
_ALWAYS_OPEN = SessionMode.ALWAYS_OPEN


@frozen
class Sessions:
    """The sessions of one market."""

    mode: SessionMode

    def session_of(self, moment: datetime) -> Session | None:
        """The session that `moment` falls into, or None while the market is closed."""
        session = self.session_on(moment.astimezone(NEW_YORK).date())
        if session is not None and session.opens_at <= moment < session.closes_at:
            return session
        return None

    def is_open(self, moment: datetime) -> bool:
        """Whether orders trade at `moment`."""
        return self.mode is _ALWAYS_OPEN or self.session_of(moment) is not None

    def status_at(self, moment: datetime) -> MarketStatus:
        """Where in its day the market stands at `moment`."""
        if self.is_open(moment):
            return MarketStatus.OPEN
        day = moment.astimezone(NEW_YORK).date()
        session = self.session_on(day)
        if session is None:
            return MarketStatus.CLOSED
        if _new_york(day, _EARLIEST) <= moment < session.opens_at:
            return MarketStatus.PRE_MARKET
        if session.closes_at <= moment < session.closes_at + _AFTER_HOURS:
            return MarketStatus.AFTER_HOURS
        return MarketStatus.CLOSED

    def next_session(self, moment: datetime) -> Session:
        """The first session that opens after `moment`."""
        day = moment.astimezone(NEW_YORK).date()
        for _ in range(_LONGEST_CLOSURE_DAYS):
            session = self.session_on(day)
            if session is not None and session.opens_at > moment:
                return session
            day += ONE_DAY
        raise AssertionError(f"the market is closed for ten days from {moment}")

    def next_open(self, moment: datetime) -> datetime:
        """When the next session opens, in UTC."""
        return self.next_session(moment).opens_at

    def close_of(self, day: date) -> datetime | None:
        """When the session of `day` ends, in UTC; None on a day without one."""
        session = self.session_on(day)
        return session.closes_at if session is not None else None

    def day_order_ends_at(self, moment: datetime) -> datetime:
        """When a DAY order given at `moment` expires: with this session, or with the next."""
        return (self.session_of(moment) or self.next_session(moment)).closes_at

    def session_on(self, day: date) -> Session | None:
        """The session of `day`, or None.

        Always open still has days: they end at midnight in New York.
        """
        if self.mode is SessionMode.ALWAYS_OPEN:
            return Session(day, _new_york(day, _MIDNIGHT), _new_york(day + ONE_DAY, _MIDNIGHT))
        if not is_trading_day(day):
            return None
        close = _EARLY_CLOSE if closes_early(day) else _CLOSE
        return Session(day, _new_york(day, _OPEN), _new_york(day, close))


def is_trading_day(day: date) -> bool:
    """Whether the exchange opens on `day`."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def closes_early(day: date) -> bool:
    """Whether `day` is one of the eves on which the session ends at 13:00."""
    if not is_trading_day(day):
        return False
    if day.month == 11:
        return day == _nth_weekday(day.year, 11, _THURSDAY, 4) + ONE_DAY
    before_independence = day.month == 7 and day.day == 3 and day.weekday() < _FRIDAY
    return before_independence or (day.month == 12 and day.day == 24)


@lru_cache(maxsize=_YEARS_CACHED)
def holidays(year: int) -> frozenset[date]:
    """The weekdays of `year` on which the exchange stays closed."""
    return frozenset(_holidays(year))


def _holidays(year: int) -> Iterator[date]:
    new_year = date(year, 1, 1)
    # On a Saturday New Year's Day is not made up for: the Friday before belongs to the old year.
    if new_year.weekday() != _SATURDAY:
        yield _observed(new_year)
    yield _nth_weekday(year, 1, _MONDAY, 3)
    yield _nth_weekday(year, 2, _MONDAY, 3)
    yield _easter(year) - timedelta(days=2)
    yield _last_monday_of_may(year)
    if year >= _JUNETEENTH_SINCE:
        yield _observed(date(year, 6, 19))
    yield _observed(date(year, 7, 4))
    yield _nth_weekday(year, 9, _MONDAY, 1)
    yield _nth_weekday(year, 11, _THURSDAY, 4)
    yield _observed(date(year, 12, 25))
    yield from (day for day in _MOURNING if day.year == year)


def _observed(day: date) -> date:
    """Saturday's holiday is kept on Friday, Sunday's on Monday."""
    if day.weekday() == _SATURDAY:
        return day - ONE_DAY
    if day.weekday() == _SUNDAY:
        return day + ONE_DAY
    return day


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    ahead = (weekday - first.weekday()) % 7
    return first + timedelta(days=ahead + 7 * (nth - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Source: Meeus, Jones and Butcher (Astronomical Algorithms, chapter 8), for 1583 and later.
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap_centuries, odd_centuries = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leaps, odd_years = divmod(of_century, 4)
    to_sunday = (32 + 2 * odd_centuries + 2 * leaps - epact - odd_years) % 7
    shift = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _new_york(day: date, at: time) -> datetime:
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)
