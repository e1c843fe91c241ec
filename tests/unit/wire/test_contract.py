"""Does the wire say what agents in the field expect, number for number?

The tables are the contract, typed out. A line is a message and its fields: number, name, type, and
a mark for presence: `?` optional, `*` repeated, `@x` member of the oneof x, none for a plain scalar
or a submessage. `gp.` is google.protobuf. A section names the file that a message stands in.
"""

import re
from collections.abc import Iterator

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from cream.wire import (
    account_pb2,
    common_pb2,
    control_pb2,
    decision_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)
from tests.unit.wire.newer_messages import NEWER

# What the engine that agents know has spoken since January 2026.
FIRST = """
[common]
OptionContract: 1 underlying string; 2 expiration string; 3 strike double;
    4 option_type OptionType
Instrument: 1 instrument_id string; 2 instrument_type InstrumentType;
    3 option_contract OptionContract
Size: 1 quantity int32; 2 unit SizeUnit; 3 target_position_quantity int32
RiskLevels: 1 stop_loss_level double; 2 take_profit_level double; 3 denomination RiskDenomination
[decision]
OrderPlan: 1 entry_order_type OrderType; 2 entry_limit_price double?; 3 exit_order_type OrderType;
    4 time_in_force TimeInForce; 5 execution_tactic string?; 6 execution_params gp.Struct
References: 1 used_indicators string*; 2 memory_case_ids string*; 3 event_ids string*
Decision: 1 instrument Instrument; 2 action Action; 3 size Size; 4 order_plan OrderPlan;
    5 risk_levels RiskLevels; 6 strategy_family StrategyFamily; 7 rationale string;
    8 confidence double; 9 references References
DecisionPlan: 1 cycle_id string; 2 as_of_timestamp gp.Timestamp; 3 environment Environment;
    4 decisions Decision*; 5 portfolio_notes string?
RiskValidationResult: 1 valid bool; 2 errors string*; 3 warnings string*;
    4 risk_reward_ratio double?
DecisionPlanValidationResult: 1 success bool; 2 decision_plan DecisionPlan; 3 errors string*;
    4 warnings string*
[execution]
ConstraintCheck: 1 name string; 2 result ConstraintResult; 3 description string;
    4 actual_value double?; 5 threshold double?
CheckConstraintsRequest: 1 decision_plan DecisionPlan; 2 account_state AccountState;
    3 positions Position*
CheckConstraintsResponse: 1 approved bool; 2 checks ConstraintCheck*;
    3 violations ConstraintViolation*; 4 validated_at gp.Timestamp; 5 rejection_reason string?
ConstraintViolation: 1 code string; 2 severity ViolationSeverity; 3 message string;
    4 instrument_id string?; 5 field_path string?; 6 observed_value double?;
    7 limit_value double?; 8 constraint_name string
AccountState: 1 account_id string; 2 equity double; 3 buying_power double; 4 margin_used double;
    5 day_trade_count int32; 6 is_pdt_restricted bool; 7 as_of gp.Timestamp
Position: 1 instrument Instrument; 2 quantity int32; 3 avg_entry_price double;
    4 market_value double; 5 unrealized_pnl double; 6 unrealized_pnl_pct double;
    7 cost_basis double
SubmitOrderRequest: 1 instrument Instrument; 2 side OrderSide; 3 quantity int32;
    4 order_type OrderType; 5 limit_price double?; 6 time_in_force TimeInForce;
    7 client_order_id string; 8 cycle_id string
SubmitOrderResponse: 1 order_id string; 2 client_order_id string; 3 status OrderStatus;
    4 submitted_at gp.Timestamp; 5 error_message string?
ExecutionAck: 1 cycle_id string; 2 environment Environment; 3 ack_time gp.Timestamp;
    4 orders OrderState*; 5 errors ExecutionError*
OrderState: 1 order_id string; 2 broker_order_id string; 3 client_order_id string;
    4 is_multi_leg bool; 5 legs OrderLegState*; 6 status OrderStatus; 7 side OrderSide;
    8 order_type OrderType; 9 instrument Instrument; 10 requested_quantity int32;
    11 filled_quantity int32; 12 avg_fill_price double; 13 limit_price double?;
    14 stop_price double?; 15 time_in_force TimeInForce; 16 submitted_at gp.Timestamp;
    17 last_update_at gp.Timestamp; 18 commission double; 19 cycle_id string;
    20 status_message string
OrderLegState: 1 leg_id string; 2 instrument Instrument; 3 side OrderSide; 4 quantity int32;
    5 order_type OrderType; 6 limit_price double?; 7 status OrderStatus; 8 filled_quantity int32;
    9 avg_fill_price double; 10 last_update_at gp.Timestamp
ExecutionError: 1 code string; 2 message string; 3 instrument_id string?; 4 order_id string?;
    5 retryable bool; 6 suggested_action string
GetOrderStateRequest: 1 order_id string
GetOrderStateResponse: 1 order_id string; 2 broker_order_id string; 3 instrument Instrument;
    4 status OrderStatus; 5 side OrderSide; 6 order_type OrderType; 7 requested_quantity int32;
    8 filled_quantity int32; 9 avg_fill_price double; 10 limit_price double?;
    11 stop_price double?; 12 submitted_at gp.Timestamp; 13 last_update_at gp.Timestamp;
    14 status_message string
CancelOrderRequest: 1 order_id string
CancelOrderResponse: 1 accepted bool; 2 order_id string; 3 status OrderStatus;
    4 error_message string?
StreamExecutionsRequest: 1 cycle_id string?; 2 order_ids string*
StreamExecutionsResponse: 1 execution ExecutionAck
GetAccountStateRequest: 1 account_id string?
GetAccountStateResponse: 1 account_state AccountState
GetPositionsRequest: 1 account_id string?; 2 symbols string*
GetPositionsResponse: 1 positions Position*; 2 as_of gp.Timestamp
[market_snapshot]
Quote: 1 symbol string; 2 bid double; 3 ask double; 4 bid_size int32; 5 ask_size int32;
    6 last double; 7 last_size int32; 8 volume int64; 9 timestamp gp.Timestamp
Bar: 1 symbol string; 2 timestamp gp.Timestamp; 3 timeframe_minutes int32; 4 open double;
    5 high double; 6 low double; 7 close double; 8 volume int64; 9 vwap double?;
    10 trade_count int32?
SymbolSnapshot: 1 symbol string; 2 quote Quote; 3 bars Bar*; 4 market_status MarketStatus;
    5 day_high double; 6 day_low double; 7 prev_close double; 8 open double; 9 as_of gp.Timestamp
MarketSnapshot: 1 environment Environment; 2 as_of gp.Timestamp; 3 market_status MarketStatus;
    4 regime Regime; 5 symbols SymbolSnapshot*
OptionQuote: 1 contract OptionContract; 2 quote Quote; 3 implied_volatility double?;
    4 delta double?; 5 gamma double?; 6 theta double?; 7 vega double?; 8 rho double?;
    9 open_interest int32
OptionChain: 1 underlying string; 2 underlying_price double; 3 options OptionQuote*;
    4 as_of gp.Timestamp
SubscribeMarketDataRequest: 1 symbols string*; 2 include_options bool; 3 bar_timeframes int32*
SubscribeMarketDataResponse: 1 quote Quote@update; 2 bar Bar@update;
    3 option_quote OptionQuote@update; 4 snapshot SymbolSnapshot@update
GetSnapshotRequest: 1 symbols string*; 2 include_bars bool; 3 bar_timeframes int32*
GetSnapshotResponse: 1 snapshot MarketSnapshot
GetOptionChainRequest: 1 underlying string; 2 expirations string*; 3 min_strike double?;
    4 max_strike double?
GetOptionChainResponse: 1 chain OptionChain
"""

