"""One resolution of the lattice, against methods that know better."""

import numpy as np
import pytest

from cream.core.pricing import american, european
from cream.core.pricing.dividends import CashDividend
from cream.core.pricing.lattice import Resolution, solve
from cream.core.pricing.rows import contracts

MIDDLE = Resolution(400, 120)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_without_dividends_it_agrees_with_the_closed_form_and_the_integral(sign: float) -> None:
    batch = contracts(sign, 100.0, np.array([90.0, 100.0, 115.0]), 0.05, 0.03, 0.5)
    sigma = np.full(3, 0.25)
    european_values = european.greeks(batch, sigma)
    held = solve(batch, sigma, (), MIDDLE, american=False)
    early = solve(batch, sigma, (), MIDDLE, american=True)

    assert np.allclose(held.price, european_values.price, atol=2e-3)
    assert np.allclose(held.delta, european_values.delta, atol=2e-4)
    assert np.allclose(held.gamma, european_values.gamma, atol=2e-5)
    assert np.allclose(early.price, american.prices(batch, sigma), atol=2e-3)
    assert np.isnan(held.boundary).all()


def test_the_exercise_edge_is_near_the_boundary() -> None:
    batch = contracts(np.array([-1.0, 1.0]), 100.0, 100.0, 0.05, 0.04, 1.0)
    sigma = np.full(2, 0.25)
    found = solve(batch, sigma, (), MIDDLE, american=True)

    assert np.allclose(found.boundary, american.greeks(batch, sigma).boundary, rtol=2e-2)


def test_a_dividend_takes_its_amount_off_the_forward() -> None:
    """Parity holds in the spot model for options that cannot be exercised early."""
    due = (CashDividend(0.2, 3.0),)
    batch = contracts(np.array([1.0, -1.0]), 100.0, 98.0, 0.05, 0.0, 0.5)
    call, put = solve(batch, np.full(2, 0.3), due, MIDDLE, american=False).price
    forward = 100.0 - 3.0 * np.exp(-0.05 * 0.2) - 98.0 * np.exp(-0.05 * 0.5)

    assert abs(call - put - forward) < 2e-3


def test_a_call_deep_in_the_money_is_exercised_the_day_before_a_large_dividend() -> None:
    due = (CashDividend(1 / 365, 5.0),)
    batch = contracts(1.0, 100.0, 60.0, 0.03, 0.0, 30 / 365)
    found = solve(batch, np.array([0.2]), due, MIDDLE, american=True)

    assert np.isclose(found.price[0], 100.0 - 60.0 * np.exp(-0.03 / 365), atol=1e-6)


def test_a_dividend_larger_than_the_price_leaves_a_worthless_share() -> None:
    due = (CashDividend(0.1, 30.0),)
    batch = contracts(np.array([1.0, -1.0]), 40.0, 40.0, 0.03, 0.0, 0.5)
    found = solve(batch, np.full(2, 0.5), due, MIDDLE, american=True)

    assert np.isfinite(found.price).all()
    assert found.price[1] >= 28.0
