"""What do the JSON replies about the daemon, the account and the market look like?

As in `json_types.py`: the classes are the replies and the OpenAPI document.
"""

from datetime import datetime

from attrs import frozen

from cream.adapters.server.json_types import CancelResult, OrderState


@frozen(kw_only=True)
class Position:
    """A holding. `quantity` is signed; figures that need a price are null where there is none."""

    symbol: str
    quantity: str
    avg_entry_price: str
    market_value: str | None
    unrealized_pnl: str | None
    realized_pnl: str
    cost_basis: str
    stop_price: str | None
    take_profit_price: str | None
    protected_quantity: str


@frozen(kw_only=True)
class Positions:
    """What is held, by symbol."""

    positions: tuple[Position, ...]


@frozen(kw_only=True)
class Cause:
    """One reason for not being ACTIVE, and the state it asks for."""

    cause: str
    state: str
    reason: str
    actor: str
    since: datetime


@frozen(kw_only=True)
class TradingState:
    """The trading state and every cause that stands."""

    state: str
    causes: tuple[Cause, ...]


@frozen(kw_only=True)
class KillSwitchReply:
    """The trading state afterwards, and what became of each order that had to go."""

    state: str
    causes: tuple[Cause, ...]
    results: tuple[CancelResult, ...]


@frozen(kw_only=True)
class Difference:
    """One way in which the broker's view and ours differed; `kind` is its reason code."""

    kind: str
    subject: str
    ours: str
    theirs: str
    critical: bool


@frozen(kw_only=True)
class Reconciliation:
    """The last comparison with the broker that the journal knows, and what is still open.

    `unanswered` are ids of orders that may or may not be at the broker, `guessed` of orders with
    fills that no execution has named yet. `alerts` are critical differences that stand and that
    somebody has to look at; none with `on_critical_discrepancy: log_and_continue`.
    """

    completed_at: datetime | None
    layer: str | None
    clean: bool
    differences: tuple[Difference, ...]
    unanswered: tuple[str, ...]
    guessed: tuple[str, ...]
    alerts: tuple[Difference, ...] = ()


@frozen(kw_only=True)
class Fill:
    """One execution; `commission` holds the fees as they are estimated."""

    execution_id: str
    order_id: str
    symbol: str
    side: str
    quantity: str
    price: str
    commission: str
    executed_at: datetime


@frozen(kw_only=True)
class Heartbeat:
    """What is expected of a client now; no time and no consequence once it has left."""

    session_id: str
    timeout_seconds: float
    on_loss: str | None


@frozen(kw_only=True)
class MassCancelReply:
    """How far a mass cancel came within its deadline."""

    requested: int
    confirmed: int
    complete: bool
    remaining: tuple[str, ...]


@frozen(kw_only=True)
class Account:
    """The broker's figures. `freshness` is KNOWN or STALE."""

    account_id: str
    equity: str
    cash: str
    buying_power: str
    margin_used: str
    last_equity: str
    day_trade_count: int
    as_of: datetime
    freshness: str


@frozen(kw_only=True)
class DataAge:
    """How old one input of the gate is; null where there is none."""

    name: str
    freshness: str
    age_seconds: float | None


@frozen(kw_only=True)
class Portfolio:
    """Everything that the gate judges by, at one moment.

    `realized_pnl` is that of everything ever held, flat holdings too, before commission;
    `unrealized_pnl` is null while a holding has no price.
    """

    account: Account | None
    positions: tuple[Position, ...]
    working_orders: tuple[OrderState, ...]
    realized_pnl: str
    unrealized_pnl: str | None
    trading_state: TradingState
    data_ages: tuple[DataAge, ...]
    as_of: datetime


@frozen(kw_only=True)
class Health:
    """The process lives."""

    status: str


@frozen(kw_only=True)
class Readiness:
    """Whether a risk-increasing order would be accepted, and every reason why not."""

    ready: bool
    reasons: tuple[str, ...]


@frozen(kw_only=True)
class FeedHealth:
    """How the feed does."""

    enabled: bool
    status: str
    provider: str
    last_message_age_seconds: float | None
    messages: int
    stale_symbols: tuple[str, ...]
    issues: tuple[str, ...]
    health_score: float | None
    messages_per_second: float | None
    gap_count: int | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    halted_symbols: tuple[str, ...]
    unusable_quotes: dict[str, int]


@frozen(kw_only=True)
class Breaker:
    """One circuit breaker."""

    name: str
    state: str
    total_calls: int
    total_failures: int
    failure_rate: float


@frozen(kw_only=True)
class Breakers:
    """The worst of all breakers, their sums, and each of them."""

    state: str
    is_broker_available: bool
    total_calls: int
    total_failures: int
    failure_rate: float
    breakers: tuple[Breaker, ...]


@frozen(kw_only=True)
class Subsystem:
    """One supervised part of the daemon."""

    name: str
    state: str
    restarts: int
    since: datetime
    last_error: str


@frozen(kw_only=True)
class Subsystems:
    """Every supervised part of the daemon."""

    subsystems: tuple[Subsystem, ...]


@frozen(kw_only=True)
class Quote:
    """Best bid and offer."""

    symbol: str
    bid: str
    ask: str
    bid_size: int
    ask_size: int
    at: datetime


@frozen(kw_only=True)
class Done:
    """The lever of the simulation was pulled."""

    done: bool = True


@frozen(kw_only=True)
class ExerciseReply:
    """What became of an instruction: taken, refused, or unknown where nobody can tell."""

    request_id: str
    symbol: str
    quantity: str
    instruction: str
    outcome: str
    message: str
