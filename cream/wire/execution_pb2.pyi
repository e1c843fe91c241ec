import datetime

from cream.wire import common_pb2 as _common_pb2
from cream.wire import control_pb2 as _control_pb2
from cream.wire import decision_pb2 as _decision_pb2
from cream.wire import status_pb2 as _status_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConstraintResult(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSTRAINT_RESULT_UNSPECIFIED: _ClassVar[ConstraintResult]
    CONSTRAINT_RESULT_PASS: _ClassVar[ConstraintResult]
    CONSTRAINT_RESULT_FAIL: _ClassVar[ConstraintResult]
    CONSTRAINT_RESULT_WARN: _ClassVar[ConstraintResult]
    CONSTRAINT_RESULT_INFO: _ClassVar[ConstraintResult]

class ViolationSeverity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIOLATION_SEVERITY_UNSPECIFIED: _ClassVar[ViolationSeverity]
    VIOLATION_SEVERITY_INFO: _ClassVar[ViolationSeverity]
    VIOLATION_SEVERITY_WARNING: _ClassVar[ViolationSeverity]
    VIOLATION_SEVERITY_ERROR: _ClassVar[ViolationSeverity]
    VIOLATION_SEVERITY_CRITICAL: _ClassVar[ViolationSeverity]

class OrderStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATUS_UNSPECIFIED: _ClassVar[OrderStatus]
    ORDER_STATUS_NEW: _ClassVar[OrderStatus]
    ORDER_STATUS_PENDING: _ClassVar[OrderStatus]
    ORDER_STATUS_ACCEPTED: _ClassVar[OrderStatus]
    ORDER_STATUS_PARTIAL_FILL: _ClassVar[OrderStatus]
    ORDER_STATUS_FILLED: _ClassVar[OrderStatus]
    ORDER_STATUS_CANCELLED: _ClassVar[OrderStatus]
    ORDER_STATUS_REJECTED: _ClassVar[OrderStatus]
    ORDER_STATUS_EXPIRED: _ClassVar[OrderStatus]

class OrderSide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_SIDE_UNSPECIFIED: _ClassVar[OrderSide]
    ORDER_SIDE_BUY: _ClassVar[OrderSide]
    ORDER_SIDE_SELL: _ClassVar[OrderSide]

class OrderClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_CLASS_UNSPECIFIED: _ClassVar[OrderClass]
    ORDER_CLASS_SIMPLE: _ClassVar[OrderClass]
    ORDER_CLASS_BRACKET: _ClassVar[OrderClass]
    ORDER_CLASS_OTO: _ClassVar[OrderClass]
    ORDER_CLASS_OCO: _ClassVar[OrderClass]
    ORDER_CLASS_MLEG: _ClassVar[OrderClass]

class OrderPurpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_PURPOSE_UNSPECIFIED: _ClassVar[OrderPurpose]
    ORDER_PURPOSE_ENTRY: _ClassVar[OrderPurpose]
    ORDER_PURPOSE_EXIT: _ClassVar[OrderPurpose]
    ORDER_PURPOSE_STOP_LOSS: _ClassVar[OrderPurpose]
    ORDER_PURPOSE_TAKE_PROFIT: _ClassVar[OrderPurpose]
    ORDER_PURPOSE_EXTERNAL: _ClassVar[OrderPurpose]
    ORDER_PURPOSE_ROLL: _ClassVar[OrderPurpose]
CONSTRAINT_RESULT_UNSPECIFIED: ConstraintResult
CONSTRAINT_RESULT_PASS: ConstraintResult
CONSTRAINT_RESULT_FAIL: ConstraintResult
CONSTRAINT_RESULT_WARN: ConstraintResult
CONSTRAINT_RESULT_INFO: ConstraintResult
VIOLATION_SEVERITY_UNSPECIFIED: ViolationSeverity
VIOLATION_SEVERITY_INFO: ViolationSeverity
VIOLATION_SEVERITY_WARNING: ViolationSeverity
VIOLATION_SEVERITY_ERROR: ViolationSeverity
VIOLATION_SEVERITY_CRITICAL: ViolationSeverity
ORDER_STATUS_UNSPECIFIED: OrderStatus
ORDER_STATUS_NEW: OrderStatus
ORDER_STATUS_PENDING: OrderStatus
ORDER_STATUS_ACCEPTED: OrderStatus
ORDER_STATUS_PARTIAL_FILL: OrderStatus
ORDER_STATUS_FILLED: OrderStatus
ORDER_STATUS_CANCELLED: OrderStatus
ORDER_STATUS_REJECTED: OrderStatus
ORDER_STATUS_EXPIRED: OrderStatus
ORDER_SIDE_UNSPECIFIED: OrderSide
ORDER_SIDE_BUY: OrderSide
ORDER_SIDE_SELL: OrderSide
ORDER_CLASS_UNSPECIFIED: OrderClass
ORDER_CLASS_SIMPLE: OrderClass
ORDER_CLASS_BRACKET: OrderClass
ORDER_CLASS_OTO: OrderClass
ORDER_CLASS_OCO: OrderClass
ORDER_CLASS_MLEG: OrderClass
ORDER_PURPOSE_UNSPECIFIED: OrderPurpose
ORDER_PURPOSE_ENTRY: OrderPurpose
ORDER_PURPOSE_EXIT: OrderPurpose
ORDER_PURPOSE_STOP_LOSS: OrderPurpose
ORDER_PURPOSE_TAKE_PROFIT: OrderPurpose
ORDER_PURPOSE_EXTERNAL: OrderPurpose
ORDER_PURPOSE_ROLL: OrderPurpose

class ConstraintCheck(_message.Message):
    __slots__ = ("name", "result", "description", "actual_value", "threshold", "unit", "observed", "limit")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_VALUE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    name: str
    result: ConstraintResult
    description: str
    actual_value: float
    threshold: float
    unit: str
    observed: str
    limit: str
    def __init__(self, name: _Optional[str] = ..., result: _Optional[_Union[ConstraintResult, str]] = ..., description: _Optional[str] = ..., actual_value: _Optional[float] = ..., threshold: _Optional[float] = ..., unit: _Optional[str] = ..., observed: _Optional[str] = ..., limit: _Optional[str] = ...) -> None: ...

class RiskConstraints(_message.Message):
    __slots__ = ("max_shares", "max_contracts", "max_notional_cents", "max_pct_equity_bps", "max_gross_pct_equity_bps", "max_net_pct_equity_bps", "max_risk_per_trade_bps", "max_sector_exposure_bps", "max_positions", "max_concentration_bps", "max_correlation_bps", "max_drawdown_bps", "max_delta_notional_cents", "max_gamma_scaled", "max_vega_cents", "max_theta_cents")
    MAX_SHARES_FIELD_NUMBER: _ClassVar[int]
    MAX_CONTRACTS_FIELD_NUMBER: _ClassVar[int]
    MAX_NOTIONAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_PCT_EQUITY_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_GROSS_PCT_EQUITY_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_NET_PCT_EQUITY_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_RISK_PER_TRADE_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_SECTOR_EXPOSURE_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_POSITIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCENTRATION_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_CORRELATION_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_DRAWDOWN_BPS_FIELD_NUMBER: _ClassVar[int]
    MAX_DELTA_NOTIONAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_GAMMA_SCALED_FIELD_NUMBER: _ClassVar[int]
    MAX_VEGA_CENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_THETA_CENTS_FIELD_NUMBER: _ClassVar[int]
    max_shares: int
    max_contracts: int
    max_notional_cents: int
    max_pct_equity_bps: int
    max_gross_pct_equity_bps: int
    max_net_pct_equity_bps: int
    max_risk_per_trade_bps: int
    max_sector_exposure_bps: int
    max_positions: int
    max_concentration_bps: int
    max_correlation_bps: int
    max_drawdown_bps: int
    max_delta_notional_cents: int
    max_gamma_scaled: int
    max_vega_cents: int
    max_theta_cents: int
    def __init__(self, max_shares: _Optional[int] = ..., max_contracts: _Optional[int] = ..., max_notional_cents: _Optional[int] = ..., max_pct_equity_bps: _Optional[int] = ..., max_gross_pct_equity_bps: _Optional[int] = ..., max_net_pct_equity_bps: _Optional[int] = ..., max_risk_per_trade_bps: _Optional[int] = ..., max_sector_exposure_bps: _Optional[int] = ..., max_positions: _Optional[int] = ..., max_concentration_bps: _Optional[int] = ..., max_correlation_bps: _Optional[int] = ..., max_drawdown_bps: _Optional[int] = ..., max_delta_notional_cents: _Optional[int] = ..., max_gamma_scaled: _Optional[int] = ..., max_vega_cents: _Optional[int] = ..., max_theta_cents: _Optional[int] = ...) -> None: ...

class CheckConstraintsRequest(_message.Message):
    __slots__ = ("decision_plan", "account_state", "positions", "constraints")
    DECISION_PLAN_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_STATE_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    decision_plan: _decision_pb2.DecisionPlan
    account_state: AccountState
    positions: _containers.RepeatedCompositeFieldContainer[Position]
    constraints: RiskConstraints
    def __init__(self, decision_plan: _Optional[_Union[_decision_pb2.DecisionPlan, _Mapping]] = ..., account_state: _Optional[_Union[AccountState, _Mapping]] = ..., positions: _Optional[_Iterable[_Union[Position, _Mapping]]] = ..., constraints: _Optional[_Union[RiskConstraints, _Mapping]] = ...) -> None: ...

class PlannedLeg(_message.Message):
    __slots__ = ("symbol", "ratio_qty", "side", "position_intent", "quantity")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATIO_QTY_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    POSITION_INTENT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    ratio_qty: int
    side: OrderSide
    position_intent: _common_pb2.PositionIntent
    quantity: str
    def __init__(self, symbol: _Optional[str] = ..., ratio_qty: _Optional[int] = ..., side: _Optional[_Union[OrderSide, str]] = ..., position_intent: _Optional[_Union[_common_pb2.PositionIntent, str]] = ..., quantity: _Optional[str] = ...) -> None: ...

class PlannedOrder(_message.Message):
    __slots__ = ("decision_id", "symbol", "side", "quantity", "order_type", "order_class", "limit_price", "stop_price", "take_profit_price", "time_in_force", "legs")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    ORDER_CLASS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    TAKE_PROFIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    symbol: str
    side: OrderSide
    quantity: str
    order_type: _common_pb2.OrderType
    order_class: OrderClass
    limit_price: str
    stop_price: str
    take_profit_price: str
    time_in_force: _common_pb2.TimeInForce
    legs: _containers.RepeatedCompositeFieldContainer[PlannedLeg]
    def __init__(self, decision_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[OrderSide, str]] = ..., quantity: _Optional[str] = ..., order_type: _Optional[_Union[_common_pb2.OrderType, str]] = ..., order_class: _Optional[_Union[OrderClass, str]] = ..., limit_price: _Optional[str] = ..., stop_price: _Optional[str] = ..., take_profit_price: _Optional[str] = ..., time_in_force: _Optional[_Union[_common_pb2.TimeInForce, str]] = ..., legs: _Optional[_Iterable[_Union[PlannedLeg, _Mapping]]] = ...) -> None: ...

