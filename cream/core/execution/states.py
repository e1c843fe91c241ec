"""Which way may an order's status move? One table; everything else is refused or ignored.

`TRANSITIONS` is the machine: status -> statuses it may become through a report or a request.
Fills are not in it: a fill is booked in every state, and moves the status by `after_fill`. A closed
order stays closed; a late fill on one is booked all the same, and alarmed by whoever books it.
"""

from decimal import Decimal

from cream.core.model.order import OrderStatus as S

_ENDS = frozenset((S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED))
_PENDING = frozenset((S.PENDING_CANCEL, S.PENDING_REPLACE))

TRANSITIONS: dict[S, frozenset[S]] = {
    S.PENDING_NEW: _ENDS
    | {S.UNKNOWN_SUBMIT, S.HELD, S.ACCEPTED, S.PARTIALLY_FILLED, S.PENDING_CANCEL},
    S.UNKNOWN_SUBMIT: _ENDS
    | {S.HELD, S.ACCEPTED, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.DONE_FOR_DAY},
    S.HELD: _ENDS | _PENDING | {S.ACCEPTED, S.PARTIALLY_FILLED, S.DONE_FOR_DAY},
    S.ACCEPTED: _ENDS | _PENDING | {S.PARTIALLY_FILLED, S.DONE_FOR_DAY},
    S.PARTIALLY_FILLED: _ENDS | _PENDING | {S.DONE_FOR_DAY},
    S.PENDING_CANCEL: _ENDS,
    S.PENDING_REPLACE: _ENDS | {S.ACCEPTED, S.PARTIALLY_FILLED, S.HELD, S.PENDING_CANCEL},
    S.DONE_FOR_DAY: _ENDS | _PENDING | {S.ACCEPTED, S.PARTIALLY_FILLED},
    S.FILLED: frozenset(),
    S.CANCELED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
}


def may_become(current: S, reported: S) -> bool:
    """Whether a report of `reported` moves an order that stands at `current`."""
    return reported in TRANSITIONS[current]


def after_fill(current: S, filled: Decimal, quantity: Decimal) -> S:
    """The status once `filled` of `quantity` has traded.

    A cancel in flight stays in flight until it is answered, unless nothing is left to cancel; a
    closed order that fills late becomes FILLED only if it is now whole.
    """
    if filled >= quantity:
        return S.FILLED
    if current.is_closed or current in _PENDING:
        return current
    return S.PARTIALLY_FILLED
