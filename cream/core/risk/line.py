"""What is held in one instrument, and what would working orders make of it?"""

from decimal import Decimal

from attrs import define, field

from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import Order


@define(kw_only=True)
class Line:
    """One instrument: what is held, and what working orders would make of it. Never changed.

    `held` is signed, everything else is not. `exiting` is what working exits would close,
    protection not among them. Values are in dollars; what spreads put at stake is not in them.
    `buys` and `sells` are the working orders by their side.
    `grouped`: a holding whose value is counted with the other options of its underlying, because
    some of those are short. Worked out from these: the most that could be held on each side, in
    units and in dollars, and what is held at its mark.
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
    buys: tuple[Order, ...] = ()
    sells: tuple[Order, ...] = ()
    long_units: Decimal = field(init=False, eq=False)
    short_units: Decimal = field(init=False, eq=False)
    held_value: Decimal = field(init=False, eq=False)
    long_value: Decimal = field(init=False, eq=False)
    short_value: Decimal = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        held = self.held
        self.long_units, self.short_units = self.buying, self.selling
        self.long_value, self.short_value = self.buying_value, self.selling_value
        if not held:
            self.held_value = ZERO
            return
        self.held_value = value = abs(held) * self.mark * self.instrument.multiplier
        if held > 0:
            self.long_units += held
            self.long_value += value
        else:
            self.short_units -= held
            self.short_value += value

    @property
    def orders(self) -> tuple[Order, ...]:
        """What works in the instrument, protection and slices not among them."""
        return self.buys + self.sells

    @property
    def available(self) -> Decimal:
        """What an exit can still close: the holding less what other exits work on."""
        return max(ZERO, abs(self.held) - self.exiting)

    def gross(self, more_long: Decimal = ZERO, more_short: Decimal = ZERO) -> Decimal:
        """What the instrument adds to the gross value, with so much more on either side."""
        long, short = self.long_value + more_long, self.short_value + more_short
        if self.grouped:
            if self.held > 0:
                long -= self.held_value
            else:
                short -= self.held_value
        return long if long >= short else short


def is_occupied(line: Line) -> bool:
    """Whether something is held in the instrument or is being entered."""
    return bool(line.held or line.buying or line.selling)
