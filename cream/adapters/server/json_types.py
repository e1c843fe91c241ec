"""What do the JSON replies look like? The shapes of docs/api.md and of the OpenAPI document.

Replies are built as these classes and encoded by msgspec, and the schema is made from the same
classes, so that the two cannot differ. Decimals are strings; times are RFC 3339 in UTC.
"""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class FieldDetail:
    """One thing that is wrong with one field of the request."""

    field: str
    problem: str


@frozen(kw_only=True)
class Error:
    """Every answer that is not a success."""

    code: str
    message: str
    grpc_code: int
    details: tuple[FieldDetail, ...]


@frozen(kw_only=True)
class Violation:
    """One rule that the plan breaks, or, as INFO and WARNING, brushes against."""

    code: str
    severity: str
    message: str
    instrument_id: str | None
    field_path: str | None
    observed: str | None
    limit: str | None
    unit: str
    headroom: str | None


@frozen(kw_only=True)
class Check:
    """One check that was made."""

    code: str
    result: str
    description: str
    observed: str | None
    limit: str | None
    unit: str


@frozen(kw_only=True)
class PlannedLeg:
    """One leg of an order that would be sent. `ratio_qty` is signed: positive buys."""

    symbol: str
    side: str
    ratio_qty: int
    quantity: str
    position_intent: str


@frozen(kw_only=True)
class PlannedOrder:
    """An order that would be sent."""

    decision_id: str
    symbol: str
    side: str
    quantity: str
    order_type: str
    order_class: str
    limit_price: str | None
    stop_price: str | None
    take_profit_price: str | None
    time_in_force: str
    legs: tuple[PlannedLeg, ...]


@frozen(kw_only=True)
class Suggestion:
    """A size of this decision that would pass; null where none would."""

    decision_id: str
    quantity: str | None


@frozen(kw_only=True)
class Verdict:
    """The gate's answer to a plan."""

    ok: bool
    violations: tuple[Violation, ...]
    checks: tuple[Check, ...]
    orders: tuple[PlannedOrder, ...]
    suggestions: tuple[Suggestion, ...]
    left_out: tuple[str, ...]
    policy_version: str
    validated_at: datetime


@frozen(kw_only=True)
class OrderLeg:
    """A leg of a multi-leg order, or an order that the broker holds with its parent.

    `order_id` is null for a leg, which is no order of its own; `leg_id` is never null.
    """

    leg_id: str
    order_id: str | None
    symbol: str
    side: str
    quantity: str
    filled_quantity: str
    avg_fill_price: str | None
    status: str
    order_type: str
    limit_price: str | None
    stop_price: str | None
    purpose: str
    ratio_qty: int | None
    position_intent: str | None


@frozen(kw_only=True)
class OrderState:
    """An order as it is now."""

    order_id: str
    client_order_id: str
    broker_order_id: str | None
    decision_id: str
    plan_id: str
    symbol: str
    side: str
    order_type: str
    order_class: str
    time_in_force: str
    status: str
    requested_quantity: str
    filled_quantity: str
    avg_fill_price: str | None
    limit_price: str | None
    stop_price: str | None
    purpose: str
    parent_order_id: str | None
    legs: tuple[OrderLeg, ...]
    commission: str
    submitted_at: datetime
    last_update_at: datetime
    status_message: str


@frozen(kw_only=True)
class ExecutionError:
    """One thing that went wrong after the gate."""

    code: str
    message: str
    instrument_id: str | None
    order_id: str | None
    retryable: bool


@frozen(kw_only=True)
class SubmitReply:
    """What became of a submitted plan."""

    cycle_id: str
    plan_id: str
    environment: str
    ack_time: datetime
    ok: bool
    repeated: bool
    orders: tuple[OrderState, ...]
    violations: tuple[Violation, ...]
    left_out: tuple[str, ...]
    errors: tuple[ExecutionError, ...]


@frozen(kw_only=True)
class OrderStateReply:
    """The orders asked for, and the ids that name none."""

    orders: tuple[OrderState, ...]
    not_found: tuple[str, ...]


@frozen(kw_only=True)
class Orders:
    """Orders, oldest first."""

    orders: tuple[OrderState, ...]


@frozen(kw_only=True)
class CancelError:
    """Why an order will not be cancelled."""

    code: str
    message: str


@frozen(kw_only=True)
class CancelResult:
    """What became of one request to cancel. `order_id` is ours where the order is known."""

    requested_id: str
    order_id: str
    accepted: bool
    status: str | None
    error: CancelError | None


@frozen(kw_only=True)
class CancelReply:
    """What became of the requests to cancel, in their order."""

    results: tuple[CancelResult, ...]
