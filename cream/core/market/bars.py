"""Which longer bar do minutes make? One per interval, told once the next has begun.

Intervals begin where the exchange's clock, in UTC, divides by them: hours at the full hour.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from attrs import define, evolve, field

from cream.core.model.money import ZERO
from cream.core.model.ticks import Bar

# The timeframes of the contract: minutes, and the day.
TIMEFRAMES = (1, 5, 15, 60, 240, 1440)
DAY_MINUTES = 1440

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def interval_of(moment: datetime, minutes: int) -> datetime:
    """When the interval that `moment` falls into began."""
    size = timedelta(minutes=minutes)
    return _EPOCH + (moment - _EPOCH) // size * size


def joined(bars: Iterable[Bar], minutes: int) -> Iterator[Bar]:
    """Bars of `minutes` out of shorter ones, oldest first, the last one perhaps unfinished."""
    whole: Bar | None = None
    for bar in bars:
        began = interval_of(bar.at, minutes)
        if whole is not None and whole.at == began:
            whole = _with(whole, bar)
        else:
            if whole is not None:
                yield whole
            whole = evolve(bar, at=began, minutes=minutes)
    if whole is not None:
        yield whole


def _with(whole: Bar, part: Bar) -> Bar:
    volume = whole.volume + part.volume
    return evolve(
        whole,
        high=max(whole.high, part.high),
        low=min(whole.low, part.low),
        close=part.close,
        volume=volume,
        trades=(whole.trades or 0) + (part.trades or 0),
        vwap=_vwap(whole, part, volume),
    )


def _vwap(whole: Bar, part: Bar, volume: Decimal) -> Decimal | None:
    if whole.vwap is None or part.vwap is None or volume == ZERO:
        return None
    return (whole.vwap * whole.volume + part.vwap * part.volume) / volume


@define
class BarJoiner:
    """Minutes of one symbol in, bars of `minutes` out. A corrected minute replaces itself."""

    minutes: int
    _parts: dict[datetime, Bar] = field(factory=dict)

    def add(self, minute: Bar) -> Bar | None:
        """The bar that ended before `minute` began, where one did."""
        if self.minutes == minute.minutes:
            return minute
        began = interval_of(minute.at, self.minutes)
        done = None
        if self._parts:
            current = interval_of(next(iter(self._parts)), self.minutes)
            if began < current:
                return None
            if began > current:
                done = next(joined((self._parts[at] for at in sorted(self._parts)), self.minutes))
                self._parts.clear()
        self._parts[minute.at] = minute
        return done
