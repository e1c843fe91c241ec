import numpy as np

from cream.core.pricing import american, european
from cream.core.pricing.cash_dividends import (
    american_greeks,
    american_prices,
    escrowed,
    european_greeks,
)
from cream.core.pricing.dividends import CashDividend
from cream.core.pricing.rows import Status, contracts

QUARTERLY = (CashDividend(0.1, 0.8), CashDividend(0.35, 0.8))


def test_escrow_takes_off_only_the_dividends_before_each_row_expires() -> None:
    batch = contracts(1.0, 100.0, 100.0, 0.0, 0.0, np.array([0.05, 0.2, 0.5]))

    assert np.allclose(escrowed(batch, QUARTERLY).spot, [100.0, 99.2, 98.4])


def test_european_theta_and_rho_know_that_ex_dates_stay_where_they_are() -> None:
    batch = contracts(np.array([1.0, -1.0]), 100.0, 101.0, 0.05, 0.01, 0.5)
    here = european_greeks(batch, 0.25, QUARTERLY)

    def price(rate: float = 0.05, passed: float = 0.0) -> np.ndarray:
        due = tuple(CashDividend(one.years - passed, one.amount) for one in QUARTERLY)
        moved = contracts(batch.sign, 100.0, 101.0, rate, 0.01, 0.5 - passed)
        return european_greeks(moved, 0.25, due).price

    assert np.allclose(here.rho, (price(0.05 + 1e-5) - price(0.05 - 1e-5)) / 2e-5, atol=1e-5)
    assert np.allclose(here.theta, (price(passed=1e-5) - price(passed=-1e-5)) / 2e-5, atol=1e-4)


def test_the_extrapolated_lattice_agrees_with_the_integral_to_a_fiftieth_of_a_cent() -> None:
    batch = contracts(
        np.array([-1.0, -1.0, 1.0]), 100.0, np.array([95.0, 110.0, 105.0]), 0.05, 0.03, 0.5
    )
    sigma = np.array([0.2, 0.3, 0.25])
    ours, theirs = american_greeks(batch, sigma, ()), american.greeks(batch, sigma)

    assert np.abs(ours.price - theirs.price).max() < 2e-4
    assert np.abs(ours.delta - theirs.delta).max() < 1e-4
    assert np.abs(ours.gamma - theirs.gamma).max() < 5e-5
    assert np.abs(ours.vega - theirs.vega).max() < 2e-2
    assert np.abs(ours.rho - theirs.rho).max() < 5e-2
    assert np.abs(ours.theta - theirs.theta).max() < 5e-2
    assert np.abs(ours.premium - theirs.premium).max() < 5e-4


def test_american_is_worth_at_least_european_and_intrinsic() -> None:
    batch = contracts(
        np.tile([1.0, -1.0], 3), 100.0, np.repeat([85.0, 100.0, 115.0], 2), 0.05, 0.0, 0.5
    )
    found = american_greeks(batch, 0.3, QUARTERLY)

    assert np.all(found.premium >= 0.0)
    assert np.all(found.price >= batch.intrinsic())


def test_two_boundaries_are_no_trouble_here() -> None:
    """Negative rates: against the European price, which it must exceed, and exercise."""
    batch = contracts(-1.0, 100.0, 110.0, -0.01, -0.03, 1.0)
    price = american_prices(batch, 0.2, ())

    assert american.has_two_boundaries(batch).all()
    assert price[0] > european.prices(batch, 0.2)[0]
    assert price[0] >= 10.0


def test_an_expired_row_a_bad_one_and_one_that_pays_more_than_it_is_worth() -> None:
    spot = np.array([100.0, float("nan"), 1.0, 100.0])
    years = np.array([0.0, 0.5, 0.5, 0.5])
    batch = contracts(1.0, spot, 95.0, 0.05, 0.0, years)
    found = american_greeks(batch, 0.3, QUARTERLY)

    assert found.status.tolist() == [Status.OK, Status.BAD_INPUT, Status.BAD_INPUT, Status.OK]
    assert found.price[0] == 5.0
    assert found.vega[0] == 0.0
    assert np.isnan(found.price[1:3]).all()


def test_next_to_no_volatility_is_next_to_certain() -> None:
    found = american_greeks(contracts(-1.0, 100.0, 110.0, 0.05, 0.0, 0.5), 0.0, ())

    assert found.price[0] == 10.0
    assert found.vega[0] == 0.0
