"""The tick path: tables of boundaries, judged against the converged method."""

import numpy as np

from cream.core.pricing import american
from cream.core.pricing.american_chain import build
from cream.core.pricing.exercise_boundary import REFERENCE
from cream.core.pricing.rows import contracts
from tests.unit.core.pricing import market


def test_a_chain_is_priced_to_a_fraction_of_a_cent() -> None:
    """At most 1e-3 dollars and 1e-5 of the spot, 99 of 100 within 5e-6 of it."""
    batch, sigma = market.chain(strikes=7)
    found = build(batch).values(sigma, derivatives=True)
    exact = american.points(batch, sigma, REFERENCE, derivatives=True)
    error = np.abs(found.price - exact.price)

    assert error.max() <= 1e-3
    assert (error / batch.spot).max() <= 1e-5
    assert np.quantile(error / batch.spot, 0.99) <= 5e-6
    assert np.abs(found.delta - exact.delta).max() <= 2e-3
    assert np.abs(found.gamma - exact.gamma).max() <= 5e-3


def test_rows_without_a_table_are_priced_all_the_same() -> None:
    """A call without dividends, an expired put, volatilities outside the table, a bad row."""
    batch = contracts(
        np.array([1.0, -1.0, -1.0, -1.0, -1.0]),
        np.array([100.0, 100.0, 100.0, 100.0, float("nan")]),
        105.0,
        0.05,
        0.0,
        np.array([1.0, 0.0, 1.0, 1.0, 1.0]),
    )
    sigma = np.array([0.2, 0.2, 0.02, 5.0, 0.2])
    found = build(batch).values(sigma, derivatives=True)
    exact = american.points(batch, sigma, REFERENCE, derivatives=True)

    assert np.allclose(found.price[:4], exact.price[:4], atol=2e-3)
    assert np.isnan(found.price[4])


def test_some_rows_alone_are_the_same_as_in_the_whole() -> None:
    batch, sigma = market.chain(strikes=5)
    chain = build(batch)
    rows = np.array([7, 3, 44])

    assert np.allclose(
        chain.values(sigma[rows], rows).price, chain.values(sigma).price[rows], rtol=1e-12
    )


def test_a_chain_that_needs_no_table_has_none() -> None:
    chain = build(contracts(1.0, 100.0, np.array([90.0, 110.0]), 0.05, 0.0, 0.5))

    assert chain.depth.shape[0] == 0
    assert np.isfinite(chain.values(0.2).price).all()
