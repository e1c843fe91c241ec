"""What does one symbol look like now: spread, depth, and the trades of its last sixty seconds?"""

from decimal import Decimal

from attrs import frozen

from cream.core.market.trade_window import TradeWindow
from cream.core.model.market import Quote

# From here on a quote says nothing of the moment, though it may still judge an order.
STALE_SECONDS = 1.0

_MILLISECOND = 1_000_000
_SECOND = 1_000_000_000
_BASIS_POINTS = Decimal(10_000)


@frozen(kw_only=True)
class Microstructure:
    """One symbol at one moment. None where there is nothing to say it by.

    Units: dollars per share; `spread_bps` hundredths of a percent of the middle; sizes and volumes
    in shares or contracts, volumes of the last sixty seconds; `imbalance` from -1 (only offers) to
    1 (only bids).
    """

    symbol: str
    spread: Decimal | None
    spread_bps: Decimal | None
    mid: Decimal | None
    bid_depth: int | None
    ask_depth: int | None
    imbalance: Decimal | None
    vwap: Decimal | None
    volume: Decimal
    buy_volume: Decimal
    sell_volume: Decimal
    last: Decimal | None
    quote_age_seconds: float | None
    is_stale: bool


def microstructure(
    symbol: str, quote: Quote | None, last: Decimal | None, window: TradeWindow, now_ns: int
) -> Microstructure:
    """The symbol as it is at `now_ns`."""
    window.expire(now_ns // _MILLISECOND)
    age = None if quote is None else max(0, now_ns - quote_ns(quote)) / _SECOND
    depth = None if quote is None else quote.bid_size + quote.ask_size
    spread = None if quote is None else quote.ask - quote.bid
    return Microstructure(
        symbol=symbol,
        spread=spread,
        spread_bps=None if quote is None or spread is None else _in_bps(spread, quote.mid),
        mid=None if quote is None else quote.mid,
        bid_depth=None if quote is None else quote.bid_size,
        ask_depth=None if quote is None else quote.ask_size,
        imbalance=(
            Decimal(quote.bid_size - quote.ask_size) / depth
            if quote is not None and depth
            else None
        ),
        vwap=window.vwap,
        volume=window.volume,
        buy_volume=window.bought,
        sell_volume=window.sold,
        last=last,
        quote_age_seconds=age,
        is_stale=age is None or age > STALE_SECONDS,
    )


def quote_ns(quote: Quote) -> int:
    """When the exchange said so. Units: nanoseconds since 1970, UTC."""
    if quote.at_ns is not None:
        return quote.at_ns
    return int(quote.at.timestamp() * 1_000_000) * 1_000


def _in_bps(spread: Decimal, mid: Decimal) -> Decimal | None:
    return spread / mid * _BASIS_POINTS if mid > 0 else None
