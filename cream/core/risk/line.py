"""What is held in one instrument, and what would working orders make of it?"""

from decimal import Decimal

from attrs import frozen

from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import Order


@frozen(kw_only=True)
class Line:
    """One instrument: what is held, and what working orders would make of it.

    `held` is signed, everything else is not. `exiting` is what working exits would close,
    protection not among them. Values are in dollars; what spreads put at stake is not in them.
    `grouped`: a holding whose value is counted with the other options of its underlying, because
    some of those are short.
    """

    instrument: Instrument
    held: Decimal = ZERO
    mark: Decimal = ZERO
    buying: Decimal = ZERO
    selling: Decimal = ZERO
    exiting: Decimal = ZERO
    buying_value: Decimal = ZERO
    selling_value: Decimal = ZERO
    grouped: bool = False
    orders: tuple[Order, ...] = ()

    @property
    def long_units(self) -> Decimal:
        """The most that could be held long."""
        return max(ZERO, self.held) + self.buying

    @property
    def short_units(self) -> Decimal:
        """The most that could be held short."""
        return max(ZERO, -self.held) + self.selling

    @property
    def held_value(self) -> Decimal:
        """What is held, at its mark."""
        return abs(self.held) * self.mark * self.instrument.multiplier

    @property
    def long_value(self) -> Decimal:
        """The most that could be long, in dollars."""
        return self.buying_value + (self.held_value if self.held > 0 else ZERO)

    @property
    def short_value(self) -> Decimal:
        """The most that could be short, in dollars."""
        return self.selling_value + (self.held_value if self.held < 0 else ZERO)

    @property
    def available(self) -> Decimal:
        """What an exit can still close: the holding less what other exits work on."""
        return max(ZERO, abs(self.held) - self.exiting)

    def gross(self, more_long: Decimal = ZERO, more_short: Decimal = ZERO) -> Decimal:
        """What the instrument adds to the gross value, with so much more on either side."""
        not_here = self.held_value if self.grouped else ZERO
        long = self.long_value + more_long - (not_here if self.held > 0 else ZERO)
        short = self.short_value + more_short - (not_here if self.held < 0 else ZERO)
        return max(long, short)


def is_occupied(line: Line) -> bool:
    """Whether something is held in the instrument or is being entered."""
    return bool(line.held or line.buying or line.selling)
