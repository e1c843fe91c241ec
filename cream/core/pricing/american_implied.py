"""Which volatility does an American price imply?

Newton's method on whole columns inside a bracket that only shrinks, so that it cannot leave it. The
slope is the one between the last two prices. Rows leave the search when they have settled.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cream.core.pricing import implied
from cream.core.pricing.american_chain import LEAST_SIGMA, MOST_SIGMA, AmericanChain
from cream.core.pricing.certainty import certain_values
from cream.core.pricing.normal import Codes, Floats
from cream.core.pricing.rows import Column, Contracts, Status, column, usable

Indices: TypeAlias = NDArray[np.intp]

# What prices some rows (by index) at some volatilities.
Pricer: TypeAlias = Callable[[Indices, Floats], Floats]

# Settled: the price is met to this part of the strike, or the bracket is this narrow.
_PRICE_TOLERANCE = 1e-10
_SIGMA_TOLERANCE = 1e-10

# Halving alone closes the bracket from 400 % to the tolerance in 36 steps; Newton needs about five.
_MOST_STEPS = 60

# How much the first slope's second point lies beside the guess.
_FIRST_STEP = 1e-3


def implied_volatility(chain: AmericanChain, price: Column) -> tuple[Floats, Codes]:
    """The volatility of each row of the chain between its table's limits, and what became of it."""

    def pricer(rows: Indices, sigma: Floats) -> Floats:
        return chain.values(sigma, rows).price

    return solve(chain.batch, column(price, chain.batch.size), pricer)


@np.errstate(all="ignore")
def solve(
    batch: Contracts,
    price: Floats,
    pricer: Pricer,
    *,
    sketch: Pricer | None = None,
    guess: Floats | None = None,
    floor: Floats | None = None,
    least: float = LEAST_SIGMA,
    most: float = MOST_SIGMA,
) -> tuple[Floats, Codes]:
    """The volatility at which `pricer` gives `price`, row by row; NaN where there is none.

    A price lies above `floor`: if not given, what the contract pays without volatility. `sketch` is
    a cheaper pricer, good enough for the first slope.
    """
    status = _triage(batch, price, certain_values(batch).price if floor is None else floor)
    sigma = np.full(batch.size, np.nan)
    rows = np.flatnonzero(status == Status.OK)
    if not rows.size:
        return sigma, status
    first = _guess(batch, price) if guess is None else guess
    x = np.clip(np.where(np.isfinite(first[rows]), first[rows], 0.3), 1.01 * least, 0.99 * most)
    low, high = np.full(rows.size, least), np.full(rows.size, most)
    tolerance = _PRICE_TOLERANCE * batch.strike[rows]
    target = price[rows]
    beside = x * (1.0 + _FIRST_STEP)
    error = pricer(rows, x) - target
    here = error + target if sketch is None else sketch(rows, x)
    slope = ((sketch or pricer)(rows, beside) - here) / (beside - x)
    for _ in range(_MOST_STEPS):
        low, high = np.where(error <= 0.0, x, low), np.where(error >= 0.0, x, high)
        done = (np.abs(error) <= tolerance) | (high - low <= _SIGMA_TOLERANCE)
        sigma[rows] = np.where(np.isfinite(error), x, np.nan)
        keep = ~done & np.isfinite(error)
        if not keep.any():
            break
        rows, x, error, slope = rows[keep], x[keep], error[keep], slope[keep]
        low, high, target, tolerance = low[keep], high[keep], target[keep], tolerance[keep]
        with np.errstate(all="ignore"):
            following = x - error / slope
        inside = np.isfinite(following) & (following > low) & (following < high)
        following = np.where(inside, following, 0.5 * (low + high))
        following_error = pricer(rows, following) - target
        with np.errstate(all="ignore"):
            slope = (following_error - error) / (following - x)
        x, error = following, following_error
    at_an_end = (sigma <= least + 1e-8) | (sigma >= most - 1e-8)
    status[(status == Status.OK) & (at_an_end | ~np.isfinite(sigma))] = Status.NOT_BRACKETED
    sigma[status != Status.OK] = np.nan
    return sigma, status


def _triage(batch: Contracts, price: Floats, floor: Floats) -> Codes:
    """What can be said before any search: a price lies above its floor and below the spot (a call)
    or the strike (a put)."""
    status = np.zeros(batch.size, np.int8)
    ceiling = np.where(batch.sign > 0.0, batch.spot, batch.strike)
    status[~(price - floor > _PRICE_TOLERANCE * batch.strike)] = Status.BELOW_INTRINSIC
    status[price >= ceiling] = Status.ABOVE_MAXIMUM
    status[~(usable(batch) & (batch.years > 0.0) & np.isfinite(price))] = Status.BAD_INPUT
    return status


def _guess(batch: Contracts, price: Floats) -> Floats:
    """Read what the price holds beyond exercise as the price of the out-of-the-money twin."""
    extra = price - batch.intrinsic()
    in_the_money = batch.sign * (batch.spot - batch.strike) > 0.0
    twin = Contracts(
        np.where(in_the_money, -batch.sign, batch.sign),
        batch.spot,
        batch.strike,
        batch.rate,
        batch.dividend_yield,
        batch.years,
    )
    sigma, _ = implied.implied_volatility(twin, extra)
    return sigma
