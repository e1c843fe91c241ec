"""The circuit breaker: what opens it, what closes it, and what it ignores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.resilience.breaker import Breaker, BreakerLimits, BreakerState, Window

LIMITS = BreakerLimits(
    failure_rate_threshold=0.5,
    minimum_calls=4,
    wait_seconds=30.0,
    half_open_calls=2,
    window_size=4,
)


def breaker(limits: BreakerLimits = LIMITS) -> Breaker:
    return Breaker("broker", limits)


def call(of: Breaker, succeeded: bool | None, now: float = 0.0) -> None:
    ticket = of.take(now)
    assert ticket is not None
    of.give_back(ticket, succeeded, now)


def opened() -> Breaker:
    one = breaker()
    for _ in range(4):
        call(one, False)
    return one


def test_it_opens_at_the_threshold_once_there_are_enough_calls() -> None:
    one = breaker()
    for succeeded in (False, False, True):
        call(one, succeeded)
    assert one.state(0) is BreakerState.CLOSED

    call(one, True)

    assert one.state(0) is BreakerState.OPEN
    assert one.take(0) is None


def test_below_the_threshold_it_stays_closed() -> None:
    one = breaker()
    for succeeded in (True, True, True, False):
        call(one, succeeded)

    assert one.state(0) is BreakerState.CLOSED
    assert one.failure_rate(0) == 0.25


@pytest.mark.parametrize(
    ("now", "state"), [(29.999, BreakerState.OPEN), (30.0, BreakerState.HALF_OPEN)]
)
def test_it_tries_again_after_the_wait(now: float, state: BreakerState) -> None:
    assert opened().state(now) is state


def test_half_open_lets_only_so_many_out_at_once() -> None:
    one = opened()

    tickets = [one.take(30), one.take(30), one.take(30)]

    assert [ticket is not None for ticket in tickets] == [True, True, False]


def test_successes_close_it_and_a_failure_opens_it_again() -> None:
    one = opened()
    call(one, True, 30)
    call(one, True, 30)
    assert one.state(30) is BreakerState.CLOSED

    other = opened()
    call(other, False, 30)
    assert other.state(31) is BreakerState.OPEN
    assert other.state(60) is BreakerState.HALF_OPEN


def test_a_late_answer_from_an_earlier_state_counts_for_nothing() -> None:
    one = breaker()
    late = one.take(0)
    assert late is not None
    for _ in range(4):
        call(one, False)
    assert one.state(30) is BreakerState.HALF_OPEN

    one.give_back(late, False, 30)

    assert one.state(30) is BreakerState.HALF_OPEN


def test_a_call_that_was_given_up_frees_its_place() -> None:
    one = opened()
    call(one, None, 30)
    call(one, None, 30)

    assert one.take(30) is not None
    assert one.total_calls == 4


def test_a_time_window_forgets_by_time() -> None:
    limits = BreakerLimits(minimum_calls=2, window=Window.TIME, window_size=10)
    one = breaker(limits)
    call(one, False, 0)

    call(one, False, 11)

    assert one.state(11) is BreakerState.CLOSED
    assert one.failure_rate(11) == 1.0


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0, 20)), max_size=60))
def test_it_never_lets_more_out_than_it_may(steps: list[tuple[bool | None, float]]) -> None:
    one, now = breaker(), 0.0
    for succeeded, wait in steps:
        now += wait
        ticket = one.take(now)
        assert (ticket is None) == (one.state(now) is BreakerState.OPEN)
        if ticket is not None:
            one.give_back(ticket, succeeded, now)
    assert 0 <= one.failure_rate(now) <= 1
