"""What is the right to exercise early worth, given the boundary?

For a standard put (strike 1): the premium is the interest earned on the strike less the dividends
missed on the shares, over the times at which the spot is below the boundary. It and its first two
derivatives in the spot are one integral each, over the same points.

Source: I. Kim 1990; P. Carr, R. Jarrow, R. Myneni 1992.
"""

import numpy as np
from attrs import frozen

from cream.core.pricing import normal
from cream.core.pricing.exercise_boundary import Boundaries, Scheme, grid
from cream.core.pricing.normal import Flags, Floats

# Elements of the two-dimensional arrays worked on at a time: 128 kB each, for the cache.
_BLOCK_ELEMENTS = 16_384


@frozen(eq=False)
class Standard:
    """Standard puts: spot in strikes, interest, yield, volatility, years; one row each."""

    spot: Floats
    rate: Floats
    carry: Floats
    sigma: Floats
    years: Floats

    @property
    def size(self) -> int:
        """How many rows."""
        return int(self.spot.size)

    def take(self, chosen: slice) -> "Standard":
        """Those rows alone."""
        return Standard(
            self.spot[chosen],
            self.rate[chosen],
            self.carry[chosen],
            self.sigma[chosen],
            self.years[chosen],
        )


@frozen(eq=False)
class StandardValues:
    """Values in strikes, with slope and curvature in the spot (empty if not asked for), and the
    rows in which exercise is due at once."""

    value: Floats
    premium: Floats
    slope: Floats
    curvature: Floats
    exercised: Flags


def evaluate(
    puts: Standard, boundaries: Boundaries, scheme: Scheme, *, derivatives: bool
) -> StandardValues:
    """American standard puts over their boundaries. Units: strikes."""
    count = 4 if derivatives else 2
    figures = np.empty((count, puts.size))
    exercised = np.empty(puts.size, np.bool_)
    rows = max(1, _BLOCK_ELEMENTS // scheme.price_points)
    for start in range(0, puts.size, rows):
        block = slice(start, start + rows)
        part = Boundaries(boundaries.log_limit[block], boundaries.depth[block])
        exercised[block] = _fill(puts.take(block), part, scheme, figures[:, block])
    none = np.empty(0)
    slope, curvature = (figures[2], figures[3]) if derivatives else (none, none)
    return StandardValues(figures[0], figures[1], slope, curvature, exercised)


def _fill(puts: Standard, boundaries: Boundaries, scheme: Scheme, out: Floats) -> Flags:
    """Write a block's figures; which rows are exercised at once."""
    s, r, q = puts.spot, puts.rate, puts.carry
    derivatives = len(out) > 2
    with np.errstate(all="ignore"):
        log_s = np.log(s)
        spread = puts.sigma * np.sqrt(puts.years)
        d1 = (log_s + (r - q) * puts.years) / spread + 0.5 * spread
        kept = np.exp(-q * puts.years)
        below = normal.cdf(-d1)
        european = np.exp(-r * puts.years) * normal.cdf(spread - d1) - s * kept * below
        premium = _premium(puts, boundaries, scheme, log_s, out[2:])
    premium = np.maximum(premium, 0.0)
    value = np.maximum(european + premium, 1.0 - s)
    exercised = s <= boundaries.now
    out[0] = np.where(exercised, 1.0 - s, value)
    out[1] = np.maximum(out[0] - np.maximum(european, 0.0), 0.0)
    if derivatives:
        with np.errstate(all="ignore"):
            out[2] = np.where(exercised, -1.0, out[2] - kept * below)
            dense = kept * normal.density(d1) / (s * spread)
            out[3] = np.where(exercised, 0.0, out[3] + dense)
    return exercised


def _premium(
    puts: Standard, boundaries: Boundaries, scheme: Scheme, log_s: Floats, derivatives: Floats
) -> Floats:
    """The premium; its derivatives go into `derivatives`, where that has rows."""
    shared = grid(scheme)
    rule = shared.price_rule
    r, q, years, s = puts.rate[:, None], puts.carry[:, None], puts.years[:, None], puts.spot
    above = np.sqrt(np.maximum((boundaries.depth * boundaries.depth) @ shared.outer, 0.0))
    above += (log_s - boundaries.log_limit)[:, None]
    ahead = years * (rule.sine * rule.sine)
    weight = years * rule.weight
    spread = (puts.sigma * np.sqrt(puts.years))[:, None] * rule.sine
    above += (r - q) * ahead
    above /= spread
    half = 0.5 * spread
    d2, d1 = above - half, above + half
    of_cash = np.exp(-r * ahead) * weight * r
    of_asset = np.exp(-q * ahead) * weight * q
    missed = (of_asset * normal.cdf(-d1)).sum(1)
    premium: Floats = (of_cash * normal.cdf(-d2)).sum(1) - s * missed
    if len(derivatives):
        of_cash *= normal.density(d2)
        of_cash /= spread
        of_asset *= normal.density(d1)
        of_asset /= spread
        by_cash, by_asset = of_cash.sum(1), of_asset.sum(1)
        derivatives[0] = by_asset - missed - by_cash / s
        bend_cash = (of_cash * d2 / spread).sum(1) + by_cash
        bend_asset = by_asset - (of_asset * d1 / spread).sum(1)
        derivatives[1] = bend_cash / (s * s) + bend_asset / s
    return premium
