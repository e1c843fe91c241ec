"""What are whole columns of American options worth, and how does that change?

With a continuous dividend yield; for cash dividends see `cash_dividends`. Each contract becomes a
standard put (see `exercise_boundary`), its early-exercise premium one integral over the boundary.
Delta and gamma are exact derivatives of that integral, theta follows from the pricing equation, and
the other Greeks are central differences, or the closed forms where exercise never pays.

Units: per share; vega, vanna, volga and rho per 1.00; theta and charm per year of passing time.
"""

import numpy as np
from attrs import evolve, frozen

from cream.core.pricing import european
from cream.core.pricing.certainty import certain_values
from cream.core.pricing.early_exercise import Standard, StandardValues, evaluate
from cream.core.pricing.exercise_boundary import (
    FINE,
    REFERENCE,
    Boundaries,
    Scheme,
    solve,
)
from cream.core.pricing.normal import Codes, Flags, Floats
from cream.core.pricing.rows import (
    Column,
    Contracts,
    codes,
    column,
    usable,
    usable_volatility,
)

# Less interest than this fraction of a strike over the whole life cannot make exercise pay.
NO_INTEREST = 1e-9

# Below this standard deviation of the log price the nodes of the boundary lie closer together than
# doubles can tell apart; the option is then worth what the certain path pays.
NO_SPREAD = 1e-5

# Steps of the central differences: a fifth of a volatility point, a twentieth of a point of
# interest: small against what is quoted, large against the error of the boundary. Next to the
# boundary, where the price bends, a difference over such a step may be 0.1 % off the derivative.
_SIGMA_STEP = 2e-3
_MOST_OF_SIGMA = 0.1
_RATE_STEP = 5e-4
_YEARS_STEP = 2e-3
# The errors of both ends mostly cancel, but not where rate and yield are alike.
_BUMP_SCHEME = Scheme(20, 24, 14, 40)


@frozen(eq=False)
class AmericanGreeks:
    """One array per figure. `premium` is what the right to exercise early adds; `boundary` the
    price of the underlying at which exercise is due now, NaN where it never is."""

    status: Codes
    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    premium: Floats
    boundary: Floats


@frozen(eq=False)
class SecondOrder:
    """d(delta)/d(volatility), d(vega)/d(volatility), and the drift of delta per year."""

    vanna: Floats
    volga: Floats
    charm: Floats


@frozen(eq=False)
class Points:
    """What one solution of the boundary gives."""

    price: Floats
    delta: Floats
    gamma: Floats
    premium: Floats
    boundary: Floats
    due: Flags


def standard_rates(batch: Contracts) -> tuple[Floats, Floats]:
    """Interest and yield of each row's standard put: a call's are changed about."""
    call = batch.sign > 0.0
    rate = np.where(call, batch.dividend_yield, batch.rate)
    return rate, np.where(call, batch.rate, batch.dividend_yield)


@np.errstate(all="ignore")
def has_two_boundaries(batch: Contracts) -> Flags:
    """Rows, all with a negative rate, whose exercise region may have two edges.

    This method has nothing to say about them; the lattice of `cash_dividends` has.
    """
    rate, carry = standard_rates(batch)
    idle = rate * batch.years <= NO_INTEREST
    return idle & ((carry - rate) * batch.years < -NO_INTEREST)


@np.errstate(all="ignore")
def never_exercised(batch: Contracts) -> Flags:
    """Rows that are worth their European price: exercise gains nothing."""
    rate, _ = standard_rates(batch)
    return (rate * batch.years <= NO_INTEREST) & ~has_two_boundaries(batch)


def prices(batch: Contracts, volatility: Column, scheme: Scheme = REFERENCE) -> Floats:
    """The prices alone; NaN where a row cannot be priced or has two boundaries."""
    return points(batch, column(volatility, batch.size), scheme, derivatives=False).price


@np.errstate(all="ignore")
def greeks(batch: Contracts, volatility: Column, scheme: Scheme = REFERENCE) -> AmericanGreeks:
    """Price and sensitivities. A row that has two boundaries is NaN and BAD_INPUT."""
    sigma = column(volatility, batch.size)
    base = points(batch, sigma, scheme, derivatives=True)
    smooth = european.greeks(batch, sigma)
    step = np.minimum(_SIGMA_STEP, _MOST_OF_SIGMA * sigma)
    by_sigma = _bumped(batch, sigma + step) - _bumped(batch, sigma - step)
    higher = evolve(batch, rate=batch.rate + _RATE_STEP)
    lower = evolve(batch, rate=batch.rate - _RATE_STEP)
    by_rate = _slope(_bumped(lower, sigma), _bumped(batch, sigma), _bumped(higher, sigma))
    with np.errstate(all="ignore"):
        vega = by_sigma / (2.0 * step)
        rho = by_rate / _RATE_STEP
        theta = batch.rate * base.price
        theta -= (batch.rate - batch.dividend_yield) * batch.spot * base.delta
        theta -= 0.5 * (sigma * batch.spot) ** 2 * base.gamma
    european_rows = never_exercised(batch)
    sure = _certain_rows(batch, sigma)
    known = certain_values(batch)
    ok = np.isfinite(base.price)

    def settled(exact: Floats, measured: Floats, certain: Floats | float) -> Floats:
        figure = np.where(european_rows, exact, measured)
        figure = np.where(base.due, 0.0, figure)
        return np.where(ok, np.where(sure, certain, figure), np.nan)

    return AmericanGreeks(
        status=codes(ok),
        price=base.price,
        delta=base.delta,
        gamma=base.gamma,
        vega=settled(smooth.vega, vega, 0.0),
        theta=settled(smooth.theta, theta, known.theta),
        rho=settled(smooth.rho, rho, known.rho),
        premium=base.premium,
        boundary=base.boundary,
    )


