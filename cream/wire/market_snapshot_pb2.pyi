import datetime

from cream.wire import common_pb2 as _common_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Quote(_message.Message):
    __slots__ = ("symbol", "bid", "ask", "bid_size", "ask_size", "last", "last_size", "volume", "timestamp")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    BID_FIELD_NUMBER: _ClassVar[int]
    ASK_FIELD_NUMBER: _ClassVar[int]
    BID_SIZE_FIELD_NUMBER: _ClassVar[int]
    ASK_SIZE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    LAST_SIZE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    bid: float
    ask: float
    bid_size: int
    ask_size: int
    last: float
    last_size: int
    volume: int
    timestamp: _timestamp_pb2.Timestamp
    def __init__(self, symbol: _Optional[str] = ..., bid: _Optional[float] = ..., ask: _Optional[float] = ..., bid_size: _Optional[int] = ..., ask_size: _Optional[int] = ..., last: _Optional[float] = ..., last_size: _Optional[int] = ..., volume: _Optional[int] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Bar(_message.Message):
    __slots__ = ("symbol", "timestamp", "timeframe_minutes", "open", "high", "low", "close", "volume", "vwap", "trade_count")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    TIMEFRAME_MINUTES_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    VWAP_FIELD_NUMBER: _ClassVar[int]
    TRADE_COUNT_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    timestamp: _timestamp_pb2.Timestamp
    timeframe_minutes: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    vwap: float
    trade_count: int
    def __init__(self, symbol: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timeframe_minutes: _Optional[int] = ..., open: _Optional[float] = ..., high: _Optional[float] = ..., low: _Optional[float] = ..., close: _Optional[float] = ..., volume: _Optional[int] = ..., vwap: _Optional[float] = ..., trade_count: _Optional[int] = ...) -> None: ...

class SymbolSnapshot(_message.Message):
    __slots__ = ("symbol", "quote", "bars", "market_status", "day_high", "day_low", "prev_close", "open", "as_of", "halted", "microstructure")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    BARS_FIELD_NUMBER: _ClassVar[int]
    MARKET_STATUS_FIELD_NUMBER: _ClassVar[int]
    DAY_HIGH_FIELD_NUMBER: _ClassVar[int]
    DAY_LOW_FIELD_NUMBER: _ClassVar[int]
    PREV_CLOSE_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    HALTED_FIELD_NUMBER: _ClassVar[int]
    MICROSTRUCTURE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quote: Quote
    bars: _containers.RepeatedCompositeFieldContainer[Bar]
    market_status: _common_pb2.MarketStatus
    day_high: float
    day_low: float
    prev_close: float
    open: float
    as_of: _timestamp_pb2.Timestamp
    halted: str
    microstructure: Microstructure
    def __init__(self, symbol: _Optional[str] = ..., quote: _Optional[_Union[Quote, _Mapping]] = ..., bars: _Optional[_Iterable[_Union[Bar, _Mapping]]] = ..., market_status: _Optional[_Union[_common_pb2.MarketStatus, str]] = ..., day_high: _Optional[float] = ..., day_low: _Optional[float] = ..., prev_close: _Optional[float] = ..., open: _Optional[float] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., halted: _Optional[str] = ..., microstructure: _Optional[_Union[Microstructure, _Mapping]] = ...) -> None: ...

class Microstructure(_message.Message):
    __slots__ = ("spread", "spread_bps", "mid", "bid_depth", "ask_depth", "imbalance", "vwap", "volume", "buy_volume", "sell_volume", "last", "quote_age_seconds", "is_stale")
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    SPREAD_BPS_FIELD_NUMBER: _ClassVar[int]
    MID_FIELD_NUMBER: _ClassVar[int]
    BID_DEPTH_FIELD_NUMBER: _ClassVar[int]
    ASK_DEPTH_FIELD_NUMBER: _ClassVar[int]
    IMBALANCE_FIELD_NUMBER: _ClassVar[int]
    VWAP_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    BUY_VOLUME_FIELD_NUMBER: _ClassVar[int]
    SELL_VOLUME_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    QUOTE_AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    IS_STALE_FIELD_NUMBER: _ClassVar[int]
    spread: str
    spread_bps: str
    mid: str
    bid_depth: int
    ask_depth: int
    imbalance: str
    vwap: str
    volume: str
    buy_volume: str
    sell_volume: str
    last: str
    quote_age_seconds: float
    is_stale: bool
    def __init__(self, spread: _Optional[str] = ..., spread_bps: _Optional[str] = ..., mid: _Optional[str] = ..., bid_depth: _Optional[int] = ..., ask_depth: _Optional[int] = ..., imbalance: _Optional[str] = ..., vwap: _Optional[str] = ..., volume: _Optional[str] = ..., buy_volume: _Optional[str] = ..., sell_volume: _Optional[str] = ..., last: _Optional[str] = ..., quote_age_seconds: _Optional[float] = ..., is_stale: _Optional[bool] = ...) -> None: ...

class MarketSnapshot(_message.Message):
    __slots__ = ("environment", "as_of", "market_status", "regime", "symbols")
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    MARKET_STATUS_FIELD_NUMBER: _ClassVar[int]
    REGIME_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    environment: _common_pb2.Environment
    as_of: _timestamp_pb2.Timestamp
    market_status: _common_pb2.MarketStatus
    regime: _common_pb2.Regime
    symbols: _containers.RepeatedCompositeFieldContainer[SymbolSnapshot]
    def __init__(self, environment: _Optional[_Union[_common_pb2.Environment, str]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., market_status: _Optional[_Union[_common_pb2.MarketStatus, str]] = ..., regime: _Optional[_Union[_common_pb2.Regime, str]] = ..., symbols: _Optional[_Iterable[_Union[SymbolSnapshot, _Mapping]]] = ...) -> None: ...

class OptionQuote(_message.Message):
    __slots__ = ("contract", "quote", "implied_volatility", "delta", "gamma", "theta", "vega", "rho", "open_interest", "quote_age_seconds", "flags", "valuation_status", "figures_from", "model_price", "open_interest_is_known", "volume")
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    IMPLIED_VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    VEGA_FIELD_NUMBER: _ClassVar[int]
    RHO_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_FIELD_NUMBER: _ClassVar[int]
    QUOTE_AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    VALUATION_STATUS_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FROM_FIELD_NUMBER: _ClassVar[int]
    MODEL_PRICE_FIELD_NUMBER: _ClassVar[int]
    OPEN_INTEREST_IS_KNOWN_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    contract: _common_pb2.OptionContract
    quote: Quote
    implied_volatility: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float
    open_interest: int
    quote_age_seconds: float
    flags: _containers.RepeatedScalarFieldContainer[str]
    valuation_status: str
    figures_from: str
    model_price: float
    open_interest_is_known: bool
    volume: int
    def __init__(self, contract: _Optional[_Union[_common_pb2.OptionContract, _Mapping]] = ..., quote: _Optional[_Union[Quote, _Mapping]] = ..., implied_volatility: _Optional[float] = ..., delta: _Optional[float] = ..., gamma: _Optional[float] = ..., theta: _Optional[float] = ..., vega: _Optional[float] = ..., rho: _Optional[float] = ..., open_interest: _Optional[int] = ..., quote_age_seconds: _Optional[float] = ..., flags: _Optional[_Iterable[str]] = ..., valuation_status: _Optional[str] = ..., figures_from: _Optional[str] = ..., model_price: _Optional[float] = ..., open_interest_is_known: _Optional[bool] = ..., volume: _Optional[int] = ...) -> None: ...

class OptionChain(_message.Message):
    __slots__ = ("underlying", "underlying_price", "options", "as_of", "underlying_age_seconds", "underlying_is_stale", "matched", "risk_free_rate", "dividend_yield")
    UNDERLYING_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_PRICE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_IS_STALE_FIELD_NUMBER: _ClassVar[int]
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    RISK_FREE_RATE_FIELD_NUMBER: _ClassVar[int]
    DIVIDEND_YIELD_FIELD_NUMBER: _ClassVar[int]
    underlying: str
    underlying_price: float
    options: _containers.RepeatedCompositeFieldContainer[OptionQuote]
    as_of: _timestamp_pb2.Timestamp
    underlying_age_seconds: float
    underlying_is_stale: bool
    matched: int
    risk_free_rate: float
    dividend_yield: float
    def __init__(self, underlying: _Optional[str] = ..., underlying_price: _Optional[float] = ..., options: _Optional[_Iterable[_Union[OptionQuote, _Mapping]]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., underlying_age_seconds: _Optional[float] = ..., underlying_is_stale: _Optional[bool] = ..., matched: _Optional[int] = ..., risk_free_rate: _Optional[float] = ..., dividend_yield: _Optional[float] = ...) -> None: ...

class SubscribeMarketDataRequest(_message.Message):
    __slots__ = ("symbols", "include_options", "bar_timeframes")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    BAR_TIMEFRAMES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    include_options: bool
    bar_timeframes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., include_options: _Optional[bool] = ..., bar_timeframes: _Optional[_Iterable[int]] = ...) -> None: ...

class SubscribeMarketDataResponse(_message.Message):
    __slots__ = ("quote", "bar", "option_quote", "snapshot")
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    BAR_FIELD_NUMBER: _ClassVar[int]
    OPTION_QUOTE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    quote: Quote
    bar: Bar
    option_quote: OptionQuote
    snapshot: SymbolSnapshot
    def __init__(self, quote: _Optional[_Union[Quote, _Mapping]] = ..., bar: _Optional[_Union[Bar, _Mapping]] = ..., option_quote: _Optional[_Union[OptionQuote, _Mapping]] = ..., snapshot: _Optional[_Union[SymbolSnapshot, _Mapping]] = ...) -> None: ...

class GetSnapshotRequest(_message.Message):
    __slots__ = ("symbols", "include_bars", "bar_timeframes")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_BARS_FIELD_NUMBER: _ClassVar[int]
    BAR_TIMEFRAMES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    include_bars: bool
    bar_timeframes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., include_bars: _Optional[bool] = ..., bar_timeframes: _Optional[_Iterable[int]] = ...) -> None: ...

class GetSnapshotResponse(_message.Message):
    __slots__ = ("snapshot",)
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    snapshot: MarketSnapshot
    def __init__(self, snapshot: _Optional[_Union[MarketSnapshot, _Mapping]] = ...) -> None: ...

class GetOptionChainRequest(_message.Message):
    __slots__ = ("underlying", "expirations", "min_strike", "max_strike", "option_type", "limit")
    UNDERLYING_FIELD_NUMBER: _ClassVar[int]
    EXPIRATIONS_FIELD_NUMBER: _ClassVar[int]
    MIN_STRIKE_FIELD_NUMBER: _ClassVar[int]
    MAX_STRIKE_FIELD_NUMBER: _ClassVar[int]
    OPTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    underlying: str
    expirations: _containers.RepeatedScalarFieldContainer[str]
    min_strike: float
    max_strike: float
    option_type: _common_pb2.OptionType
    limit: int
    def __init__(self, underlying: _Optional[str] = ..., expirations: _Optional[_Iterable[str]] = ..., min_strike: _Optional[float] = ..., max_strike: _Optional[float] = ..., option_type: _Optional[_Union[_common_pb2.OptionType, str]] = ..., limit: _Optional[int] = ...) -> None: ...

class GetOptionChainResponse(_message.Message):
    __slots__ = ("chain",)
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    chain: OptionChain
    def __init__(self, chain: _Optional[_Union[OptionChain, _Mapping]] = ...) -> None: ...
