"""American options: against QuantLib converged, finite differences, and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.core.pricing import european
from cream.core.pricing.american import (
    AmericanGreeks,
    greeks,
    has_two_boundaries,
    never_exercised,
    prices,
    second_order,
)
from cream.core.pricing.exercise_boundary import FINE, REFERENCE, Scheme
from cream.core.pricing.rows import Contracts, Status, contracts
from tests.unit.core.pricing import oracle

AUDIT = Scheme(12, 24, 6, 48)


def random_contracts(seed: int, size: int) -> tuple[Contracts, np.ndarray]:
    chance = np.random.default_rng(seed)
    spot = chance.uniform(50.0, 200.0, size)
    batch = contracts(
        chance.choice([-1.0, 1.0], size),
        spot,
        spot * np.exp(chance.uniform(-0.4, 0.4, size)),
        chance.uniform(0.0, 0.10, size),
        chance.uniform(0.0, 0.08, size),
        chance.integers(1, 1_095, size) / 365,
    )
    return batch, chance.uniform(0.08, 1.0, size)


def test_quantlib_converged_says_the_same() -> None:
    """The reference scheme within 1e-9 of the spot or strike, the audit scheme within 4e-6."""
    batch, sigma = random_contracts(seed=1, size=16)
    columns = (batch.sign, batch.spot, batch.strike, batch.rate, batch.dividend_yield)
    theirs = np.array(
        [
            oracle.american_price(*(float(column[row]) for column in columns), days, vol)
            for row, (days, vol) in enumerate(
                zip(np.rint(batch.years * 365).astype(int), sigma, strict=True)
            )
        ]
    )
    scale = np.maximum(batch.spot, batch.strike)

    assert np.all(np.abs(prices(batch, sigma, REFERENCE) - theirs) <= 1e-9 * scale)
    assert np.all(np.abs(prices(batch, sigma, FINE) - theirs) <= 1e-6 * scale)
    assert np.all(np.abs(prices(batch, sigma, AUDIT) - theirs) <= 4e-6 * batch.spot)


def test_schemes_converge_over_the_whole_domain() -> None:
    batch, sigma = random_contracts(seed=2, size=60)
    scale = np.maximum(batch.spot, batch.strike)
    best = prices(batch, sigma, Scheme(40, 48, 32, 96))

    assert np.all(np.abs(prices(batch, sigma, REFERENCE) - best) <= 2e-9 * scale)
    assert np.all(np.abs(prices(batch, sigma, AUDIT) - best) <= 4e-6 * scale)


def test_rates_and_yields_that_are_almost_alike_settle_too() -> None:
    """There the fixed point swings at the nodes next to expiry unless it is damped."""
    batch = contracts(1.0, 100.0, 105.0, 0.05, 0.05 + np.linspace(-2e-3, 2e-3, 9), 1.5)

    found = prices(batch, 0.3)

    assert np.all(np.abs(np.diff(found, 3)) < 1e-5)
    assert np.abs(found - prices(batch, 0.3, Scheme(40, 48, 40, 96))).max() <= 5e-7


@given(
    st.sampled_from([1.0, -1.0]),
    st.floats(0.6, 1.6),
    st.floats(-0.01, 0.12),
    st.floats(0.0, 0.10),
    st.floats(0.003, 3.0),
    st.floats(0.06, 1.5),
)
@settings(max_examples=60, deadline=None)
def test_bounds_monotonicity_and_convexity(
    sign: float, ratio: float, rate: float, carry: float, years: float, sigma: float
) -> None:
    """Never below the European price or what exercise brings; never above spot (strike); dearer
    with time and volatility; convex in the strike."""
    strike = 100.0 * ratio
    batch = contracts(sign, 100.0, strike * np.array([0.97, 1.0, 1.03]), rate, carry, years)
    if has_two_boundaries(batch).any():
        return
    low, middle, high = prices(batch, sigma, FINE)
    slack = 2e-6 * 160.0

    assert middle >= european.prices(batch, sigma)[1] - 1e-12 * 160.0
    assert middle >= batch.intrinsic()[1]
    assert middle <= (100.0 if sign > 0 else strike) + slack
    assert sign * (low - high) >= -slack
    assert low + high - 2 * middle >= -slack
    assert prices(batch, sigma * 1.1, FINE)[1] >= middle - slack
    longer = contracts(sign, 100.0, strike, rate, carry, years * 1.1)
    assert prices(longer, sigma, FINE)[0] >= middle - slack


def test_puts_and_calls_are_symmetric() -> None:
    put = contracts(-1.0, 90.0, 100.0, 0.05, 0.02, 1.0)
    call = contracts(1.0, 100.0, 90.0, 0.02, 0.05, 1.0)

    assert np.isclose(prices(put, 0.3)[0], prices(call, 0.3)[0], rtol=1e-13)


def test_greeks_are_the_derivatives_of_prices() -> None:
    batch, sigma = random_contracts(seed=4, size=12)

    def at(**moved: float) -> AmericanGreeks:
        return greeks(
            contracts(
                batch.sign,
                batch.spot * (1.0 + moved.get("spot", 0.0)),
                batch.strike,
                batch.rate + moved.get("rate", 0.0),
                batch.dividend_yield,
                batch.years + moved.get("years", 0.0),
            ),
            sigma + moved.get("sigma", 0.0),
        )

    here = at()
    # At the boundary itself the second derivative jumps: there a difference means nothing.
    clear = ~(np.abs(here.boundary / batch.spot - 1.0) < 0.01)
    up, down = at(spot=1e-3), at(spot=-1e-3)
    delta = (up.price - down.price) / (2e-3 * batch.spot)
    gamma = (up.delta - down.delta) / (2e-3 * batch.spot)
    assert np.allclose(here.delta[clear], delta[clear], atol=5e-5)
    assert np.allclose(
        here.gamma[clear] * batch.spot[clear], gamma[clear] * batch.spot[clear], atol=2e-3
    )
    for name, by, step in (("vega", "sigma", 1e-3), ("rho", "rate", 5e-4)):
        slope = (at(**{by: step}).price - at(**{by: -step}).price) / (2 * step)
        assert np.allclose(getattr(here, name)[clear], slope[clear], rtol=1e-3, atol=2e-2), name
    passing = (at(years=-1e-4).price - at(years=1e-4).price) / 2e-4
    assert np.allclose(here.theta[clear], passing[clear], rtol=2e-3, atol=2e-2)


def test_second_order_greeks_are_the_derivatives_of_the_first() -> None:
    batch = contracts(
        np.array([-1.0, 1.0, -1.0]), 100.0, np.array([95.0, 110.0, 120.0]), 0.05, 0.03, 0.7
    )
    sigma = np.full(3, 0.3)
    found = second_order(batch, sigma)
    up, down = greeks(batch, sigma + 0.005), greeks(batch, sigma - 0.005)

    assert np.allclose(found.vanna, (up.delta - down.delta) / 0.01, atol=2e-3)
    assert np.allclose(found.volga, (up.vega - down.vega) / 0.01, atol=0.5)
    later = contracts(batch.sign, batch.spot, batch.strike, 0.05, 0.03, 0.701)
    drift = (greeks(batch, sigma).delta - greeks(later, sigma).delta) / 0.001
    assert np.allclose(found.charm, drift, atol=2e-3)


def test_the_premium_and_the_boundary_belong_to_the_price() -> None:
    strikes = np.linspace(80.0, 140.0, 25)
    batch = contracts(-1.0, 100.0, strikes, 0.06, 0.01, 0.5)
    found = greeks(batch, 0.2)

    assert np.allclose(found.premium, found.price - european.prices(batch, 0.2), atol=1e-12)
    due = found.price == batch.intrinsic()
    assert np.array_equal(due & (strikes > 100.0), batch.spot <= found.boundary)
    assert due[-1]
    assert not due[0]
    assert np.all(found.vega[due & (strikes > 100.0)] == 0.0)


def test_without_dividends_a_call_is_never_exercised() -> None:
    call = contracts(1.0, 100.0, 90.0, 0.05, 0.0, 1.0)
    found = greeks(call, 0.2)

    assert never_exercised(call).all()
    assert found.premium[0] == 0.0
    assert np.isnan(found.boundary[0])
    assert found.price[0] == european.prices(call, 0.2)[0]
    assert (
        second_order(call, 0.2).vanna[0] == european.greeks(call, 0.2, second_order=True).vanna[0]
    )


def test_hardly_any_interest_is_none() -> None:
    """No cliff: the price is continuous as the rate goes to zero."""
    rates = np.array([0.0, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5])
    found = prices(contracts(-1.0, 100.0, 100.0, rates, 0.0, 1.0), 0.2)

    assert np.all(np.isfinite(found))
    assert np.abs(np.diff(found)).max() < 1e-3


@pytest.mark.parametrize("years", [0.0, -0.1])
def test_at_expiry_it_is_worth_what_exercise_brings(years: float) -> None:
    batch = contracts(
        np.array([1.0, -1.0, 1.0]), 100.0, np.array([99.0, 99.0, 101.0]), 0.05, 0.02, years
    )

    found = greeks(batch, 0.3)

    assert found.price.tolist() == [1.0, 0.0, 0.0]
    assert found.delta.tolist() == [1.0, 0.0, 0.0]
    assert found.vega.tolist() == [0.0, 0.0, 0.0]


def test_minutes_before_the_close_it_is_not_worth_nothing() -> None:
    minutes = np.array([390.0, 60.0, 5.0, 1.0])
    batch = contracts(-1.0, 100.0, 101.0, 0.05, 0.0, minutes * 60 / 31_536_000)

    assert np.all(prices(batch, 0.3) >= 1.0)


def test_a_bad_row_and_one_with_two_boundaries_spoil_nobody_elses_answer() -> None:
    spot = np.array([100.0, float("nan"), 100.0, 100.0])
    rate = np.array([0.05, 0.05, -0.02, 0.05])
    carry = np.array([0.02, 0.02, -0.05, 0.02])
    batch = contracts(-1.0, spot, 105.0, rate, carry, 1.0)

    found = greeks(batch, 0.25)

    assert found.status.tolist() == [Status.OK, Status.BAD_INPUT, Status.BAD_INPUT, Status.OK]
    assert found.price[0] == found.price[3]
    assert np.isnan(found.price[1:3]).all()
