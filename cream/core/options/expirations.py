"""When do listed options expire, and what may still be done on their last day?

Which days have a session is for the caller to say: holidays belong to the exchange's calendar.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from enum import Enum

from attrs import frozen

from cream.core.model.instrument import OptionContract
from cream.core.options.occ import NEW_YORK

IsSession = Callable[[date], bool]

_FRIDAY = 4
_DAYS_A_WEEK = 7
_QUARTERS = (3, 6, 9, 12)
# The longest run of days without a session is four; a calendar that has none for so long is wrong.
_LONGEST_CLOSURE_DAYS = 10


class Cycle(Enum):
    """Which series an expiration belongs to."""

    # The third Friday of the month.
    MONTHLY = "monthly"
    # Any other Friday.
    WEEKLY = "weekly"
    # The last session of a quarter.
    QUARTERLY = "quarterly"
    # Another weekday, on names that have dailies.
    DAILY = "daily"


def third_friday(year: int, month: int) -> date:
    """The nominal monthly expiration."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % _DAYS_A_WEEK + 14)


def last_session(nominal: date, is_session: IsSession) -> date:
    """The day on which what nominally expires on `nominal` really does: it, or the session before.

    Raises: ValueError where the calendar knows no session for ten days.
    """
    day = nominal
    for _ in range(_LONGEST_CLOSURE_DAYS):
        if is_session(day):
            return day
        day -= timedelta(days=1)
    raise ValueError(f"no session in the {_LONGEST_CLOSURE_DAYS} days up to {nominal}")


def monthly_expiration(year: int, month: int, is_session: IsSession) -> date:
    """The monthly expiration, moved forward where the third Friday is a holiday."""
    return last_session(third_friday(year, month), is_session)


def weekly_expirations(first: date, last: date, is_session: IsSession) -> Iterator[date]:
    """Every Friday's expiration from `first` to `last`, both included."""
    friday = first + timedelta(days=(_FRIDAY - first.weekday()) % _DAYS_A_WEEK)
    # The Friday after `last` may be a holiday whose options expire within.
    while friday <= last + timedelta(days=_DAYS_A_WEEK):
        day = last_session(friday, is_session)
        if first <= day <= last:
            yield day
        friday += timedelta(days=_DAYS_A_WEEK)


def cycle_of(expiration: date, is_session: IsSession) -> Cycle:
    """The series of an expiration.

    Raises: ValueError for a day without a session: nothing expires on it.
    """
    if not is_session(expiration):
        raise ValueError(f"nothing expires on {expiration}: it has no session")
    if expiration == monthly_expiration(expiration.year, expiration.month, is_session):
        return Cycle.MONTHLY
    friday = expiration + timedelta(days=(_FRIDAY - expiration.weekday()) % _DAYS_A_WEEK)
    if last_session(friday, is_session) == expiration:
        return Cycle.WEEKLY
    if expiration.month in _QUARTERS and expiration == _last_of_month(expiration, is_session):
        return Cycle.QUARTERLY
    return Cycle.DAILY


def _last_of_month(day: date, is_session: IsSession) -> date:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return last_session(following - timedelta(days=1), is_session)


def days_to_expiry(contract: OptionContract, now: datetime) -> int:
    """Calendar days until the last day, by New York's date; negative once it is over."""
    return (contract.expiration - now.astimezone(NEW_YORK).date()).days


class ExpiryPhase(Enum):
    """How near its end a contract is."""

    EARLIER = "earlier"
    # The last day, with time enough for everything.
    LAST_DAY = "last_day"
    # Nothing may be opened any more.
    CLOSE_ONLY = "close_only"
    # What is not closed or rolled now, the broker may close for us.
    MUST_CLOSE = "must_close"
    EXPIRED = "expired"


@frozen
class ExpiryCutoffs:
    """How long before the close of the last day a phase begins.

    The defaults keep clear of Alpaca: it refuses openings from 30 minutes before the close, and
    liquidates what the account cannot carry from about 45 minutes before it.
    """

    close_only_before_close: timedelta = timedelta(minutes=120)
    must_close_before_close: timedelta = timedelta(minutes=90)


def expiry_phase(
    contract: OptionContract, now: datetime, closes_at: datetime, cutoffs: ExpiryCutoffs
) -> ExpiryPhase:
    """The phase of a contract; `closes_at` is the close of trading on its last day.

    On a day that closes early every cut-off is early too.
    """
    if now >= closes_at:
        return ExpiryPhase.EXPIRED
    if days_to_expiry(contract, now) > 0:
        return ExpiryPhase.EARLIER
    left = closes_at - now
    if left <= cutoffs.must_close_before_close:
        return ExpiryPhase.MUST_CLOSE
    if left <= cutoffs.close_only_before_close:
        return ExpiryPhase.CLOSE_ONLY
    return ExpiryPhase.LAST_DAY
