"""What will the fees of a trade be, and what does a day of trades cost?

A fill is booked with its exact fees, to the last decimal place: an estimate that depends on nothing
but the fill, so that the same fill is booked the same however often it is told. The broker adds up
each kind over the day and rounds it up to the cent (`DayOfFees`); what that adds is known once the
day is over and the broker has charged it.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Final, assert_never

from attrs import define, field, frozen

from cream.core.exchange.fee_schedule import SCHEDULE, Basis, FeeKind, FeeRule, Traded
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.money import ZERO
from cream.core.model.side import Side

_CENT: Final = Decimal("0.01")


@frozen(kw_only=True)
class Trade:
    """One execution, as far as it is charged. `day` is the trade date in New York.

    Units: quantity in shares or contracts; price in dollars per share.
    """

    instrument: Instrument
    side: Side
    quantity: Decimal
    price: Decimal
    day: date


def fees_of(trade: Trade) -> Mapping[FeeKind, Decimal]:
    """What each kind charges for the trade, unrounded; kinds that charge nothing are left out.

    Units: dollars. A cap counts by execution, as FINRA's and OCC's do.
    """
    charged: dict[FeeKind, Decimal] = {}
    for rule in SCHEDULE:
        fee = _fee(rule, trade)
        if fee:
            charged[rule.kind] = charged.get(rule.kind, ZERO) + fee
    return charged


def estimated_fees(trade: Trade) -> Decimal:
    """All of them together, unrounded. Units: dollars."""
    return sum(fees_of(trade).values(), ZERO)


def _fee(rule: FeeRule, trade: Trade) -> Decimal:
    if rule.sells_only and trade.side is Side.BUY:
        return ZERO
    traded = Traded.OPTIONS if isinstance(trade.instrument, OptionContract) else Traded.SHARES
    if traded not in rule.of:
        return ZERO
    row = rule.rate_on(trade.day)
    if row is None:
        return ZERO
    fee = row.rate * _units(rule.basis, trade)
    return fee if row.cap is None else min(fee, row.cap)


def _units(basis: Basis, trade: Trade) -> Decimal:
    shares = trade.quantity * trade.instrument.multiplier
    match basis:
        case Basis.DOLLAR:
            # Section 31 is on the value sold; a spread's leg may trade at less than nothing.
            return max(ZERO, shares * trade.price)
        case Basis.SHARE:
            return shares
        case Basis.CONTRACT:
            return trade.quantity
    assert_never(basis)


@define
class DayOfFees:
    """One account's fees of one trade date, as the broker adds them up."""

    day: date
    exact: dict[FeeKind, Decimal] = field(factory=dict)

    def add(self, trade: Trade) -> None:
        """Count a trade of the day.   Raises: ValueError for one of another day."""
        if trade.day != self.day:
            raise ValueError(f"Expected a trade of {self.day}, was one of {trade.day}")
        for kind, fee in fees_of(trade).items():
            self.exact[kind] = self.exact.get(kind, ZERO) + fee

    @property
    def charged(self) -> Mapping[FeeKind, Decimal]:
        """Each kind's sum, rounded up to the cent. Units: dollars."""
        return {kind: fee.quantize(_CENT, ROUND_UP) for kind, fee in self.exact.items()}

    @property
    def total(self) -> Decimal:
        """What the day costs. Units: dollars."""
        return sum(self.charged.values(), ZERO)
