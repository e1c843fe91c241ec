from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Environment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENVIRONMENT_UNSPECIFIED: _ClassVar[Environment]
    ENVIRONMENT_PAPER: _ClassVar[Environment]
    ENVIRONMENT_LIVE: _ClassVar[Environment]

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_BUY: _ClassVar[Action]
    ACTION_SELL: _ClassVar[Action]
    ACTION_HOLD: _ClassVar[Action]
    ACTION_INCREASE: _ClassVar[Action]
    ACTION_REDUCE: _ClassVar[Action]
    ACTION_NO_TRADE: _ClassVar[Action]
    ACTION_CLOSE: _ClassVar[Action]

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_LONG: _ClassVar[Direction]
    DIRECTION_SHORT: _ClassVar[Direction]
    DIRECTION_FLAT: _ClassVar[Direction]

class InstrumentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTRUMENT_TYPE_UNSPECIFIED: _ClassVar[InstrumentType]
    INSTRUMENT_TYPE_EQUITY: _ClassVar[InstrumentType]
    INSTRUMENT_TYPE_OPTION: _ClassVar[InstrumentType]

class OptionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPTION_TYPE_UNSPECIFIED: _ClassVar[OptionType]
    OPTION_TYPE_CALL: _ClassVar[OptionType]
    OPTION_TYPE_PUT: _ClassVar[OptionType]

class SizeUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIZE_UNIT_UNSPECIFIED: _ClassVar[SizeUnit]
    SIZE_UNIT_SHARES: _ClassVar[SizeUnit]
    SIZE_UNIT_CONTRACTS: _ClassVar[SizeUnit]
    SIZE_UNIT_DOLLARS: _ClassVar[SizeUnit]
    SIZE_UNIT_PCT_EQUITY: _ClassVar[SizeUnit]

class OrderType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_TYPE_UNSPECIFIED: _ClassVar[OrderType]
    ORDER_TYPE_LIMIT: _ClassVar[OrderType]
    ORDER_TYPE_MARKET: _ClassVar[OrderType]
    ORDER_TYPE_STOP: _ClassVar[OrderType]
    ORDER_TYPE_STOP_LIMIT: _ClassVar[OrderType]
    ORDER_TYPE_TRAILING_STOP: _ClassVar[OrderType]

