"""Which bars does a share have, forward or backward from a moment? The past, then the tape.

What is before the sandbox's start comes from a file or from the seed; what is after it from the
tape. The running minute is part of days and longer bars, and no bar of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from attrs import define, field

from cream.adapters.sandbox.bars import Bar, Frame, gathered
from cream.adapters.sandbox.past import Past
from cream.adapters.sandbox.tape import Tape
from cream.core.exchange.calendar import ONE_DAY, Sessions

# How far back a window reaches at first, and the furthest it grows: what is wanted last is cheap.
_FIRST_WINDOW = timedelta(days=1)
_MOST_WINDOW, _MOST_MINUTES_WINDOW = timedelta(days=400), timedelta(days=16)


@define
class History:
    """Bars of every symbol. `prices` are those at the start; `given` are the bars of a file."""

    tape: Tape
    sessions: Sessions
    prices: Mapping[str, Decimal]
    seed: int
    given: Mapping[str, list[Bar]] = field(factory=dict)
    _pasts: dict[str, Past] = field(factory=dict)

    def forward(self, symbol: str, frame: Frame, start: datetime, end: datetime) -> Iterator[Bar]:
        """The bars that begin from `start` up to `end`, oldest first."""
        bars = gathered(self._pieces(symbol, frame, frame.start_of(start), end), frame)
        return (bar for bar in bars if start <= bar.start <= end)

    def backward(self, symbol: str, frame: Frame, start: datetime, end: datetime) -> Iterator[Bar]:
        """The same, newest first."""
        window, last = _FIRST_WINDOW, end
        most = _MOST_MINUTES_WINDOW if frame.is_intraday else _MOST_WINDOW
        while last >= start:
            first = max(frame.start_of(last - window), start)
            yield from reversed(list(self.forward(symbol, frame, first, last)))
            last = first - timedelta.resolution
            window = min(2 * window, most)

    def latest(self, symbol: str, now: datetime) -> Bar | None:
        """The last minute that has ended."""
        earliest = now - 10 * ONE_DAY
        return next(self.backward(symbol, Frame(1, "Min"), earliest, now), None)

    def days(self, symbol: str, now: datetime) -> tuple[Bar | None, Bar | None]:
        """The bar of the last day that traded, and of the one before."""
        rows = self.backward(symbol, Frame(1, "Day"), now - 20 * ONE_DAY, now)
        return next(rows, None), next(rows, None)

    def _pieces(self, symbol: str, frame: Frame, start: datetime, end: datetime) -> Iterable[Bar]:
        """What bars of `frame` are made of, from `start` up to a bar that begins at `end`."""
        until = end + _span(frame)
        track = self.tape.known(symbol)
        taped = [bar for bar in track.minutes if start <= bar.start < until] if track else []
        running = track.minute if track is not None else None
        if running is not None and not frame.is_intraday and start <= running.start < until:
            taped.append(running)
        given = self.given.get(symbol)
        if given is not None:
            began = self.tape.began
            return chain((bar for bar in given if start <= bar.start < min(until, began)), taped)
        past = self._past(symbol)
        if past is None:
            return taped
        if frame.is_intraday:
            return chain(past.minutes(start, until), taped)
        return chain(past.days(start.date() - ONE_DAY, until.date()), taped)

    def _past(self, symbol: str) -> Past | None:
        price = self.prices.get(symbol)
        if price is None:
            return None
        if symbol not in self._pasts:
            self._pasts[symbol] = Past(symbol, price, self.tape.began, self.sessions, self.seed)
        return self._pasts[symbol]


def _span(frame: Frame) -> timedelta:
    """A bar is at most as long."""
    days = {"Min": 0, "Hour": 0, "Day": 1, "Week": 7}.get(frame.unit, 31)
    minutes = {"Min": 1, "Hour": 60}.get(frame.unit, 0)
    return timedelta(days=days * frame.count + (1 if days else 0), minutes=minutes * frame.count)
