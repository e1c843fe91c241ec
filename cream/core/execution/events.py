"""What can happen to orders, positions and the trading state? Everything the journal may contain.

Facts in the past tense. The state of Cream is the fold of these over `Book.apply`: what is needed
to rebuild state is in the event, and none is ever edited. `at` is when Cream learned or decided it.
"""

from datetime import date, datetime
from decimal import Decimal

from attrs import frozen

from cream.core.execution.activity_events import ActivityEvent
from cream.core.execution.option_events import OptionEvent
from cream.core.model.broker import Difference
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.order import OrderStatus, OrderTerms
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.model.verdict import Check, Violation


@frozen(kw_only=True)
class RunStarted:
    """A life of the daemon began: with this version, configuration, environment and account."""

    at: datetime
    version: str
    config_hash: str
    environment: Environment
    account_id: str


@frozen(kw_only=True)
class RunStopped:
    """The daemon stopped in order. Its absence before a `RunStarted` means a crash."""

    at: datetime


@frozen(kw_only=True)
class ClientSessionKept:
    """A client promises signs of life, or promises otherwise than before.

    Units: seconds, as text. `on_loss` is a word of `core/risk/client_sessions.py`.
    """

    at: datetime
    session_id: str
    timeout_seconds: str
    on_loss: str
    actor: str


@frozen(kw_only=True)
class ClientSessionEnded:
    """A client has left in order, or its signs of life have stopped (`lost`)."""

    at: datetime
    session_id: str
    lost: bool


@frozen(kw_only=True)
class Asked:
    """What one decision of a plan, or a single order, asked for. Units: as in `Decision`."""

    decision_id: str
    symbol: str
    action: str
    size: Decimal
    unit: str
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    confidence: Decimal | None = None
    rationale: str = ""


@frozen(kw_only=True)
class PlanJudged:
    """The gate answered a plan that was submitted. `content_hash` decides idempotency.

    `session_id` is that of the client session it came under; empty where under none.
    `asked`, `checks` and `rationale` are for whoever asks later; earlier versions had none.
    """

    at: datetime
    plan_id: str
    cycle_id: str
    content_hash: str
    ok: bool
    order_ids: tuple[str, ...]
    left_out: tuple[str, ...]
    violations: tuple[Violation, ...]
    policy_version: str
    session_id: str = ""
    asked: tuple[Asked, ...] = ()
    checks: tuple[Check, ...] = ()
    rationale: str = ""


@frozen(kw_only=True)
class OrderIntended:
    """An approved order was written down; only now may it be sent. `reason` says what caused it."""

    at: datetime
    terms: OrderTerms
    reason: str


@frozen(kw_only=True)
class ChildListed:
    """The broker made a child of our order `terms.parent_order_id` and named it.

    Again for the same child: the broker has reduced it to `terms.quantity`.
    """

    at: datetime
    terms: OrderTerms
    broker_order_id: str
    status: OrderStatus


@frozen(kw_only=True)
class OrderAcknowledged:
    """The broker knows the order, under `broker_order_id`."""

    at: datetime
    order_id: str
    broker_order_id: str
    status: OrderStatus
    broker_updated_at: datetime


@frozen(kw_only=True)
class OrderRefused:
    """The order will never trade: refused by the broker, or withdrawn here before it was sent."""

    at: datetime
    order_id: str
    code: str
    message: str


@frozen(kw_only=True)
class SubmitUnknown:
    """The request to submit ended without an answer; the order may live."""

    at: datetime
    order_id: str
    why: str


@frozen(kw_only=True)
class OrderProgressed:
    """The order's status moved, for a reason other than a fill."""

    at: datetime
    order_id: str
    status: OrderStatus
    reason: str
    broker_updated_at: datetime | None = None


@frozen(kw_only=True)
class OrderFilled:
    """An order traded. `average_price` and quantities follow from the fills."""

    at: datetime
    fill: Fill


@frozen(kw_only=True)
class SpreadFilled:
    """A multi-leg order traded `quantity` whole spreads at `net_price` (debit positive)."""

    at: datetime
    order_id: str
    execution_id: str
    quantity: Decimal
    net_price: Decimal
    legs: tuple[Fill, ...]