# What its version of May 2026 added, under its own low numbers.
LATER = """
[common]
OptionLeg: 1 symbol string; 2 ratio_qty int32; 3 position_intent PositionIntent;
    4 contract OptionContract
[decision]
Decision: 10 direction Direction; 11 time_horizon TimeHorizon; 12 thesis_state ThesisState;
    13 bullish_factors string*; 14 bearish_factors string*; 15 legs OptionLeg*;
    16 net_limit_price double?
[execution]
RiskConstraints: 1 max_shares int32; 2 max_contracts int32; 3 max_notional_cents int64;
    4 max_pct_equity_bps int32; 5 max_gross_pct_equity_bps int32; 6 max_net_pct_equity_bps int32;
    7 max_risk_per_trade_bps int32; 8 max_sector_exposure_bps int32; 9 max_positions int32;
    10 max_concentration_bps int32; 11 max_correlation_bps int32; 12 max_drawdown_bps int32;
    13 max_delta_notional_cents int64; 14 max_gamma_scaled int64; 15 max_vega_cents int64;
    16 max_theta_cents int64
CheckConstraintsRequest: 4 constraints RiskConstraints?
AccountState: 8 last_equity double; 9 daytrading_buying_power double;
    10 remaining_day_trades int32; 11 under_pdt_threshold bool
"""

