"""Below which price of the underlying is an American put exercised at once?

Everything here is about the *standard put*: strike 1, spot in strikes, interest r and yield q. A
call is the standard put with spot and strike, and r and q, changed about (put-call symmetry).

The boundary B(tau) is the fixed point of an integral equation. With X = min(1, r/q) its limit at
expiry, H = ln(B/X)^2 is smooth in the square root of tau, so it is held at Chebyshev nodes of that
root. Both integrals have square-root ends, which t = tau sin^2(theta) removes: Gauss-Legendre in
theta then converges fast with few points.

Source: L. Andersen, M. Lake, D. Offengenden, High-performance American option pricing, 2016 (the
equation "FP-B", the square of the logarithm, Chebyshev nodes, the partial Newton step);
G. Barone-Adesi, R. Whaley 1987 (the first guess). The substitution is ours.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from attrs import frozen

from cream.core.pricing import normal
from cream.core.pricing.normal import Floats

# Elements of the three-dimensional arrays (rows, nodes, points) worked on at a time: 0.5 MB each,
# so that the dozen of a step stay in the cache.
_BLOCK_ELEMENTS = 65_536

# Where r is near q the equation swings about its solution at the nodes next to expiry, for ever if
# let alone. After the first sweeps (before, damping only slows the others) a node whose step turns
# back without shrinking is trusted half as far, and regains trust slowly. Measured over 1,000
# random contracts: the worst error fell from 7e-8 to 4e-10 strikes.
_DAMPED_FROM_SWEEP = 8
_LESS_TRUST = 0.5
_MORE_TRUST = 1.2
_SHRINKS = 0.8

# Newton steps of the first guess; it only has to be near, and three bring it to a few per mille.
_GUESS_STEPS = 4


@frozen
class Scheme:
    """How finely the boundary is resolved: nodes in time, points of its integral and of the
    price's, and sweeps of the fixed point."""

    nodes: int
    points: int
    sweeps: int
    price_points: int


# The largest error in strikes over 1,000 random contracts (8 to 100 % volatility, a day to three
# years): 1e-5, 5e-7 and 5e-10. docs/options.md has the measurements.
QUICK: Final = Scheme(8, 12, 4, 16)
FINE: Final = Scheme(16, 24, 8, 32)
REFERENCE: Final = Scheme(32, 40, 24, 64)


@frozen(eq=False)
class Rule:
    """Gauss-Legendre points of theta in (0, pi/2): sines, cosines, and weights of dt / tau."""

    sine: Floats
    cosine: Floats
    weight: Floats


@frozen(eq=False)
class Grid:
    """What every contract shares under one scheme. `root`: the nodes' sqrt(tau / T), from above 0
    to 1. `inner`: boundary at the nodes -> at the integral's points of each node. `outer`: -> at
    the points of the price integral."""

    root: Floats
    rule: Rule
    inner: Floats
    price_rule: Rule
    outer: Floats


@frozen(eq=False)
class Boundaries:
    """Boundaries of several standard puts: `depth[i, k]` = ln(X / B) at node k, and ln X."""

    log_limit: Floats
    depth: Floats

    @property
    def now(self) -> Floats:
        """The boundary with all the time left, in strikes."""
        return np.exp(self.log_limit - self.depth[:, -1])


@lru_cache(maxsize=16)
def grid(scheme: Scheme) -> Grid:
    """The shared arrays of `scheme`, made once."""
    n = scheme.nodes
    angle = np.pi * np.arange(n + 1) / n
    knots = -np.cos(angle)
    root = 0.5 * (1.0 + knots)
    rule, price_rule = _rule(scheme.points), _rule(scheme.price_points)
    # Time left at an integral's point is tau cos^2, so its root is the node's times the cosine.
    inner = _interpolation(knots, 2.0 * np.outer(root[1:], rule.cosine).ravel() - 1.0)
    outer = _interpolation(knots, 2.0 * price_rule.cosine - 1.0)
    # The depth at tau = 0 is zero, so the first knot carries nothing.
    return Grid(root[1:], rule, inner[:, 1:].T.copy(), price_rule, outer[:, 1:].T.copy())


def _rule(points: int) -> Rule:
    x, w = np.polynomial.legendre.leggauss(points)
    theta = 0.25 * np.pi * (1.0 + x)
    sine, cosine = np.sin(theta), np.cos(theta)
    return Rule(sine, cosine, 0.25 * np.pi * w * 2.0 * sine * cosine)


def _interpolation(knots: Floats, at: Floats) -> Floats:
    """The matrix that takes values at Chebyshev `knots` to values at `at` (barycentric form)."""
    signs = (-1.0) ** np.arange(knots.size)
    signs[0] *= 0.5
    signs[-1] *= 0.5
    weights = at[:, None] - knots
    # On a knot the form is 0/0; a gap too small to matter gives that knot all the weight.
    weights[weights == 0.0] = 1e-300
    np.divide(signs, weights, out=weights)
    weights /= weights.sum(1, keepdims=True)
    return weights


def chebyshev_interpolation(count: int, at: Floats) -> Floats:
    """Weights of `count` Chebyshev nodes on [-1, 1] for the values at `at`, one row each."""
    return _interpolation(-np.cos(np.pi * np.arange(count) / (count - 1)), at)