@frozen(kw_only=True)
class FillInferred:
    """The broker shows that the order has traded, and knows no execution: this is what it was."""

    at: datetime
    fill: Fill


@frozen(kw_only=True)
class FillCorrected:
    """What was booked as `before` was in truth `after`, or nothing at all."""

    at: datetime
    order_id: str
    before: tuple[Fill, ...]
    after: Fill | None
    reason: str


@frozen(kw_only=True)
class OrderReplaced:
    """At the broker another order stands in the place of this one. `quantity` is the new total."""

    at: datetime
    order_id: str
    replaces: str
    broker_order_id: str
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    broker_updated_at: datetime


@frozen(kw_only=True)
class PartialTimedOut:
    """An order has filled in part and no more since; `action` is a word of `partial_fills.py`."""

    at: datetime
    order_id: str
    action: str


@frozen(kw_only=True)
class CancelRequested:
    """Someone wants the order gone. It is gone only when the broker says so."""

    at: datetime
    order_id: str
    reason: str
    actor: str


@frozen(kw_only=True)
class CancelRefused:
    """The broker would not cancel; the order stands as it was."""

    at: datetime
    order_id: str
    reason: str


@frozen(kw_only=True)
class ProtectionTriggered:
    """A local stop or target was reached; latched, so that it fires once.

    Units: dollars per share, of the instrument named by the protection's denomination.
    """

    at: datetime
    symbol: str
    kind: str
    level: Decimal
    price: Decimal
    exit_order_id: str


@frozen(kw_only=True)
class TrailMoved:
    """The best price since a trailing stop began: where the stop stands follows from it.

    Units: dollars per share, of the instrument named by the protection's denomination.
    """

    at: datetime
    symbol: str
    best: Decimal


@frozen(kw_only=True)
class PositionAdjusted:
    """The broker's position is the truth and differed from ours: ours is now that."""

    at: datetime
    instrument: Instrument
    quantity: Decimal
    average_price: Decimal
    reason: str


@frozen(kw_only=True)
class TradingRestricted:
    """A cause demands a state (`core/model/state.py`)."""

    at: datetime
    cause: Cause
    state: TradingState
    reason: str
    actor: str


@frozen(kw_only=True)
class RestrictionLifted:
    """A cause no longer stands."""

    at: datetime
    cause: Cause
    reason: str
    actor: str


@frozen(kw_only=True)
class MassCancelOwed:
    """Every working entry must go; owed until the broker's own list confirms it."""

    at: datetime
    reason: str


@frozen(kw_only=True)
class MassCancelConfirmed:
    """The broker lists no order that the mass cancel was to remove."""

    at: datetime


@frozen(kw_only=True)
class ReconciliationCompleted:
    """The broker and the book were compared. `layer` says how thoroughly."""

    at: datetime
    layer: str
    differences: tuple[Difference, ...]


@frozen(kw_only=True)
class FlattenOwed:
    """Every position must be closed; owed until nothing is held or an operator resumes."""

    at: datetime
    reason: str
    actor: str


@frozen(kw_only=True)
class FlattenSettled:
    """Nothing is left to close, or it was called off; `reason` says which."""

    at: datetime
    reason: str


@frozen(kw_only=True)
class EquityMarked:
    """The first equity of a trading day, or a new high: what losses are measured from.

    Units: dollars; `session` is a day in New York.
    """

    at: datetime
    session: date
    equity: Decimal


Event = (
    RunStarted
    | RunStopped
    | ClientSessionKept
    | ClientSessionEnded
    | PlanJudged
    | OrderIntended
    | ChildListed
    | OrderAcknowledged
    | OrderRefused
    | SubmitUnknown
    | OrderProgressed
    | OrderFilled
    | SpreadFilled
    | FillInferred
    | FillCorrected
    | OrderReplaced
    | PartialTimedOut
    | CancelRequested
    | CancelRefused
    | ProtectionTriggered
    | TrailMoved
    | PositionAdjusted
    | TradingRestricted
    | RestrictionLifted
    | MassCancelOwed
    | MassCancelConfirmed
    | ReconciliationCompleted
    | FlattenOwed
    | FlattenSettled
    | EquityMarked
    | ActivityEvent
    | OptionEvent
)


@frozen
class Record:
    """An event at its place in the journal."""

    sequence: int
    event: Event
