import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OnClientLoss(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_CLIENT_LOSS_UNSPECIFIED: _ClassVar[OnClientLoss]
    ON_CLIENT_LOSS_NONE: _ClassVar[OnClientLoss]
    ON_CLIENT_LOSS_CANCEL_ENTRIES: _ClassVar[OnClientLoss]
    ON_CLIENT_LOSS_REDUCE: _ClassVar[OnClientLoss]

class TradingStateValue(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRADING_STATE_UNSPECIFIED: _ClassVar[TradingStateValue]
    TRADING_STATE_ACTIVE: _ClassVar[TradingStateValue]
    TRADING_STATE_REDUCING: _ClassVar[TradingStateValue]
    TRADING_STATE_HALTED: _ClassVar[TradingStateValue]
ON_CLIENT_LOSS_UNSPECIFIED: OnClientLoss
ON_CLIENT_LOSS_NONE: OnClientLoss
ON_CLIENT_LOSS_CANCEL_ENTRIES: OnClientLoss
ON_CLIENT_LOSS_REDUCE: OnClientLoss
TRADING_STATE_UNSPECIFIED: TradingStateValue
TRADING_STATE_ACTIVE: TradingStateValue
TRADING_STATE_REDUCING: TradingStateValue
TRADING_STATE_HALTED: TradingStateValue

class HeartbeatRequest(_message.Message):
    __slots__ = ("session_id", "timeout_seconds", "on_loss", "close")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ON_LOSS_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    timeout_seconds: float
    on_loss: OnClientLoss
    close: bool
    def __init__(self, session_id: _Optional[str] = ..., timeout_seconds: _Optional[float] = ..., on_loss: _Optional[_Union[OnClientLoss, str]] = ..., close: _Optional[bool] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("session_id", "timeout_seconds", "on_loss")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ON_LOSS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    timeout_seconds: float
    on_loss: OnClientLoss
    def __init__(self, session_id: _Optional[str] = ..., timeout_seconds: _Optional[float] = ..., on_loss: _Optional[_Union[OnClientLoss, str]] = ...) -> None: ...

class TradingStateCause(_message.Message):
    __slots__ = ("cause", "reason", "actor", "since", "state")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    cause: str
    reason: str
    actor: str
    since: _timestamp_pb2.Timestamp
    state: TradingStateValue
    def __init__(self, cause: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[TradingStateValue, str]] = ...) -> None: ...

class TradingState(_message.Message):
    __slots__ = ("state", "causes")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    state: TradingStateValue
    causes: _containers.RepeatedCompositeFieldContainer[TradingStateCause]
    def __init__(self, state: _Optional[_Union[TradingStateValue, str]] = ..., causes: _Optional[_Iterable[_Union[TradingStateCause, _Mapping]]] = ...) -> None: ...

class GetTradingStateRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTradingStateResponse(_message.Message):
    __slots__ = ("state", "causes")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    state: TradingStateValue
    causes: _containers.RepeatedCompositeFieldContainer[TradingStateCause]
    def __init__(self, state: _Optional[_Union[TradingStateValue, str]] = ..., causes: _Optional[_Iterable[_Union[TradingStateCause, _Mapping]]] = ...) -> None: ...

class SetTradingStateRequest(_message.Message):
    __slots__ = ("state", "reason", "actor", "force")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    state: TradingStateValue
    reason: str
    actor: str
    force: bool
    def __init__(self, state: _Optional[_Union[TradingStateValue, str]] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class SetTradingStateResponse(_message.Message):
    __slots__ = ("state", "causes")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    state: TradingStateValue
    causes: _containers.RepeatedCompositeFieldContainer[TradingStateCause]
    def __init__(self, state: _Optional[_Union[TradingStateValue, str]] = ..., causes: _Optional[_Iterable[_Union[TradingStateCause, _Mapping]]] = ...) -> None: ...

class KillSwitchRequest(_message.Message):
    __slots__ = ("reason", "flatten")
    REASON_FIELD_NUMBER: _ClassVar[int]
    FLATTEN_FIELD_NUMBER: _ClassVar[int]
    reason: str
    flatten: bool
    def __init__(self, reason: _Optional[str] = ..., flatten: _Optional[bool] = ...) -> None: ...

class CancelResult(_message.Message):
    __slots__ = ("order_id", "accepted", "status_detail", "error_message")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    accepted: bool
    status_detail: str
    error_message: str
    def __init__(self, order_id: _Optional[str] = ..., accepted: _Optional[bool] = ..., status_detail: _Optional[str] = ..., error_message: _Optional[str] = ...) -> None: ...

class KillSwitchResponse(_message.Message):
    __slots__ = ("state", "causes", "results")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    state: TradingStateValue
    causes: _containers.RepeatedCompositeFieldContainer[TradingStateCause]
    results: _containers.RepeatedCompositeFieldContainer[CancelResult]
    def __init__(self, state: _Optional[_Union[TradingStateValue, str]] = ..., causes: _Optional[_Iterable[_Union[TradingStateCause, _Mapping]]] = ..., results: _Optional[_Iterable[_Union[CancelResult, _Mapping]]] = ...) -> None: ...

class MassCancelRequest(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class MassCancelResponse(_message.Message):
    __slots__ = ("requested", "confirmed", "complete", "remaining")
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    requested: int
    confirmed: int
    complete: bool
    remaining: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, requested: _Optional[int] = ..., confirmed: _Optional[int] = ..., complete: _Optional[bool] = ..., remaining: _Optional[_Iterable[str]] = ...) -> None: ...

class ExerciseRequest(_message.Message):
    __slots__ = ("symbol", "quantity")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: int
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class DoNotExerciseRequest(_message.Message):
    __slots__ = ("symbol",)
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    def __init__(self, symbol: _Optional[str] = ...) -> None: ...

class ExerciseResponse(_message.Message):
    __slots__ = ("request_id", "symbol", "quantity", "instruction", "outcome", "message")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    symbol: str
    quantity: int
    instruction: str
    outcome: str
    message: str
    def __init__(self, request_id: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[int] = ..., instruction: _Optional[str] = ..., outcome: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
