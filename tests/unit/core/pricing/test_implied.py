"""European implied volatility, judged against mpmath."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.pricing.european import greeks, prices
from cream.core.pricing.implied import implied_volatility
from cream.core.pricing.rows import Status, contracts
from tests.unit.core.pricing import market

EPSILON = np.finfo(float).eps


def test_every_invertible_hard_price_gives_its_volatility_back() -> None:
    """Within 1e-8 wherever rounding of the price alone allows recovery to 1e-8.

    The set goes from prices of 1e-180 to 600 % of volatility.
    """
    table = market.hard(seed=3, each=60)
    sign, spot, strike, rate, carry, years, sigma = table
    exact = np.array([market.exact_price(row) for row in table.T])
    batch = market.batch_of(table)
    found, status = implied_volatility(batch, exact)
    in_the_money = sign * (spot * np.exp(-carry * years) - strike * np.exp(-rate * years)) > 0
    size = np.where(in_the_money, np.maximum(spot, np.maximum(strike, exact)), exact)
    invertible = EPSILON * size / greeks(batch, sigma).vega < 2e-9

    assert invertible.sum() > 240
    assert np.all(status[invertible] == Status.OK)
    assert np.abs(found - sigma)[invertible].max() <= 1e-8
    assert exact.min() < 1e-100


def test_a_chain_gives_its_smile_back() -> None:
    batch, sigma = market.chain(strikes=40)
    paid = prices(batch, sigma)
    found, status = implied_volatility(batch, paid)
    solved = status == Status.OK

    assert np.abs(prices(batch, np.where(solved, found, sigma)) - paid).max() <= 1e-12 * 300
    assert set(status[~solved]) <= {Status.BELOW_INTRINSIC}
    time_value = paid - prices(batch, 0.0)
    assert solved[time_value > 0.01].all()


@given(
    st.sampled_from([1.0, -1.0]),
    st.floats(0.6, 1.6),
    st.floats(-0.02, 0.1),
    st.floats(0.0, 0.06),
    st.floats(0.02, 3.0),
    st.floats(0.05, 3.0),
)
@settings(max_examples=100, deadline=None)
def test_price_and_volatility_are_inverse(
    sign: float, ratio: float, rate: float, carry: float, years: float, sigma: float
) -> None:
    batch = contracts(sign, 100.0, 100.0 * ratio, rate, carry, years)
    value = greeks(batch, sigma)
    found, status = implied_volatility(batch, value.price)
    if value.vega[0] > EPSILON * 160.0 / 1e-10:
        assert status[0] == Status.OK
        assert abs(found[0] - sigma) <= 1e-8


def test_each_row_says_why_it_has_no_volatility() -> None:
    price = np.array([5.0, 1.0, 0.0, -1.0, 100.0, 250.0, float("nan"), float("inf")])
    strike = np.array([100.0, 90.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0])
    found, status = implied_volatility(contracts(1.0, 100.0, strike, 0.0, 0.0, 1.0), price)

    assert [Status(code).name for code in status] == [
        "OK",
        "BELOW_INTRINSIC",
        "BELOW_INTRINSIC",
        "BELOW_INTRINSIC",
        "ABOVE_MAXIMUM",
        "ABOVE_MAXIMUM",
        "BAD_INPUT",
        "BAD_INPUT",
    ]
    assert np.isnan(found[1:]).all()
    assert np.isfinite(found[0])


def test_a_volatility_that_nobody_can_mean_is_not_bracketed() -> None:
    """A second before expiry, at the money, for a third of the spot."""
    batch = contracts(1.0, 100.0, 100.0, 0.0, 0.0, 1e-9)

    assert implied_volatility(batch, 35.0)[1][0] == Status.NOT_BRACKETED


def test_at_expiry_a_price_says_nothing_of_volatility() -> None:
    found, status = implied_volatility(contracts(1.0, 100.0, 90.0, 0.0, 0.0, 0.0), 10.0)

    assert status[0] == Status.BAD_INPUT
    assert np.isnan(found[0])


def test_at_the_forward_the_closed_form_serves() -> None:
    batch = contracts(1.0, 100.0, 100.0, 0.0, 0.0, 0.25)
    sigma = np.array([0.2])

    found, _ = implied_volatility(batch, prices(batch, sigma))

    assert abs(found[0] - 0.2) < 1e-14
