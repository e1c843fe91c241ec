"""What does the broker say: about an order, an execution, a position, or our request?

The outside fails in three ways, and every answer to a command is one of these types, so that a
caller without a branch for `OutcomeUnknown` does not type-check.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.model.fill import Fee
from cream.core.model.instrument import Instrument
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderStatus, OrderType, Side
from cream.core.model.plan import TimeInForce


@frozen(kw_only=True)
class BrokerOrder:
    """An order as the broker shows it. `legs` are its children (bracket) or legs (mleg).

    `status` is the mapped word, `raw_status` the broker's own; `status` is None for a word that
    nobody knows. `replaces` and `replaced_by` are the broker's ids of its neighbours in a chain of
    replacements. Units as in `OrderTerms`.
    """

    broker_order_id: str
    client_order_id: str
    instrument: Instrument
    side: Side
    order_type: OrderType
    order_class: OrderClass
    time_in_force: TimeInForce
    status: OrderStatus | None
    raw_status: str
    quantity: Decimal
    filled: Decimal = ZERO
    average_price: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    submitted_at: datetime
    updated_at: datetime
    reason: str = ""
    ratio: int | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    legs: tuple["BrokerOrder", ...] = ()


@frozen
class OrderIds:
    """Which order it is; a leg's client id may be the broker's own."""

    broker_order_id: str
    client_order_id: str


def ids_of(orders: Iterable[BrokerOrder]) -> list[OrderIds]:
    """Of the orders and their legs."""
    every = (one for order in orders for one in (order, *order.legs))
    return [OrderIds(one.broker_order_id, one.client_order_id) for one in every]


@frozen(kw_only=True)
class Execution:
    """One trade at the venue. For a spread there is one per leg, under the parent's order id.

    `fees` are estimates of what is charged later. `corrects` is the id of the execution that this
    one takes the place of.
    """

    execution_id: str
    broker_order_id: str
    instrument: Instrument
    side: Side
    quantity: Decimal
    price: Decimal
    executed_at: datetime
    commission: Decimal = ZERO
    fees: tuple[Fee, ...] = ()
    corrects: str | None = None


@frozen(kw_only=True)
class OrderUpdate:
    """One message of the broker's order stream: the order as it now is, and what just traded.

    `busted` are ids of executions that the venue has taken back.
    """

    event: str
    order: BrokerOrder
    executions: tuple[Execution, ...] = ()
    busted: tuple[str, ...] = ()


@frozen(kw_only=True)
class BrokerPosition:
    """A holding as the broker shows it. Units: signed shares or contracts; dollars per share."""

    instrument: Instrument
    quantity: Decimal
    average_price: Decimal


@frozen(kw_only=True)
class Difference:
    """One way in which the broker's view and ours differed. `kind` is its reason code."""

    kind: str
    subject: str
    ours: str
    theirs: str
    critical: bool


@frozen
class Accepted:
    """The broker took the order; `order` is how it shows it."""

    order: BrokerOrder


@frozen
class CancelTaken:
    """The broker took the request to cancel. The order is closed only once a report says so."""


@frozen
class InstructionTaken:
    """The broker took an instruction about an option that is held."""


@frozen
class Refused:
    """Final: nothing happened and nothing will. `code` is ours, `message` the broker's words."""

    code: str
    message: str


@frozen
class Unavailable:
    """Nothing happened; it may be tried again.

    `answered`: the broker itself said so (throttled, keys refused), and its line is sound.
    `held_back`: it was not let out on our side, which says nothing of the broker.
    """

    why: str
    answered: bool = False
    held_back: bool = False


@frozen
class OutcomeUnknown:
    """It may have happened. Ask before trying again: a second try may be a second order."""

    why: str


SubmitOutcome = Accepted | Refused | Unavailable | OutcomeUnknown
ExerciseOutcome = InstructionTaken | Refused | Unavailable | OutcomeUnknown
CancelOutcome = CancelTaken | Refused | Unavailable | OutcomeUnknown