# What Cream adds: numbers from 100 in messages of the contract, messages of its own.
OURS = """
[decision]
Decision: 100 decision_id string; 101 trail_price string?; 102 trail_percent string?;
    103 stop_limit_price string?; 104 exit_at gp.Timestamp
DecisionPlan: 100 plan_id string; 101 risk_manager_approved bool?; 102 critic_approved bool?
[execution]
ConstraintCheck: 100 unit string; 110 observed string?; 111 limit string?
PlannedLeg: 1 symbol string; 2 ratio_qty int32; 3 side OrderSide;
    4 position_intent PositionIntent; 5 quantity string
PlannedOrder: 1 decision_id string; 2 symbol string; 3 side OrderSide; 4 quantity string;
    5 order_type OrderType; 6 order_class OrderClass; 7 limit_price string?; 8 stop_price string?;
    9 take_profit_price string?; 10 time_in_force TimeInForce; 11 legs PlannedLeg*
Suggestion: 1 decision_id string; 2 quantity string
CheckConstraintsResponse: 100 orders PlannedOrder*; 101 policy_version string;
    102 suggestions Suggestion*
ConstraintViolation: 100 unit string; 101 headroom string?; 110 observed string?;
    111 limit string?
AccountState: 100 cash string?; 101 exact_equity string?; 102 exact_buying_power string?;
    103 exact_margin_used string?
Position: 100 realized_pnl string?; 101 stop_price string?; 102 take_profit_price string?;
    103 protected_quantity string?; 104 exact_quantity string?; 105 exact_avg_entry_price string?;
    106 exact_market_value string?; 107 exact_unrealized_pnl string?; 108 exact_cost_basis string?
SubmitOrderRequest: 100 stop_loss_price string?; 101 take_profit_price string?;
    102 stop_price string?; 103 trail_price string?; 104 trail_percent string?
SubmitOrderResponse: 100 status_detail string; 101 violations ConstraintViolation*
ExecutionParams: 1 allow_partial bool; 2 wait_seconds double?; 3 session_id string
SubmitOrdersRequest: 1 decision_plan DecisionPlan; 2 execution_params ExecutionParams
ExecutionAck: 100 ok bool; 101 violations ConstraintViolation*; 102 left_out string*;
    103 plan_id string
OrderState: 100 status_detail string; 101 decision_id string; 102 plan_id string;
    103 order_class OrderClass; 104 purpose OrderPurpose; 105 parent_order_id string?;
    106 exact_requested_quantity string?; 107 exact_filled_quantity string?;
    108 exact_avg_fill_price string?; 109 exact_limit_price string?; 110 exact_stop_price string?;
    111 exact_commission string?
OrderLegState: 100 status_detail string; 101 position_intent PositionIntent;
    102 exact_quantity string?; 103 exact_filled_quantity string?;
    104 exact_avg_fill_price string?
GetOrderStateResponse: 100 order OrderState
CancelOrderResponse: 100 status_detail string
StreamExecutionsResponse: 100 sequence uint64; 101 snapshot bool; 102 trading_state TradingState;
    103 position Position; 104 alert ReconciliationDifference;
    105 fill Fill
StreamExecutionsRequest: 100 include_fills bool
Fill: 1 execution_id string; 2 order_id string; 3 symbol string; 4 side string;
    5 quantity string; 6 price string; 7 commission string; 8 executed_at gp.Timestamp
ListOrdersRequest: 1 status string; 2 limit int32?
ListOrdersResponse: 1 orders OrderState*
DataAge: 1 name string; 2 age_seconds double?; 3 freshness string
GetPortfolioStateRequest: 1 account_id string?
GetPortfolioStateResponse: 1 account_state AccountState; 2 positions Position*;
    3 working_orders OrderState*; 4 realized_pnl double; 5 unrealized_pnl double;
    6 trading_state TradingState; 7 data_ages DataAge*; 8 as_of gp.Timestamp;
    9 exact_realized_pnl string?; 10 exact_unrealized_pnl string?
[market_snapshot]
SymbolSnapshot: 100 halted string?; 101 microstructure Microstructure
Microstructure: 1 spread string?; 2 spread_bps string?; 3 mid string?; 4 bid_depth int64?;
    5 ask_depth int64?; 6 imbalance string?; 7 vwap string?; 8 volume string;
    9 buy_volume string; 10 sell_volume string; 11 last string?; 12 quote_age_seconds double?;
    13 is_stale bool
OptionQuote: 100 quote_age_seconds double?; 101 flags string*; 102 valuation_status string;
    103 figures_from string; 104 model_price double?; 105 open_interest_is_known bool;
    106 volume int64?
OptionChain: 100 underlying_age_seconds double?; 101 underlying_is_stale bool; 102 matched int32;
    103 risk_free_rate double; 104 dividend_yield double
GetOptionChainRequest: 100 option_type OptionType; 101 limit int32
[control]
TradingStateCause: 1 cause string; 2 reason string; 3 actor string; 4 since gp.Timestamp;
    5 state TradingStateValue
TradingState: 1 state TradingStateValue; 2 causes TradingStateCause*
GetTradingStateRequest:
GetTradingStateResponse: 1 state TradingStateValue; 2 causes TradingStateCause*
SetTradingStateRequest: 1 state TradingStateValue; 2 reason string; 3 actor string?; 4 force bool
SetTradingStateResponse: 1 state TradingStateValue; 2 causes TradingStateCause*
KillSwitchRequest: 1 reason string; 2 flatten bool
CancelResult: 1 order_id string; 2 accepted bool; 3 status_detail string; 4 error_message string?
KillSwitchResponse: 1 state TradingStateValue; 2 causes TradingStateCause*;
    3 results CancelResult*
HeartbeatRequest: 1 session_id string; 2 timeout_seconds double?; 3 on_loss OnClientLoss;
    4 close bool
HeartbeatResponse: 1 session_id string; 2 timeout_seconds double; 3 on_loss OnClientLoss
MassCancelRequest: 1 reason string
MassCancelResponse: 1 requested int32; 2 confirmed int32; 3 complete bool; 4 remaining string*
ExerciseRequest: 1 symbol string; 2 quantity int32?
DoNotExerciseRequest: 1 symbol string
ExerciseResponse: 1 request_id string; 2 symbol string; 3 quantity int32; 4 instruction string;
    5 outcome string; 6 message string
"""

