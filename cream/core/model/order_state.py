"""Where does an order stand, and what is known of it only while it stands there?

`OrderState` is the sum of them. Each has its `status`, the word that callers see; only a request
that is not answered yet remembers where the order stood before it. What an order keeps wherever it
stands (its fills, the broker's id once there is one) is in `Order`.
"""

from enum import Enum
from typing import Final, Literal, TypeAlias, assert_never

from attrs import field, frozen


class OrderStatus(Enum):
    """Where an order stands, in the words that callers see."""

    PENDING_NEW = "PENDING_NEW"
    UNKNOWN_SUBMIT = "UNKNOWN_SUBMIT"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    HELD = "HELD"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    # Members are one of a kind, and looked up with every report: Python's own goes by the name.
    __hash__ = object.__hash__

    @property
    def is_closed(self) -> bool:
        """Whether the order can trade no more."""
        return self in _CLOSED


_CLOSED = frozenset(
    (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED)
)

WorkingStatus: TypeAlias = Literal[
    OrderStatus.ACCEPTED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.HELD,
    OrderStatus.DONE_FOR_DAY,
]
ClosedStatus: TypeAlias = Literal[
    OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED
]


@frozen
class Intended:
    """Written down, and not sent."""

    status: Literal[OrderStatus.PENDING_NEW] = field(default=OrderStatus.PENDING_NEW, init=False)


@frozen
class Unanswered:
    """It may have left: no answer came. Only the broker can say."""

    status: Literal[OrderStatus.UNKNOWN_SUBMIT] = field(
        default=OrderStatus.UNKNOWN_SUBMIT, init=False
    )


@frozen
class Working:
    """It stands at the broker, or is worked here, and nothing more is asked of it."""

    status: WorkingStatus


@frozen
class ReplacePending:
    """It is to become another order; until the answer comes it works on as it did."""

    before: Working
    status: Literal[OrderStatus.PENDING_REPLACE] = field(
        default=OrderStatus.PENDING_REPLACE, init=False
    )


@frozen
class CancelPending:
    """It is to go; refused, it stands again where it stood `before`."""

    before: Intended | Unanswered | Working | ReplacePending
    status: Literal[OrderStatus.PENDING_CANCEL] = field(
        default=OrderStatus.PENDING_CANCEL, init=False
    )


@frozen
class Closed:
    """It can trade no more. A fill that is told late is booked all the same."""

    status: ClosedStatus


OrderState: TypeAlias = Intended | Unanswered | Working | ReplacePending | CancelPending | Closed

INTENDED: Final = Intended()
UNANSWERED: Final = Unanswered()
HELD: Final = Working(OrderStatus.HELD)
ACCEPTED: Final = Working(OrderStatus.ACCEPTED)
PARTIALLY_FILLED: Final = Working(OrderStatus.PARTIALLY_FILLED)
DONE_FOR_DAY: Final = Working(OrderStatus.DONE_FOR_DAY)
FILLED: Final = Closed(OrderStatus.FILLED)


def standing(
    status: OrderStatus, before: Intended | Unanswered | Working | ReplacePending = ACCEPTED
) -> OrderState:
    """The state that `status` names. `before` counts only where it names a request.

    Only what works at the broker can be replaced, so a replacement of what was not answered yet
    says that it works there.
    """
    match status:
        case OrderStatus.PENDING_CANCEL:
            return CancelPending(before)
        case OrderStatus.PENDING_REPLACE:
            return ReplacePending(before if isinstance(before, Working) else ACCEPTED)
        case _:
            return _PLAIN[status]


_PLAIN: Final[dict[OrderStatus, OrderState]] = {
    one.status: one
    for one in (
        INTENDED,
        UNANSWERED,
        HELD,
        ACCEPTED,
        PARTIALLY_FILLED,
        DONE_FOR_DAY,
        FILLED,
        Closed(OrderStatus.CANCELED),
        Closed(OrderStatus.REJECTED),
        Closed(OrderStatus.EXPIRED),
    )
}


def beneath(state: OrderState) -> Intended | Unanswered | Working | ReplacePending | None:
    """Where an order stands but for a request to cancel it; None once it is closed."""
    match state:
        case CancelPending():
            return state.before
        case Closed():
            return None
        case Intended() | Unanswered() | Working() | ReplacePending():
            return state
    assert_never(state)


def statuses(state: OrderState) -> tuple[OrderStatus, ...]:
    """The state's status, and what it stood at before each request that is not answered."""
    match state:
        case CancelPending() | ReplacePending():
            return (state.status, *statuses(state.before))
        case Intended() | Unanswered() | Working() | Closed():
            return (state.status,)
    assert_never(state)


def state_of(status: OrderStatus, *before: OrderStatus) -> OrderState:
    """The state of which `statuses` gives these.   Raises: ValueError where there is none."""
    if not before:
        return standing(status)
    under = state_of(*before)
    if isinstance(under, CancelPending | Closed):
        raise ValueError(f"No order was {under.status.value} before it was {status.value}")
    return standing(status, under)
