"""What do files of bars say? CSV, read strictly: what is wrong is named with its file and line.

Columns by name: symbol, timestamp (or date), open, high, low, close, volume; others are ignored. A
day is a bar of that whole session; a moment (RFC 3339) is when a bar begins, which lasts as long as
the bars of that symbol are apart, and never beyond the session.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from attrs import frozen

from cream.core.backtest.path import MarketBar
from cream.core.exchange.calendar import SessionMode, Sessions
from cream.core.execution.bars import Bar
from cream.core.model.instrument import Instrument
from cream.core.options.occ import NEW_YORK, parse_instrument

# Ten years of minutes of one symbol, in some two gigabytes of memory.
MOST_BARS = 1_000_000
# Enough to see what is wrong with a file; the rest is more of the same.
_MOST_PROBLEMS = 20

_PRICES = ("open", "high", "low", "close")
_COLUMNS = ("symbol", *_PRICES, "volume")
_WHEN = ("timestamp", "date")
# Beyond any share ever quoted, and any volume ever traded: such a number is a mistake.
_MOST = Decimal(10) ** 12

_SESSIONS = Sessions(SessionMode.CALENDAR)


class BadBars(Exception):
    """Files that are no bars: every problem, each with its file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _BadRow(Exception):
    """What is wrong with one row."""


@frozen(kw_only=True)
class _Row:
    """One row that can be read. `ends_at` is None where it follows from the rows beside it."""

    where: str
    instrument: Instrument
    starts_at: datetime
    ends_at: datetime | None
    session_ends_at: datetime
    prices: Bar
    volume: int


def read_bars(files: Iterable[Path]) -> Sequence[MarketBar]:
    """The bars of all `files`, by symbol and time.

    Raises: BadBars. OSError where a file cannot be read.
    """
    problems: list[str] = []
    by_symbol: dict[str, list[_Row]] = {}
    count = 0
    for file in files:
        for row in _rows(file, problems):
            count += 1
            if count > MOST_BARS:
                raise BadBars([f"{row.where}: more than {MOST_BARS:,} bars"])
            by_symbol.setdefault(row.instrument.symbol, []).append(row)
    bars = [bar for rows in by_symbol.values() for bar in _in_order(rows, problems)]
    if not problems and not bars:
        problems.append("there are no bars in these files")
    if problems:
        rest = len(problems) - _MOST_PROBLEMS
        more = [f"and {rest} more"] if rest > 0 else []
        raise BadBars([*problems[:_MOST_PROBLEMS], *more])
    return bars


def _rows(file: Path, problems: list[str]) -> Iterator[_Row]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
            found = _header_problem(names)
            if found is not None:
                problems.append(f"{file}:1: {found}")
                return
            for cells in reader:
                where = f"{file}:{reader.line_num}"
                if not cells:
                    continue
                try:
                    yield _row(where, names, cells)
                except _BadRow as bad:
                    problems.append(f"{where}: {bad}")
        except UnicodeDecodeError:
            problems.append(f"{file}: this is not UTF-8")
        except csv.Error as error:
            problems.append(f"{file}:{reader.line_num}: {error}")


def _header_problem(names: Sequence[str]) -> str | None:
    missing = [name for name in _COLUMNS if name not in names]
    when = [name for name in _WHEN if name in names]
    if not when:
        missing.append("timestamp")
    if missing:
        return f"there is no column {', '.join(missing)}"
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(when) > 1:
        twice.append("timestamp (and date)")
    return f"there are two columns {', '.join(twice)}" if twice else None


def _row(where: str, names: Sequence[str], cells: Sequence[str]) -> _Row:
    if len(cells) != len(names):
        raise _BadRow(f"{len(cells)} cells where the header has {len(names)}")
    values = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    try:
        instrument = parse_instrument(values["symbol"])
    except ValueError as error:
        raise _BadRow(f"symbol: {error}") from None
    starts_at, ends_at, session_ends_at = _when(values.get("timestamp") or values.get("date", ""))
    return _Row(
        where=where,
        instrument=instrument,
        starts_at=starts_at,
        ends_at=ends_at,
        session_ends_at=session_ends_at,
        prices=_prices(values),
        volume=_volume(values["volume"]),
    )