def solve(rate: Floats, carry: Floats, sigma: Floats, years: Floats, scheme: Scheme) -> Boundaries:
    """The boundaries of standard puts with those rates. `rate` must be above zero.

    Units: per year and years; depths are logarithms.
    """
    depth = np.empty((rate.size, scheme.nodes))
    limit = np.empty(rate.size)
    rows = max(1, _BLOCK_ELEMENTS // (scheme.nodes * scheme.points))
    for start in range(0, rate.size, rows):
        block = slice(start, start + rows)
        part = _solve_block(rate[block], carry[block], sigma[block], years[block], scheme)
        depth[block], limit[block] = part.depth, part.log_limit
    return Boundaries(limit, depth)


def _solve_block(
    rate: Floats, carry: Floats, sigma: Floats, years: Floats, scheme: Scheme
) -> Boundaries:
    shared = grid(scheme)
    r, q, vol = rate[:, None], carry[:, None], sigma[:, None]
    tau = years[:, None] * (shared.root * shared.root)
    spread = vol * np.sqrt(tau)
    with np.errstate(all="ignore"):
        log_limit = np.where(carry > rate, np.log(rate / carry), 0.0)
        limit = log_limit[:, None]
        first = _first_guess(r, q, vol, tau, spread, np.exp(limit))
        depth = np.maximum(limit - np.log(first), 1e-12)
        sweep = _Sweep(r, q, tau, spread, limit, shared)
        trust, last = np.ones_like(depth), np.zeros_like(depth)
        for number in range(scheme.sweeps):
            step = sweep.improve(depth) - depth
            swings = (number >= _DAMPED_FROM_SWEEP) & (step * last < 0.0)
            swings &= np.abs(step) > _SHRINKS * np.abs(last)
            trust = np.where(swings, _LESS_TRUST * trust, np.minimum(1.0, _MORE_TRUST * trust))
            depth = np.maximum(depth + trust * step, 0.0)
            last = step
    return Boundaries(log_limit, depth)


class _Sweep:
    """One improvement of the boundary at all nodes; holds what does not change between sweeps."""

    def __init__(
        self, r: Floats, q: Floats, tau: Floats, spread: Floats, limit: Floats, shared: Grid
    ) -> None:
        rule = shared.rule
        ago = tau[:, :, None] * (rule.sine * rule.sine)
        left = tau[:, :, None] - ago
        weight = tau[:, :, None] * rule.weight
        self._shape = ago.shape
        self._inner = shared.inner
        self._spread = spread
        self._limit = limit
        self._step_spread = spread[:, :, None] * rule.sine
        self._step_drift = (r - q)[:, :, None] * ago
        self._of_cash = weight * r[:, :, None] * np.exp(r[:, :, None] * left)
        self._of_asset = weight * q[:, :, None] * np.exp(q[:, :, None] * left)
        self._drift = (r - q) * tau

    def improve(self, depth: Floats) -> Floats:
        """The depths after one Newton step that takes the integrals as constant."""
        past = np.sqrt(np.maximum((depth * depth) @ self._inner, 0.0)).reshape(self._shape)
        middle = (past - depth[:, :, None] + self._step_drift) / self._step_spread
        half = 0.5 * self._step_spread
        cash = (self._of_cash * normal.cdf(middle - half)).sum(-1)
        asset = (self._of_asset * normal.cdf(middle + half)).sum(-1)
        log_b = self._limit - depth
        centre = (log_b + self._drift) / self._spread
        d2, d1 = centre - 0.5 * self._spread, centre + 0.5 * self._spread
        top, bottom = normal.cdf(d2) + cash, normal.cdf(d1) + asset
        b = np.exp(log_b)
        image = np.exp(-self._drift) * top / bottom
        slope = normal.density(d2) / top - normal.density(d1) / bottom
        slope *= image / (b * self._spread)
        moved = b + (image - b) / (1.0 - np.minimum(slope, 0.9))
        moved = np.where(np.isfinite(moved) & (moved > 0.0), moved, b)
        return np.maximum(self._limit - np.log(moved), 0.0)


def _first_guess(
    r: Floats, q: Floats, vol: Floats, tau: Floats, spread: Floats, limit: Floats
) -> Floats:
    """Barone-Adesi and Whaley's critical price, by Newton from between the limits in time."""
    variance = vol * vol
    interest = 2.0 * r / variance
    tilt = 2.0 * (r - q) / variance - 1.0
    power = -0.5 * (tilt + np.sqrt(tilt * tilt - 4.0 * interest / np.expm1(-r * tau)))
    forever = -0.5 * (tilt + np.sqrt(tilt * tilt + 4.0 * interest))
    floor = forever / (forever - 1.0)
    reach = np.exp(-2.0 * spread)
    s = np.minimum(floor + (limit - floor) * reach, limit)
    paid, kept, drift = np.exp(-r * tau), np.exp(-q * tau), (r - q) * tau
    for _ in range(_GUESS_STEPS):
        d1 = (np.log(s) + drift) / spread + 0.5 * spread
        held = kept * normal.cdf(-d1)
        gain = 1.0 - s - (paid * normal.cdf(spread - d1) - s * held)
        error = power * gain + s * (1.0 - held)
        slope = (1.0 - power) * (1.0 - held) + kept * normal.density(d1) / spread
        s = np.clip(s - error / slope, 0.5 * s, np.minimum(limit, 2.0 * s))
    return np.where(np.isfinite(s) & (s > 0.0), s, limit * reach)
