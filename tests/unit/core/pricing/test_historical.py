import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.pricing.historical import SESSIONS_A_YEAR, historical_volatility

prices = st.lists(st.floats(1, 1000), min_size=3, max_size=40)


def test_a_share_that_moves_by_the_same_part_up_and_down_has_that_for_its_day() -> None:
    """Returns of +1 % and -1 % in turn, of which four have a deviation of 1 % times sqrt(4/3)."""
    step = math.exp(0.01)
    closes = [100.0, 100.0 * step, 100.0, 100.0 * step, 100.0]
    daily = 0.01 * math.sqrt(4 / 3)
    found = historical_volatility(closes)
    assert found == pytest.approx(daily * math.sqrt(SESSIONS_A_YEAR))


@given(prices, st.floats(0.01, 100))
def test_it_depends_on_no_unit(closes: list[float], factor: float) -> None:
    found, scaled = (
        historical_volatility(closes),
        historical_volatility([close * factor for close in closes]),
    )
    if found is not None and found > 1e-6:
        assert scaled == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize(
    "closes", [[], [1.0], [1.0, 2.0], [1.0, 0.0, 2.0], [1.0, -1.0, 2.0], [5.0] * 10, [math.nan] * 5]
)
def test_what_cannot_be_said_is_not_said(closes: list[float]) -> None:
    assert historical_volatility(closes) is None
