import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GreeksOfHoldings(_message.Message):
    __slots__ = ("underlying", "delta_shares", "delta_dollars", "gamma_shares", "gamma_dollars_per_percent", "vega_dollars_per_point", "theta_dollars_per_day", "rho_dollars_per_point", "oldest_seconds", "stale", "missing")
    UNDERLYING_FIELD_NUMBER: _ClassVar[int]
    DELTA_SHARES_FIELD_NUMBER: _ClassVar[int]
    DELTA_DOLLARS_FIELD_NUMBER: _ClassVar[int]
    GAMMA_SHARES_FIELD_NUMBER: _ClassVar[int]
    GAMMA_DOLLARS_PER_PERCENT_FIELD_NUMBER: _ClassVar[int]
    VEGA_DOLLARS_PER_POINT_FIELD_NUMBER: _ClassVar[int]
    THETA_DOLLARS_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    RHO_DOLLARS_PER_POINT_FIELD_NUMBER: _ClassVar[int]
    OLDEST_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    underlying: str
    delta_shares: str
    delta_dollars: str
    gamma_shares: str
    gamma_dollars_per_percent: str
    vega_dollars_per_point: str
    theta_dollars_per_day: str
    rho_dollars_per_point: str
    oldest_seconds: float
    stale: _containers.RepeatedScalarFieldContainer[str]
    missing: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, underlying: _Optional[str] = ..., delta_shares: _Optional[str] = ..., delta_dollars: _Optional[str] = ..., gamma_shares: _Optional[str] = ..., gamma_dollars_per_percent: _Optional[str] = ..., vega_dollars_per_point: _Optional[str] = ..., theta_dollars_per_day: _Optional[str] = ..., rho_dollars_per_point: _Optional[str] = ..., oldest_seconds: _Optional[float] = ..., stale: _Optional[_Iterable[str]] = ..., missing: _Optional[_Iterable[str]] = ...) -> None: ...

class ShortOptionRisk(_message.Message):
    __slots__ = ("symbol", "quantity", "level", "reasons", "strike_dollars", "loss_dollars")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    STRIKE_DOLLARS_FIELD_NUMBER: _ClassVar[int]
    LOSS_DOLLARS_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: str
    level: str
    reasons: _containers.RepeatedScalarFieldContainer[str]
    strike_dollars: str
    loss_dollars: str
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., level: _Optional[str] = ..., reasons: _Optional[_Iterable[str]] = ..., strike_dollars: _Optional[str] = ..., loss_dollars: _Optional[str] = ...) -> None: ...

class GetOptionRiskRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOptionRiskResponse(_message.Message):
    __slots__ = ("as_of", "total", "underlyings", "shorts", "unknown")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    UNDERLYINGS_FIELD_NUMBER: _ClassVar[int]
    SHORTS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    as_of: _timestamp_pb2.Timestamp
    total: GreeksOfHoldings
    underlyings: _containers.RepeatedCompositeFieldContainer[GreeksOfHoldings]
    shorts: _containers.RepeatedCompositeFieldContainer[ShortOptionRisk]
    unknown: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., total: _Optional[_Union[GreeksOfHoldings, _Mapping]] = ..., underlyings: _Optional[_Iterable[_Union[GreeksOfHoldings, _Mapping]]] = ..., shorts: _Optional[_Iterable[_Union[ShortOptionRisk, _Mapping]]] = ..., unknown: _Optional[_Iterable[str]] = ...) -> None: ...

