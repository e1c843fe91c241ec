import numpy as np

from cream.core.pricing.certainty import certain_values
from cream.core.pricing.rows import contracts


def test_the_best_moment_is_chosen() -> None:
    """A put on a share that pays nothing: now. A call on one: at expiry."""
    found = certain_values(
        contracts(np.array([-1.0, 1.0]), 100.0, np.array([110.0, 90.0]), 0.05, 0.0, 1.0)
    )

    assert found.price[0] == 10.0
    assert np.isclose(found.price[1], 100.0 - 90.0 * np.exp(-0.05))
    assert found.delta.tolist() == [-1.0, 1.0]
    assert found.theta[0] == 0.0
    assert np.isclose(found.theta[1], -0.05 * 90.0 * np.exp(-0.05))
    assert found.rho[0] == 0.0
    assert np.isclose(found.rho[1], 90.0 * np.exp(-0.05))


def test_a_call_waits_until_the_dividends_outweigh_the_interest() -> None:
    """Against a search over all moments."""
    found = certain_values(contracts(1.0, 100.0, 100.0, 0.10, 0.07, 20.0))
    moments = np.linspace(0.0, 20.0, 200_001)
    gains = 100.0 * np.exp(-0.07 * moments) - 100.0 * np.exp(-0.10 * moments)

    assert np.isclose(found.price[0], gains.max(), atol=1e-8)
    assert found.theta[0] == 0.0


def test_what_is_never_worth_exercising_is_worth_nothing() -> None:
    found = certain_values(contracts(-1.0, 100.0, 90.0, 0.05, 0.0, 0.0))

    assert found.price[0] == found.delta[0] == found.theta[0] == found.rho[0] == 0.0
