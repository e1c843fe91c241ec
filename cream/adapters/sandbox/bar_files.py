"""Which bars are in a CSV file, and how does the market follow them?

A header with `symbol,timestamp,open,high,low,close,volume`, in any order and with others beside
them; moments with an offset, or in UTC. What lies before the clock's start is history; from then on
the market moves through open, the two extremes and close of each bar, and prints a quarter of its
volume at each, the remainder at the close.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TextIO

import trio
from attrs import frozen

from cream.adapters.sandbox.bars import MINUTE, Bar
from cream.adapters.sandbox.market import SandboxMarket
from cream.adapters.sandbox.tape import Tape
from cream.core.model.money import is_within_reason
from cream.core.options.occ import parse_instrument
from cream.core.ports import Clock

COLUMNS = ("symbol", "timestamp", "open", "high", "low", "close", "volume")
# Rows of all files together: a year of minutes of twenty shares.
MOST_ROWS = 2_000_000
# Around the price of a bar: a market of one cent to each side.
_HALF_SPREAD = Decimal("0.01")
_SIZE = 10_000
_STEPS = 4

# Digits before or zeros behind the point: more than any share costs, or than there are of it.
_MOST_PLACES = 15

Bars = Mapping[str, list[Bar]]


@frozen
class BarFileError(Exception):
    """A row that is no bar. The message names it."""

    message: str


@frozen
class _Step:
    """Where the market goes next."""

    at: datetime
    symbol: str
    price: Decimal
    size: int


def read_bars(file: TextIO, name: str) -> dict[str, list[Bar]]:
    """The bars by symbol, oldest first.   Raises: BarFileError, naming file and row."""
    rows = csv.DictReader(file)
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise BarFileError(f"{name}: there is no column {', '.join(missing)}")
    found: dict[str, list[Bar]] = {}
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS:
            raise BarFileError(f"{name}: more than {MOST_ROWS} rows")
        try:
            symbol = parse_instrument(row["symbol"]).symbol
            found.setdefault(symbol, []).append(_bar(row))
        except (ValueError, ArithmeticError, TypeError, AttributeError):
            raise BarFileError(f"{name}, row {number}: this is no bar: {dict(row)}") from None
    for bars in found.values():
        bars.sort(key=lambda bar: bar.start)
    return found


def first_of(bars: Bars) -> dict[str, Bar]:
    """The first bar of each symbol."""
    return {symbol: rows[0] for symbol, rows in bars.items()}


async def replay(bars: Bars, tape: Tape, market: SandboxMarket, clock: Clock) -> None:
    """Move the market through the bars that lie ahead, until there are none."""
    for step in _steps(bars, clock.now()):
        ahead = (step.at - clock.now()).total_seconds()
        if ahead > 0:
            await trio.sleep(ahead)
        half = min(_HALF_SPREAD, step.price / 2)
        market.set_quote(step.symbol, step.price - half, step.price + half, _SIZE, _SIZE)
        if step.size:
            tape.print(step.symbol, step.price, step.size, timedelta(0))


def _steps(bars: Bars, now: datetime) -> Iterable[_Step]:
    ahead = [
        step
        for symbol, rows in bars.items()
        for length in [_length(rows)]
        for bar in rows
        if bar.start >= now
        for step in _path(symbol, bar, length)
    ]
    return sorted(ahead, key=lambda step: step.at)


def _path(symbol: str, bar: Bar, length: timedelta) -> Iterator[_Step]:
    rises = bar.close >= bar.open
    extremes = (bar.low, bar.high) if rises else (bar.high, bar.low)
    part, rest = divmod(bar.volume, _STEPS)
    for index, price in enumerate((bar.open, *extremes, bar.close)):
        size = part + (rest if index == _STEPS - 1 else 0)
        yield _Step(bar.start + index * length / _STEPS, symbol, price, size)


def _length(rows: list[Bar]) -> timedelta:
    """How long the bars are: the shortest gap between two."""
    gaps = [later.start - earlier.start for earlier, later in pairwise(rows)]
    return min((gap for gap in gaps if gap > timedelta(0)), default=MINUTE)


def _bar(row: Mapping[str, str]) -> Bar:
    start = datetime.fromisoformat(row["timestamp"])
    figures = [Decimal(row[name]) for name in ("open", "high", "low", "close", "volume")]
    if not all(is_within_reason(figure, _MOST_PLACES) for figure in figures):
        raise ValueError
    opens, high, low, closes = figures[:4]
    volume = int(figures[4])
    if not 0 < low <= min(opens, closes) <= max(opens, closes) <= high or volume < 0:
        raise ValueError
    return Bar(
        start=start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC),
        open=opens,
        high=high,
        low=low,
        close=closes,
        volume=volume,
        trades=max(1, volume // 100),
        vwap=(opens + closes) / 2,
    )
