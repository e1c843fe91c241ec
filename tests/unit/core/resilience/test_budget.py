import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.resilience.budget import (
    CANCEL_PATIENCE_SECONDS,
    RESERVED_ABOVE,
    Priority,
    RateBudget,
)


def budget() -> RateBudget:
    return RateBudget(limit=100, period_seconds=50)


def spend(one: RateBudget, priority: Priority, now: float = 0.0) -> int:
    """How many requests of a kind go out at once."""
    count = 0
    while one.wait_seconds(priority, now) == 0:
        one.take(now, priority)
        one.answered(now)
        count += 1
    return count


def test_each_kind_leaves_more_the_less_urgent_it_is() -> None:
    shares = [RESERVED_ABOVE[priority] for priority in Priority]
    assert shares == sorted(shares)
    assert shares[1] >= 0.2


def test_the_last_fifth_is_for_cancels_alone() -> None:
    one = budget()
    assert [spend(one, kind) for kind in reversed(Priority)] == [60, 10, 5, 5, 20]


def test_the_bucket_fills_evenly_and_not_above_its_limit() -> None:
    one = budget()
    spend(one, Priority.CANCEL)
    assert one.available(0) == 0
    assert one.wait_seconds(Priority.CANCEL, 0) == 0.5
    assert one.available(10) == 20
    assert one.available(1000) == 100


def test_a_kind_waits_until_its_reserve_is_whole_again() -> None:
    """A fifth of what comes is for the cancels' share, until that is full."""
    one = budget()
    spend(one, Priority.CANCEL)
    assert one.wait_seconds(Priority.OPEN, 0) == pytest.approx(21 / 1.6)
    assert one.wait_seconds(Priority.OPEN, 21 / 1.6 + 0.001) == 0


def test_what_comes_is_for_everyone_once_the_cancels_share_is_full() -> None:
    one = budget()
    spend(one, Priority.OPEN)
    spend(one, Priority.PROTECTIVE)
    for _ in range(2):
        one.take(0, Priority.CANCEL)
    # Five seconds until the share is full; by then 8 have come for everyone.
    assert one.wait_seconds(Priority.OPEN, 0) == pytest.approx(5 + (21 - 8) / 2)
    assert one.wait_seconds(Priority.OPEN, 5 + (21 - 8) / 2 + 0.001) == 0


def test_a_mass_cancel_uses_its_own_share_and_leaves_the_exits_theirs() -> None:
    one = budget()
    spend(one, Priority.OPEN)
    for _ in range(20):
        one.take(0, Priority.CANCEL)

    assert [spend(one, kind) for kind in (Priority.CLOSE, Priority.PROTECTIVE)] == [15, 5]


def test_after_a_mass_cancel_of_everything_the_next_stop_leaves_with_the_next_request() -> None:
    """And not when the share of the cancels is whole again, which takes ten seconds."""
    one = budget()
    spend(one, Priority.CANCEL)
    assert one.wait_seconds(Priority.PROTECTIVE, 0) == pytest.approx(1 / 1.6)


def test_cancels_take_what_is_there_for_everyone_once_theirs_is_used_up() -> None:
    one = budget()
    assert spend(one, Priority.CANCEL) == 100


def test_the_brokers_count_only_ever_lowers_ours() -> None:
    one = budget()
    one.take(0)
    one.answered(0, remaining=40)
    assert one.available(0) == 40
    one.take(0)
    one.answered(0, remaining=99)
    assert one.available(0) == 39


def test_what_is_under_way_has_not_been_counted_there_yet() -> None:
    one = budget()
    for _ in range(5):
        one.take(0)
    one.answered(0, remaining=50)
    assert one.available(0) == 46


def test_a_count_that_ran_out_comes_back_when_the_broker_says() -> None:
    one = budget()
    one.take(0)
    one.answered(0, remaining=0, reset_in_seconds=30)
    assert one.wait_seconds(Priority.PROTECTIVE, 20) == 10
    assert one.wait_seconds(Priority.PROTECTIVE, 30) == 0


def test_a_count_with_something_left_holds_nobody() -> None:
    one = budget()
    one.take(0)
    one.answered(0, remaining=90, reset_in_seconds=30)
    assert one.wait_seconds(Priority.OPEN, 0) == 0


def test_after_a_refusal_entries_go_out_one_by_one_and_queries_faster() -> None:
    """A budget that lets nothing out looks like a broker that is gone."""
    one = budget()
    one.throttled(0, 0)
    assert [spend(one, kind) for kind in (Priority.OPEN, Priority.QUERY)] == [1, 10]


def test_a_refusal_holds_everyone_and_cancels_only_shortly() -> None:
    one = budget()
    one.throttled(0, 30)
    assert one.wait_seconds(Priority.CLOSE, 0) == 30
    assert one.wait_seconds(Priority.CANCEL, 0) == CANCEL_PATIENCE_SECONDS
    assert one.wait_seconds(Priority.CANCEL, CANCEL_PATIENCE_SECONDS) == 0
    assert one.wait_seconds(Priority.CLOSE, CANCEL_PATIENCE_SECONDS) == 29


def test_no_clock_that_is_off_holds_longer_than_a_period() -> None:
    one = budget()
    one.throttled(0, 10_000_000)
    assert one.wait_seconds(Priority.QUERY, 0) == 50
    one.throttled(0, -5)
    assert one.wait_seconds(Priority.QUERY, 0) == 50


def least(priority: Priority) -> float:
    """What must be there for everyone, if not for cancels."""
    return (RESERVED_ABOVE[priority] - RESERVED_ABOVE[Priority.PROTECTIVE]) * 100


@given(
    st.lists(
        st.tuples(st.sampled_from(Priority), st.floats(0, 5), st.none() | st.integers(0, 100)),
        max_size=300,
    )
)
@settings(max_examples=60)
def test_whatever_happens_no_more_than_the_limit_and_its_refill_goes_out(
    steps: list[tuple[Priority, float, int | None]],
) -> None:
    one, now, sent = budget(), 0.0, 0
    for priority, pause, remaining in steps:
        now += pause
        if one.wait_seconds(priority, now) == 0:
            assert one.available(now) >= 1
            assert priority is Priority.CANCEL or one.available(now) >= least(priority)
            one.take(now, priority)
            sent += 1
            one.answered(now, remaining, 5.0)
    assert sent <= 100 + now * 2
