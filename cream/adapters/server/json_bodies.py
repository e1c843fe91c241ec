"""What do the bodies of JSON requests look like, for the OpenAPI document?

Reading them is `requests_json`'s work, which says more than a schema can; a test holds the two
together. Decimals may be strings or numbers; what has a default may be left out or null.
"""

from datetime import datetime
from typing import Literal

import msgspec
from attrs import frozen

from cream.core.model.order import OrderType
from cream.core.model.plan import (
    Action,
    Direction,
    Environment,
    PositionIntent,
    RiskDenomination,
    SizeUnit,
    StrategyFamily,
    ThesisState,
    TimeHorizon,
    TimeInForce,
)

Number = str | int | float


@frozen(kw_only=True)
class Size:
    """How much, in which unit. PCT_EQUITY counts percent: 5 means 5 % of equity."""

    quantity: Number
    unit: SizeUnit


@frozen(kw_only=True)
class Leg:
    """One leg of a spread. `ratio_qty` is signed: positive buys."""

    symbol: str
    ratio_qty: int | str
    position_intent: PositionIntent


@frozen(kw_only=True)
class TwapParams:
    """How a TWAP is sliced, or (the last two) in which steps a WALK goes from mid to natural."""

    duration_minutes: int | None = None
    slice_interval_seconds: int | None = None
    slice_type: Literal["limit", "market"] | None = None
    steps: int | None = None
    step_interval_seconds: int | None = None


@frozen(kw_only=True)
class Decision:
    """One intended change of exposure. A level of 0 means none."""

    instrument_id: str
    action: Action
    decision_id: str | None = None
    direction: Direction | None = None
    size: Size | None = None
    entry_order_type: OrderType | None = None
    limit_price: Number | None = None
    stop_loss_level: Number | None = None
    take_profit_level: Number | None = None
    trail_price: Number | None = None
    trail_percent: Number | None = None
    stop_limit_price: Number | None = None
    exit_at: datetime | None = None
    risk_denomination: RiskDenomination | None = None
    time_in_force: TimeInForce | None = None
    strategy_family: StrategyFamily | None = None
    time_horizon: TimeHorizon | None = None
    thesis_state: ThesisState | None = None
    execution_tactic: str | None = None
    execution_params: TwapParams | None = None
    bullish_factors: list[str] | None = None
    bearish_factors: list[str] | None = None
    rationale: str | None = None
    confidence: Number | None = None
    legs: list[Leg] | str | None = None
    net_limit_price: Number | None = None


@frozen(kw_only=True)
class Plan:
    """All decisions of one cycle, judged as a whole. An absent `plan_id` is the cycle's id."""

    decisions: list[Decision]
    cycle_id: str | None = None
    environment: Environment | None = None
    plan_id: str | None = None
    timestamp: str | None = None
    risk_manager_approved: bool | None = None
    critic_approved: bool | None = None
    plan_rationale: str | None = None


@frozen(kw_only=True)
class HeldPosition:
    """A holding of a what-if. The other fields of GET /v1/positions may stand here too."""

    symbol: str
    quantity: Number
    avg_entry_price: Number


@frozen(kw_only=True)
class PortfolioState:
    """An account to judge on instead of the engine's own."""

    equity: Number | None = None
    cash: Number | None = None
    buying_power: Number | None = None
    positions: list[HeldPosition] | None = None


@frozen(kw_only=True)
class ExecutionParams:
    """How a plan is to be placed."""

    allow_partial: bool | None = None
    session_id: str | None = None
    wait_seconds: Number | None = None


@frozen(kw_only=True)
class CheckBody:
    """A plan to be judged, and perhaps the portfolio to judge it on.

    The older body has `plan` and `account_equity` instead of `decision_plan` and `portfolio_state`.
    """

    decision_plan: Plan | None = None
    portfolio_state: PortfolioState | None = None
    plan: Plan | None = None
    account_equity: Number | None = None
    cycle_id: str | None = None
    request_id: str | None = None
    risk_policy_id: str | None = None


@frozen(kw_only=True)
class SubmitBody:
    """A plan to be placed. The older body has `plan` and `environment` beside it."""

    decision_plan: Plan | None = None
    execution_params: ExecutionParams | None = None
    plan: Plan | None = None
    cycle_id: str | None = None
    environment: str | None = None


@frozen(kw_only=True)
class OrderIdsBody:
    """Orders, by our ids, client ids or broker ids."""

    order_ids: list[str]


@frozen(kw_only=True)
class CancelBody:
    """Orders that should go, and why."""

    order_ids: list[str]
    reason: str | None = None


@frozen(kw_only=True)
class TradingStateBody:
    """The state that an operator wants. `force` lifts causes that wait for an operator's word."""

    state: Literal["ACTIVE", "REDUCING", "HALTED"]
    reason: str
    actor: str | None = None
    force: bool | None = None


@frozen(kw_only=True)
class KillSwitchBody:
    """Why everything must stop, and whether positions are to be closed."""

    reason: str
    flatten: bool | None = None


@frozen(kw_only=True)
class ExerciseBody:
    """Which option is to be exercised, and how many contracts; without a quantity all of them."""

    symbol: str
    quantity: int | None = None


@frozen(kw_only=True)
class DoNotExerciseBody:
    """Which option is to expire unexercised."""

    symbol: str


@frozen(kw_only=True)
class RollBody:
    """Which position in options is to be rolled: the option's symbol, or that of a leg."""

    symbol: str


@frozen(kw_only=True)
class ReasonBody:
    """Why."""

    reason: str


@frozen(kw_only=True)
class HeartbeatBody:
    """A client's sign of life; what it leaves out is as configured."""

    session_id: str
    timeout_seconds: Number | None = None
    on_loss: Literal["none", "cancel_entries", "reduce"] | None = None
    close: bool | None = None


@frozen(kw_only=True)
class QuoteBody:
    """Where the simulated market is to be. Sizes default to 1,000."""

    symbol: str
    bid: Number
    ask: Number
    bid_size: int | None = None
    ask_size: int | None = None


@frozen(kw_only=True)
class DisconnectBody:
    """For how long the broker is to be unreachable."""

    seconds: Number


class FaultBody(msgspec.Struct, kw_only=True):
    """A fault by name; its parameters stand beside the name."""

    name: str
