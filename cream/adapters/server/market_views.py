"""How do the market's symbols, bars and last minutes become JSON?"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cream.adapters.server import market_types as api
from cream.adapters.server.json_state_views import quote_view
from cream.core.market.microstructure import Microstructure
from cream.core.market.views import SymbolView
from cream.core.model.market import MarketStatus
from cream.core.model.money import decimal_text
from cream.core.model.ticks import Bar, DayStatistics

# Quotients have no end; ten places are a hundred times finer than any price.
_PLACES = Decimal("1e-10")


def market_view(views: Sequence[SymbolView], status: MarketStatus, now: datetime) -> api.Market:
    """Some symbols; `as_of` is the newest quote, or `now` where there is none."""
    quotes = [view.quote.at for view in views if view.quote is not None]
    return api.Market(
        market_status=status.value,
        as_of=max(quotes, default=now),
        symbols=tuple(_symbol(view) for view in views),
    )


def bar_view(bar: Bar) -> api.Bar:
    """What traded in one interval."""
    return api.Bar(
        symbol=bar.symbol,
        at=bar.at,
        timeframe_minutes=bar.minutes,
        open=decimal_text(bar.open),
        high=decimal_text(bar.high),
        low=decimal_text(bar.low),
        close=decimal_text(bar.close),
        volume=decimal_text(bar.volume),
        vwap=_text(bar.vwap),
        trade_count=bar.trades,
    )


def _symbol(view: SymbolView) -> api.SymbolMarket:
    return api.SymbolMarket(
        symbol=view.symbol,
        quote=None if view.quote is None else quote_view(view.quote),
        halted=view.halted,
        day=None if view.day is None else _day(view.day),
        microstructure=None if view.microstructure is None else minute_view(view.microstructure),
        bars=tuple(bar_view(bar) for bar in view.bars),
    )


def _day(day: DayStatistics) -> api.Day:
    return api.Day(
        open=_text(day.open),
        high=_text(day.high),
        low=_text(day.low),
        volume=_text(day.volume),
        previous_close=_text(day.previous_close),
    )


def minute_view(one: Microstructure) -> api.Microstructure:
    """The last sixty seconds."""
    return api.Microstructure(
        spread=_text(one.spread),
        spread_bps=_text(one.spread_bps),
        mid=_text(one.mid),
        bid_depth=one.bid_depth,
        ask_depth=one.ask_depth,
        imbalance=_text(one.imbalance),
        vwap=_text(one.vwap),
        volume=decimal_text(one.volume),
        buy_volume=decimal_text(one.buy_volume),
        sell_volume=decimal_text(one.sell_volume),
        last=_text(one.last),
        quote_age_seconds=one.quote_age_seconds,
        is_stale=one.is_stale,
    )


def _text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -10:
        value = value.quantize(_PLACES).normalize()
    return decimal_text(value)
