"""How much time is left, and at which rate is it discounted?

Units: rates continuously compounded per year; a year is 365 days of 86,400 seconds everywhere, so
that volatilities, rates and theta speak of the same year.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise

from attrs import field, frozen

SECONDS_A_YEAR = 365 * 86_400
DAYS_A_YEAR = 365.0


def year_fraction(now: datetime, expiry: datetime) -> float:
    """The years from `now` until `expiry`, to the second; zero at and after it.

    On its last day a contract still has hours, which a count of days would hide.
    Raises: ValueError for a moment without a zone.
    """
    if now.tzinfo is None or expiry.tzinfo is None:
        raise ValueError("moments without a zone cannot be compared")
    return max(0.0, (expiry - now).total_seconds() / SECONDS_A_YEAR)


def days_between(first: date, last: date) -> int:
    """Whole calendar days."""
    return (last - first).days


def _ascending(_: object, __: object, points: Sequence[tuple[float, float]]) -> None:
    if not points:
        raise ValueError("a curve needs a point")
    times = [years for years, _ in points]
    if any(not math.isfinite(number) for point in points for number in point):
        raise ValueError("a curve's times and rates are finite numbers")
    if times[0] < 0.0 or any(b <= a for a, b in pairwise(times)):
        raise ValueError("the times of a curve ascend from zero or later")


@frozen
class RateCurve:
    """Zero rates by time: straight between the points, level beyond them."""

    points: tuple[tuple[float, float], ...] = field(validator=_ascending)

    @classmethod
    def flat(cls, rate: float) -> "RateCurve":
        """One rate for all times."""
        return cls(((0.0, rate),))

    def rate(self, years: float) -> float:
        """The zero rate for money at `years`."""
        times = [time for time, _ in self.points]
        at = bisect_left(times, years)
        if at == 0:
            return self.points[0][1]
        if at == len(times):
            return self.points[-1][1]
        (before, low), (after, high) = self.points[at - 1], self.points[at]
        return low + (high - low) * (years - before) / (after - before)

    def discount(self, years: float) -> float:
        """What a dollar at `years` is worth now."""
        return math.exp(-self.rate(years) * years)


def implied_forward(quotes: Iterable[tuple[float, float, float]], discount: float) -> float | None:
    """The forward that put-call parity gives from (strike, call, put) of one expiry.

    The median over the strikes, so that one bad quote cannot move it; None without quotes. Exact
    for European options; for American ones use strikes near the money, where little of the prices
    is the right to exercise early.
    """
    forwards = sorted(
        strike + (call - put) / discount
        for strike, call, put in quotes
        if all(map(math.isfinite, (strike, call, put)))
    )
    if not forwards:
        return None
    middle = len(forwards) // 2
    if len(forwards) % 2:
        return forwards[middle]
    return 0.5 * (forwards[middle - 1] + forwards[middle])
