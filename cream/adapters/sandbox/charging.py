"""What do regulators and clearing take of the account's trades, and when?

As Alpaca posts it: each kind is added up over a trade date and rounded up to the cent; the next day
it is taken from the cash, and has its FEE row in the history. Paper accounts are not charged.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from attrs import define, field

from cream.adapters.sandbox.replies import Json
from cream.adapters.sandbox.words import dollars, number, uuid_text
from cream.core.exchange.fee_schedule import FeeKind
from cream.core.exchange.fees import DayOfFees, Trade, fees_of
from cream.core.model.broker import Execution
from cream.core.model.instrument import OptionContract
from cream.core.model.money import ZERO
from cream.core.options.occ import NEW_YORK


class FeeMode(Enum):
    """Whether trades are charged."""

    LIVE = "live"
    PAPER = "paper"


@define
class _Kind:
    """What of one kind was charged for on one day."""

    trades: int = 0
    shares: Decimal = ZERO
    contracts: Decimal = ZERO

    def add(self, trade: Trade) -> None:
        self.trades += 1
        if isinstance(trade.instrument, OptionContract):
            self.contracts += trade.quantity
        else:
            self.shares += trade.quantity

    @property
    def units(self) -> str:
        """In words."""
        named = (("shares", self.shares), ("contracts", self.contracts))
        return " and ".join(f"{number(count)} {unit}" for unit, count in named if count)


@define
class _Day:
    fees: DayOfFees
    kinds: dict[FeeKind, _Kind] = field(factory=dict)


@define
class FeeDesk:
    """The fees of one account that are not taken yet: those of today, until it is over."""

    mode: FeeMode
    _days: dict[date, _Day] = field(factory=dict)

    def traded(self, execution: Execution) -> None:
        """Count a trade to its day."""
        if self.mode is FeeMode.PAPER:
            return
        trade = Trade(
            instrument=execution.instrument,
            side=execution.side,
            quantity=execution.quantity,
            price=execution.price,
            day=execution.executed_at.astimezone(NEW_YORK).date(),
        )
        day = self._days.setdefault(trade.day, _Day(DayOfFees(trade.day)))
        day.fees.add(trade)
        for kind in fees_of(trade):
            day.kinds.setdefault(kind, _Kind()).add(trade)

    @property
    def accrued(self) -> Decimal:
        """What is owed and not taken yet. Units: dollars."""
        return sum((day.fees.total for day in self._days.values()), ZERO)

    def take_due(self, now: datetime) -> tuple[Decimal, list[Json]]:
        """What the days that are over have cost, once: the amount, and its rows."""
        today = now.astimezone(NEW_YORK).date()
        over = [self._days.pop(day) for day in sorted(self._days) if day < today]
        amount = sum((day.fees.total for day in over), ZERO)
        return amount, [row for day in over for row in _rows(day, today)]


def _rows(day: _Day, today: date) -> Iterator[Json]:
    traded_on = day.fees.day.isoformat()
    for kind, charged in day.fees.charged.items():
        counted = day.kinds[kind]
        word = kind.value
        yield {
            "id": f"{today:%Y%m%d}000000000::{uuid_text('activity', 'FEE', word, traded_on)}",
            "activity_type": "FEE",
            "activity_sub_type": word,
            "date": today.isoformat(),
            "net_amount": dollars(-charged),
            "description": (
                f"{word} fee for proceed of {counted.units} ({counted.trades} trades) "
                f"on {traded_on}"
            ),
            "status": "executed",
        }