# Values without the prefix, which is the enum's name in upper snake case. Of StrategyFamily the
# version of May 2026 holds.
ENUMS = """
Environment: 0 UNSPECIFIED; 2 PAPER; 3 LIVE
Action: 0 UNSPECIFIED; 1 BUY; 2 SELL; 3 HOLD; 4 INCREASE; 5 REDUCE; 6 NO_TRADE;
    7 CLOSE
Direction: 0 UNSPECIFIED; 1 LONG; 2 SHORT; 3 FLAT
InstrumentType: 0 UNSPECIFIED; 1 EQUITY; 2 OPTION
OptionType: 0 UNSPECIFIED; 1 CALL; 2 PUT
SizeUnit: 0 UNSPECIFIED; 1 SHARES; 2 CONTRACTS; 3 DOLLARS; 4 PCT_EQUITY
OrderType: 0 UNSPECIFIED; 1 LIMIT; 2 MARKET; 3 STOP; 4 STOP_LIMIT; 5 TRAILING_STOP
TimeInForce: 0 UNSPECIFIED; 1 DAY; 2 GTC; 3 IOC; 4 FOK; 5 OPG; 6 CLS
RiskDenomination: 0 UNSPECIFIED; 1 UNDERLYING_PRICE; 2 OPTION_PRICE
Regime: 0 UNSPECIFIED; 1 BULL_TREND; 2 BEAR_TREND; 3 RANGE_BOUND; 4 HIGH_VOLATILITY;
    5 LOW_VOLATILITY; 6 CRISIS
MarketStatus: 0 UNSPECIFIED; 1 PRE_MARKET; 2 OPEN; 3 AFTER_HOURS; 4 CLOSED
ConstraintResult: 0 UNSPECIFIED; 1 PASS; 2 FAIL; 3 WARN; 100 INFO
ViolationSeverity: 0 UNSPECIFIED; 1 INFO; 2 WARNING; 3 ERROR; 4 CRITICAL
OrderStatus: 0 UNSPECIFIED; 1 NEW; 2 PENDING; 3 ACCEPTED; 4 PARTIAL_FILL; 5 FILLED; 6 CANCELLED;
    7 REJECTED; 8 EXPIRED
OrderSide: 0 UNSPECIFIED; 1 BUY; 2 SELL
StrategyFamily: 0 UNSPECIFIED; 1 EQUITY_LONG; 2 EQUITY_SHORT; 3 OPTION_LONG; 4 OPTION_SHORT;
    5 VERTICAL_SPREAD; 6 IRON_CONDOR; 7 STRADDLE; 8 STRANGLE; 9 CALENDAR_SPREAD
TimeHorizon: 0 UNSPECIFIED; 1 INTRADAY; 2 SWING; 3 POSITION; 4 LONG_TERM
ThesisState: 0 UNSPECIFIED; 1 WATCHING; 2 ENTERED; 3 ADDING; 4 MANAGING; 5 EXITING; 6 CLOSED
PositionIntent: 0 UNSPECIFIED; 1 BUY_TO_OPEN; 2 BUY_TO_CLOSE; 3 SELL_TO_OPEN; 4 SELL_TO_CLOSE
OrderClass: 0 UNSPECIFIED; 1 SIMPLE; 2 BRACKET; 3 OTO; 4 OCO; 5 MLEG
OrderPurpose: 0 UNSPECIFIED; 1 ENTRY; 2 EXIT; 3 STOP_LOSS; 4 TAKE_PROFIT; 5 EXTERNAL;
    6 ROLL
OnClientLoss (ON_CLIENT_LOSS): 0 UNSPECIFIED; 1 NONE; 2 CANCEL_ENTRIES; 3 REDUCE
TradingStateValue (TRADING_STATE): 0 UNSPECIFIED; 1 ACTIVE; 2 REDUCING; 3 HALTED
"""

