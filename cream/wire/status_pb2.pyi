import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetReadinessRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReadinessResponse(_message.Message):
    __slots__ = ("ready", "reasons")
    READY_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    ready: bool
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ready: _Optional[bool] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class GetFeedHealthRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetFeedHealthResponse(_message.Message):
    __slots__ = ("enabled", "status", "provider", "last_message_age_seconds", "messages", "stale_symbols", "issues", "health_score", "messages_per_second", "gap_count", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "halted_symbols", "unusable_quotes")
    class UnusableQuotesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    LAST_MESSAGE_AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    STALE_SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    ISSUES_FIELD_NUMBER: _ClassVar[int]
    HEALTH_SCORE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    GAP_COUNT_FIELD_NUMBER: _ClassVar[int]
    LATENCY_P50_MS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_P95_MS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_P99_MS_FIELD_NUMBER: _ClassVar[int]
    HALTED_SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    UNUSABLE_QUOTES_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    status: str
    provider: str
    last_message_age_seconds: float
    messages: int
    stale_symbols: _containers.RepeatedScalarFieldContainer[str]
    issues: _containers.RepeatedScalarFieldContainer[str]
    health_score: float
    messages_per_second: float
    gap_count: int
    latency_p50_ms: float
    latency_p95_ms: float
    latency_p99_ms: float
    halted_symbols: _containers.RepeatedScalarFieldContainer[str]
    unusable_quotes: _containers.ScalarMap[str, int]
    def __init__(self, enabled: _Optional[bool] = ..., status: _Optional[str] = ..., provider: _Optional[str] = ..., last_message_age_seconds: _Optional[float] = ..., messages: _Optional[int] = ..., stale_symbols: _Optional[_Iterable[str]] = ..., issues: _Optional[_Iterable[str]] = ..., health_score: _Optional[float] = ..., messages_per_second: _Optional[float] = ..., gap_count: _Optional[int] = ..., latency_p50_ms: _Optional[float] = ..., latency_p95_ms: _Optional[float] = ..., latency_p99_ms: _Optional[float] = ..., halted_symbols: _Optional[_Iterable[str]] = ..., unusable_quotes: _Optional[_Mapping[str, int]] = ...) -> None: ...

class CircuitBreaker(_message.Message):
    __slots__ = ("name", "state", "total_calls", "total_failures", "failure_rate")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CALLS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: str
    total_calls: int
    total_failures: int
    failure_rate: float
    def __init__(self, name: _Optional[str] = ..., state: _Optional[str] = ..., total_calls: _Optional[int] = ..., total_failures: _Optional[int] = ..., failure_rate: _Optional[float] = ...) -> None: ...

class GetCircuitBreakersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCircuitBreakersResponse(_message.Message):
    __slots__ = ("state", "is_broker_available", "total_calls", "total_failures", "failure_rate", "breakers")
    STATE_FIELD_NUMBER: _ClassVar[int]
    IS_BROKER_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CALLS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATE_FIELD_NUMBER: _ClassVar[int]
    BREAKERS_FIELD_NUMBER: _ClassVar[int]
    state: str
    is_broker_available: bool
    total_calls: int
    total_failures: int
    failure_rate: float
    breakers: _containers.RepeatedCompositeFieldContainer[CircuitBreaker]
    def __init__(self, state: _Optional[str] = ..., is_broker_available: _Optional[bool] = ..., total_calls: _Optional[int] = ..., total_failures: _Optional[int] = ..., failure_rate: _Optional[float] = ..., breakers: _Optional[_Iterable[_Union[CircuitBreaker, _Mapping]]] = ...) -> None: ...

class Subsystem(_message.Message):
    __slots__ = ("name", "state", "restarts", "since", "last_error")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: str
    restarts: int
    since: _timestamp_pb2.Timestamp
    last_error: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[str] = ..., restarts: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_error: _Optional[str] = ...) -> None: ...

class GetSupervisionRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSupervisionResponse(_message.Message):
    __slots__ = ("subsystems",)
    SUBSYSTEMS_FIELD_NUMBER: _ClassVar[int]
    subsystems: _containers.RepeatedCompositeFieldContainer[Subsystem]
    def __init__(self, subsystems: _Optional[_Iterable[_Union[Subsystem, _Mapping]]] = ...) -> None: ...

class ReconciliationDifference(_message.Message):
    __slots__ = ("kind", "subject", "ours", "theirs", "critical")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    OURS_FIELD_NUMBER: _ClassVar[int]
    THEIRS_FIELD_NUMBER: _ClassVar[int]
    CRITICAL_FIELD_NUMBER: _ClassVar[int]
    kind: str
    subject: str
    ours: str
    theirs: str
    critical: bool
    def __init__(self, kind: _Optional[str] = ..., subject: _Optional[str] = ..., ours: _Optional[str] = ..., theirs: _Optional[str] = ..., critical: _Optional[bool] = ...) -> None: ...

class Reconciliation(_message.Message):
    __slots__ = ("completed_at", "layer", "clean", "differences", "unanswered", "guessed", "alerts")
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    CLEAN_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    GUESSED_FIELD_NUMBER: _ClassVar[int]
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    completed_at: _timestamp_pb2.Timestamp
    layer: str
    clean: bool
    differences: _containers.RepeatedCompositeFieldContainer[ReconciliationDifference]
    unanswered: _containers.RepeatedScalarFieldContainer[str]
    guessed: _containers.RepeatedScalarFieldContainer[str]
    alerts: _containers.RepeatedCompositeFieldContainer[ReconciliationDifference]
    def __init__(self, completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., layer: _Optional[str] = ..., clean: _Optional[bool] = ..., differences: _Optional[_Iterable[_Union[ReconciliationDifference, _Mapping]]] = ..., unanswered: _Optional[_Iterable[str]] = ..., guessed: _Optional[_Iterable[str]] = ..., alerts: _Optional[_Iterable[_Union[ReconciliationDifference, _Mapping]]] = ...) -> None: ...

class GetReconciliationRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReconciliationResponse(_message.Message):
    __slots__ = ("reconciliation",)
    RECONCILIATION_FIELD_NUMBER: _ClassVar[int]
    reconciliation: Reconciliation
    def __init__(self, reconciliation: _Optional[_Union[Reconciliation, _Mapping]] = ...) -> None: ...

class ReconcileRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReconcileResponse(_message.Message):
    __slots__ = ("reconciliation",)
    RECONCILIATION_FIELD_NUMBER: _ClassVar[int]
    reconciliation: Reconciliation
    def __init__(self, reconciliation: _Optional[_Union[Reconciliation, _Mapping]] = ...) -> None: ...
