"""Which messages have come with services of their own? In the notation of test_contract.py."""

NEWER = """
[options]
GreeksOfHoldings: 1 underlying string?; 2 delta_shares string; 3 delta_dollars string;
    4 gamma_shares string; 5 gamma_dollars_per_percent string; 6 vega_dollars_per_point string;
    7 theta_dollars_per_day string; 8 rho_dollars_per_point string; 9 oldest_seconds double;
    10 stale string*; 11 missing string*
ShortOptionRisk: 1 symbol string; 2 quantity string; 3 level string; 4 reasons string*;
    5 strike_dollars string; 6 loss_dollars string
GetOptionRiskRequest:
GetOptionRiskResponse: 1 as_of gp.Timestamp; 2 total GreeksOfHoldings;
    3 underlyings GreeksOfHoldings*; 4 shorts ShortOptionRisk*; 5 unknown string*
OptionAlarm: 1 symbol string; 2 kind string; 3 message string; 4 since gp.Timestamp
GetOptionAlarmsRequest:
GetOptionAlarmsResponse: 1 alarms OptionAlarm*
OptionRollLeg: 1 symbol string; 2 ratio int32
OptionRoll: 1 symbol string; 2 quantity string; 3 outcome string; 4 reasons string*;
    5 legs OptionRollLeg*; 6 why string?; 7 into string?; 8 into_quantity string?; 9 units int32?;
    10 close_ratio int32?; 11 open_ratio int32?; 12 net_middle string?; 13 net_natural string?;
    14 net_limit string?; 15 into_legs OptionRollLeg*; 16 as_one bool?; 17 refused string?;
    18 stop_loss string?; 19 take_profit string?
OptionRollUnderWay: 1 roll_id string; 2 since gp.Timestamp; 3 units int32; 4 legs OptionRollLeg*;
    5 into_legs OptionRollLeg*; 6 as_one bool; 7 urgent bool; 8 reasons string*; 9 actor string
GetOptionRollsRequest:
GetOptionRollsResponse: 1 as_of gp.Timestamp; 2 enabled bool; 3 dry_run bool; 4 rolls OptionRoll*;
    5 under_way OptionRollUnderWay*
RollOptionRequest: 1 symbol string
RollOptionResponse: 1 roll OptionRollUnderWay
[account]
Activity: 1 activity_id string; 2 type string; 3 word string; 4 sub_word string; 5 date string;
    6 status string; 7 symbol string; 8 quantity string?; 9 price string?; 10 net_amount string;
    11 description string; 12 group_id string; 13 noted_at gp.Timestamp
ListActivitiesRequest: 1 types string*; 2 since string; 3 until string; 4 limit int32?;
    5 cursor string
ListActivitiesResponse: 1 activities Activity*; 2 next_cursor string?; 3 kept_days int32
DayOfFees: 1 date string; 2 kind string; 3 estimated string; 4 charged string?; 5 differs bool?
GetFeesRequest:
GetFeesResponse: 1 fees DayOfFees*
[status]
GetReadinessRequest:
GetReadinessResponse: 1 ready bool; 2 reasons string*
GetFeedHealthRequest:
GetFeedHealthResponse: 1 enabled bool; 2 status string; 3 provider string;
    4 last_message_age_seconds double?; 5 messages int64; 6 stale_symbols string*; 7 issues string*;
    8 health_score double?; 9 messages_per_second double?; 10 gap_count int64?;
    11 latency_p50_ms double?; 12 latency_p95_ms double?; 13 latency_p99_ms double?;
    14 halted_symbols string*; 15 unusable_quotes GetFeedHealthResponse.UnusableQuotesEntry*
CircuitBreaker: 1 name string; 2 state string; 3 total_calls int64; 4 total_failures int64;
    5 failure_rate double
GetCircuitBreakersRequest:
GetCircuitBreakersResponse: 1 state string; 2 is_broker_available bool; 3 total_calls int64;
    4 total_failures int64; 5 failure_rate double; 6 breakers CircuitBreaker*
Subsystem: 1 name string; 2 state string; 3 restarts int32; 4 since gp.Timestamp;
    5 last_error string
GetSupervisionRequest:
GetSupervisionResponse: 1 subsystems Subsystem*
ReconciliationDifference: 1 kind string; 2 subject string; 3 ours string; 4 theirs string;
    5 critical bool
Reconciliation: 1 completed_at gp.Timestamp; 2 layer string?; 3 clean bool;
    4 differences ReconciliationDifference*; 5 unanswered string*; 6 guessed string*;
    7 alerts ReconciliationDifference*
GetReconciliationRequest:
GetReconciliationResponse: 1 reconciliation Reconciliation
ReconcileRequest:
ReconcileResponse: 1 reconciliation Reconciliation
[simulation]
SetQuoteRequest: 1 symbol string; 2 bid string; 3 ask string; 4 bid_size int32?; 5 ask_size int32?
SetQuoteResponse: 1 symbol string; 2 bid string; 3 ask string; 4 bid_size int32; 5 ask_size int32;
    6 at gp.Timestamp
DisconnectRequest: 1 seconds double?
DisconnectResponse:
SetFaultRequest: 1 name string; 2 parameters gp.Struct
SetFaultResponse:
"""
