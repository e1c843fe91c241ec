"""What goes wrong with orders at the venue while a fault is on?

Looks at what the venue has just done, makes it worse, and gives back what the stream will tell.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.listings import is_over
from cream.adapters.sandbox.market import SandboxMarket
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.matching import far_price
from cream.core.exchange.venue import Venue
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.money import floor_units
from cream.core.model.order import OrderClass, OrderType

_EXITS = frozenset((OrderClass.BRACKET, OrderClass.OTO, OrderClass.OCO))
_STOPS = frozenset((OrderType.STOP, OrderType.STOP_LIMIT))

Link = Callable[[str, str], None]
Updates = Sequence[OrderUpdate]


def befallen(venue: Venue, faults: Faults, updates: Updates, now: datetime, link: Link) -> Updates:
    """The messages, with what the faults have made of the orders in them.

    `link` is told which order takes the place of which.
    """
    told = list(updates)
    for update in updates:
        order = update.order
        is_exit = order.order_class in _EXITS and not order.legs
        if update.event == "fill" and is_exit and faults.happens(FaultName.DOUBLE_FILL):
            told = _both_filled(venue, order, told, now)
        elif update.event == "new" and is_exit and faults.happens(FaultName.LEG_SWAP):
            swapped = venue.mishaps.renumber(order.broker_order_id, now)
            link(order.broker_order_id, swapped[-1].order.broker_order_id)
            told += swapped
        elif update.event == "partial_fill" and faults.happens(FaultName.EXPIRE_PARTIAL):
            told += venue.mishaps.expire(order.broker_order_id, now)
    return told


def trade_through(market: SandboxMarket, order: BrokerOrder) -> None:
    """Move the market through the order's limit and back."""
    quote, limit = market.latest(order.instrument.symbol), order.limit_price
    if quote is None or limit is None or is_over(order):
        return
    size = int(order.quantity) + 1
    market.set_quote(quote.symbol, limit, limit, size, size)
    market.set_quote(quote.symbol, quote.bid, quote.ask, quote.bid_size, quote.ask_size)


def half_filled(venue: Venue, order: BrokerOrder, market: VenueMarket, now: datetime) -> Updates:
    """The messages once half of what an order in one instrument has left has traded."""
    units = floor_units((order.quantity - order.filled) / 2)
    price = order.limit_price or far_price(market.latest(order.instrument.symbol), order.side)
    if order.order_class is OrderClass.MLEG or units < 1 or price is None or is_over(order):
        return ()
    return venue.mishaps.fill(order.broker_order_id, units, price, now)


def after_replacing(
    venue: Venue, faults: Faults, old_id: str, new_id: str, updates: Updates, now: datetime
) -> Updates:
    """The same for an order that has just been replaced: the answer was yes, and then it was no."""
    if faults.happens(FaultName.REPLACE_REJECT) is not None:
        return [*updates, *venue.mishaps.reject(new_id, "the replacement was rejected", now)]
    if faults.happens(FaultName.FILL_DURING_REPLACE) is None:
        return updates
    old = venue.order(old_id)
    assert old is not None, "it has just been replaced"
    rejected = venue.mishaps.reject(new_id, "the order was filled", now)
    price = old.limit_price
    assert price is not None, "only limits are raced"
    filled = venue.mishaps.fill(old_id, old.quantity - old.filled, price, now)
    others = [one for one in updates if one.order.broker_order_id != old_id]
    return [*filled, *others, *rejected]


def _both_filled(
    venue: Venue, order: BrokerOrder, told: list[OrderUpdate], now: datetime
) -> list[OrderUpdate]:
    """Its twin, which has just been cancelled, fills as well, and the cancel is not told."""
    twin_id = venue.mishaps.twin_of(order.broker_order_id)
    twin = venue.order(twin_id) if twin_id is not None else None
    if twin is None or twin_id is None:
        return told
    price = twin.stop_price if twin.order_type in _STOPS else twin.limit_price
    assert price is not None, "an exit has a price"
    filled = venue.mishaps.fill(twin_id, order.filled, price, now)
    return [one for one in told if one.order.broker_order_id != twin_id] + list(filled)
