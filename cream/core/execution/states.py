"""Which way may an order's state move? One table; everything else is refused or ignored.

`TRANSITIONS` is the machine: status -> statuses it may become through a report or a request.
Fills are not in it: a fill is booked in every state, and moves the state by `after_fill`. A closed
order stays closed; a late fill on one is booked all the same, and alarmed by whoever books it.
"""

from decimal import Decimal
from typing import assert_never

from cream.core.model.order_state import (
    ACCEPTED,
    FILLED,
    PARTIALLY_FILLED,
    CancelPending,
    Closed,
    Intended,
    OrderState,
    ReplacePending,
    Unanswered,
    Working,
    beneath,
    standing,
)
from cream.core.model.order_state import OrderStatus as S

_ENDS = frozenset((S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED))
_WORKING = frozenset((S.HELD, S.ACCEPTED))

# Something was asked for and is not answered yet; the order remembers where it stood before.
PENDING = frozenset((S.PENDING_CANCEL, S.PENDING_REPLACE))

# What an order without an answer may turn out to be: anything.
_FIRST_SEEN = _ENDS | PENDING | _WORKING | {S.PARTIALLY_FILLED, S.DONE_FOR_DAY}

TRANSITIONS: dict[S, frozenset[S]] = {
    S.PENDING_NEW: _FIRST_SEEN | {S.UNKNOWN_SUBMIT},
    S.UNKNOWN_SUBMIT: _FIRST_SEEN,
    S.HELD: _ENDS | PENDING | {S.ACCEPTED, S.PARTIALLY_FILLED, S.DONE_FOR_DAY},
    S.ACCEPTED: _ENDS | PENDING | {S.PARTIALLY_FILLED, S.DONE_FOR_DAY},
    S.PARTIALLY_FILLED: _ENDS | PENDING | {S.DONE_FOR_DAY},
    S.PENDING_CANCEL: _ENDS,
    S.PENDING_REPLACE: _ENDS | _WORKING | {S.PARTIALLY_FILLED, S.DONE_FOR_DAY, S.PENDING_CANCEL},
    S.DONE_FOR_DAY: _ENDS | PENDING | {S.ACCEPTED, S.PARTIALLY_FILLED},
    S.FILLED: frozenset(),
    S.CANCELED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
}


def may_become(current: S, told: S) -> bool:
    """Whether a report of `told` moves an order that stands at `current`."""
    return told in TRANSITIONS[current]


def with_fills(status: S, filled: Decimal) -> S:
    """`status` as it is called for an order that has traded: working becomes partially filled."""
    return S.PARTIALLY_FILLED if filled > 0 and status in _WORKING else status


def reported(state: OrderState, status: S, filled: Decimal) -> OrderState:
    """The state of an order at `state`, of which `filled` has traded, once it is at `status`.

    A request that is not answered remembers where the order stood, also below another request.
    """
    before = beneath(state)
    if before is None:
        return standing(with_fills(status, filled))
    if status is S.PENDING_REPLACE and isinstance(before, ReplacePending):
        return before
    return standing(with_fills(status, filled), before)


def known_at_broker(state: OrderState, status: S, filled: Decimal) -> OrderState:
    """`state`, where a request is pending, once the broker shows that the order was at `status`."""
    # Whoever asked for a cancel or a replacement at the broker: before that it worked there.
    shown = standing(with_fills(S.ACCEPTED if status in PENDING else status, filled))
    match state:
        case CancelPending(before=ReplacePending()) if isinstance(shown, Working):
            return CancelPending(ReplacePending(shown))
        case CancelPending() if isinstance(shown, Working):
            return CancelPending(shown)
        case ReplacePending() if isinstance(shown, Working):
            return ReplacePending(shown)
        case _:
            return state


def after_fill(state: OrderState, filled: Decimal, quantity: Decimal) -> OrderState:
    """The state once `filled` of `quantity` has traded in all.

    A request in flight stays in flight until it is answered, unless nothing is left to trade; a
    closed order that fills late becomes FILLED only if it is now whole. Where a fill was taken
    back and none is left, the order works as one that never traded.
    """
    if filled >= quantity:
        return FILLED
    match state:
        case Closed():
            return state
        case CancelPending(before=ReplacePending()):
            return CancelPending(ReplacePending(_traded(filled)))
        case CancelPending():
            return CancelPending(_traded(filled))
        case ReplacePending():
            return ReplacePending(_traded(filled))
        case Intended() | Unanswered() | Working():
            return _traded(filled)
    assert_never(state)


def _traded(filled: Decimal) -> Working:
    return PARTIALLY_FILLED if filled > 0 else ACCEPTED


def replacement_done(state: OrderState) -> OrderState:
    """`state` once the replacement that was pending is in place."""
    match state:
        case ReplacePending():
            return state.before
        case CancelPending(before=ReplacePending() as replacing):
            return CancelPending(replacing.before)
        case _:
            return state
