"""A refresh of a live chain says what the slow and accurate way says, row by row."""

import numpy as np
import pytest

from cream.core.pricing import american, european
from cream.core.pricing.explained import (
    Explained,
    Group,
    Smile,
    Source,
    explain,
    tables_for,
)
from cream.core.pricing.rows import Contracts, Status, contracts

SPOT, RATE, YIELD = 187.35, 0.045, 0.0052
DAYS = (7, 30, 365)
STRIKES = np.linspace(150.0, 230.0, 17)


def chain(rate: float = RATE, dividend_yield: float = YIELD) -> tuple[Contracts, list[Group]]:
    """Calls and puts in turn, by strike and expiry."""
    sign = np.tile([1.0, -1.0], STRIKES.size * len(DAYS))
    strike = np.tile(np.repeat(STRIKES, 2), len(DAYS))
    years = np.repeat(np.array(DAYS) / 365, 2 * STRIKES.size)
    groups = [
        (one, time, dividend_yield) for one, time in zip(sign.tolist(), years.tolist(), strict=True)
    ]
    return contracts(sign, SPOT, strike, rate, dividend_yield, years), groups


NOTHING = Smile(*(np.empty(0),) * 4)


def smile(batch: Contracts) -> np.ndarray:
    skew = np.log(batch.strike / SPOT)
    return np.maximum(0.25 - 0.05 * skew + 0.1 * skew**2, 0.05)


def explained(rate: float = RATE, dividend_yield: float = YIELD) -> Explained:
    batch, groups = chain(rate, dividend_yield)
    paid = american.prices(batch, smile(batch))
    tables = tables_for(groups, rate)
    return explain(groups, SPOT, batch.strike, paid, tables, NOTHING)


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


def test_without_interest_the_greeks_of_puts_are_those_of_the_closed_form() -> None:
    """The next rate above, at which the deepest of them would be exercised, says nothing of it."""
    batch, groups = chain(rate=0.0, dividend_yield=0.0)
    paid = european.prices(batch, smile(batch))

    found = explain(groups, SPOT, batch.strike, paid, tables_for(groups, 0.0), NOTHING)

    own = found.status == Status.OK
    assert own.mean() > 0.7
    exact = european.greeks(batch, np.where(own, found.sigma, 0.2))
    for name in ("vega", "theta", "rho"):
        error = np.abs(getattr(found, name) - getattr(exact, name))[own]
        assert error.max() < 1e-9, name


def test_a_price_without_a_volatility_takes_that_of_its_twin_and_says_so() -> None:
    batch, groups = chain()
    paid = american.prices(batch, smile(batch))
    deep = 2 * 12 + 1  # the put at 210 that expires in a week: worth its intrinsic value
    twin = deep - 1

    found = explained()

    assert paid[deep] == pytest.approx(210.0 - SPOT)
    assert found.status[deep] == Status.BELOW_INTRINSIC
    assert found.source[deep] == Source.TWIN
    assert found.sigma[deep] == found.sigma[twin]
    assert found.delta[deep] == pytest.approx(-1.0, abs=1e-6)
    assert found.vega[deep] == pytest.approx(0.0, abs=1e-6)
    assert (found.source[found.status == Status.OK] == Source.OWN).all()

    alone = only([groups[deep]], batch.strike[[deep]], paid[[deep]])
    assert alone.source[0] == Source.NONE
    assert np.isnan(alone.sigma[0])
    assert np.isnan(alone.delta[0])


def only(
    groups: list[Group], strike: np.ndarray, paid: np.ndarray, known: Smile = NOTHING
) -> Explained:
    return explain(groups, SPOT, strike, paid, tables_for(groups, RATE), known)


def test_a_row_without_a_price_spoils_nobody_elses_and_lies_on_the_smile() -> None:
    """Both rights at 185 are not quoted: their volatility lies between those of 180 and 190."""
    batch, groups = chain()
    paid = american.prices(batch, smile(batch))
    gap = np.flatnonzero((batch.strike == 185.0) & (batch.years == 30 / 365))
    whole = only(groups, batch.strike, paid)
    paid[gap] = np.nan

    found = only(groups, batch.strike, paid)

    assert (found.status[gap] == Status.BAD_INPUT).all()
    assert (found.source[gap] == Source.SMILE).all()
    assert found.sigma[gap] == pytest.approx(smile(batch)[gap], abs=1e-3)
    assert found.price[gap] == pytest.approx(whole.price[gap], abs=0.05)
    rest = np.setdiff1d(np.arange(batch.size), gap)
    assert np.array_equal(found.sigma[rest], whole.sigma[rest], equal_nan=True)