def _when(text: str) -> tuple[datetime, datetime | None, datetime]:
    """When a bar begins, when it ends where that is known, and when its session ends."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2000-01-01") else None
        moment = None if day is not None else datetime.fromisoformat(text)
    except ValueError:
        message = f"timestamp: {text!r} is neither a day (2012-03-01) nor a moment (RFC 3339)"
        raise _BadRow(message) from None
    if moment is None:
        assert day is not None
        session = _SESSIONS.session_on(day)
        if session is None:
            raise _BadRow(f"timestamp: the exchange is closed on {day}")
        return session.opens_at, session.closes_at, session.closes_at
    if moment.tzinfo is None:
        raise _BadRow(f"timestamp: {text!r} does not say in which zone (end it with Z or +00:00)")
    session = _SESSIONS.session_of(moment)
    if session is None:
        local = f"{moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M} in New York"
        raise _BadRow(f"timestamp: outside the regular sessions ({local})")
    return moment.astimezone(UTC), None, session.closes_at


def _prices(values: dict[str, str]) -> Bar:
    opens, high, low, close = (_number(values, name) for name in _PRICES)
    for name, price in zip(_PRICES, (opens, high, low, close), strict=True):
        if price <= 0:
            raise _BadRow(f"{name}: {price} is not above zero")
    if high < low:
        raise _BadRow(f"the high {high} is below the low {low}")
    for name, price in (("open", opens), ("close", close)):
        if not low <= price <= high:
            raise _BadRow(f"the {name} {price} is not between the low {low} and the high {high}")
    return Bar(open=opens, high=high, low=low, close=close)


def _volume(text: str) -> int:
    volume = _number({"volume": text}, "volume")
    if volume < 0 or volume != volume.to_integral_value():
        raise _BadRow(f"volume: {text!r} is not a whole number from zero on")
    return int(volume)


def _number(values: dict[str, str], name: str) -> Decimal:
    text = values[name]
    try:
        number = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _BadRow(f"{name}: {text!r} is not a number")
    if abs(number) > _MOST:
        raise _BadRow(f"{name}: {text} is beyond any market")
    return number


def _in_order(rows: Sequence[_Row], problems: list[str]) -> Iterator[MarketBar]:
    """The rows of one symbol as bars; what is out of order, twice or overlapping is a problem."""
    length = _length(rows)
    before: _Row | None = None
    ended: datetime | None = None
    for row in rows:
        if before is not None and row.starts_at == before.starts_at:
            problems.append(f"{row.where}: the same time as {before.where}")
            continue
        if before is not None and row.starts_at < before.starts_at:
            problems.append(f"{row.where}: earlier than {before.where}")
            continue
        ends_at = row.ends_at
        if ends_at is None:
            last = row.session_ends_at
            ends_at = last if length is None else min(last, row.starts_at + length)
        if before is not None and ended is not None and row.starts_at < ended:
            problems.append(f"{row.where}: begins before the bar of {before.where} has ended")
            continue
        before, ended = row, ends_at
        yield MarketBar(
            instrument=row.instrument,
            starts_at=row.starts_at,
            ends_at=ends_at,
            prices=row.prices,
            volume=row.volume,
        )


def _length(rows: Sequence[_Row]) -> timedelta | None:
    """How long bars last that are given by the moment at which they begin; None for a single one.

    The least distance between two that follow each other.
    """
    starts = [row.starts_at for row in rows if row.ends_at is None]
    gaps = (later - earlier for earlier, later in pairwise(starts) if later > earlier)
    return min(gaps, default=None)
