"""What is each row of a mixed batch worth, or which volatility does its price imply?

Rows may differ in everything: European or American, with a yield, with cash dividends. Each goes to
the method that fits it; the answers come back in the order of the rows, with a status each. This is
the slow and accurate way; a live chain uses `american_chain` and `european` directly.

Units: those of the methods: per share, per 1.00, per year.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from cream.core.pricing import american, cash_dividends, european, implied
from cream.core.pricing.american_chain import build
from cream.core.pricing.american_implied import implied_volatility, solve
from cream.core.pricing.dividends import Schedule, fault, schedule
from cream.core.pricing.exercise_boundary import FINE, REFERENCE
from cream.core.pricing.normal import Codes, Floats
from cream.core.pricing.rows import Contracts, Status, contracts

Indices = NDArray[np.intp]

# Bracket of the slow searches: wider than a chain's tables, for whoever asks for odd things.
_LEAST = 1e-3
_MOST = 20.0


class Style(Enum):
    """When a contract may be exercised."""

    EUROPEAN = "european"
    AMERICAN = "american"


@frozen
class Quote:
    """One row: a contract, its market, and either a volatility or a price to explain."""

    style: Style
    is_call: bool
    spot: float
    strike: float
    rate: float
    dividend_yield: float
    years: float
    dividends: Schedule = ()
    sigma: float | None = None
    price: float | None = None


@frozen
class Answer:
    """The figures of one row; NaN, all of them, where the status is not OK. `sigma` is implied if
    it was asked for, else the one given."""

    status: Status
    sigma: float
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


_NOTHING = (float("nan"),) * 6


@np.errstate(all="ignore")
def answer(quotes: Sequence[Quote]) -> list[Answer]:
    """One answer a row, in order."""
    sigma = np.array([np.nan if one.sigma is None else one.sigma for one in quotes], float)
    status = np.zeros(len(quotes), np.int8)
    batch = _batch(quotes)
    groups = list(_groups(quotes))
    for style, dividends, every in groups:
        rows = every[[quotes[row].sigma is None for row in every]]
        if rows.size:
            paid = np.array([_price_or_nan(quotes[row]) for row in rows])
            sigma[rows], status[rows] = _implied(style, dividends, batch.take(rows), paid)
    figures = np.full((6, len(quotes)), np.nan)
    for style, dividends, every in groups:
        rows = every[status[every] == Status.OK]
        if rows.size:
            found = _greeks(style, dividends, batch.take(rows), sigma[rows])
            status[rows] = found.status
            figures[:, rows] = [
                found.price,
                found.delta,
                found.gamma,
                found.vega,
                found.theta,
                found.rho,
            ]
    # Whatever a method could not say in full it has not said.
    partial = (status == Status.OK) & ~np.isfinite(figures).all(axis=0)
    status[partial] = Status.BAD_INPUT
    figures[:, status != Status.OK] = np.nan
    sigma[status != Status.OK] = np.nan
    return [
        Answer(Status(int(code)), float(vol), *(float(figure) for figure in row))
        for code, vol, row in zip(status, sigma, figures.T, strict=True)
    ]


def _price_or_nan(quote: Quote) -> float:
    return float("nan") if quote.price is None else quote.price


def _batch(quotes: Sequence[Quote]) -> Contracts:
    table = np.array(
        [
            (
                1.0 if one.is_call else -1.0,
                one.spot,
                one.strike,
                one.rate,
                one.dividend_yield,
                one.years,
            )
            for one in quotes
        ],
        float,
    ).reshape(len(quotes), 6)
    return contracts(*table.T)


def _groups(quotes: Sequence[Quote]) -> Iterable[tuple[Style, Schedule, Indices]]:
    """Rows of one style with the same dividends ahead of them."""
    rows: dict[tuple[Style, Schedule], list[int]] = {}
    for number, one in enumerate(quotes):
        senseless = fault(one.dividends) is not None
        ahead = one.dividends if senseless else schedule(one.dividends, one.years)
        rows.setdefault((one.style, ahead), []).append(number)
    for (style, dividends), numbers in rows.items():
        yield style, dividends, np.array(numbers, np.intp)


def _greeks(
    style: Style, dividends: Schedule, batch: Contracts, sigma: Floats
) -> european.Greeks | american.AmericanGreeks:
    if style is Style.EUROPEAN:
        return cash_dividends.european_greeks(batch, sigma, dividends)
    if dividends:
        return cash_dividends.american_greeks(batch, sigma, dividends)
    return _american_greeks(batch, sigma)


def _american_greeks(batch: Contracts, sigma: Floats) -> american.AmericanGreeks:
    """By the boundary, and by the lattice where there are two of them."""
    found = american.greeks(batch, sigma, REFERENCE)
    rows = np.flatnonzero(american.has_two_boundaries(batch))
    if rows.size:
        other = cash_dividends.american_greeks(batch.take(rows), sigma[rows], ())
        found.status[rows] = other.status
        for figure, by_lattice in (
            (found.price, other.price),
            (found.delta, other.delta),
            (found.gamma, other.gamma),
            (found.vega, other.vega),
            (found.theta, other.theta),
            (found.rho, other.rho),
        ):
            figure[rows] = by_lattice
    return found


def _implied(
    style: Style, dividends: Schedule, batch: Contracts, paid: Floats
) -> tuple[Floats, Codes]:
    if style is Style.EUROPEAN:
        return implied.implied_volatility(cash_dividends.escrowed(batch, dividends), paid)
    two = american.has_two_boundaries(batch) if not dividends else np.ones(batch.size, np.bool_)
    sigma, status = np.full(batch.size, np.nan), np.zeros(batch.size, np.int8)
    for rows, search in ((np.flatnonzero(two), _on_lattice), (np.flatnonzero(~two), _by_boundary)):
        if rows.size:
            sigma[rows], status[rows] = search(batch.take(rows), paid[rows], dividends)
    return sigma, status


def _on_lattice(batch: Contracts, paid: Floats, dividends: Schedule) -> tuple[Floats, Codes]:
    def pricer(rows: Indices, sigma: Floats) -> Floats:
        return cash_dividends.american_prices(batch.take(rows), sigma, dividends)

    return solve(batch, paid, pricer, floor=batch.intrinsic(), least=_LEAST, most=_MOST)


def _by_boundary(batch: Contracts, paid: Floats, _: Schedule) -> tuple[Floats, Codes]:
    def pricer(rows: Indices, sigma: Floats) -> Floats:
        return american.prices(batch.take(rows), sigma, REFERENCE)

    def sketch(rows: Indices, sigma: Floats) -> Floats:
        return american.prices(batch.take(rows), sigma, FINE)

    guess, _status = implied_volatility(build(batch), paid)
    return solve(batch, paid, pricer, sketch=sketch, guess=guess, least=_LEAST, most=_MOST)
