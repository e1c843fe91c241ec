"""Did a day's trades cost what was estimated when they were booked?

The broker adds each kind of fee up over the day, rounds it up to the cent, and posts it as a row
of the history, mostly the next day. A day is compared once it has a row.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from typing import Final

from attrs import frozen

from cream.core.exchange.fee_schedule import FeeKind
from cream.core.execution.activities import ActivityBook
from cream.core.model.activity import Activity, ActivityKind
from cream.core.model.money import ZERO

_CENT: Final = Decimal("0.01")
# "TAF fee for proceed of 50 shares (1 trades) on 2022-01-13"
_TRADED_ON: Final = re.compile(r"\bon (\d{4}-\d\d-\d\d)\b")
# A long weekend with a holiday, and the day that rows are late.
_LATEST: Final = timedelta(days=5)
_NO_TIME: Final = timedelta(0)
_KINDS: Final = frozenset(kind.value for kind in FeeKind)


@frozen(kw_only=True)
class DayOfCharges:
    """One kind of fee on one trade date: the estimate rounded up, and what was charged.

    Units: dollars, positive where the account pays.
    """

    day: date
    kind: str
    estimated: Decimal
    charged: Decimal

    @property
    def drifts(self) -> bool:
        """Whether the two are more than a cent apart."""
        return abs(self.charged - self.estimated) > _CENT


@frozen(kw_only=True)
class DayOfEstimates:
    """One kind of fee on one trade date that has no row yet: the estimate rounded up.

    Units: dollars.
    """

    day: date
    kind: str
    estimated: Decimal


def charges(book: ActivityBook) -> Sequence[DayOfCharges]:
    """Every day that was estimated and has been charged, by kind."""
    estimated, charged = book.estimated_fees(), _charged(book)
    over = {day for day, _ in charged}
    keys = sorted({key for key in estimated if key[0] in over} | set(charged))
    return [
        DayOfCharges(
            day=day,
            kind=kind,
            estimated=estimated.get((day, kind), ZERO).quantize(_CENT, ROUND_UP),
            charged=charged.get((day, kind), ZERO),
        )
        for day, kind in keys
    ]


def uncharged(book: ActivityBook) -> Sequence[DayOfEstimates]:
    """Every day that was estimated and has not been charged yet, by kind."""
    over = {day for day, _ in _charged(book)}
    return [
        DayOfEstimates(day=day, kind=kind, estimated=fee.quantize(_CENT, ROUND_UP))
        for (day, kind), fee in sorted(book.estimated_fees().items())
        if fee and day not in over
    ]


def _charged(book: ActivityBook) -> Mapping[tuple[date, str], Decimal]:
    """What the rows of each kind say that the trades of each estimated day have cost."""
    days = {day for day, _ in book.estimated_fees()}
    charged: dict[tuple[date, str], Decimal] = {}
    for noted in book.latest():
        row = noted.activity
        day = _trade_day(row, days) if row.kind is ActivityKind.FEE and row.counts else None
        if day is not None:
            key = (day, _kind(row))
            charged[key] = charged.get(key, ZERO) - row.net_amount
    return charged


def _trade_day(row: Activity, days: Collection[date]) -> date | None:
    """The trade date that the row is for, if it was estimated.

    It is in the description; where it is not, the row is for the last day before its own that has
    estimates, since rows come a day late.
    """
    found = _TRADED_ON.search(row.description)
    if found is not None:
        try:
            day = date.fromisoformat(found[1])
        except ValueError:
            return None
        return day if day in days else None
    return max((day for day in days if _NO_TIME < row.day - day <= _LATEST), default=None)


def _kind(row: Activity) -> str:
    first = row.description.partition(" ")[0]
    return row.sub_word or (first if first in _KINDS else "")