def test_a_smile_says_nothing_beyond_its_ends_nor_across_a_wide_gap() -> None:
    month: Group = (1.0, 30 / 365, YIELD)
    strike = np.array([150.0, 170.0, 172.0, 174.0, 230.0, 240.0, 90.0])
    sides = american.prices(
        contracts(1.0, SPOT, np.array([170.0, 174.0, 230.0]), RATE, YIELD, 30 / 365), 0.2
    )
    paid = np.array([np.nan, sides[0], np.nan, sides[1], sides[2], np.nan, np.nan])
    paid[4] = american.prices(contracts(1.0, SPOT, 230.0, RATE, YIELD, 30 / 365), 0.4)[0]

    found = only([month] * strike.size, strike, paid)

    assert found.source.tolist() == [0, Source.OWN, Source.SMILE, Source.OWN, Source.OWN, 0, 0]
    far = only([month] * 2, np.array([200.0, 230.0]), np.array([np.nan, paid[4]]))
    assert far.source.tolist() == [0, Source.OWN]
    between = only(
        [month] * 3, np.array([174.0, 200.0, 230.0]), np.array([sides[1], np.nan, paid[4]])
    )
    assert between.source[1] == Source.NONE, "28 percent lie between its neighbours"


def test_what_is_known_of_other_contracts_lends_its_volatility_too() -> None:
    """At one strike the side out of the money counts: there the price is all volatility."""
    month: Group = (1.0, 30 / 365, YIELD)
    known = Smile(
        np.array([1.0, -1.0, 1.0, 1.0]),
        np.array([30 / 365] * 3 + [7 / 365]),
        np.array([180.0, 180.0, 190.0, 185.0]),
        np.array([0.9, 0.3, 0.2, 5.0]),
    )

    found = only([month] * 2, np.array([180.0, 185.0]), np.full(2, np.nan), known)

    assert found.source.tolist() == [Source.TWIN, Source.SMILE]
    assert found.sigma[0] == 0.3
    assert 0.2 < found.sigma[1] < 0.3


def test_tables_serve_the_same_rates_and_any_part_of_their_groups() -> None:
    _, groups = chain()
    tables = tables_for(groups, RATE)

    assert tables.serve(groups[:3], RATE)
    assert not tables.serve(groups, RATE + 0.01)
    sign, years, _ = groups[0]
    assert not tables.serve([(sign, years, YIELD + 0.01)], RATE)
    assert not tables.serve([(sign, 0.123, YIELD)], RATE)


def test_tables_do_not_depend_on_the_price_of_the_underlying() -> None:
    """They outlive every tick: half a dollar later they say what new ones would."""
    batch, groups = chain()
    tables = tables_for(groups, RATE)
    moved = contracts(batch.sign, SPOT + 0.5, batch.strike, RATE, YIELD, batch.years)
    paid = american.prices(moved, smile(batch))

    found = explain(groups, SPOT + 0.5, batch.strike, paid, tables, NOTHING)

    own = found.status == Status.OK
    assert np.abs(found.sigma - smile(batch))[own].max() < 2e-3


@pytest.mark.parametrize("rate", [0.0, 0.0002, -0.01])
def test_rates_near_and_below_zero_give_figures_or_none(rate: float) -> None:
    """Below zero a contract may have two boundaries, of which the tables know nothing."""
    batch, groups = chain(rate, 0.0)
    paid = np.where(np.isfinite(prices := american.prices(batch, smile(batch))), prices, 5.0)

    found = explain(groups, SPOT, batch.strike, paid, tables_for(groups, rate), NOTHING)

    side = 1.0 if rate >= 0.0 else -1.0
    some = (batch.sign == side) & (found.status == Status.OK)
    assert some.any()
    assert np.isfinite(found.rho[some]).all()
    assert not np.isinf(found.rho).any()
