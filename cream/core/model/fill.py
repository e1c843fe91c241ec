"""What is a fill: one execution of one order, named by the venue."""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.side import Side


@frozen(kw_only=True)
class Fill:
    """One execution.

    Units: quantity in shares or contracts; price in dollars per share; commission in dollars.
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

    @property
    def paid(self) -> Decimal:
        """What it moved in cash, its commission with it: a purchase is negative. Units: dollars."""
        value = self.quantity * self.price * self.instrument.multiplier
        return -self.side.sign * value - self.commission
