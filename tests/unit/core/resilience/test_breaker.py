"""The circuit breaker: what opens it, what closes it, and what it ignores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.resilience.breaker import Breaker, BreakerLimits, BreakerState, Ticket, Window

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


def test_a_call_given_up_in_closed_state_is_no_outcome() -> None:
    one = breaker()
    for succeeded in (False, None, False, None, False, None):
        call(one, succeeded)

    assert one.state(0) is BreakerState.CLOSED
    assert (one.total_calls, one.total_failures) == (3, 3)

    call(one, False)
    assert one.state(0) is BreakerState.OPEN


def test_a_count_window_forgets_what_is_older_than_its_calls() -> None:
    limits = BreakerLimits(failure_rate_threshold=0.75, minimum_calls=4, window_size=4)
    one = breaker(limits)
    for succeeded in (False, False, True, True, True, True):
        call(one, succeeded)

    assert one.failure_rate(0) == 0.0
    for succeeded in (False, False):
        call(one, succeeded)
    assert one.failure_rate(0) == 0.5
    assert one.state(0) is BreakerState.CLOSED


@pytest.mark.parametrize(("now", "rate"), [(10.0, 1.0), (10.5, 0.0)])
def test_a_time_window_still_holds_what_is_exactly_as_old(now: float, rate: float) -> None:
    one = breaker(BreakerLimits(window=Window.TIME, window_size=10))
    call(one, False, 0)

    assert one.failure_rate(now) == rate


def test_a_threshold_of_zero_opens_at_the_first_failure_and_not_at_a_success() -> None:
    one = breaker(BreakerLimits(failure_rate_threshold=0.0, minimum_calls=1))
    call(one, True)
    assert one.state(0) is BreakerState.CLOSED

    call(one, False)
    assert one.state(0) is BreakerState.OPEN


def test_a_time_window_holds_no_more_than_its_bound() -> None:
    one = breaker(BreakerLimits(minimum_calls=20_000, window=Window.TIME, window_size=10))
    for succeeded in [False] * 500 + [True] * 10_000:
        call(one, succeeded)

    assert one.failure_rate(0) == 0.0
    assert one.total_failures == 500


def test_half_open_places_are_counted_anew_after_it_opened_again() -> None:
    """Two went out in the first trial; the one still under way takes no place in the second."""
    one = opened()
    first, late = one.take(30), one.take(30)
    assert first is not None
    assert late is not None
    one.give_back(first, False, 30)

    second = [one.take(60), one.take(60)]
    one.give_back(late, False, 60)

    assert None not in second
    assert one.state(60) is BreakerState.HALF_OPEN
    assert one.take(60) is None
    assert one.total_failures == 6


def test_transitions_are_counted() -> None:
    one = opened()
    call(one, True, 30)
    call(one, True, 30)

    assert one.transitions == 3


class Naive:
    """The same breaker without any economy: every ticket and every answer is kept for ever."""

    def __init__(self, limits: BreakerLimits) -> None:
        self.limits = limits
        self.state = BreakerState.CLOSED
        self.opened_at = 0.0
        self.period = 0
        self.taken: list[int] = []
        self.answers: list[tuple[int, float, bool | None]] = []

    def become(self, state: BreakerState, now: float) -> None:
        self.state, self.opened_at = state, now
        self.period += 1

    def mine(self) -> list[tuple[float, bool | None]]:
        return [(at, good) for period, at, good in self.answers if period == self.period]

    def look(self, now: float) -> None:
        if self.state is BreakerState.OPEN and now - self.opened_at >= self.limits.wait_seconds:
            self.become(BreakerState.HALF_OPEN, now)

    def take(self, now: float) -> int | None:
        self.look(now)
        if self.state is BreakerState.OPEN:
            return None
        given_up = sum(good is None for _, good in self.mine())
        if (
            self.state is BreakerState.HALF_OPEN
            and self.taken.count(self.period) - given_up >= self.limits.half_open_calls
        ):
            return None
        self.taken.append(self.period)
        return self.period

    def window(self, now: float) -> list[bool]:
        heard = [(at, good) for at, good in self.mine() if good is not None]
        if self.limits.window is Window.COUNT:
            return [good for _, good in heard[-self.limits.window_size :]]
        return [good for at, good in heard if at >= now - self.limits.window_size]

    def rate(self, now: float) -> float:
        if self.state is not BreakerState.CLOSED:
            return 0.0
        seen = self.window(now)
        return seen.count(False) / len(seen) if seen else 0.0

    def give_back(self, period: int, good: bool | None, now: float) -> None:
        self.answers.append((period, now, good))
        if period != self.period or good is None:
            return
        if self.state is BreakerState.HALF_OPEN:
            if not good:
                self.become(BreakerState.OPEN, now)
            elif sum(good is True for _, good in self.mine()) == self.limits.half_open_calls:
                self.become(BreakerState.CLOSED, now)
        elif len(self.window(now)) >= self.limits.minimum_calls and (
            self.rate(now) >= max(self.limits.failure_rate_threshold, 1e-9)
        ):
            self.become(BreakerState.OPEN, now)


LIMITS_DRAWN = st.builds(
    BreakerLimits,
    failure_rate_threshold=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    minimum_calls=st.integers(1, 4),
    wait_seconds=st.integers(1, 8).map(float),
    half_open_calls=st.integers(1, 3),
    window=st.sampled_from(Window),
    window_size=st.integers(1, 6),
)
# Take a ticket, look, give back one of those that are out, or let seconds pass.
STEPS = st.one_of(
    st.just("take"),
    st.just("look"),
    st.tuples(st.integers(0, 5), st.sampled_from([True, False, False, None])),
    st.integers(1, 9),
)


@given(limits=LIMITS_DRAWN, steps=st.lists(STEPS, max_size=80))
def test_it_does_as_a_naive_one_does(
    limits: BreakerLimits, steps: list[str | int | tuple[int, bool | None]]
) -> None:
    """Tickets come back late and in any order; both must agree on every answer."""
    one, naive = breaker(limits), Naive(limits)
    out: list[tuple[Ticket, int]] = []
    now = 0.0
    for step in steps:
        match step:
            case "take":
                ticket, period = one.take(now), naive.take(now)
                assert (ticket is None) == (period is None)
                if ticket is not None and period is not None:
                    out.append((ticket, period))
            case int(seconds):
                now += seconds
            case (int(which), good) if out:
                ticket, period = out.pop(which % len(out))
                one.give_back(ticket, good, now)
                naive.give_back(period, good, now)
            case _:
                naive.look(now)
                assert one.state(now) is naive.state
        assert one.failure_rate(now) == naive.rate(now)

    heard = [good for _, _, good in naive.answers if good is not None]
    assert (one.total_calls, one.total_failures) == (len(heard), heard.count(False))
