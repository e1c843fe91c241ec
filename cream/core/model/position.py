"""What is held in one instrument, and what did holding it earn?"""

from decimal import Decimal

from attrs import evolve, frozen

from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO, average, share_of


@frozen(kw_only=True)
class Position:
    """A holding. Units: signed shares or contracts; dollars per share; dollars.

    `cost` is what the open quantity cost, signed like the quantity, without multiplier:
    `average_price` is derived from it, so that no rounding accumulates.
    """

    instrument: Instrument
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realized_pnl: Decimal = ZERO

    @property
    def average_price(self) -> Decimal:
        """Average entry price of what is open; zero when flat."""
        return average(self.cost, self.quantity) if self.quantity else ZERO

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held."""
        return self.quantity == 0

    def market_value(self, mark: Decimal) -> Decimal:
        """Signed dollars at `mark` per share."""
        return self.quantity * mark * self.instrument.multiplier

    def unrealized_pnl(self, mark: Decimal) -> Decimal:
        """Dollars gained or lost if closed at `mark`."""
        return (self.quantity * mark - self.cost) * self.instrument.multiplier

    def undone(self, signed_quantity: Decimal, price: Decimal) -> "Position":
        """This position as if such a fill had not happened. Not a cent appears or is lost by it.

        What the fill had added is taken off the cost; what it had closed is held again at the
        average price. What is left over is in the realised figure.
        """
        quantity = self.quantity - signed_quantity
        # Realised figure less cost is all that was received less all that was paid.
        multiplier = self.instrument.multiplier
        received = self.realized_pnl + (signed_quantity * price - self.cost) * multiplier
        if quantity == 0:
            cost = ZERO
        elif self.quantity * quantity <= 0:
            cost = quantity * price
        elif abs(quantity) < abs(self.quantity):
            cost = self.cost - signed_quantity * price
        else:
            cost = self.cost - share_of(self.cost, signed_quantity, self.quantity)
        return evolve(self, quantity=quantity, cost=cost, realized_pnl=received + cost * multiplier)

    def filled(self, signed_quantity: Decimal, price: Decimal) -> "Position":
        """This position after a fill; crossing zero closes the old side and opens the new one.

        What leaves the cost is exactly what enters the realised figure, whatever is rounded.
        """
        multiplier = self.instrument.multiplier
        held = self.quantity
        if held == 0 or (held > 0) == (signed_quantity > 0):
            return evolve(
                self,
                quantity=held + signed_quantity,
                cost=self.cost + signed_quantity * price,
            )
        closing = min(abs(signed_quantity), abs(held))
        sign = 1 if held > 0 else -1
        cost_out = share_of(self.cost, closing, abs(held))
        realized = (sign * closing * price - cost_out) * multiplier
        opening = abs(signed_quantity) - closing
        return evolve(
            self,
            quantity=held + signed_quantity,
            cost=-sign * opening * price if opening else self.cost - cost_out,
            realized_pnl=self.realized_pnl + realized,
        )
