"""What is a fill: one execution of one order, named by the venue."""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.side import Side


@frozen
class Fee:
    """What one charger (`kind`, by its word) takes for a trade, unrounded. Units: dollars."""

    kind: str
    amount: Decimal


@frozen(kw_only=True)
class Fill:
    """One execution.

    Units: quantity in shares or contracts; price in dollars per share; commission in dollars.
    `fees` are estimates of what is charged later, by the day, and have not moved cash yet.
    `execution_id` is the venue's and unique per account: booking it twice is impossible.
    """

    execution_id: str
    order_id: str
    instrument: Instrument
    side: Side
    quantity: Decimal
    price: Decimal
    executed_at: datetime
    commission: Decimal = ZERO
    fees: tuple[Fee, ...] = ()

    @property
    def charges(self) -> Decimal:
        """What it costs in all: commission, and the fees as estimated. Units: dollars."""
        return self.commission + sum((one.amount for one in self.fees), ZERO)

    @property
    def paid(self) -> Decimal:
        """What it moved in cash, its commission with it: a purchase is negative. Units: dollars."""
        value = self.quantity * self.price * self.instrument.multiplier
        return -self.side.sign * value - self.commission
