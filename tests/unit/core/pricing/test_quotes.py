"""Mixed batches: every reference value within its tolerance, by price and by volatility."""

import math

import pytest
from attrs import evolve

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


@pytest.fixture(scope="module")
def solved() -> dict[str, Answer]:
    found = answer([market.golden_quote(row, by_price=True) for row in ROWS])
    return {row["id"]: one for row, one in zip(ROWS, found, strict=True)}


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


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
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


def test_no_rows_no_answers() -> None:
    assert answer([]) == []
