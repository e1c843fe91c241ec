"""Between which prices does no order on an underlying do anything? Most quotes then cost nothing.

A band that is too narrow costs a look at every order, one that is too wide would cost a trade: it
is only ever narrowed until somebody has looked.
"""

from decimal import Decimal

from attrs import define

from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.instrument import Equity
from cream.core.model.market import Quote
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import TimeInForce


@define
class Band:
    """What sells wakes at a bid of `bids_from` and above, or of `bids_to` and below.

    What buys wakes at an ask of `asks_to` and below, or of `asks_from` and above. `lively`: there
    are orders that every quote concerns. None: no price wakes anything. Units: dollars.
    """

    lively: bool = False
    bids_from: Decimal | None = None
    bids_to: Decimal | None = None
    asks_from: Decimal | None = None
    asks_to: Decimal | None = None

    def narrow(self, order: VenueOrder) -> None:
        """Let `order`, which is open, wake in time."""
        if order.time_in_force is TimeInForce.CLS:
            return  # It waits for a time, and for no price.
        if order.legs or not isinstance(order.instrument, Equity):
            # The quotes of options move with those of the share.
            self.lively = True
        elif order.has_one_chance:
            # Held back until now, it has one chance: the next quote trades it or ends it.
            self.lively = True
        elif order.is_stop:
            stop = order.stop_price
            if stop is None or order.order_type is OrderType.TRAILING_STOP:
                self.lively = True
            elif order.side is Side.BUY:
                self.asks_from = stop if self.asks_from is None else min(stop, self.asks_from)
            else:
                self.bids_to = stop if self.bids_to is None else max(stop, self.bids_to)
        elif order.limit_price is None:
            self.lively = True
        elif order.side is Side.BUY:
            limit = order.limit_price
            self.asks_to = limit if self.asks_to is None else max(limit, self.asks_to)
        else:
            limit = order.limit_price
            self.bids_from = limit if self.bids_from is None else min(limit, self.bids_from)

    def is_calm_at(self, quote: Quote) -> bool:
        """Whether this quote of the share makes nothing happen."""
        return not (
            self.lively
            or (self.bids_from is not None and quote.bid >= self.bids_from)
            or (self.bids_to is not None and quote.bid <= self.bids_to)
            or (self.asks_from is not None and quote.ask >= self.asks_from)
            or (self.asks_to is not None and quote.ask <= self.asks_to)
        )
