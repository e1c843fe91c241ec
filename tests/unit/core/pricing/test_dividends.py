import numpy as np
import pytest

from cream.core.pricing.dividends import (
    CashDividend,
    equivalent_yield,
    fault,
    present_value,
    present_value_slope,
    schedule,
)

SOON, LATE = CashDividend(0.1, 1.0), CashDividend(0.6, 2.0)


def test_only_dividends_within_the_life_count_in_order_of_time() -> None:
    """One at zero years is still to come off; one on the day of expiry goes to the exerciser."""
    now, at_expiry, nothing = CashDividend(0.0, 0.5), CashDividend(1.0, 3.0), CashDividend(0.2, 0.0)

    assert schedule((LATE, at_expiry, SOON, nothing, now), 1.0) == (now, SOON, LATE)
    assert schedule((SOON, LATE), 0.5) == (SOON,)


@pytest.mark.parametrize(
    ("dividend", "says"),
    [
        (CashDividend(0.1, -1.0), "negative"),
        (CashDividend(-0.1, 1.0), "past"),
        (CashDividend(float("nan"), 1.0), "finite"),
        (CashDividend(0.1, float("inf")), "finite"),
    ],
)
def test_a_senseless_schedule_says_what_is_wrong(dividend: CashDividend, says: str) -> None:
    assert says in str(fault((SOON, dividend)))
    assert fault((SOON, LATE)) is None


def test_the_present_value_is_the_one_the_forward_needs() -> None:
    """The forward with yield and dividends: grow the rest of the spot at rate less yield."""
    rate, carry, years, spot = np.array([0.05]), np.array([0.02]), 1.0, 100.0
    growth = np.exp((rate - carry) * years)
    forward = spot * growth
    for one in (SOON, LATE):
        forward -= one.amount * np.exp((rate - carry) * (years - one.years))

    assert np.isclose((spot - present_value((SOON, LATE), rate, carry)) * growth, forward)


def test_the_slope_of_the_present_value_is_its_derivative() -> None:
    rate, carry = np.array([0.05]), np.array([0.02])
    up, down = (present_value((SOON, LATE), rate + h, carry) for h in (1e-6, -1e-6))

    assert np.isclose(present_value_slope((SOON, LATE), rate, carry), (up - down) / 2e-6)


def test_the_equivalent_yield_has_the_same_forward() -> None:
    found = equivalent_yield(100.0, 0.05, 0.01, 1.0, (SOON, LATE))
    paid = present_value((SOON, LATE), np.array([0.05]), np.array([0.01]))[0]

    assert np.isclose(100.0 * np.exp(-found), (100.0 - paid) * np.exp(-0.01))
    assert equivalent_yield(100.0, 0.05, 0.01, 0.05, (SOON,)) == 0.01


def test_an_equivalent_yield_needs_time_and_a_share_worth_more_than_its_dividends() -> None:
    with pytest.raises(ValueError, match="time"):
        equivalent_yield(100.0, 0.05, 0.0, 0.0, ())
    with pytest.raises(ValueError, match="worth"):
        equivalent_yield(2.0, 0.05, 0.0, 1.0, (SOON, LATE))
