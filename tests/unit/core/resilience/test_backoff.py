"""Waiting between tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.resilience.backoff import Backoff


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 0.1), (1, 0.2), (4, 1.6), (8, 25.6), (9, 30.0), (10_000, 30.0)]
)
def test_the_longest_wait_doubles_up_to_the_cap(attempt: int, seconds: float) -> None:
    assert Backoff().ceiling(attempt) == pytest.approx(seconds)


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_somewhere_below_the_longest(attempt: int, drawn: float) -> None:
    backoff = Backoff()

    assert 0 <= backoff.delay(attempt, lambda: drawn) <= backoff.ceiling(attempt)
