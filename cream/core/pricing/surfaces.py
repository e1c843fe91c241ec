"""What is a strategy worth before it expires, over prices of the underlying and over time?

Values come from the pricing model with one volatility a leg; at expiration they are the payoff.
Legs that have expired count with what they paid, as if the underlying had stood where it stands.

Units: profits in dollars for one unit; time in years of 365 days.
"""

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from cream.core.model.instrument import CONTRACT_MULTIPLIER, OptionRight
from cream.core.pricing import american, cash_dividends, european
from cream.core.pricing.exercise_boundary import QUICK
from cream.core.pricing.normal import Floats
from cream.core.pricing.quotes import Style
from cream.core.pricing.rows import contracts
from cream.core.pricing.strategies import Strategy


@frozen
class Assumptions:
    """What is assumed of the market: for each leg its time to expiry and volatility."""

    years: tuple[float, ...]
    volatility: tuple[float, ...]
    rate: float = 0.0
    dividend_yield: float = 0.0
    style: Style = Style.AMERICAN


def values(strategy: Strategy, spots: Floats, assumed: Assumptions, passed: float = 0.0) -> Floats:
    """The value of one unit per share at each spot, after so many years have passed."""
    total = strategy.lots * spots
    for leg, years, sigma in zip(strategy.legs, assumed.years, assumed.volatility, strict=True):
        batch = contracts(
            1.0 if leg.contract.right is OptionRight.CALL else -1.0,
            spots,
            float(leg.contract.strike),
            assumed.rate,
            assumed.dividend_yield,
            max(0.0, years - passed),
        )
        if assumed.style is Style.AMERICAN:
            found = american.prices(batch, sigma, QUICK)
            two = american.has_two_boundaries(batch)
            if two.any():
                found[two] = cash_dividends.american_prices(batch.take(two), sigma, ())
        else:
            found = european.prices(batch, sigma)
        total = total + leg.ratio * found
    return total


def profit_surface(
    strategy: Strategy,
    net: float,
    spots: Floats,
    passed: Sequence[float],
    assumed: Assumptions,
) -> Floats:
    """The profit of one unit bought at `net`: a row for each moment, a column for each spot."""
    rows = [values(strategy, spots, assumed, moment) - net for moment in passed]
    return np.stack(rows) * CONTRACT_MULTIPLIER


def crossings(spots: Floats, profits: Floats) -> tuple[float, ...]:
    """Where a curve of profits passes through zero, ascending, between the given spots."""
    before: NDArray[np.intp] = np.flatnonzero(profits[:-1] * profits[1:] < 0.0)
    found = {float(spots[at]) for at in np.flatnonzero(profits == 0.0)}
    for at in before:
        low, high = float(profits[at]), float(profits[at + 1])
        step = float(spots[at + 1] - spots[at])
        found.add(float(spots[at]) + step * low / (low - high))
    return tuple(sorted(found))