class Suggestion(_message.Message):
    __slots__ = ("decision_id", "quantity")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    quantity: str
    def __init__(self, decision_id: _Optional[str] = ..., quantity: _Optional[str] = ...) -> None: ...

class CheckConstraintsResponse(_message.Message):
    __slots__ = ("approved", "checks", "violations", "validated_at", "rejection_reason", "orders", "policy_version", "suggestions")
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    VALIDATED_AT_FIELD_NUMBER: _ClassVar[int]
    REJECTION_REASON_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    approved: bool
    checks: _containers.RepeatedCompositeFieldContainer[ConstraintCheck]
    violations: _containers.RepeatedCompositeFieldContainer[ConstraintViolation]
    validated_at: _timestamp_pb2.Timestamp
    rejection_reason: str
    orders: _containers.RepeatedCompositeFieldContainer[PlannedOrder]
    policy_version: str
    suggestions: _containers.RepeatedCompositeFieldContainer[Suggestion]
    def __init__(self, approved: _Optional[bool] = ..., checks: _Optional[_Iterable[_Union[ConstraintCheck, _Mapping]]] = ..., violations: _Optional[_Iterable[_Union[ConstraintViolation, _Mapping]]] = ..., validated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rejection_reason: _Optional[str] = ..., orders: _Optional[_Iterable[_Union[PlannedOrder, _Mapping]]] = ..., policy_version: _Optional[str] = ..., suggestions: _Optional[_Iterable[_Union[Suggestion, _Mapping]]] = ...) -> None: ...

