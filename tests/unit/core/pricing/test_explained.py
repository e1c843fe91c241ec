"""A refresh of a live chain says what the slow and accurate way says, row by row."""

import numpy as np
import pytest

from cream.core.pricing import american
from cream.core.pricing.explained import NO_TWIN, Explained, Group, explain, tables_for
from cream.core.pricing.rows import Contracts, Status, contracts

SPOT, RATE, YIELD = 187.35, 0.045, 0.0052
DAYS = (7, 30, 365)
STRIKES = np.linspace(150.0, 230.0, 17)


def chain(rate: float = RATE, dividend_yield: float = YIELD) -> tuple[Contracts, list[Group]]:
    """Calls and puts in turn, by strike and expiry."""
    sign = np.tile([1.0, -1.0], STRIKES.size * len(DAYS))
    strike = np.tile(np.repeat(STRIKES, 2), len(DAYS))
    years = np.repeat(np.array(DAYS) / 365, 2 * STRIKES.size)
    groups = list(zip(sign.tolist(), years.tolist(), strict=True))
    return contracts(sign, SPOT, strike, rate, dividend_yield, years), groups


def twins(batch: Contracts) -> np.ndarray:
    return np.arange(batch.size) ^ 1


def smile(batch: Contracts) -> np.ndarray:
    skew = np.log(batch.strike / SPOT)
    return np.maximum(0.25 - 0.05 * skew + 0.1 * skew**2, 0.05)


def explained(rate: float = RATE, dividend_yield: float = YIELD) -> Explained:
    batch, groups = chain(rate, dividend_yield)
    paid = american.prices(batch, smile(batch))
    tables = tables_for(groups, rate, dividend_yield)
    return explain(groups, SPOT, batch.strike, paid, twins(batch), tables)


@pytest.mark.parametrize("dividend_yield", [0.0, 0.0052, 0.06])
def test_the_figures_are_those_of_the_accurate_way(dividend_yield: float) -> None:
    """At the volatility that was found: to a part of a cent, and what a desk rounds Greeks to."""
    batch, _ = chain(dividend_yield=dividend_yield)

    found = explained(dividend_yield=dividend_yield)

    own = found.status == Status.OK
    assert own.mean() > 0.7
    assert np.abs(found.sigma - smile(batch))[own].max() < 2e-3
    slow = american.greeks(batch, np.where(own, found.sigma, 0.2))
    for name, tolerance in (
        ("price", 1e-3),
        ("delta", 2e-3),
        ("gamma", 1e-3),
        ("vega", 0.15),
        ("theta", 0.5),
        ("rho", 0.6),
    ):
        error = np.abs(getattr(found, name) - getattr(slow, name))[own]
        assert error.max() < tolerance, name
        assert np.percentile(error, 90) < tolerance / 20, name


def test_a_price_without_a_volatility_takes_that_of_its_twin_and_says_so() -> None:
    batch, groups = chain()
    paid = american.prices(batch, smile(batch))
    deep = 2 * 12 + 1  # the put at 210 that expires in a week: worth its intrinsic value
    twin = deep - 1

    found = explained()

    assert paid[deep] == pytest.approx(210.0 - SPOT)
    assert found.status[deep] == Status.BELOW_INTRINSIC
    assert found.borrowed[deep]
    assert found.sigma[deep] == found.sigma[twin]
    assert found.delta[deep] == pytest.approx(-1.0, abs=1e-6)
    assert found.vega[deep] == pytest.approx(0.0, abs=1e-6)
    assert not found.borrowed[found.status == Status.OK].any()

    alone = explain(
        [groups[deep]],
        SPOT,
        batch.strike[[deep]],
        paid[[deep]],
        np.array([NO_TWIN]),
        tables_for([groups[deep]], RATE, YIELD),
    )
    assert np.isnan(alone.sigma[0])
    assert np.isnan(alone.delta[0])


def test_a_row_without_a_price_spoils_nobody_elses() -> None:
    batch, groups = chain()
    paid = american.prices(batch, smile(batch))
    paid[5] = np.nan
    alone = np.full(batch.size, NO_TWIN)
    tables = tables_for(groups, RATE, YIELD)

    found = explain(groups, SPOT, batch.strike, paid, alone, tables)

    assert found.status[5] == Status.BAD_INPUT
    assert np.isnan([found.price[5], found.rho[5]]).all()
    rest = np.arange(batch.size) != 5
    before = explain(groups, SPOT, batch.strike, np.where(rest, paid, 1.0), alone, tables)
    assert np.array_equal(found.sigma[rest], before.sigma[rest], equal_nan=True)


def test_tables_serve_the_same_rates_and_any_part_of_their_groups() -> None:
    _, groups = chain()
    tables = tables_for(groups, RATE, YIELD)

    assert tables.serve(groups[:3], RATE, YIELD)
    assert not tables.serve(groups, RATE + 0.01, YIELD)
    assert not tables.serve(groups, RATE, YIELD + 0.01)
    assert not tables.serve([(1.0, 0.123)], RATE, YIELD)


def test_tables_do_not_depend_on_the_price_of_the_underlying() -> None:
    """They outlive every tick: half a dollar later they say what new ones would."""
    batch, groups = chain()
    tables = tables_for(groups, RATE, YIELD)
    moved = contracts(batch.sign, SPOT + 0.5, batch.strike, RATE, YIELD, batch.years)
    paid = american.prices(moved, smile(batch))

    found = explain(groups, SPOT + 0.5, batch.strike, paid, twins(batch), tables)

    own = found.status == Status.OK
    assert np.abs(found.sigma - smile(batch))[own].max() < 2e-3


@pytest.mark.parametrize("rate", [0.0, 0.0002, -0.01])
def test_rates_near_and_below_zero_give_figures_or_none(rate: float) -> None:
    """Below zero a contract may have two boundaries, of which the tables know nothing."""
    batch, groups = chain(rate, 0.0)
    paid = np.where(np.isfinite(prices := american.prices(batch, smile(batch))), prices, 5.0)

    found = explain(groups, SPOT, batch.strike, paid, twins(batch), tables_for(groups, rate, 0.0))

    side = 1.0 if rate >= 0.0 else -1.0
    some = (batch.sign == side) & (found.status == Status.OK)
    assert some.any()
    assert np.isfinite(found.rho[some]).all()
    assert not np.isinf(found.rho).any()
