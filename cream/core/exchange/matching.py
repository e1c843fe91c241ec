"""At which price and for how much would an order trade against this quote?

Orders take the far side: a buy pays the ask, a sale gets the bid, and a limit only bounds that, so
that a marketable limit order gets the better price. Each quote's displayed size is there once: what
one order took, the next does not get until a new quote comes.
"""

from collections.abc import Callable
from decimal import Decimal

from attrs import define, field, frozen

from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.market import Quote
from cream.core.model.money import ZERO, floor_units, round_to_tick_down, round_to_tick_up
from cream.core.model.order import OrderType, Side

_PERCENT = Decimal(100)
# Trailing stops move in cents; Alpaca shows no finer stop.
_TRAIL_TICK = Decimal("0.01")

QuoteOf = Callable[[str], Quote | None]


@frozen
class Match:
    """A trade that can happen now. For a spread `price` is net, and each leg has its own price."""

    units: Decimal
    price: Decimal
    leg_prices: tuple[Decimal, ...] = ()


@define
class _Taken:
    """What was taken from the quote with this number, by buyers and by sellers."""

    generation: int
    by_buyers: Decimal = ZERO
    by_sellers: Decimal = ZERO


@define
class DisplayedSizes:
    """How much of each current quote is left."""

    _taken: dict[str, _Taken] = field(factory=dict)

    def left(self, quote: Quote, generation: int, side: Side) -> Decimal:
        """What an order of `side` can still get of `quote`; never below zero."""
        displayed = Decimal(quote.ask_size if side is Side.BUY else quote.bid_size)
        taken = self._taken.get(quote.symbol)
        if taken is None or taken.generation != generation:
            return max(ZERO, displayed)
        gone = taken.by_buyers if side is Side.BUY else taken.by_sellers
        return max(ZERO, displayed - gone)

    def take(self, symbol: str, generation: int, side: Side, quantity: Decimal) -> None:
        """Note that an order of `side` took `quantity`."""
        taken = self._taken.get(symbol)
        if taken is None or taken.generation != generation:
            taken = self._taken[symbol] = _Taken(generation)
        if side is Side.BUY:
            taken.by_buyers += quantity
        else:
            taken.by_sellers += quantity


def far_price(quote: Quote | None, side: Side) -> Decimal | None:
    """What an order of `side` would trade at; None where nothing is offered or quotes cross."""
    if quote is None or quote.is_crossed:
        return None
    price = quote.ask if side is Side.BUY else quote.bid
    return price if price > 0 else None


def stop_is_reached(order: VenueOrder, quote: Quote) -> bool:
    """Whether the order's stop is elected: by the side at which it would then trade."""
    price = far_price(quote, order.side)
    if price is None or order.stop_price is None:
        return False
    return order.side.sign * (price - order.stop_price) >= 0


def trail(order: VenueOrder, quote: Quote) -> None:
    """Move a trailing stop behind the best price since it began. It never moves back."""
    price = far_price(quote, order.side)
    if order.order_type is not OrderType.TRAILING_STOP or price is None:
        return
    best = order.trail_extreme
    if order.side is Side.SELL:
        best = price if best is None else max(best, price)
    else:
        best = price if best is None else min(best, price)
    order.trail_extreme = best
    distance = order.trail_price
    if distance is None:
        distance = best * (order.trail_percent or ZERO) / _PERCENT
    stop = best + order.side.sign * distance
    rounded = round_to_tick_up if order.side is Side.BUY else round_to_tick_down
    order.stop_price = rounded(stop, _TRAIL_TICK)


def match_single(order: VenueOrder, quote: Quote | None, left: Decimal) -> Match | None:
    """The trade of an order in one instrument, at most `left` of it."""
    price = far_price(quote, order.side)
    units = min(order.leaves, left)
    if price is None or units <= 0:
        return None
    limit = order.limit_price
    if limit is not None and order.side.sign * (price - limit) > 0:
        return None
    return Match(units, price)


def match_spread(
    order: VenueOrder, quote_of: QuoteOf, left_of: Callable[[Quote, Side], Decimal]
) -> Match | None:
    """The trade of a spread: all legs in ratio, at the net of their far sides, in whole units."""
    net = ZERO
    units = order.leaves
    prices = []
    for leg in order.legs:
        quote = quote_of(leg.contract.symbol)
        price = far_price(quote, leg.side)
        if quote is None or price is None:
            return None
        net += leg.ratio * price
        prices.append(price)
        units = min(units, floor_units(left_of(quote, leg.side) / abs(leg.ratio)))
    if units <= 0 or (order.limit_price is not None and net > order.limit_price):
        return None
    return Match(units, net, tuple(prices))


def priority(order: VenueOrder) -> tuple[int, Decimal, int]:
    """Who trades first: what takes any price, then the best limit, then the earlier order."""
    if order.limit_price is None or order.is_stop:
        return 0, ZERO, order.sequence
    return 1, -order.side.sign * order.limit_price, order.sequence