@np.errstate(all="ignore")
def second_order(batch: Contracts, volatility: Column) -> SecondOrder:
    """Vanna, volga and charm; zero where exercise is due."""
    sigma = column(volatility, batch.size)
    smooth = european.greeks(batch, sigma, second_order=True)
    base = points(batch, sigma, FINE, derivatives=True)
    step = np.minimum(5.0 * _SIGMA_STEP, _MOST_OF_SIGMA * sigma)
    up = points(batch, sigma + step, FINE, derivatives=True)
    down = points(batch, sigma - step, FINE, derivatives=True)
    shift = _YEARS_STEP * batch.years
    later = points(evolve(batch, years=batch.years + shift), sigma, FINE, derivatives=True)
    sooner = points(evolve(batch, years=batch.years - shift), sigma, FINE, derivatives=True)
    with np.errstate(all="ignore"):
        vanna = (up.delta - down.delta) / (2.0 * step)
        bend = up.premium - 2.0 * base.premium + down.premium
        volga = smooth.volga + bend / (step * step)
        charm = (sooner.delta - later.delta) / (2.0 * shift)
    as_european = never_exercised(batch) | _certain_rows(batch, sigma)

    def settled(exact: Floats, measured: Floats) -> Floats:
        return np.where(base.due, 0.0, np.where(as_european, exact, measured))

    return SecondOrder(
        settled(smooth.vanna, vanna), settled(smooth.volga, volga), settled(smooth.charm, charm)
    )


@np.errstate(all="ignore")
def points(batch: Contracts, sigma: Floats, scheme: Scheme, *, derivatives: bool) -> Points:
    """One solution of the boundary for every row, with or without delta and gamma."""
    ok = usable(batch) & usable_volatility(sigma)
    sure = _certain_rows(batch, sigma)
    known = certain_values(batch)
    smooth = european.greeks(batch, sigma)
    price = np.where(sure, known.price, smooth.price)
    delta = np.where(sure, known.delta, smooth.delta)
    gamma = np.where(sure, 0.0, smooth.gamma)
    premium = np.where(sure, known.price - smooth.price, 0.0)
    boundary = np.full(batch.size, np.nan)
    due = np.zeros(batch.size, np.bool_)
    price[has_two_boundaries(batch) & ~sure] = np.nan
    rows = np.flatnonzero(ok & ~sure & ~never_exercised(batch) & ~has_two_boundaries(batch))
    if rows.size:
        live = batch.take(rows)
        puts = standard(live, sigma[rows])
        edges = solve(puts.rate, puts.carry, puts.sigma, puts.years, scheme)
        values = evaluate(puts, edges, scheme, derivatives=derivatives)
        found = from_standard(live, puts, edges, values)
        price[rows], premium[rows] = found.price, found.premium
        boundary[rows], due[rows] = found.boundary, found.due
        if derivatives:
            delta[rows], gamma[rows] = found.delta, found.gamma
    # Rounding must not take a cent's billionth off what exercise brings.
    price = np.maximum(price, batch.intrinsic())
    lost = ~ok | ~np.isfinite(price)
    for figure in (price, delta, gamma, premium, boundary):
        figure[lost] = np.nan
    return Points(price, delta, gamma, premium, boundary, due)


def standard(batch: Contracts, sigma: Floats) -> Standard:
    """Each row as a standard put."""
    call = batch.sign > 0.0
    rate, carry = standard_rates(batch)
    spot = np.where(call, batch.strike / batch.spot, batch.spot / batch.strike)
    return Standard(spot, rate, carry, sigma, batch.years)


def from_standard(
    batch: Contracts, puts: Standard, edges: Boundaries, values: StandardValues
) -> Points:
    """The figures of standard puts as those of the contracts they stand for."""
    call = batch.sign > 0.0
    scale = np.where(call, batch.spot, batch.strike)
    delta = gamma = np.empty(0)
    if values.slope.size:
        s = puts.spot
        delta = np.where(call, values.value - s * values.slope, values.slope)
        gamma = np.where(call, s * s, 1.0) * values.curvature / scale
    return Points(
        price=np.where(
            values.exercised, batch.intrinsic(), np.maximum(scale * values.value, batch.intrinsic())
        ),
        delta=delta,
        gamma=gamma,
        premium=scale * values.premium,
        boundary=np.where(call, batch.strike / edges.now, batch.strike * edges.now),
        due=values.exercised,
    )


def _bumped(batch: Contracts, sigma: Floats) -> Floats:
    return points(batch, sigma, _BUMP_SCHEME, derivatives=False).price


def _slope(below: Floats, here: Floats, above: Floats) -> Floats:
    """The change over one step; from one side where the other has two boundaries (NaN)."""
    middle = 0.5 * (above - below)
    one_side = np.where(np.isnan(below), above - here, here - below)
    return np.where(np.isnan(middle), one_side, middle)


def _certain_rows(batch: Contracts, sigma: Floats) -> Flags:
    with np.errstate(all="ignore"):
        return ~(sigma * np.sqrt(np.maximum(batch.years, 0.0)) > NO_SPREAD)