class ConstraintViolation(_message.Message):
    __slots__ = ("code", "severity", "message", "instrument_id", "field_path", "observed_value", "limit_value", "constraint_name", "unit", "headroom", "observed", "limit")
    CODE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_PATH_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_VALUE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_VALUE_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINT_NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    HEADROOM_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    code: str
    severity: ViolationSeverity
    message: str
    instrument_id: str
    field_path: str
    observed_value: float
    limit_value: float
    constraint_name: str
    unit: str
    headroom: str
    observed: str
    limit: str
    def __init__(self, code: _Optional[str] = ..., severity: _Optional[_Union[ViolationSeverity, str]] = ..., message: _Optional[str] = ..., instrument_id: _Optional[str] = ..., field_path: _Optional[str] = ..., observed_value: _Optional[float] = ..., limit_value: _Optional[float] = ..., constraint_name: _Optional[str] = ..., unit: _Optional[str] = ..., headroom: _Optional[str] = ..., observed: _Optional[str] = ..., limit: _Optional[str] = ...) -> None: ...

class AccountState(_message.Message):
    __slots__ = ("account_id", "equity", "buying_power", "margin_used", "day_trade_count", "is_pdt_restricted", "as_of", "last_equity", "daytrading_buying_power", "remaining_day_trades", "under_pdt_threshold", "cash", "exact_equity", "exact_buying_power", "exact_margin_used")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    EQUITY_FIELD_NUMBER: _ClassVar[int]
    BUYING_POWER_FIELD_NUMBER: _ClassVar[int]
    MARGIN_USED_FIELD_NUMBER: _ClassVar[int]
    DAY_TRADE_COUNT_FIELD_NUMBER: _ClassVar[int]
    IS_PDT_RESTRICTED_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    LAST_EQUITY_FIELD_NUMBER: _ClassVar[int]
    DAYTRADING_BUYING_POWER_FIELD_NUMBER: _ClassVar[int]
    REMAINING_DAY_TRADES_FIELD_NUMBER: _ClassVar[int]
    UNDER_PDT_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    CASH_FIELD_NUMBER: _ClassVar[int]
    EXACT_EQUITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_BUYING_POWER_FIELD_NUMBER: _ClassVar[int]
    EXACT_MARGIN_USED_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    equity: float
    buying_power: float
    margin_used: float
    day_trade_count: int
    is_pdt_restricted: bool
    as_of: _timestamp_pb2.Timestamp
    last_equity: float
    daytrading_buying_power: float
    remaining_day_trades: int
    under_pdt_threshold: bool
    cash: str
    exact_equity: str
    exact_buying_power: str
    exact_margin_used: str
    def __init__(self, account_id: _Optional[str] = ..., equity: _Optional[float] = ..., buying_power: _Optional[float] = ..., margin_used: _Optional[float] = ..., day_trade_count: _Optional[int] = ..., is_pdt_restricted: _Optional[bool] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_equity: _Optional[float] = ..., daytrading_buying_power: _Optional[float] = ..., remaining_day_trades: _Optional[int] = ..., under_pdt_threshold: _Optional[bool] = ..., cash: _Optional[str] = ..., exact_equity: _Optional[str] = ..., exact_buying_power: _Optional[str] = ..., exact_margin_used: _Optional[str] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("instrument", "quantity", "avg_entry_price", "market_value", "unrealized_pnl", "unrealized_pnl_pct", "cost_basis", "realized_pnl", "stop_price", "take_profit_price", "protected_quantity", "exact_quantity", "exact_avg_entry_price", "exact_market_value", "exact_unrealized_pnl", "exact_cost_basis")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVG_ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    MARKET_VALUE_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_PCT_FIELD_NUMBER: _ClassVar[int]
    COST_BASIS_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    TAKE_PROFIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    PROTECTED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_AVG_ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXACT_MARKET_VALUE_FIELD_NUMBER: _ClassVar[int]
    EXACT_UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    EXACT_COST_BASIS_FIELD_NUMBER: _ClassVar[int]
    instrument: _common_pb2.Instrument
    quantity: int
    avg_entry_price: float
    market_value: float
    unrealized_pnl: float
    unrealized_pnl_pct: float
    cost_basis: float
    realized_pnl: str
    stop_price: str
    take_profit_price: str
    protected_quantity: str
    exact_quantity: str
    exact_avg_entry_price: str
    exact_market_value: str
    exact_unrealized_pnl: str
    exact_cost_basis: str
    def __init__(self, instrument: _Optional[_Union[_common_pb2.Instrument, _Mapping]] = ..., quantity: _Optional[int] = ..., avg_entry_price: _Optional[float] = ..., market_value: _Optional[float] = ..., unrealized_pnl: _Optional[float] = ..., unrealized_pnl_pct: _Optional[float] = ..., cost_basis: _Optional[float] = ..., realized_pnl: _Optional[str] = ..., stop_price: _Optional[str] = ..., take_profit_price: _Optional[str] = ..., protected_quantity: _Optional[str] = ..., exact_quantity: _Optional[str] = ..., exact_avg_entry_price: _Optional[str] = ..., exact_market_value: _Optional[str] = ..., exact_unrealized_pnl: _Optional[str] = ..., exact_cost_basis: _Optional[str] = ...) -> None: ...

class SubmitOrderRequest(_message.Message):
    __slots__ = ("instrument", "side", "quantity", "order_type", "limit_price", "time_in_force", "client_order_id", "cycle_id", "stop_loss_price", "take_profit_price", "stop_price", "trail_price", "trail_percent")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CYCLE_ID_FIELD_NUMBER: _ClassVar[int]
    STOP_LOSS_PRICE_FIELD_NUMBER: _ClassVar[int]
    TAKE_PROFIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    TRAIL_PRICE_FIELD_NUMBER: _ClassVar[int]
    TRAIL_PERCENT_FIELD_NUMBER: _ClassVar[int]
    instrument: _common_pb2.Instrument
    side: OrderSide
    quantity: int
    order_type: _common_pb2.OrderType
    limit_price: float
    time_in_force: _common_pb2.TimeInForce
    client_order_id: str
    cycle_id: str
    stop_loss_price: str
    take_profit_price: str
    stop_price: str
    trail_price: str
    trail_percent: str
    def __init__(self, instrument: _Optional[_Union[_common_pb2.Instrument, _Mapping]] = ..., side: _Optional[_Union[OrderSide, str]] = ..., quantity: _Optional[int] = ..., order_type: _Optional[_Union[_common_pb2.OrderType, str]] = ..., limit_price: _Optional[float] = ..., time_in_force: _Optional[_Union[_common_pb2.TimeInForce, str]] = ..., client_order_id: _Optional[str] = ..., cycle_id: _Optional[str] = ..., stop_loss_price: _Optional[str] = ..., take_profit_price: _Optional[str] = ..., stop_price: _Optional[str] = ..., trail_price: _Optional[str] = ..., trail_percent: _Optional[str] = ...) -> None: ...

class SubmitOrderResponse(_message.Message):
    __slots__ = ("order_id", "client_order_id", "status", "submitted_at", "error_message", "status_detail", "violations")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    client_order_id: str
    status: OrderStatus
    submitted_at: _timestamp_pb2.Timestamp
    error_message: str
    status_detail: str
    violations: _containers.RepeatedCompositeFieldContainer[ConstraintViolation]
    def __init__(self, order_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., status: _Optional[_Union[OrderStatus, str]] = ..., submitted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error_message: _Optional[str] = ..., status_detail: _Optional[str] = ..., violations: _Optional[_Iterable[_Union[ConstraintViolation, _Mapping]]] = ...) -> None: ...

class ExecutionParams(_message.Message):
    __slots__ = ("allow_partial", "wait_seconds", "session_id")
    ALLOW_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    WAIT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    allow_partial: bool
    wait_seconds: float
    session_id: str
    def __init__(self, allow_partial: _Optional[bool] = ..., wait_seconds: _Optional[float] = ..., session_id: _Optional[str] = ...) -> None: ...

class SubmitOrdersRequest(_message.Message):
    __slots__ = ("decision_plan", "execution_params")
    DECISION_PLAN_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_PARAMS_FIELD_NUMBER: _ClassVar[int]
    decision_plan: _decision_pb2.DecisionPlan
    execution_params: ExecutionParams
    def __init__(self, decision_plan: _Optional[_Union[_decision_pb2.DecisionPlan, _Mapping]] = ..., execution_params: _Optional[_Union[ExecutionParams, _Mapping]] = ...) -> None: ...

class ExecutionAck(_message.Message):
    __slots__ = ("cycle_id", "environment", "ack_time", "orders", "errors", "ok", "violations", "left_out", "plan_id")
    CYCLE_ID_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    ACK_TIME_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    OK_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    cycle_id: str
    environment: _common_pb2.Environment
    ack_time: _timestamp_pb2.Timestamp
    orders: _containers.RepeatedCompositeFieldContainer[OrderState]
    errors: _containers.RepeatedCompositeFieldContainer[ExecutionError]
    ok: bool
    violations: _containers.RepeatedCompositeFieldContainer[ConstraintViolation]
    left_out: _containers.RepeatedScalarFieldContainer[str]
    plan_id: str
    def __init__(self, cycle_id: _Optional[str] = ..., environment: _Optional[_Union[_common_pb2.Environment, str]] = ..., ack_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., orders: _Optional[_Iterable[_Union[OrderState, _Mapping]]] = ..., errors: _Optional[_Iterable[_Union[ExecutionError, _Mapping]]] = ..., ok: _Optional[bool] = ..., violations: _Optional[_Iterable[_Union[ConstraintViolation, _Mapping]]] = ..., left_out: _Optional[_Iterable[str]] = ..., plan_id: _Optional[str] = ...) -> None: ...

class OrderState(_message.Message):
    __slots__ = ("order_id", "broker_order_id", "client_order_id", "is_multi_leg", "legs", "status", "side", "order_type", "instrument", "requested_quantity", "filled_quantity", "avg_fill_price", "limit_price", "stop_price", "time_in_force", "submitted_at", "last_update_at", "commission", "cycle_id", "status_message", "status_detail", "decision_id", "plan_id", "order_class", "purpose", "parent_order_id", "exact_requested_quantity", "exact_filled_quantity", "exact_avg_fill_price", "exact_limit_price", "exact_stop_price", "exact_commission")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    BROKER_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    IS_MULTI_LEG_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVG_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATE_AT_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_FIELD_NUMBER: _ClassVar[int]
    CYCLE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_CLASS_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    PARENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EXACT_REQUESTED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_AVG_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXACT_LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXACT_STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    EXACT_COMMISSION_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    broker_order_id: str
    client_order_id: str
    is_multi_leg: bool
    legs: _containers.RepeatedCompositeFieldContainer[OrderLegState]
    status: OrderStatus
    side: OrderSide
    order_type: _common_pb2.OrderType
    instrument: _common_pb2.Instrument
    requested_quantity: int
    filled_quantity: int
    avg_fill_price: float
    limit_price: float
    stop_price: float
    time_in_force: _common_pb2.TimeInForce
    submitted_at: _timestamp_pb2.Timestamp
    last_update_at: _timestamp_pb2.Timestamp
    commission: float
    cycle_id: str
    status_message: str
    status_detail: str
    decision_id: str
    plan_id: str
    order_class: OrderClass
    purpose: OrderPurpose
    parent_order_id: str
    exact_requested_quantity: str
    exact_filled_quantity: str
    exact_avg_fill_price: str
    exact_limit_price: str
    exact_stop_price: str
    exact_commission: str
    def __init__(self, order_id: _Optional[str] = ..., broker_order_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., is_multi_leg: _Optional[bool] = ..., legs: _Optional[_Iterable[_Union[OrderLegState, _Mapping]]] = ..., status: _Optional[_Union[OrderStatus, str]] = ..., side: _Optional[_Union[OrderSide, str]] = ..., order_type: _Optional[_Union[_common_pb2.OrderType, str]] = ..., instrument: _Optional[_Union[_common_pb2.Instrument, _Mapping]] = ..., requested_quantity: _Optional[int] = ..., filled_quantity: _Optional[int] = ..., avg_fill_price: _Optional[float] = ..., limit_price: _Optional[float] = ..., stop_price: _Optional[float] = ..., time_in_force: _Optional[_Union[_common_pb2.TimeInForce, str]] = ..., submitted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_update_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., commission: _Optional[float] = ..., cycle_id: _Optional[str] = ..., status_message: _Optional[str] = ..., status_detail: _Optional[str] = ..., decision_id: _Optional[str] = ..., plan_id: _Optional[str] = ..., order_class: _Optional[_Union[OrderClass, str]] = ..., purpose: _Optional[_Union[OrderPurpose, str]] = ..., parent_order_id: _Optional[str] = ..., exact_requested_quantity: _Optional[str] = ..., exact_filled_quantity: _Optional[str] = ..., exact_avg_fill_price: _Optional[str] = ..., exact_limit_price: _Optional[str] = ..., exact_stop_price: _Optional[str] = ..., exact_commission: _Optional[str] = ...) -> None: ...

class OrderLegState(_message.Message):
    __slots__ = ("leg_id", "instrument", "side", "quantity", "order_type", "limit_price", "status", "filled_quantity", "avg_fill_price", "last_update_at", "status_detail", "position_intent", "exact_quantity", "exact_filled_quantity", "exact_avg_fill_price")
    LEG_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVG_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATE_AT_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    POSITION_INTENT_FIELD_NUMBER: _ClassVar[int]
    EXACT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXACT_AVG_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    leg_id: str
    instrument: _common_pb2.Instrument
    side: OrderSide
    quantity: int
    order_type: _common_pb2.OrderType
    limit_price: float
    status: OrderStatus
    filled_quantity: int
    avg_fill_price: float
    last_update_at: _timestamp_pb2.Timestamp
    status_detail: str
    position_intent: _common_pb2.PositionIntent
    exact_quantity: str
    exact_filled_quantity: str
    exact_avg_fill_price: str
    def __init__(self, leg_id: _Optional[str] = ..., instrument: _Optional[_Union[_common_pb2.Instrument, _Mapping]] = ..., side: _Optional[_Union[OrderSide, str]] = ..., quantity: _Optional[int] = ..., order_type: _Optional[_Union[_common_pb2.OrderType, str]] = ..., limit_price: _Optional[float] = ..., status: _Optional[_Union[OrderStatus, str]] = ..., filled_quantity: _Optional[int] = ..., avg_fill_price: _Optional[float] = ..., last_update_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status_detail: _Optional[str] = ..., position_intent: _Optional[_Union[_common_pb2.PositionIntent, str]] = ..., exact_quantity: _Optional[str] = ..., exact_filled_quantity: _Optional[str] = ..., exact_avg_fill_price: _Optional[str] = ...) -> None: ...

class ExecutionError(_message.Message):
    __slots__ = ("code", "message", "instrument_id", "order_id", "retryable", "suggested_action")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    SUGGESTED_ACTION_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    instrument_id: str
    order_id: str
    retryable: bool
    suggested_action: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., instrument_id: _Optional[str] = ..., order_id: _Optional[str] = ..., retryable: _Optional[bool] = ..., suggested_action: _Optional[str] = ...) -> None: ...

class GetOrderStateRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class GetOrderStateResponse(_message.Message):
    __slots__ = ("order_id", "broker_order_id", "instrument", "status", "side", "order_type", "requested_quantity", "filled_quantity", "avg_fill_price", "limit_price", "stop_price", "submitted_at", "last_update_at", "status_message", "order")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    BROKER_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AVG_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATE_AT_FIELD_NUMBER: _ClassVar[int]
    STATUS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    broker_order_id: str
    instrument: _common_pb2.Instrument
    status: OrderStatus
    side: OrderSide
    order_type: _common_pb2.OrderType
    requested_quantity: int
    filled_quantity: int
    avg_fill_price: float
    limit_price: float
    stop_price: float
    submitted_at: _timestamp_pb2.Timestamp
    last_update_at: _timestamp_pb2.Timestamp
    status_message: str
    order: OrderState
    def __init__(self, order_id: _Optional[str] = ..., broker_order_id: _Optional[str] = ..., instrument: _Optional[_Union[_common_pb2.Instrument, _Mapping]] = ..., status: _Optional[_Union[OrderStatus, str]] = ..., side: _Optional[_Union[OrderSide, str]] = ..., order_type: _Optional[_Union[_common_pb2.OrderType, str]] = ..., requested_quantity: _Optional[int] = ..., filled_quantity: _Optional[int] = ..., avg_fill_price: _Optional[float] = ..., limit_price: _Optional[float] = ..., stop_price: _Optional[float] = ..., submitted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_update_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status_message: _Optional[str] = ..., order: _Optional[_Union[OrderState, _Mapping]] = ...) -> None: ...

class CancelOrderRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class CancelOrderResponse(_message.Message):
    __slots__ = ("accepted", "order_id", "status", "error_message", "status_detail")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_DETAIL_FIELD_NUMBER: _ClassVar[int]
    accepted: bool
    order_id: str
    status: OrderStatus
    error_message: str
    status_detail: str
    def __init__(self, accepted: _Optional[bool] = ..., order_id: _Optional[str] = ..., status: _Optional[_Union[OrderStatus, str]] = ..., error_message: _Optional[str] = ..., status_detail: _Optional[str] = ...) -> None: ...

class StreamExecutionsRequest(_message.Message):
    __slots__ = ("cycle_id", "order_ids", "include_fills")
    CYCLE_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_FILLS_FIELD_NUMBER: _ClassVar[int]
    cycle_id: str
    order_ids: _containers.RepeatedScalarFieldContainer[str]
    include_fills: bool
    def __init__(self, cycle_id: _Optional[str] = ..., order_ids: _Optional[_Iterable[str]] = ..., include_fills: _Optional[bool] = ...) -> None: ...

class Fill(_message.Message):
    __slots__ = ("execution_id", "order_id", "symbol", "side", "quantity", "price", "commission", "executed_at")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_AT_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    order_id: str
    symbol: str
    side: str
    quantity: str
    price: str
    commission: str
    executed_at: _timestamp_pb2.Timestamp
    def __init__(self, execution_id: _Optional[str] = ..., order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., commission: _Optional[str] = ..., executed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StreamExecutionsResponse(_message.Message):
    __slots__ = ("execution", "sequence", "snapshot", "trading_state", "position", "alert", "fill")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    FILL_FIELD_NUMBER: _ClassVar[int]
    execution: ExecutionAck
    sequence: int
    snapshot: bool
    trading_state: _control_pb2.TradingState
    position: Position
    alert: _status_pb2.ReconciliationDifference
    fill: Fill
    def __init__(self, execution: _Optional[_Union[ExecutionAck, _Mapping]] = ..., sequence: _Optional[int] = ..., snapshot: _Optional[bool] = ..., trading_state: _Optional[_Union[_control_pb2.TradingState, _Mapping]] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., alert: _Optional[_Union[_status_pb2.ReconciliationDifference, _Mapping]] = ..., fill: _Optional[_Union[Fill, _Mapping]] = ...) -> None: ...

class GetAccountStateRequest(_message.Message):
    __slots__ = ("account_id",)
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    def __init__(self, account_id: _Optional[str] = ...) -> None: ...

class GetAccountStateResponse(_message.Message):
    __slots__ = ("account_state",)
    ACCOUNT_STATE_FIELD_NUMBER: _ClassVar[int]
    account_state: AccountState
    def __init__(self, account_state: _Optional[_Union[AccountState, _Mapping]] = ...) -> None: ...

class GetPositionsRequest(_message.Message):
    __slots__ = ("account_id", "symbols")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, account_id: _Optional[str] = ..., symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class GetPositionsResponse(_message.Message):
    __slots__ = ("positions", "as_of")
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[Position]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, positions: _Optional[_Iterable[_Union[Position, _Mapping]]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DataAge(_message.Message):
    __slots__ = ("name", "age_seconds", "freshness")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    name: str
    age_seconds: float
    freshness: str
    def __init__(self, name: _Optional[str] = ..., age_seconds: _Optional[float] = ..., freshness: _Optional[str] = ...) -> None: ...

class GetPortfolioStateRequest(_message.Message):
    __slots__ = ("account_id",)
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    def __init__(self, account_id: _Optional[str] = ...) -> None: ...

class GetPortfolioStateResponse(_message.Message):
    __slots__ = ("account_state", "positions", "working_orders", "realized_pnl", "unrealized_pnl", "trading_state", "data_ages", "as_of", "exact_realized_pnl", "exact_unrealized_pnl")
    ACCOUNT_STATE_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    WORKING_ORDERS_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    TRADING_STATE_FIELD_NUMBER: _ClassVar[int]
    DATA_AGES_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    EXACT_REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    EXACT_UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    account_state: AccountState
    positions: _containers.RepeatedCompositeFieldContainer[Position]
    working_orders: _containers.RepeatedCompositeFieldContainer[OrderState]
    realized_pnl: float
    unrealized_pnl: float
    trading_state: _control_pb2.TradingState
    data_ages: _containers.RepeatedCompositeFieldContainer[DataAge]
    as_of: _timestamp_pb2.Timestamp
    exact_realized_pnl: str
    exact_unrealized_pnl: str
    def __init__(self, account_state: _Optional[_Union[AccountState, _Mapping]] = ..., positions: _Optional[_Iterable[_Union[Position, _Mapping]]] = ..., working_orders: _Optional[_Iterable[_Union[OrderState, _Mapping]]] = ..., realized_pnl: _Optional[float] = ..., unrealized_pnl: _Optional[float] = ..., trading_state: _Optional[_Union[_control_pb2.TradingState, _Mapping]] = ..., data_ages: _Optional[_Iterable[_Union[DataAge, _Mapping]]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., exact_realized_pnl: _Optional[str] = ..., exact_unrealized_pnl: _Optional[str] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("status", "limit")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    status: str
    limit: int
    def __init__(self, status: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderState]
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderState, _Mapping]]] = ...) -> None: ...