FILES: list[FileDescriptor] = [
    module.DESCRIPTOR
    for module in (
        common_pb2,
        decision_pb2,
        execution_pb2,
        market_snapshot_pb2,
        control_pb2,
        options_pb2,
        account_pb2,
        status_pb2,
        simulation_pb2,
    )
]

# Numbers below this belong to the contract.
FIRST_NUMBER_OF_OURS = 100

SCALARS = {
    value: name.removeprefix("TYPE_").lower()
    for name, value in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}


def rows(table: str) -> Iterator[tuple[str, list[str]]]:
    """Head and items of every entry of a table; sections come as entries without items."""
    for entry in re.sub(r"\n    ", " ", table.strip()).splitlines():
        head, _, items = entry.partition(":")
        yield head, [item.strip() for item in items.split(";") if item.strip()]


def messages(*tables: str) -> dict[str, set[str]]:
    """The fields of every message, by `file.Message`."""
    found: dict[str, set[str]] = {}
    section = ""
    for table in tables:
        for head, items in rows(table):
            if head.startswith("["):
                section = head.strip("[]")
            else:
                found.setdefault(f"{section}.{head}", set()).update(items)
    return found


def spelled(field: FieldDescriptor) -> str:
    """A field as the tables write it."""
    named = field.message_type or field.enum_type
    kind = named.full_name if named else SCALARS[field.type]
    kind = kind.removeprefix("cream.v1.").replace("google.protobuf.", "gp.")
    oneof = field.containing_oneof
    mark = "*" if field.is_repeated else ""
    if oneof is not None:
        mark = "?" if oneof.name == f"_{field.name}" else f"@{oneof.name}"
    return f"{field.number} {field.name} {kind}{mark}"


