"""What does it take to trade at this venue, beyond a quote that is good enough?

The venue asks its house rules whether an order may trade now, at what price it really does, and
what that costs. The plain rules add nothing: a quote is a price. Those of a backtest
(`core/backtest/dealing.py`) know of bars.
"""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import Side


class HouseRules(Protocol):
    """What the venue asks before each trade."""

    def holds_back(self, order: VenueOrder) -> bool:
        """Whether `order` may not trade now, whatever the quote. It keeps its place."""
        ...

    def price(self, order: VenueOrder, quoted: Decimal) -> Decimal:
        """What `order` trades at where `quoted` is offered. Units: dollars per share."""
        ...

    def commission(
        self, instrument: Instrument, side: Side, quantity: Decimal, price: Decimal, at: datetime
    ) -> Decimal:
        """What such an execution costs at that time. Units: dollars."""
        ...


class PlainRules:
    """Every order trades at its quote, at no cost."""

    def holds_back(self, _order: VenueOrder) -> bool:
        """Never."""
        return False

    def price(self, _order: VenueOrder, quoted: Decimal) -> Decimal:
        """The quote."""
        return quoted

    def commission(
        self,
        _instrument: Instrument,
        _side: Side,
        _quantity: Decimal,
        _price: Decimal,
        _at: datetime,
    ) -> Decimal:
        """Nothing."""
        return ZERO


PLAIN = PlainRules()
