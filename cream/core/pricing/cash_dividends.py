"""What are options worth whose underlying pays cash dividends, and how does that change?

European rows use the escrowed model and its closed form. American rows use the spot model on a
lattice (see `lattice`) at two resolutions, extrapolated to the limit: milliseconds a contract,
where `american` costs microseconds. It is for contracts with an ex-date ahead whose early exercise
matters, and for those with two exercise boundaries.

Units: per share; vega and rho per 1.00; theta per year of passing time.
"""

import numpy as np
from attrs import evolve, frozen

from cream.core.pricing import european, lattice
from cream.core.pricing.american import AmericanGreeks
from cream.core.pricing.certainty import certain_values
from cream.core.pricing.dividends import (
    Schedule,
    fault,
    present_value,
    present_value_slope,
    schedule,
)
from cream.core.pricing.lattice import LatticeValues, Resolution
from cream.core.pricing.normal import Flags, Floats
from cream.core.pricing.rows import (
    Column,
    Contracts,
    codes,
    column,
    usable,
    usable_volatility,
)

# With these two the extrapolated price was measured within 2e-5 of the integral method (no
# dividends, strike 100) and within 1e-4 of a lattice of 3,000 by 3,000 (with them).
_COARSE = Resolution(400, 120)
_FINE = Resolution(800, 240)

# Rows solved at a time: with 800 nodes each array is a third of a megabyte.
_BLOCK_ROWS = 48

# Below this standard deviation the grid cannot show the spread; the path is as good as certain.
_NO_SPREAD = 1e-4

_SIGMA_STEP = 2e-3
_MOST_OF_SIGMA = 0.1
_RATE_STEP = 5e-4


@frozen(eq=False)
class _Solved:
    price: Floats
    delta: Floats
    gamma: Floats
    boundary: Floats


@np.errstate(all="ignore")
def escrowed(batch: Contracts, dividends: Schedule) -> Contracts:
    """The contracts with the present value of the dividends taken off the spot.

    A senseless schedule leaves no spot (NaN).
    """
    if fault(dividends) is not None:
        return evolve(batch, spot=np.full(batch.size, np.nan))
    out = batch.spot.copy()
    for rows, due in _by_expiry(batch, dividends):
        out[rows] -= present_value(due, batch.rate[rows], batch.dividend_yield[rows])
    return evolve(batch, spot=out)


@np.errstate(all="ignore")
def european_greeks(batch: Contracts, volatility: Column, dividends: Schedule) -> european.Greeks:
    """European options in the escrowed model. The ex-dates stay where they are as time passes."""
    values = european.greeks(escrowed(batch, dividends), volatility)
    theta, rho = values.theta.copy(), values.rho.copy()
    for rows, due in _by_expiry(batch, dividends):
        rate, carry = batch.rate[rows], batch.dividend_yield[rows]
        paid = present_value(due, rate, carry)
        theta[rows] -= values.delta[rows] * (rate - carry) * paid
        rho[rows] -= values.delta[rows] * present_value_slope(due, rate, carry)
    return evolve(values, theta=theta, rho=rho)


@np.errstate(all="ignore")
def american_prices(batch: Contracts, volatility: Column, dividends: Schedule) -> Floats:
    """American options in the spot model: prices alone."""
    return _solve(batch, column(volatility, batch.size), dividends, american=True).price


@np.errstate(all="ignore")
def american_greeks(batch: Contracts, volatility: Column, dividends: Schedule) -> AmericanGreeks:
    """American options in the spot model."""
    sigma = column(volatility, batch.size)
    base = _solve(batch, sigma, dividends, american=True)
    held = _solve(batch, sigma, dividends, american=False)

    def bumped(changed: Contracts, vol: Floats) -> Floats:
        return _solve(changed, vol, dividends, american=True).price

    step = np.minimum(_SIGMA_STEP, _MOST_OF_SIGMA * sigma)
    by_sigma = bumped(batch, sigma + step) - bumped(batch, sigma - step)
    higher = evolve(batch, rate=batch.rate + _RATE_STEP)
    lower = evolve(batch, rate=batch.rate - _RATE_STEP)
    by_rate = bumped(higher, sigma) - bumped(lower, sigma)
    with np.errstate(all="ignore"):
        theta = batch.rate * base.price
        theta -= (batch.rate - batch.dividend_yield) * batch.spot * base.delta
        theta -= 0.5 * (sigma * batch.spot) ** 2 * base.gamma
        due = (base.price <= batch.intrinsic() * (1.0 + 1e-12)) & (base.price > 0.0)
        vega = np.where(step > 0.0, by_sigma / (2.0 * step), 0.0)
    over = ~(batch.years > 0.0)
    ok = np.isfinite(base.price)
    lost = np.where(ok, 0.0, np.nan)
    return AmericanGreeks(
        status=codes(ok),
        price=base.price,
        delta=base.delta,
        gamma=base.gamma,
        vega=np.where(due | over, lost, vega + lost),
        theta=np.where(due | over, lost, theta),
        rho=np.where(due | over, lost, by_rate / (2.0 * _RATE_STEP)),
        premium=np.maximum(base.price - held.price, 0.0),
        boundary=base.boundary,
    )


def _solve(batch: Contracts, sigma: Floats, dividends: Schedule, *, american: bool) -> _Solved:
    """Both resolutions of every row, extrapolated; NaN where a row cannot be priced."""
    ok = usable(batch) & usable_volatility(sigma) & (fault(dividends) is None)
    ok[ok] &= escrowed(batch.take(ok), dividends).spot > 0.0
    figures = np.full((4, batch.size), np.nan)
    over = ok & ~(batch.years > 0.0)
    known = certain_values(batch.take(over))
    figures[:3, over] = [known.price, known.delta, np.zeros(known.price.size)]
    for rows, due in _by_expiry(batch, dividends):
        live = rows[ok[rows] & ~over[rows]]
        for start in range(0, live.size, _BLOCK_ROWS):
            some = live[start : start + _BLOCK_ROWS]
            # A floor under the volatility: the grid needs some spread to have a width.
            vol = np.maximum(sigma[some], _NO_SPREAD / np.sqrt(batch.years[some]))
            coarse, fine = (
                lattice.solve(batch.take(some), vol, due, resolution, american=american)
                for resolution in (_COARSE, _FINE)
            )
            figures[:, some] = _extrapolate(batch.take(some), coarse, fine, american=american)
    return _Solved(*figures)


def _extrapolate(
    batch: Contracts, coarse: LatticeValues, fine: LatticeValues, *, american: bool
) -> list[Floats]:
    """The limit that two errors, the second a quarter of the first, point to."""
    price = (4.0 * fine.price - coarse.price) / 3.0
    delta = (4.0 * fine.delta - coarse.delta) / 3.0
    if not american:
        return [np.maximum(price, 0.0), delta, fine.gamma, fine.boundary]
    intrinsic = batch.intrinsic()
    exercised: Flags = (fine.price <= intrinsic * (1.0 + 1e-12)) & (intrinsic > 0.0)
    return [
        np.where(exercised, intrinsic, np.maximum(price, intrinsic)),
        np.where(exercised, batch.sign, delta),
        np.where(exercised, 0.0, fine.gamma),
        fine.boundary,
    ]


def _by_expiry(batch: Contracts, dividends: Schedule) -> list[tuple[lattice.Index, Schedule]]:
    """Rows with the same time left, and the dividends that fall into it."""
    groups = []
    for years in np.unique(batch.years[np.isfinite(batch.years)]):
        due = schedule(dividends, float(years))
        groups.append((np.flatnonzero(batch.years == years), due))
    return groups
