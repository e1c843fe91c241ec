"""Which volatilities and Greeks do the quotes of a chain stand for?

Everything for one refresh of a live chain, on whole columns: American volatilities by the tables of
`american_chain`, Greeks from the same tables and from two more at a rate a little to each side. A
row whose price gives no volatility takes that of the other right at its strike, else one between
those of the strikes beside it, else that of the share's own past, and is marked so. The tables
depend on rates and times alone; who refreshes keeps them.

Units: as in `american`: per share, per 1.00, theta per year.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from cream.core.pricing import american, european
from cream.core.pricing.american_chain import AmericanChain, build
from cream.core.pricing.american_implied import implied_volatility
from cream.core.pricing.normal import Codes, Floats
from cream.core.pricing.rows import Contracts, Status, contracts

Indices = NDArray[np.intp]

# Which side, how many years, and which dividend yield: what the boundary of a contract depends on
# beside the rate. Cash dividends come as the yield with the same forward (`dividends`).
Group = tuple[float, float, float]

# Steps of the differences, as in `american`: a fifth of a point of volatility, a twentieth of a
# point of interest.
_SIGMA_STEP = 2e-3
_MOST_OF_SIGMA = 0.1
_RATE_STEP = 5e-4

# Strikes farther apart than this (22 %) say nothing of what lies between them.
_WIDEST_GAP = 0.2


@frozen(eq=False)
class Tables:
    """The boundaries of some groups at a rate, and at rates a little below and above it."""

    groups: tuple[Group, ...]
    rate: float
    below: float
    at: AmericanChain
    lower: AmericanChain
    upper: AmericanChain

    def serve(self, groups: Sequence[Group], rate: float) -> bool:
        """Whether every one of `groups` is in here, at this rate."""
        return self.rate == rate and set(groups) <= set(self.groups)


class Source(IntEnum):
    """Where the volatility of a row comes from."""

    NONE = 0
    # Its own price.
    OWN = 1
    # The other right at the same strike.
    TWIN = 2
    # The strikes beside it, of the same expiry.
    SMILE = 3
    # How much the share has moved.
    HISTORY = 4


@frozen(eq=False)
class Smile:
    """Volatilities that are known of contracts on one underlying, a row each."""

    sign: Floats
    years: Floats
    strike: Floats
    sigma: Floats


@frozen(eq=False)
class Explained:
    """One array per figure, NaN where there is none. `status` is that of a row's own price,
    `source` a `Source`."""

    status: Codes
    source: Codes
    sigma: Floats
    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats


def tables_for(groups: Sequence[Group], rate: float) -> Tables:
    """Solve the boundaries of these groups."""
    distinct = tuple(dict.fromkeys(groups))
    # A rate below zero may give two boundaries, of which no table knows.
    below = max(rate - _RATE_STEP, 0.0) if rate >= 0.0 else rate
    return Tables(
        distinct,
        rate,
        below,
        _solved(distinct, rate),
        _solved(distinct, below),
        _solved(distinct, rate + _RATE_STEP),
    )


def _solved(groups: tuple[Group, ...], rate: float) -> AmericanChain:
    """Boundaries are relative to the strike, so any will do."""
    sign, years, dividend_yield = _columns(groups)
    return build(contracts(sign, 1.0, 1.0, rate, dividend_yield, years))


def _columns(groups: Sequence[Group]) -> Floats:
    """Sides, years and yields, a row each."""
    return np.array(groups, float).reshape(len(groups), 3).T


@np.errstate(all="ignore")
def explain(
    groups: Sequence[Group],
    spot: float,
    strike: Floats,
    paid: Floats,
    tables: Tables,
    known: Smile,
    history: float = np.nan,
    implied: bool = True,
) -> Explained:
    """What the prices `paid` say of contracts on one underlying, a row each.

    A price that is not there is NaN. `tables` serve `groups`. `known` are volatilities of other
    contracts, for rows that have none of their own; `history` is the share's (NaN: not known), for
    rows that get none of those. Without `implied` prices are not asked, and all rows take it.
    """
    number = {group: index for index, group in enumerate(tables.groups)}
    member = np.array([number[group] for group in groups], np.intp)
    sign, years, dividend_yield = _columns(groups)
    batch = contracts(sign, spot, strike, tables.rate, dividend_yield, years)
    chain = _on(tables.at, batch, member)
    sigma, status = implied_volatility(chain, paid)
    own = (status == Status.OK) & implied
    sigma[~own] = np.nan
    source = np.where(own, np.int8(Source.OWN), np.int8(Source.NONE))
    smile = Smile(
        np.concatenate([sign[own], known.sign]),
        np.concatenate([years[own], known.years]),
        np.concatenate([strike[own], known.strike]),
        np.concatenate([sigma[own], known.sigma]),
    )
    for expiry in np.unique(years[~own]):
        rows = np.flatnonzero(~own & (years == expiry))
        if implied:
            sigma[rows], source[rows] = _lent(smile, expiry, spot, strike[rows])
    if np.isfinite(history):
        rows = np.flatnonzero(~np.isfinite(sigma))
        sigma[rows], source[rows] = history, Source.HISTORY
    figures = np.full((6, batch.size), np.nan)
    rows = np.flatnonzero(np.isfinite(sigma))
    if rows.size:
        figures[:, rows] = _greeks(chain, batch, member, sigma[rows], rows, tables)
    return Explained(status, source, sigma, *figures)


def _lent(smile: Smile, expiry: float, spot: float, strike: Floats) -> tuple[Floats, Codes]:
    """The volatilities that the smile of one expiry has at these strikes, and whose they are.

    At one strike the side out of the money counts. Beyond its ends a smile says nothing.
    """
    sigma = np.full(strike.size, np.nan)
    source = np.zeros(strike.size, np.int8)
    here = np.flatnonzero(smile.years == expiry)
    if not here.size:
        return sigma, source
    inside = smile.sign[here] * (spot - smile.strike[here]) > 0.0
    here = here[np.lexsort((inside, smile.strike[here]))]
    at, first = np.unique(smile.strike[here], return_index=True)
    curve = smile.sigma[here[first]]
    right = np.searchsorted(at, strike)
    exact = at[np.minimum(right, at.size - 1)] == strike
    between = ~exact & (right > 0) & (right < at.size)
    left, right = np.maximum(right - 1, 0), np.minimum(right, at.size - 1)
    between &= np.log(at[right] / at[left]) <= _WIDEST_GAP
    sigma[exact] = curve[right[exact]]
    sigma[between] = np.interp(np.log(strike[between]), np.log(at), curve)
    source[exact], source[between] = Source.TWIN, Source.SMILE
    return sigma, source


def _greeks(
    chain: AmericanChain,
    batch: Contracts,
    member: Indices,
    sigma: Floats,
    rows: Indices,
    tables: Tables,
) -> Floats:
    """Price, delta, gamma, vega, theta and rho of those rows."""
    base = chain.values(sigma, rows, derivatives=True)
    step = np.minimum(_SIGMA_STEP, _MOST_OF_SIGMA * sigma)
    more, less = chain.values(sigma + step, rows).price, chain.values(sigma - step, rows).price
    vega = (more - less) / (2.0 * step)
    live = batch.take(rows)
    above = tables.rate + _RATE_STEP
    upper = _at_rate(tables.upper, live, member[rows], above).values(sigma).price
    lower = _at_rate(tables.lower, live, member[rows], tables.below).values(sigma).price
    rho = (upper - lower) / (above - tables.below)
    theta = live.rate * base.price
    theta -= (live.rate - live.dividend_yield) * live.spot * base.delta
    theta -= 0.5 * (sigma * live.spot) ** 2 * base.gamma
    # At a rate of nothing the lower table is at the same rate, and what no table knows of is exact.
    exact = american.never_exercised(live)
    if exact.any():
        smooth = european.greeks(live.take(exact), sigma[exact])
        vega[exact], theta[exact], rho[exact] = smooth.vega, smooth.theta, smooth.rho
    # Where exercise is due now, nothing but the spot moves the price.
    due = (base.price <= live.intrinsic()) & (base.gamma == 0.0)
    for figure in (vega, theta, rho):
        figure[due] = 0.0
    return np.stack([base.price, base.delta, base.gamma, vega, theta, rho])


def _on(solved: AmericanChain, batch: Contracts, member: Indices) -> AmericanChain:
    """The boundaries of groups as those of the contracts that belong to them."""
    return AmericanChain(batch, solved.group[member], solved.log_limit, solved.depth)


def _at_rate(
    solved: AmericanChain, batch: Contracts, member: Indices, rate: float
) -> AmericanChain:
    changed = contracts(
        batch.sign, batch.spot, batch.strike, rate, batch.dividend_yield, batch.years
    )
    return _on(solved, changed, member)
