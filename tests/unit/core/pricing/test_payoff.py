from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.model.instrument import OptionContract
from cream.core.pricing.payoff import (
    Holding,
    as_holding,
    break_evens,
    expire_together,
    extremes,
    final_slope,
    is_shares,
    payoff,
    worst_payoff,
)
from tests.unit.core.pricing.legs import FAR, call, put

HOLDINGS = st.lists(
    st.tuples(
        st.builds(
            lambda right, strike: right(strike), st.sampled_from([call, put]), st.integers(1, 30)
        ),
        st.integers(-3, 3).filter(bool).map(Decimal),
    ),
    min_size=1,
    max_size=4,
)


@given(HOLDINGS, st.integers(-2, 2).map(Decimal))
@settings(max_examples=100, deadline=None)
def test_the_extremes_are_those_of_a_scan_over_all_prices(
    owned: list[Holding], lots: Decimal
) -> None:
    everything = [*owned, as_holding("XYZ", lots)] if lots else owned
    low, high = extremes(everything)
    scan = [payoff(everything, Decimal(price)) for price in range(61)]

    slope = final_slope(everything)
    assert (low is None) == (slope < 0)
    assert (high is None) == (slope > 0)
    if low is not None:
        assert low == min(scan)
    if high is not None:
        assert high == max(scan)


@given(HOLDINGS, st.integers(-20, 20).map(Decimal))
@settings(max_examples=100, deadline=None)
def test_break_evens_are_where_the_gain_changes_its_sign(
    owned: list[Holding], net: Decimal
) -> None:
    found = break_evens(owned, net)

    assert all(abs(payoff(owned, price) - net) < Decimal("1e-20") for price in found)
    grid = [Decimal(step) / 4 for step in range(400)]
    for left, right in pairwise(grid):
        if (payoff(owned, left) - net) * (payoff(owned, right) - net) < 0:
            assert any(left <= price <= right for price in found)


def test_shares_are_a_call_that_costs_nothing_and_never_expires() -> None:
    shares, lots = as_holding("XYZ", Decimal(2))

    assert is_shares(shares)
    assert not is_shares(call(100))
    assert payoff([(shares, lots)], Decimal(37)) == 74
    assert expire_together([(shares, lots), (call(100), Decimal(-1))])
    assert not expire_together([(call(100), Decimal(1)), (call(100, FAR), Decimal(-1))])


def test_shares_cover_a_short_call_and_nothing_covers_a_naked_one() -> None:
    short: Holding = (call(100), Decimal(-1))

    assert worst_payoff([short]) is None
    assert worst_payoff([short, as_holding("XYZ", Decimal(1))]) == 0


def test_a_diagonal_can_lose_the_gap_between_its_strikes() -> None:
    """The short strike inside the long one: owed when the near contract expires."""
    near: tuple[OptionContract, Decimal] = (call(95), Decimal(-1))
    far: tuple[OptionContract, Decimal] = (call(100, FAR), Decimal(1))

    assert worst_payoff([near, far]) == -5
