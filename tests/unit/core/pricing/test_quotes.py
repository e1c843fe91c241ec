"""Mixed batches: every reference value within its tolerance, by price and by volatility."""

import math
import random

import pytest
from attrs import evolve

from cream.core.pricing.dividends import CashDividend
from cream.core.pricing.quotes import Answer, Quote, Style, answer
from cream.core.pricing.rows import Status
from tests.unit.core.pricing import market

ROWS = market.golden()
COLUMNS = {
    "price": "price",
    "delta": "delta",
    "gamma": "gamma",
    "vega": "vega",
    "theta_per_year": "theta",
    "rho": "rho",
}
TOLERANCES = {"theta_per_year": "theta_tol"}


@pytest.fixture(scope="module")
def priced() -> dict[str, Answer]:
    found = answer([market.golden_quote(row) for row in ROWS])
    return {row["id"]: one for row, one in zip(ROWS, found, strict=True)}


# Rows on the lattice take a fifth of a second each to solve: one of each kind is enough.
SOLVED = [row for row in ROWS if row["style"] == "european" or not row["dividends"]]
SOLVED += [row for row in ROWS if row["id"] in ("D34", "D36", "D38")]


@pytest.fixture(scope="module")
def solved() -> dict[str, Answer]:
    found = answer([market.golden_quote(row, by_price=True) for row in SOLVED])
    return {row["id"]: one for row, one in zip(SOLVED, found, strict=True)}


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_every_figure_is_within_its_tolerance(
    row: dict[str, str], priced: dict[str, Answer]
) -> None:
    found = priced[row["id"]]

    assert found.status is Status.OK
    asserted = 0
    for column, name in COLUMNS.items():
        tolerance = row[TOLERANCES.get(column, f"{column}_tol")]
        if row[column] and tolerance:
            asserted += 1
            assert abs(getattr(found, name) - float(row[column])) <= float(tolerance), column
    assert asserted >= 3


@pytest.mark.parametrize("row", SOLVED, ids=[row["id"] for row in SOLVED])
def test_every_volatility_that_a_price_determines_is_found(
    row: dict[str, str], solved: dict[str, Answer]
) -> None:
    """Beyond the twelve digits of the reference prices nothing can be recovered."""
    found = solved[row["id"]]
    if row["iv_identifiable"] == "1":
        assert found.status is Status.OK
        assert abs(found.sigma - float(row["sigma"])) <= 1e-8
    elif found.status is Status.OK:
        assert abs(found.price - float(row["price"])) <= 1e-6
    else:
        assert math.isnan(found.sigma)
        assert math.isnan(found.price)


def test_a_bad_row_spoils_nobody_elses_answer_and_order_is_kept() -> None:
    good = market.golden_quote(ROWS[0])
    rows = [
        good,
        evolve(good, spot=float("nan")),
        evolve(good, style=Style.AMERICAN, is_call=False),
        evolve(good, sigma=None, price=0.0),
        evolve(good, sigma=None, price=None),
        good,
    ]
    found = answer(rows)

    assert [one.status for one in found] == [
        Status.OK,
        Status.BAD_INPUT,
        Status.OK,
        Status.BELOW_INTRINSIC,
        Status.BAD_INPUT,
        Status.OK,
    ]
    assert found[0] == found[5]
    assert found[2].price > found[0].price - 100.0


def test_rows_with_two_boundaries_go_to_the_lattice_both_ways() -> None:
    quote = Quote(Style.AMERICAN, False, 100.0, 110.0, -0.01, -0.03, 1.0, sigma=0.2)
    (priced,) = answer([quote])
    (solved,) = answer([evolve(quote, sigma=None, price=priced.price)])

    assert priced.status is solved.status is Status.OK
    assert abs(solved.sigma - 0.2) < 1e-6


SPOTS = [100.0, 50.0, 1e-9, 1e12, 1e300, 0.0, -1.0, math.nan, math.inf]
RATIOS = [1.0, 0.7, 1.5, 1e-9, 1e9, 0.0]
RATES = [0.0, 0.05, -0.05, 1e-12, 1e-7, 0.5, -0.5, 50.0, 1e5, math.nan]
TIMES = [1.0, 0.0, -1.0, 1e-12, 1e-9, 1e-6, 30.0, 200.0, 9_999.0, 1e5, math.nan]
SIGMAS = [0.2, 0.0, 1e-9, 1e-4, 0.01, 4.0, 100.0, 999.0, 2_000.0, -0.1, math.nan, None]
PAID = [0.0, 0.01, 0.1, 0.3, 0.9, 1.0, 2.0, -1.0, math.nan]


def odd_quote(chance: random.Random) -> Quote:
    spot = chance.choice(SPOTS) if chance.random() < 0.2 else 100.0
    return Quote(
        style=chance.choice(list(Style)),
        is_call=chance.random() < 0.5,
        spot=spot,
        strike=spot * chance.choice(RATIOS),
        rate=chance.choice(RATES),
        dividend_yield=chance.choice(RATES),
        years=chance.choice(TIMES),
        sigma=chance.choice(SIGMAS),
        price=spot * chance.choice(PAID),
    )


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_rows_hold_each_has_finite_figures_or_none(seed: int) -> None:
    """And nothing is raised or warned of; a price is between what exercise brings and the most."""
    chance = random.Random(seed)
    quotes = [odd_quote(chance) for _ in range(300)]

    for quote, one in zip(quotes, answer(quotes), strict=True):
        figures = (one.price, one.delta, one.gamma, one.vega, one.theta, one.rho)
        if one.status is not Status.OK:
            assert all(map(math.isnan, figures)), quote
            continue
        assert all(map(math.isfinite, (one.sigma, *figures))), quote
        assert one.price >= 0.0, quote
        if quote.style is Style.AMERICAN:
            gain = quote.spot - quote.strike
            assert one.price >= (gain if quote.is_call else -gain), quote


def test_dividends_after_expiry_change_nothing() -> None:
    """The row is priced as if it had none, by the faster and finer method."""
    quote = Quote(Style.AMERICAN, False, 100.0, 105.0, 0.05, 0.01, 0.5, sigma=0.2)
    late = evolve(quote, dividends=(CashDividend(0.5, 1.0), CashDividend(0.9, 1.0)))

    assert answer([late]) == answer([quote])


@pytest.mark.parametrize("style", list(Style))
def test_a_senseless_dividend_is_bad_input(style: Style) -> None:
    quote = Quote(style, True, 100.0, 105.0, 0.05, 0.0, 0.5, (CashDividend(0.1, -1.0),), sigma=0.2)

    assert answer([quote])[0].status is Status.BAD_INPUT


def test_no_rows_no_answers() -> None:
    assert answer([]) == []