def stem(file: FileDescriptor) -> str:
    """The name of a proto without folder and ending."""
    return file.name.removeprefix("cream/v1/").removesuffix(".proto")


def described() -> dict[str, set[str]]:
    """What the generated code holds, in the shape of `messages`."""
    return {
        f"{stem(file)}.{name}": {spelled(field) for field in message.fields}
        for file in FILES
        for name, message in file.message_types_by_name.items()
    }


def prefix_of(head: str) -> tuple[str, str]:
    """Name of an enum and the prefix of its values, which the table says only if it is odd."""
    name, _, odd = head.partition(" (")
    return name, odd.rstrip(")") or re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def number(field: str) -> int:
    """The number that a line of the table begins with."""
    return int(field.split()[0])


def test_every_message_has_exactly_the_fields_of_the_tables() -> None:
    """Number, name, type and presence, and the file that it stands in."""
    assert described() == messages(FIRST, LATER, OURS, NEWER)


def test_what_cream_adds_to_a_message_of_the_contract_is_numbered_from_100() -> None:
    theirs = messages(FIRST, LATER)
    added = messages(OURS)

    both = {name: added[name] for name in added.keys() & theirs.keys()}

    assert both
    assert all(number(f) >= FIRST_NUMBER_OF_OURS for fields in both.values() for f in fields)
    assert all(number(f) < FIRST_NUMBER_OF_OURS for fields in theirs.values() for f in fields)


def test_every_enum_has_exactly_the_values_of_the_table() -> None:
    expected = {}
    for head, items in rows(ENUMS):
        name, prefix = prefix_of(head)
        pairs = (item.split() for item in items)
        expected[name] = {f"{prefix}_{value}": int(digits) for digits, value in pairs}

    found = {
        name: {value.name: value.number for value in enum.values}
        for file in FILES
        for name, enum in file.enum_types_by_name.items()
    }

    assert found == expected


def test_the_number_of_the_withdrawn_environment_stays_reserved() -> None:
    environment: EnumDescriptor = common_pb2.DESCRIPTOR.enum_types_by_name["Environment"]
    proto = FileDescriptorProto.FromString(environment.file.serialized_pb).enum_type
    reserved = next(enum for enum in proto if enum.name == "Environment").reserved_range

    assert [(span.start, span.end) for span in reserved] == [(1, 1)]
