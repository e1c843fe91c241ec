"""Every state has its word, and only requests remember what was before them."""

from itertools import product

import pytest

from cream.core.model.order_state import (
    ACCEPTED,
    INTENDED,
    CancelPending,
    Closed,
    ReplacePending,
    Unanswered,
    Working,
    beneath,
    standing,
    state_of,
    statuses,
)
from cream.core.model.order_state import OrderStatus as S

REQUESTS = (S.PENDING_CANCEL, S.PENDING_REPLACE)
AT_WORK = (S.HELD, S.ACCEPTED, S.PARTIALLY_FILLED, S.DONE_FOR_DAY)


@pytest.mark.parametrize("status", S)
def test_every_word_names_one_state(status: S) -> None:
    state = standing(status)

    assert state.status is status
    assert isinstance(state, Closed) is status.is_closed
    assert isinstance(state, Working) is (status in AT_WORK)


@pytest.mark.parametrize("status", [one for one in S if one not in REQUESTS])
def test_only_a_request_remembers_what_was_before(status: S) -> None:
    assert standing(status, INTENDED) == standing(status)
    assert statuses(standing(status)) == (status,)


def test_a_request_stands_on_where_the_order_stood() -> None:
    held = Working(S.HELD)

    assert standing(S.PENDING_CANCEL, ReplacePending(held)) == CancelPending(ReplacePending(held))
    assert standing(S.PENDING_REPLACE, held) == ReplacePending(held)


def test_what_is_being_replaced_works_at_the_broker() -> None:
    assert standing(S.PENDING_REPLACE, Unanswered()) == ReplacePending(ACCEPTED)


def test_words_give_the_state_that_they_were_taken_from() -> None:
    plain = [state_of(one) for one in S if one not in REQUESTS]
    replacing = [ReplacePending(Working(one)) for one in AT_WORK]
    asked = [CancelPending(INTENDED), *map(CancelPending, replacing)]

    for state in (*plain, *replacing, *asked):
        assert state_of(*statuses(state)) == state


@pytest.mark.parametrize(
    ("request_", "before"),
    list(product(REQUESTS, [S.PENDING_CANCEL, *(one for one in S if one.is_closed)])),
)
def test_no_request_stands_on_an_end_or_on_a_cancel(request_: S, before: S) -> None:
    with pytest.raises(ValueError, match=f"No order was {before.value} before"):
        state_of(request_, before)


def test_beneath_a_cancel_is_what_would_stand_again() -> None:
    replacing = ReplacePending(Working(S.HELD))

    assert beneath(CancelPending(replacing)) == replacing
    assert beneath(replacing) == replacing
    assert beneath(INTENDED) == INTENDED
    assert beneath(Closed(S.CANCELED)) is None