class OptionAlarm(_message.Message):
    __slots__ = ("symbol", "kind", "message", "since")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    kind: str
    message: str
    since: _timestamp_pb2.Timestamp
    def __init__(self, symbol: _Optional[str] = ..., kind: _Optional[str] = ..., message: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetOptionAlarmsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOptionAlarmsResponse(_message.Message):
    __slots__ = ("alarms",)
    ALARMS_FIELD_NUMBER: _ClassVar[int]
    alarms: _containers.RepeatedCompositeFieldContainer[OptionAlarm]
    def __init__(self, alarms: _Optional[_Iterable[_Union[OptionAlarm, _Mapping]]] = ...) -> None: ...

class OptionRollLeg(_message.Message):
    __slots__ = ("symbol", "ratio")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    ratio: int
    def __init__(self, symbol: _Optional[str] = ..., ratio: _Optional[int] = ...) -> None: ...

class OptionRoll(_message.Message):
    __slots__ = ("symbol", "quantity", "outcome", "reasons", "legs", "why", "into", "into_quantity", "units", "close_ratio", "open_ratio", "net_middle", "net_natural", "net_limit", "into_legs", "as_one", "refused", "stop_loss", "take_profit")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    INTO_FIELD_NUMBER: _ClassVar[int]
    INTO_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    CLOSE_RATIO_FIELD_NUMBER: _ClassVar[int]
    OPEN_RATIO_FIELD_NUMBER: _ClassVar[int]
    NET_MIDDLE_FIELD_NUMBER: _ClassVar[int]
    NET_NATURAL_FIELD_NUMBER: _ClassVar[int]
    NET_LIMIT_FIELD_NUMBER: _ClassVar[int]
    INTO_LEGS_FIELD_NUMBER: _ClassVar[int]
    AS_ONE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    STOP_LOSS_FIELD_NUMBER: _ClassVar[int]
    TAKE_PROFIT_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: str
    outcome: str
    reasons: _containers.RepeatedScalarFieldContainer[str]
    legs: _containers.RepeatedCompositeFieldContainer[OptionRollLeg]
    why: str
    into: str
    into_quantity: str
    units: int
    close_ratio: int
    open_ratio: int
    net_middle: str
    net_natural: str
    net_limit: str
    into_legs: _containers.RepeatedCompositeFieldContainer[OptionRollLeg]
    as_one: bool
    refused: str
    stop_loss: str
    take_profit: str
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., outcome: _Optional[str] = ..., reasons: _Optional[_Iterable[str]] = ..., legs: _Optional[_Iterable[_Union[OptionRollLeg, _Mapping]]] = ..., why: _Optional[str] = ..., into: _Optional[str] = ..., into_quantity: _Optional[str] = ..., units: _Optional[int] = ..., close_ratio: _Optional[int] = ..., open_ratio: _Optional[int] = ..., net_middle: _Optional[str] = ..., net_natural: _Optional[str] = ..., net_limit: _Optional[str] = ..., into_legs: _Optional[_Iterable[_Union[OptionRollLeg, _Mapping]]] = ..., as_one: _Optional[bool] = ..., refused: _Optional[str] = ..., stop_loss: _Optional[str] = ..., take_profit: _Optional[str] = ...) -> None: ...

class OptionRollUnderWay(_message.Message):
    __slots__ = ("roll_id", "since", "units", "legs", "into_legs", "as_one", "urgent", "reasons", "actor")
    ROLL_ID_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    INTO_LEGS_FIELD_NUMBER: _ClassVar[int]
    AS_ONE_FIELD_NUMBER: _ClassVar[int]
    URGENT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    roll_id: str
    since: _timestamp_pb2.Timestamp
    units: int
    legs: _containers.RepeatedCompositeFieldContainer[OptionRollLeg]
    into_legs: _containers.RepeatedCompositeFieldContainer[OptionRollLeg]
    as_one: bool
    urgent: bool
    reasons: _containers.RepeatedScalarFieldContainer[str]
    actor: str
    def __init__(self, roll_id: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., units: _Optional[int] = ..., legs: _Optional[_Iterable[_Union[OptionRollLeg, _Mapping]]] = ..., into_legs: _Optional[_Iterable[_Union[OptionRollLeg, _Mapping]]] = ..., as_one: _Optional[bool] = ..., urgent: _Optional[bool] = ..., reasons: _Optional[_Iterable[str]] = ..., actor: _Optional[str] = ...) -> None: ...

class GetOptionRollsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOptionRollsResponse(_message.Message):
    __slots__ = ("as_of", "enabled", "dry_run", "rolls", "under_way")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    ROLLS_FIELD_NUMBER: _ClassVar[int]
    UNDER_WAY_FIELD_NUMBER: _ClassVar[int]
    as_of: _timestamp_pb2.Timestamp
    enabled: bool
    dry_run: bool
    rolls: _containers.RepeatedCompositeFieldContainer[OptionRoll]
    under_way: _containers.RepeatedCompositeFieldContainer[OptionRollUnderWay]
    def __init__(self, as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., enabled: _Optional[bool] = ..., dry_run: _Optional[bool] = ..., rolls: _Optional[_Iterable[_Union[OptionRoll, _Mapping]]] = ..., under_way: _Optional[_Iterable[_Union[OptionRollUnderWay, _Mapping]]] = ...) -> None: ...

class RollOptionRequest(_message.Message):
    __slots__ = ("symbol",)
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    def __init__(self, symbol: _Optional[str] = ...) -> None: ...

class RollOptionResponse(_message.Message):
    __slots__ = ("roll",)
    ROLL_FIELD_NUMBER: _ClassVar[int]
    roll: OptionRollUnderWay
    def __init__(self, roll: _Optional[_Union[OptionRollUnderWay, _Mapping]] = ...) -> None: ...
