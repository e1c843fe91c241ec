import numpy as np
import pytest

from cream.core.pricing.exercise_boundary import (
    FINE,
    REFERENCE,
    chebyshev_interpolation,
    grid,
    solve,
)


def column(*values: float) -> np.ndarray:
    return np.array(values, float)


def test_interpolation_is_exact_for_polynomials_and_on_the_nodes() -> None:
    nodes = -np.cos(np.pi * np.arange(9) / 8)
    at = np.append(np.linspace(-0.95, 0.95, 7), nodes[3])

    weights = chebyshev_interpolation(9, at)

    assert np.allclose(weights @ nodes**6, at**6, atol=1e-13)
    assert np.allclose(weights.sum(1), 1.0)


def test_the_grid_is_made_once() -> None:
    assert grid(FINE) is grid(FINE)


@pytest.mark.parametrize(("rate", "carry", "limit"), [(0.05, 0.02, 1.0), (0.03, 0.06, 0.5)])
def test_just_before_expiry_the_boundary_is_at_the_lesser_of_strike_and_rates(
    rate: float, carry: float, limit: float
) -> None:
    edges = solve(column(rate), column(carry), column(0.2), column(1e-6), REFERENCE)

    assert np.isclose(edges.now[0], limit, rtol=2e-3)


def test_with_all_the_time_in_the_world_it_is_the_perpetual_one() -> None:
    rate, sigma = 0.08, 0.3
    edges = solve(column(rate), column(0.0), column(sigma), column(200.0), REFERENCE)
    gamma = 2 * rate / sigma**2

    assert np.isclose(edges.now[0], gamma / (1 + gamma), rtol=1e-4)


def test_the_boundary_falls_with_time_and_with_volatility() -> None:
    years = np.linspace(0.1, 3.0, 12)
    by_time = solve(np.full(12, 0.05), np.full(12, 0.02), np.full(12, 0.25), years, REFERENCE).now
    sigma = np.linspace(0.1, 1.0, 12)
    by_sigma = solve(np.full(12, 0.05), np.full(12, 0.02), sigma, np.ones(12), REFERENCE).now

    assert np.all(np.diff(by_time) < 0)
    assert np.all(np.diff(by_sigma) < 0)


def test_rows_do_not_depend_on_their_neighbours() -> None:
    size = 700
    sigma = np.linspace(0.1, 0.9, size)
    every = solve(np.full(size, 0.05), np.zeros(size), sigma, np.ones(size), FINE)
    alone = solve(column(0.05), column(0.0), sigma[401:402], column(1.0), FINE)

    assert np.allclose(every.depth[401], alone.depth[0], rtol=1e-12)
