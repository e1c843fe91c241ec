"""What happened to a price in a stretch of time? Bars, and how shorter ones make longer ones."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from attrs import evolve, frozen

from cream.adapters.sandbox.refusals import Refusal
from cream.core.options.occ import NEW_YORK

MINUTE = timedelta(minutes=1)

_PLACES = Decimal("0.000001")
_FRAME = re.compile(r"(\d+)(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_UNITS = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}
# How many of each unit a bar may span.
_MOST = {"Min": 59, "Hour": 23, "Day": 1, "Week": 1, "Month": 12}
_MONTHS = (1, 2, 3, 4, 6, 12)


@frozen(kw_only=True)
class Bar:
    """The trades from `start` on. Units: dollars per share; shares or contracts."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    trades: int
    vwap: Decimal


@frozen
class Frame:
    """How long a bar is: `5Min`, `1Hour`, `1Day`, `1Week`, `3Month`."""

    count: int
    unit: str

    @property
    def is_intraday(self) -> bool:
        """Whether it is made of minutes; else of days."""
        return self.unit in ("Min", "Hour")

    def start_of(self, at: datetime) -> datetime:
        """When the bar begins that `at` falls into. Days are those of New York."""
        local = at.astimezone(NEW_YORK)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        match self.unit:
            case "Min" | "Hour":
                minutes = self.count * (60 if self.unit == "Hour" else 1)
                passed = (local.hour * 60 + local.minute) // minutes * minutes
                start = midnight.replace(hour=passed // 60, minute=passed % 60)
            case "Day":
                start = midnight
            case "Week":
                start = midnight - timedelta(days=midnight.weekday())
            case _:
                month = (midnight.month - 1) // self.count * self.count + 1
                start = midnight.replace(month=month, day=1)
        return start.astimezone(UTC)


def read_frame(text: str) -> Frame:
    """The time frame that an argument names.   Raises: Refusal."""
    match = _FRAME.fullmatch(text)
    unit = _UNITS.get(match[2], match[2]) if match is not None else ""
    count = int(match[1]) if match is not None else 0
    if not 1 <= count <= _MOST.get(unit, 0) or (unit == "Month" and count not in _MONTHS):
        raise Refusal(400, None, f"invalid timeframe: {text}")
    return Frame(count, unit)


def trade_bar(start: datetime, price: Decimal, size: int) -> Bar:
    """The bar of one trade."""
    return Bar(
        start=start,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=size,
        trades=1,
        vwap=price,
    )


def joined(first: Bar, second: Bar) -> Bar:
    """One bar of two, the first of them the earlier."""
    volume = first.volume + second.volume
    paid = first.vwap * first.volume + second.vwap * second.volume
    return evolve(
        first,
        high=max(first.high, second.high),
        low=min(first.low, second.low),
        close=second.close,
        volume=volume,
        trades=first.trades + second.trades,
        vwap=(paid / volume).quantize(_PLACES) if volume else first.vwap,
    )


def gathered(bars: Iterable[Bar], frame: Frame) -> Iterator[Bar]:
    """Bars of `frame` out of shorter ones, which come in order."""
    for start, group in groupby(bars, lambda bar: frame.start_of(bar.start)):
        rows = iter(group)
        whole = next(rows)
        for row in rows:
            whole = joined(whole, row)
        yield evolve(whole, start=start)
