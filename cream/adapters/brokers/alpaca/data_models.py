"""What does Alpaca's market-data API show? Trades, quotes, bars, and snapshots of them.

One-letter names are Alpaca's. Sizes are numbers, not whole ones: feeds differ in their units. A
price of zero means that there is none.

Source: Alpaca Market Data API v2 and v1beta1, OpenAPI document 1.1, 2026-06.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from cream.adapters.brokers.alpaca.document import Stamp, wire

Extra = Mapping[str, Any]


@frozen(kw_only=True)
class AlpacaTrade:
    """A print."""

    at: Stamp = wire("t")
    price: Decimal = wire("p")
    size: Decimal = wire("s")
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaQuote:
    """Best bid and offer."""

    at: Stamp = wire("t")
    bid: Decimal = wire("bp")
    bid_size: Decimal = wire("bs")
    ask: Decimal = wire("ap")
    ask_size: Decimal = wire("as")
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaBar:
    """Open, high, low, close and volume of an interval."""

    at: Stamp = wire("t")
    open: Decimal = wire("o")
    high: Decimal = wire("h")
    low: Decimal = wire("l")
    close: Decimal = wire("c")
    volume: Decimal = wire("v")
    trades: Decimal | None = wire("n", None)
    vwap: Decimal | None = wire("vw", None)
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaGreeks:
    """Sensitivities of an option, as the feed computes them."""

    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    rho: Decimal | None = None
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaSnapshot:
    """All that is known of one symbol now. Any part may be missing."""

    latest_trade: AlpacaTrade | None = wire("latestTrade", None)
    latest_quote: AlpacaQuote | None = wire("latestQuote", None)
    minute_bar: AlpacaBar | None = wire("minuteBar", None)
    daily_bar: AlpacaBar | None = wire("dailyBar", None)
    previous_daily_bar: AlpacaBar | None = wire("prevDailyBar", None)
    greeks: AlpacaGreeks | None = None
    implied_volatility: Decimal | None = wire("impliedVolatility", None)
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaBars:
    """A page of bars by symbol."""

    bars: Mapping[str, tuple[AlpacaBar, ...]]
    next_page_token: str = ""
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaTrades:
    """A page of trades by symbol."""

    trades: Mapping[str, tuple[AlpacaTrade, ...]]
    next_page_token: str = ""
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaQuotes:
    """A page of quotes by symbol."""

    quotes: Mapping[str, tuple[AlpacaQuote, ...]]
    next_page_token: str = ""
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaLatestTrades:
    """The last trade of each symbol."""

    trades: Mapping[str, AlpacaTrade]
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaLatestQuotes:
    """The current quote of each symbol."""

    quotes: Mapping[str, AlpacaQuote]
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaLatestBars:
    """The last minute of each symbol."""

    bars: Mapping[str, AlpacaBar]
    extra: Extra = field(factory=dict)


@frozen(kw_only=True)
class AlpacaSnapshots:
    """A page of snapshots of options."""

    snapshots: Mapping[str, AlpacaSnapshot]
    next_page_token: str = ""
    extra: Extra = field(factory=dict)
