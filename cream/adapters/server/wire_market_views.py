"""How do quotes, bars and snapshots of the market look on the wire?"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cream.adapters.server import wire_enums as enums
from cream.adapters.server.market_views import minute_view
from cream.adapters.server.wire_shapes import message_of
from cream.adapters.server.wire_values import wire_instant, wire_nanoseconds
from cream.adapters.server.wire_views import double
from cream.core.market.views import SymbolView
from cream.core.model.market import MarketStatus, Quote
from cream.core.model.plan import Environment
from cream.core.model.ticks import Bar
from cream.wire import market_snapshot_pb2

_MINUTE = market_snapshot_pb2.Microstructure
_LARGEST_INT32, _LARGEST_INT64 = 2**31 - 1, 2**63 - 1


def quote_message(quote: Quote, volume: Decimal | None = None) -> market_snapshot_pb2.Quote:
    """Best bid and offer, at the exchange's time to the nanosecond; volume of the day so far."""
    stamp = wire_instant(quote.at) if quote.at_ns is None else wire_nanoseconds(quote.at_ns)
    return market_snapshot_pb2.Quote(
        symbol=quote.symbol,
        bid=float(quote.bid),
        ask=float(quote.ask),
        bid_size=min(quote.bid_size, _LARGEST_INT32),
        ask_size=min(quote.ask_size, _LARGEST_INT32),
        last=double(quote.last),
        volume=0 if volume is None else _whole(volume),
        timestamp=stamp,
    )


def bar_message(bar: Bar) -> market_snapshot_pb2.Bar:
    """What traded in one interval."""
    return market_snapshot_pb2.Bar(
        symbol=bar.symbol,
        timestamp=wire_instant(bar.at),
        timeframe_minutes=bar.minutes,
        open=float(bar.open),
        high=float(bar.high),
        low=float(bar.low),
        close=float(bar.close),
        volume=_whole(bar.volume),
        vwap=None if bar.vwap is None else float(bar.vwap),
        trade_count=bar.trades,
    )


def snapshot_message(
    views: Sequence[SymbolView], environment: Environment, status: MarketStatus, now: datetime
) -> market_snapshot_pb2.MarketSnapshot:
    """Symbols as they are; `as_of` is the newest quote, or `now` where there is none."""
    known = [view.quote for view in views if view.quote is not None]
    return market_snapshot_pb2.MarketSnapshot(
        environment=enums.ENVIRONMENT.name(environment),
        as_of=wire_instant(max((quote.at for quote in known), default=now)),
        market_status=enums.MARKET_STATUS.name(status),
        symbols=[_symbol_message(view, status) for view in views],
    )


def _symbol_message(view: SymbolView, status: MarketStatus) -> market_snapshot_pb2.SymbolSnapshot:
    quote, day, minute = view.quote, view.day, view.microstructure
    volume = None if day is None else day.volume
    return market_snapshot_pb2.SymbolSnapshot(
        symbol=view.symbol,
        quote=None if quote is None else quote_message(quote, volume),
        bars=[bar_message(bar) for bar in view.bars],
        market_status=enums.MARKET_STATUS.name(status),
        day_high=double(None if day is None else day.high),
        day_low=double(None if day is None else day.low),
        prev_close=double(None if day is None else day.previous_close),
        open=double(None if day is None else day.open),
        as_of=None if quote is None else wire_instant(quote.at),
        halted=view.halted,
        microstructure=None if minute is None else message_of(minute_view(minute), _MINUTE),
    )


def _whole(volume: Decimal) -> int:
    return min(int(volume), _LARGEST_INT64)
