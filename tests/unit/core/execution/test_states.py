"""Every way an order's status may move, and every way it may not (all 144 pairs)."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.states import TRANSITIONS, after_fill, may_become, with_fills
from cream.core.model.order import OrderStatus as S

SHORT = {
    S.PENDING_NEW: "n",
    S.UNKNOWN_SUBMIT: "u",
    S.HELD: "h",
    S.ACCEPTED: "a",
    S.PARTIALLY_FILLED: "p",
    S.PENDING_CANCEL: "c",
    S.PENDING_REPLACE: "r",
    S.DONE_FOR_DAY: "d",
    S.FILLED: "F",
    S.CANCELED: "C",
    S.REJECTED: "R",
    S.EXPIRED: "E",
}

# Which statuses a report or a request may give to an order that stands at the one on the left.
MAY = {
    "n": "uhapcrdFCRE",
    "u": "hapcrdFCRE",
    "h": "apcrdFCRE",
    "a": "pcrdFCRE",
    "p": "crdFCRE",
    "c": "FCRE",
    "r": "hapcdFCRE",
    "d": "apcrFCRE",
    "F": "",
    "C": "",
    "R": "",
    "E": "",
}

OPEN = [status for status in S if not status.is_closed]
CLOSED = [status for status in S if status.is_closed]
UNANSWERED = (S.PENDING_NEW, S.UNKNOWN_SUBMIT)

statuses = st.sampled_from(S)
quantities = st.integers(1, 1000).map(Decimal)


@pytest.mark.parametrize(("current", "reported"), list(product(S, S)))
def test_a_status_moves_only_where_the_table_lets_it(current: S, reported: S) -> None:
    expected = SHORT[reported] in MAY[SHORT[current]]

    assert may_become(current, reported) is expected


def test_the_table_knows_every_status() -> None:
    assert set(TRANSITIONS) == set(S)


@pytest.mark.parametrize("status", S)
def test_no_status_becomes_itself(status: S) -> None:
    assert not may_become(status, status)


@pytest.mark.parametrize("status", CLOSED)
def test_what_is_closed_stays_closed_whatever_is_reported(status: S) -> None:
    assert TRANSITIONS[status] == frozenset()


@pytest.mark.parametrize("status", OPEN)
def test_every_open_order_can_end_in_every_way(status: S) -> None:
    """Whatever the broker says of an order's end is legal in the state the order is in."""
    assert set(CLOSED) <= TRANSITIONS[status]


@pytest.mark.parametrize("status", S)
def test_nothing_goes_back_to_where_no_answer_had_come(status: S) -> None:
    assert not may_become(status, S.PENDING_NEW)
    assert may_become(status, S.UNKNOWN_SUBMIT) is (status is S.PENDING_NEW)


@pytest.mark.parametrize("status", UNANSWERED)
def test_an_order_without_an_answer_can_turn_out_to_be_anything(status: S) -> None:
    """Else it would keep a status that says it never left, while the broker works it."""
    assert set(S) - set(UNANSWERED) <= TRANSITIONS[status]


def test_what_was_replaced_or_rested_overnight_goes_on_as_what_it_is() -> None:
    """A pending_cancel ends only by an end; a refused cancel is an event of its own."""
    assert TRANSITIONS[S.PENDING_CANCEL] == frozenset(CLOSED)
    assert may_become(S.PENDING_REPLACE, S.PARTIALLY_FILLED)
    assert may_become(S.DONE_FOR_DAY, S.PARTIALLY_FILLED)


@pytest.mark.parametrize("status", S)
def test_an_order_that_has_traded_is_never_called_untouched(status: S) -> None:
    named = with_fills(status, Decimal(1))

    assert named not in (S.ACCEPTED, S.HELD)
    assert named is (S.PARTIALLY_FILLED if status in (S.ACCEPTED, S.HELD) else status)
    assert with_fills(status, Decimal(0)) is status


@given(statuses, quantities, quantities)
def test_an_order_is_filled_once_nothing_is_left(
    current: S, quantity: Decimal, over: Decimal
) -> None:
    assert after_fill(current, quantity, quantity) is S.FILLED
    assert after_fill(current, quantity + over, quantity) is S.FILLED


@pytest.mark.parametrize(
    ("current", "after"),
    [
        (S.PENDING_NEW, S.PARTIALLY_FILLED),
        (S.UNKNOWN_SUBMIT, S.PARTIALLY_FILLED),
        (S.HELD, S.PARTIALLY_FILLED),
        (S.ACCEPTED, S.PARTIALLY_FILLED),
        (S.PARTIALLY_FILLED, S.PARTIALLY_FILLED),
        (S.DONE_FOR_DAY, S.PARTIALLY_FILLED),
        (S.PENDING_CANCEL, S.PENDING_CANCEL),
        (S.PENDING_REPLACE, S.PENDING_REPLACE),
        (S.FILLED, S.FILLED),
        (S.CANCELED, S.CANCELED),
        (S.REJECTED, S.REJECTED),
        (S.EXPIRED, S.EXPIRED),
    ],
)
def test_a_partial_fill_leaves_requests_pending_and_ends_standing(current: S, after: S) -> None:
    assert after_fill(current, Decimal(3), Decimal(10)) is after