class TimeInForce(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_IN_FORCE_UNSPECIFIED: _ClassVar[TimeInForce]
    TIME_IN_FORCE_DAY: _ClassVar[TimeInForce]
    TIME_IN_FORCE_GTC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_IOC: _ClassVar[TimeInForce]
    TIME_IN_FORCE_FOK: _ClassVar[TimeInForce]
    TIME_IN_FORCE_OPG: _ClassVar[TimeInForce]
    TIME_IN_FORCE_CLS: _ClassVar[TimeInForce]

class RiskDenomination(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RISK_DENOMINATION_UNSPECIFIED: _ClassVar[RiskDenomination]
    RISK_DENOMINATION_UNDERLYING_PRICE: _ClassVar[RiskDenomination]
    RISK_DENOMINATION_OPTION_PRICE: _ClassVar[RiskDenomination]

class StrategyFamily(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRATEGY_FAMILY_UNSPECIFIED: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_EQUITY_LONG: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_EQUITY_SHORT: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_OPTION_LONG: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_OPTION_SHORT: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_VERTICAL_SPREAD: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_IRON_CONDOR: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_STRADDLE: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_STRANGLE: _ClassVar[StrategyFamily]
    STRATEGY_FAMILY_CALENDAR_SPREAD: _ClassVar[StrategyFamily]

class TimeHorizon(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_HORIZON_UNSPECIFIED: _ClassVar[TimeHorizon]
    TIME_HORIZON_INTRADAY: _ClassVar[TimeHorizon]
    TIME_HORIZON_SWING: _ClassVar[TimeHorizon]
    TIME_HORIZON_POSITION: _ClassVar[TimeHorizon]
    TIME_HORIZON_LONG_TERM: _ClassVar[TimeHorizon]

class ThesisState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    THESIS_STATE_UNSPECIFIED: _ClassVar[ThesisState]
    THESIS_STATE_WATCHING: _ClassVar[ThesisState]
    THESIS_STATE_ENTERED: _ClassVar[ThesisState]
    THESIS_STATE_ADDING: _ClassVar[ThesisState]
    THESIS_STATE_MANAGING: _ClassVar[ThesisState]
    THESIS_STATE_EXITING: _ClassVar[ThesisState]
    THESIS_STATE_CLOSED: _ClassVar[ThesisState]

class PositionIntent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POSITION_INTENT_UNSPECIFIED: _ClassVar[PositionIntent]
    POSITION_INTENT_BUY_TO_OPEN: _ClassVar[PositionIntent]
    POSITION_INTENT_BUY_TO_CLOSE: _ClassVar[PositionIntent]
    POSITION_INTENT_SELL_TO_OPEN: _ClassVar[PositionIntent]
    POSITION_INTENT_SELL_TO_CLOSE: _ClassVar[PositionIntent]

class Regime(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REGIME_UNSPECIFIED: _ClassVar[Regime]
    REGIME_BULL_TREND: _ClassVar[Regime]
    REGIME_BEAR_TREND: _ClassVar[Regime]
    REGIME_RANGE_BOUND: _ClassVar[Regime]
    REGIME_HIGH_VOLATILITY: _ClassVar[Regime]
    REGIME_LOW_VOLATILITY: _ClassVar[Regime]
    REGIME_CRISIS: _ClassVar[Regime]

class MarketStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MARKET_STATUS_UNSPECIFIED: _ClassVar[MarketStatus]
    MARKET_STATUS_PRE_MARKET: _ClassVar[MarketStatus]
    MARKET_STATUS_OPEN: _ClassVar[MarketStatus]
    MARKET_STATUS_AFTER_HOURS: _ClassVar[MarketStatus]
    MARKET_STATUS_CLOSED: _ClassVar[MarketStatus]
ENVIRONMENT_UNSPECIFIED: Environment
ENVIRONMENT_PAPER: Environment
ENVIRONMENT_LIVE: Environment
ACTION_UNSPECIFIED: Action
ACTION_BUY: Action
ACTION_SELL: Action
ACTION_HOLD: Action
ACTION_INCREASE: Action
ACTION_REDUCE: Action
ACTION_NO_TRADE: Action
ACTION_CLOSE: Action
DIRECTION_UNSPECIFIED: Direction
DIRECTION_LONG: Direction
DIRECTION_SHORT: Direction
DIRECTION_FLAT: Direction
INSTRUMENT_TYPE_UNSPECIFIED: InstrumentType
INSTRUMENT_TYPE_EQUITY: InstrumentType
INSTRUMENT_TYPE_OPTION: InstrumentType
OPTION_TYPE_UNSPECIFIED: OptionType
OPTION_TYPE_CALL: OptionType
OPTION_TYPE_PUT: OptionType
SIZE_UNIT_UNSPECIFIED: SizeUnit
SIZE_UNIT_SHARES: SizeUnit
SIZE_UNIT_CONTRACTS: SizeUnit
SIZE_UNIT_DOLLARS: SizeUnit
SIZE_UNIT_PCT_EQUITY: SizeUnit
ORDER_TYPE_UNSPECIFIED: OrderType
ORDER_TYPE_LIMIT: OrderType
ORDER_TYPE_MARKET: OrderType
ORDER_TYPE_STOP: OrderType
ORDER_TYPE_STOP_LIMIT: OrderType
ORDER_TYPE_TRAILING_STOP: OrderType
TIME_IN_FORCE_UNSPECIFIED: TimeInForce
TIME_IN_FORCE_DAY: TimeInForce
TIME_IN_FORCE_GTC: TimeInForce
TIME_IN_FORCE_IOC: TimeInForce
TIME_IN_FORCE_FOK: TimeInForce
TIME_IN_FORCE_OPG: TimeInForce
TIME_IN_FORCE_CLS: TimeInForce
RISK_DENOMINATION_UNSPECIFIED: RiskDenomination
RISK_DENOMINATION_UNDERLYING_PRICE: RiskDenomination
RISK_DENOMINATION_OPTION_PRICE: RiskDenomination
STRATEGY_FAMILY_UNSPECIFIED: StrategyFamily
STRATEGY_FAMILY_EQUITY_LONG: StrategyFamily
STRATEGY_FAMILY_EQUITY_SHORT: StrategyFamily
STRATEGY_FAMILY_OPTION_LONG: StrategyFamily
STRATEGY_FAMILY_OPTION_SHORT: StrategyFamily
STRATEGY_FAMILY_VERTICAL_SPREAD: StrategyFamily
STRATEGY_FAMILY_IRON_CONDOR: StrategyFamily
STRATEGY_FAMILY_STRADDLE: StrategyFamily
STRATEGY_FAMILY_STRANGLE: StrategyFamily
STRATEGY_FAMILY_CALENDAR_SPREAD: StrategyFamily
TIME_HORIZON_UNSPECIFIED: TimeHorizon
TIME_HORIZON_INTRADAY: TimeHorizon
TIME_HORIZON_SWING: TimeHorizon
TIME_HORIZON_POSITION: TimeHorizon
TIME_HORIZON_LONG_TERM: TimeHorizon
THESIS_STATE_UNSPECIFIED: ThesisState
THESIS_STATE_WATCHING: ThesisState
THESIS_STATE_ENTERED: ThesisState
THESIS_STATE_ADDING: ThesisState
THESIS_STATE_MANAGING: ThesisState
THESIS_STATE_EXITING: ThesisState
THESIS_STATE_CLOSED: ThesisState
POSITION_INTENT_UNSPECIFIED: PositionIntent
POSITION_INTENT_BUY_TO_OPEN: PositionIntent
POSITION_INTENT_BUY_TO_CLOSE: PositionIntent
POSITION_INTENT_SELL_TO_OPEN: PositionIntent
POSITION_INTENT_SELL_TO_CLOSE: PositionIntent
REGIME_UNSPECIFIED: Regime
REGIME_BULL_TREND: Regime
REGIME_BEAR_TREND: Regime
REGIME_RANGE_BOUND: Regime
REGIME_HIGH_VOLATILITY: Regime
REGIME_LOW_VOLATILITY: Regime
REGIME_CRISIS: Regime
MARKET_STATUS_UNSPECIFIED: MarketStatus
MARKET_STATUS_PRE_MARKET: MarketStatus
MARKET_STATUS_OPEN: MarketStatus
MARKET_STATUS_AFTER_HOURS: MarketStatus
MARKET_STATUS_CLOSED: MarketStatus

class OptionContract(_message.Message):
    __slots__ = ("underlying", "expiration", "strike", "option_type")
    UNDERLYING_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_FIELD_NUMBER: _ClassVar[int]
    STRIKE_FIELD_NUMBER: _ClassVar[int]
    OPTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    underlying: str
    expiration: str
    strike: float
    option_type: OptionType
    def __init__(self, underlying: _Optional[str] = ..., expiration: _Optional[str] = ..., strike: _Optional[float] = ..., option_type: _Optional[_Union[OptionType, str]] = ...) -> None: ...

class Instrument(_message.Message):
    __slots__ = ("instrument_id", "instrument_type", "option_contract")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    OPTION_CONTRACT_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    instrument_type: InstrumentType
    option_contract: OptionContract
    def __init__(self, instrument_id: _Optional[str] = ..., instrument_type: _Optional[_Union[InstrumentType, str]] = ..., option_contract: _Optional[_Union[OptionContract, _Mapping]] = ...) -> None: ...

class Size(_message.Message):
    __slots__ = ("quantity", "unit", "target_position_quantity")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TARGET_POSITION_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    unit: SizeUnit
    target_position_quantity: int
    def __init__(self, quantity: _Optional[int] = ..., unit: _Optional[_Union[SizeUnit, str]] = ..., target_position_quantity: _Optional[int] = ...) -> None: ...

class RiskLevels(_message.Message):
    __slots__ = ("stop_loss_level", "take_profit_level", "denomination")
    STOP_LOSS_LEVEL_FIELD_NUMBER: _ClassVar[int]
    TAKE_PROFIT_LEVEL_FIELD_NUMBER: _ClassVar[int]
    DENOMINATION_FIELD_NUMBER: _ClassVar[int]
    stop_loss_level: float
    take_profit_level: float
    denomination: RiskDenomination
    def __init__(self, stop_loss_level: _Optional[float] = ..., take_profit_level: _Optional[float] = ..., denomination: _Optional[_Union[RiskDenomination, str]] = ...) -> None: ...

class OptionLeg(_message.Message):
    __slots__ = ("symbol", "ratio_qty", "position_intent", "contract")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATIO_QTY_FIELD_NUMBER: _ClassVar[int]
    POSITION_INTENT_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    ratio_qty: int
    position_intent: PositionIntent
    contract: OptionContract
    def __init__(self, symbol: _Optional[str] = ..., ratio_qty: _Optional[int] = ..., position_intent: _Optional[_Union[PositionIntent, str]] = ..., contract: _Optional[_Union[OptionContract, _Mapping]] = ...) -> None: ...
