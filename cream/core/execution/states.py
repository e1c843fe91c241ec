"""Which way may an order's status move? One table; everything else is refused or ignored.

`TRANSITIONS` is the machine: status -> statuses it may become through a report or a request.
Fills are not in it: a fill is booked in every state, and moves the status by `after_fill`. A closed
order stays closed; a late fill on one is booked all the same, and alarmed by whoever books it.
"""

from decimal import Decimal

from cream.core.model.order import OrderStatus as S

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


def may_become(current: S, reported: S) -> bool:
    """Whether a report of `reported` moves an order that stands at `current`."""
    return reported in TRANSITIONS[current]


def with_fills(status: S, filled: Decimal) -> S:
    """`status` as it is called for an order that has traded: working becomes partially filled."""
    return S.PARTIALLY_FILLED if filled > 0 and status in _WORKING else status


def after_fill(current: S, filled: Decimal, quantity: Decimal) -> S:
    """The status once `filled` of `quantity` has traded.

    A cancel in flight stays in flight until it is answered, unless nothing is left to cancel; a
    closed order that fills late becomes FILLED only if it is now whole.
    """
    if filled >= quantity:
        return S.FILLED
    if current.is_closed or current in PENDING:
        return current
    return S.PARTIALLY_FILLED
