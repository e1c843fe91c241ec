"""What does the JSON of market data look like? Prices are texts, as everywhere."""

from datetime import datetime

from attrs import frozen

from cream.adapters.server.json_state_types import Quote


@frozen(kw_only=True)
class Bar:
    """What traded in one interval that began at `at`."""

    symbol: str
    at: datetime
    timeframe_minutes: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    vwap: str | None
    trade_count: int | None


@frozen(kw_only=True)
class Day:
    """The session so far, and the close before it."""

    open: str | None
    high: str | None
    low: str | None
    volume: str | None
    previous_close: str | None


@frozen(kw_only=True)
class Microstructure:
    """The last sixty seconds by the exchange's time; null where nothing is known."""

    spread: str | None
    spread_bps: str | None
    mid: str | None
    bid_depth: int | None
    ask_depth: int | None
    imbalance: str | None
    vwap: str | None
    volume: str
    buy_volume: str
    sell_volume: str
    last: str | None
    quote_age_seconds: float | None
    is_stale: bool


@frozen(kw_only=True)
class SymbolMarket:
    """Everything about one symbol. `halted` says why it is not traded now."""

    symbol: str
    quote: Quote | None
    halted: str | None
    day: Day | None
    microstructure: Microstructure | None
    bars: tuple[Bar, ...]


@frozen(kw_only=True)
class Market:
    """Some symbols at one time."""

    market_status: str
    as_of: datetime
    symbols: tuple[SymbolMarket, ...]
