"""Every way an order's status may move, and every way it may not (all 144 pairs)."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.execution.states import (
    TRANSITIONS,
    after_fill,
    known_at_broker,
    may_become,
    replacement_done,
    reported,
    with_fills,
)
from cream.core.model.order_state import (
    ACCEPTED,
    INTENDED,
    PARTIALLY_FILLED,
    UNANSWERED,
    CancelPending,
    Closed,
    OrderState,
    ReplacePending,
    Working,
    beneath,
    state_of,
    statuses,
)
from cream.core.model.order_state import OrderStatus as S

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
NO_ANSWER = (S.PENDING_NEW, S.UNKNOWN_SUBMIT)
AT_WORK = (S.HELD, S.ACCEPTED, S.PARTIALLY_FILLED, S.DONE_FOR_DAY)

working = st.sampled_from([Working(one) for one in AT_WORK])
replacing = working.map(ReplacePending)
unasked = st.one_of(st.sampled_from([INTENDED, UNANSWERED]), working, replacing)
states = st.one_of(
    unasked, unasked.map(CancelPending), st.sampled_from([state_of(one) for one in CLOSED])
)
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


@pytest.mark.parametrize("status", NO_ANSWER)
def test_an_order_without_an_answer_can_turn_out_to_be_anything(status: S) -> None:
    """Else it would keep a status that says it never left, while the broker works it."""
    assert set(S) - set(NO_ANSWER) <= TRANSITIONS[status]


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


@given(states, quantities, quantities)
def test_an_order_is_filled_once_nothing_is_left(
    state: OrderState, quantity: Decimal, over: Decimal
) -> None:
    assert after_fill(state, quantity, quantity) == Closed(S.FILLED)
    assert after_fill(state, quantity + over, quantity) == Closed(S.FILLED)


@pytest.mark.parametrize("status", [*NO_ANSWER, *AT_WORK])
def test_a_partial_fill_shows_that_the_order_works_and_has_traded(status: S) -> None:
    assert after_fill(state_of(status), Decimal(3), Decimal(10)) == Working(S.PARTIALLY_FILLED)


@pytest.mark.parametrize("status", CLOSED)
def test_a_late_fill_leaves_an_end_standing_while_something_is_missing(status: S) -> None:
    assert after_fill(state_of(status), Decimal(3), Decimal(10)) == state_of(status)


@given(states)
def test_a_partial_fill_answers_no_request(state: OrderState) -> None:
    filled = after_fill(state, Decimal(3), Decimal(10))

    if state.status not in CLOSED:
        assert statuses(filled) == (*statuses(state)[:-1], S.PARTIALLY_FILLED)


def test_what_never_traded_in_the_end_is_not_called_partially_filled() -> None:
    assert after_fill(PARTIALLY_FILLED, Decimal(0), Decimal(10)) == ACCEPTED


@given(states, st.sampled_from((S.PENDING_CANCEL, S.PENDING_REPLACE)))
def test_a_request_that_is_reported_remembers_where_the_order_stood(
    state: OrderState, request: S
) -> None:
    if not may_become(state.status, request):
        return
    after = reported(state, request, Decimal(0))

    assert after.status is request
    if request is S.PENDING_CANCEL:
        assert after == CancelPending(beneath(state) or ACCEPTED)
    else:
        assert after == ReplacePending(state if isinstance(state, Working) else ACCEPTED)


def test_a_second_report_of_a_replacement_below_a_cancel_is_the_same_replacement() -> None:
    replacing = ReplacePending(Working(S.HELD))

    assert reported(replacing, S.PENDING_REPLACE, Decimal(0)) == replacing


@pytest.mark.parametrize(
    ("before", "told", "filled", "after"),
    [
        (CancelPending(UNANSWERED), S.ACCEPTED, 0, CancelPending(ACCEPTED)),
        (CancelPending(INTENDED), S.HELD, 0, CancelPending(Working(S.HELD))),
        (CancelPending(INTENDED), S.PENDING_CANCEL, 0, CancelPending(ACCEPTED)),
        (CancelPending(INTENDED), S.ACCEPTED, 3, CancelPending(PARTIALLY_FILLED)),
        (
            CancelPending(ReplacePending(ACCEPTED)),
            S.DONE_FOR_DAY,
            0,
            CancelPending(ReplacePending(Working(S.DONE_FOR_DAY))),
        ),
        (ReplacePending(ACCEPTED), S.HELD, 0, ReplacePending(Working(S.HELD))),
        (ReplacePending(ACCEPTED), S.FILLED, 0, ReplacePending(ACCEPTED)),
        (ACCEPTED, S.HELD, 0, ACCEPTED),
        (Closed(S.EXPIRED), S.ACCEPTED, 0, Closed(S.EXPIRED)),
    ],
)
def test_what_the_broker_shows_is_where_an_order_stood_below_a_request(
    before: OrderState, told: S, filled: int, after: OrderState
) -> None:
    """Whoever the broker has an id for has left: it is never again as if it had not."""
    assert known_at_broker(before, told, Decimal(filled)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ReplacePending(Working(S.HELD)), Working(S.HELD)),
        (CancelPending(ReplacePending(ACCEPTED)), CancelPending(ACCEPTED)),
        (CancelPending(ACCEPTED), CancelPending(ACCEPTED)),
        (ACCEPTED, ACCEPTED),
    ],
)
def test_a_replacement_in_place_is_no_longer_pending(before: OrderState, after: OrderState) -> None:
    assert replacement_done(before) == after
