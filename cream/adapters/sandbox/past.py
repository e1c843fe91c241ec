"""What did prices do before the sandbox was started? A past that follows from a seed.

Every price is a sum of slow and fast waves of hashed noise through what the share cost at the
start, so that any stretch of it can be had without the rest, and longer bars are made of the
shorter ones exactly.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from math import exp

from attrs import define, evolve, field

from cream.adapters.sandbox.bars import MINUTE, Bar, Frame, joined
from cream.core.exchange.calendar import ONE_DAY, Session, Sessions

# Between these knots a price moves in a straight line.
KNOT_MINUTES = 10
# Wave lengths in knots, and how far each moves a price: days, hours, minutes.
_WAVES = ((2_000, 0.12), (150, 0.02), (7, 0.004), (1, 0.0008))
_MASK = 2**64 - 1
_DAY = Frame(1, "Day")
_CENT = "{:.2f}"
_LEAST_PRICE = Decimal("0.01")
_LOT = 100
# Knots whose wave is remembered: two weeks of a market that never closes.
_MOST_KNOTS = 2_016
_MOST_LOTS = 90


@define
class Past:
    """The past of one share, which cost `price` at `until`."""

    symbol: str
    price: Decimal
    until: datetime
    sessions: Sessions
    seed: int
    _salt: int = field(init=False)
    _level: float = field(init=False)
    _knots: dict[int, float] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        raw = blake2b(f"{self.seed}:{self.symbol}".encode(), digest_size=8).digest()
        self._salt = int.from_bytes(raw)
        self._level = self._wave(self.until)

    def minutes(self, start: datetime, end: datetime) -> Iterator[Bar]:
        """The bars of each minute of trading from `start` up to `end`, and the start at most."""
        yield from self._bars(start, end, MINUTE)

    def days(self, first: date, last: date) -> Iterator[Bar]:
        """The bars of each day of trading, beginning at midnight in New York."""
        knot = KNOT_MINUTES * MINUTE
        for session in self._sessions(first, last):
            whole = None
            for bar in self._bars(session.opens_at, session.closes_at, knot):
                whole = bar if whole is None else joined(whole, bar)
            if whole is not None:
                yield evolve(whole, start=_DAY.start_of(whole.start))

    def _bars(self, start: datetime, end: datetime, step: timedelta) -> Iterator[Bar]:
        for session in self._sessions(start.date() - ONE_DAY, end.date() + ONE_DAY):
            at = max(session.opens_at, _ceiled(start, step))
            closes = min(session.closes_at, end, self.until - step + timedelta.resolution)
            while at < closes:
                yield self._bar(at, step)
                at += step

    def _bar(self, at: datetime, step: timedelta) -> Bar:
        opens, closes = self._price(at), self._price(at + step)
        lots = 1 + _mixed(self._salt ^ _knot(at)) % _MOST_LOTS
        volume = lots * _LOT * int(step / MINUTE)
        return Bar(
            start=at,
            open=opens,
            high=max(opens, closes),
            low=min(opens, closes),
            close=closes,
            volume=volume,
            trades=volume // _LOT,
            vwap=(opens + closes) / 2,
        )

    def _sessions(self, first: date, last: date) -> Iterator[Session]:
        while first <= last and first <= self.until.date() + ONE_DAY:
            session = self.sessions.session_on(first)
            if session is not None:
                yield session
            first += ONE_DAY

    def _price(self, at: datetime) -> Decimal:
        moved = float(self.price) * exp(self._wave(at) - self._level)
        return max(_LEAST_PRICE, Decimal(_CENT.format(moved)))

    def _wave(self, at: datetime) -> float:
        """The logarithm of the price, straight between two knots."""
        knot = _knot(at)
        part = (at.timestamp() / 60 - knot * KNOT_MINUTES) / KNOT_MINUTES
        before = self._knot_wave(knot)
        return before if part == 0 else before + part * (self._knot_wave(knot + 1) - before)

    def _knot_wave(self, knot: int) -> float:
        known = self._knots.get(knot)
        if known is not None:
            return known
        total = 0.0
        for length, height in _WAVES:
            index, rest = divmod(knot, length)
            low = _noise(self._salt + length, index)
            high = _noise(self._salt + length, index + 1)
            total += height * (low + (high - low) * rest / length)
        if len(self._knots) >= _MOST_KNOTS:
            self._knots.clear()
        self._knots[knot] = total
        return total


def _knot(at: datetime) -> int:
    return int(at.timestamp() // (60 * KNOT_MINUTES))


def _ceiled(at: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    return datetime.fromtimestamp(-(-at.timestamp() // seconds) * seconds, UTC)


def _noise(salt: int, index: int) -> float:
    """From -1 to 1, the same for the same two numbers."""
    return _mixed(salt * 0x9E3779B97F4A7C15 + index) / 2**63 - 1


def _mixed(value: int) -> int:
    """Every bit of the result depends on every bit of `value` (the finisher of SplitMix64)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31
