"""What is an option worth when the price of its underlying drops by cash dividends?

The *spot* model: between ex-dates the price moves with the full volatility; on an ex-date it drops
by the dividend. The pricing equation is solved backwards in time on a grid of log prices, all rows
at once as one block-tridiagonal system: Crank-Nicolson with damped first steps after expiry and
after every ex-date, and policy iteration for the right to exercise. The strike lies on a node.

Source: R. Rannacher 1984 (the damped start); P. Forsyth, K. Vetzal 2002
(exercise as a complementarity problem, solved to its end in every step).
"""

from typing import TypeAlias, cast

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.linalg import lapack

from cream.core.pricing.dividends import Schedule
from cream.core.pricing.normal import Flags, Floats
from cream.core.pricing.rows import Contracts

# Standard deviations of the log price on either side: one in 1e8 paths leaves the grid.
_WIDTH = 5.5
# ... but at least this much in the logarithm, for the last hours of a contract.
_LEAST_WIDTH = 0.02

# Corrections of the exercised nodes in one step: the boundary moves by few nodes, and most steps
# need two.
_MOST_TRIALS = 12

# Half steps fully implicit after a kink: they damp what Crank-Nicolson would let oscillate.
_DAMPED_STEPS = 4

Index: TypeAlias = NDArray[np.intp]


@frozen
class Resolution:
    """Nodes in the log price and steps in time."""

    nodes: int
    steps: int


@frozen(eq=False)
class LatticeValues:
    """At the spot, per row; `boundary` is the outermost node at which exercise is due, NaN if there
    is none on the grid."""

    price: Floats
    delta: Floats
    gamma: Floats
    boundary: Floats


def solve(
    batch: Contracts,
    sigma: Floats,
    dividends: Schedule,
    resolution: Resolution,
    *,
    american: bool,
) -> LatticeValues:
    """Rows that share their time to expiry and their dividends (in order, all before expiry)."""
    return _Solver(batch, sigma, dividends, resolution, american=american).run()


class _Solver:
    """The grid of one batch, and the values on it as they go back in time."""

    def __init__(
        self,
        batch: Contracts,
        sigma: Floats,
        dividends: Schedule,
        resolution: Resolution,
        *,
        american: bool,
    ) -> None:
        self._batch = batch
        self._dividends = dividends
        self._american = american
        self._years = float(batch.years[0])
        self._steps = resolution.steps
        nodes = resolution.nodes
        log_strike, log_spot = np.log(batch.strike), np.log(batch.spot)
        paid = sum(one.amount for one in dividends)
        dropped = np.log(np.maximum(batch.spot - paid, 0.05 * batch.spot))
        wide = np.maximum(_WIDTH * sigma * np.sqrt(self._years), _LEAST_WIDTH)
        low = np.minimum(np.minimum(log_strike, log_spot), dropped) - wide
        high = np.maximum(log_strike, log_spot) + wide
        self._dx = (high - low) / (nodes - 1)
        low = log_strike - self._dx * np.round((log_strike - low) / self._dx)
        self._low = low
        self._prices = np.exp(low[:, None] + self._dx[:, None] * np.arange(nodes))
        sign, strike = batch.sign[:, None], batch.strike[:, None]
        self._payoff = np.maximum(sign * (self._prices - strike), 0.0)
        variance = sigma * sigma
        diffusion = 0.5 * variance / (self._dx * self._dx)
        drift = 0.5 * (batch.rate - batch.dividend_yield - 0.5 * variance) / self._dx
        self._down = (diffusion - drift)[:, None]
        self._up = (diffusion + drift)[:, None]
        self._centre = (-2.0 * diffusion - batch.rate)[:, None]
        self._values = self._payoff.copy()
        self._due = np.zeros(self._values.shape, np.bool_)
        self._left = 0.0

    def run(self) -> LatticeValues:
        """Go back from expiry to now, and read the values at the spot."""
        for one in reversed(self._dividends):
            self._go_back_to(self._years - one.years)
            self._drop_by(one.amount)
        self._go_back_to(self._years)
        return self._read()

    def _go_back_to(self, left: float) -> None:
        """Step until `left` years are left. The steps grow from the kink behind them."""
        span = left - self._left
        if span <= 0.0:
            return
        count = max(8, round(self._steps * span / self._years))
        fractions = (np.arange(count + 1) / count) ** 2.0
        starts = np.concatenate([np.linspace(0.0, fractions[2], _DAMPED_STEPS + 1), fractions[3:]])
        origin = self._left
        for number in range(1, starts.size):
            step = span * float(starts[number] - starts[number - 1])
            self._left = origin + span * float(starts[number])
            self._step(step, implicit=1.0 if number <= _DAMPED_STEPS else 0.5)

    def _step(self, dt: float, *, implicit: float) -> None:
        values, ahead = self._values, implicit * dt
        right = values.copy()
        inner = slice(1, -1)
        if implicit < 1.0:
            behind = (1.0 - implicit) * dt
            right[:, inner] += behind * (
                self._down * values[:, :-2]
                + self._centre * values[:, inner]
                + self._up * values[:, 2:]
            )
        right[:, 0], right[:, -1] = self._at_the_edges()
        if self._american:
            self._values = self._solve_with_exercise(right, ahead)
        else:
            self._values = self._solve_tridiagonal(right, ahead, None)

    def _solve_with_exercise(self, right: Floats, ahead: float) -> Floats:
        """The values of which each node either holds on or exercises, whichever is more.

        The nodes of the last step's exercise are tried first; each trial corrects them.
        """
        payoff, inner = self._payoff, slice(1, -1)
        solved = self._solve_tridiagonal(right, ahead, self._due)
        for _ in range(_MOST_TRIALS):
            held = (1.0 - ahead * self._centre) * solved[:, inner] - ahead * (
                self._down * solved[:, :-2] + self._up * solved[:, 2:]
            )
            # Exercise where the value is short of the payoff by more than holding on is short.
            due = np.zeros_like(self._due)
            due[:, inner] = solved[:, inner] - payoff[:, inner] < held - right[:, inner]
            due &= payoff > 0.0
            if np.array_equal(due, self._due):
                break
            self._due = due
            solved = self._solve_tridiagonal(right, ahead, due)
        better: Floats = np.maximum(solved, payoff)
        return better

    def _solve_tridiagonal(self, right: Floats, ahead: float, due: Flags | None) -> Floats:
        """(1 - ahead L) x = right; each row's ends and the nodes that are `due` are given."""
        rows, nodes = right.shape
        lower, main, upper = np.zeros((3, rows, nodes))
        lower[:, 1:-1] = -ahead * self._down
        upper[:, 1:-1] = -ahead * self._up
        main[:] = 1.0
        main[:, 1:-1] -= ahead * self._centre
        if due is not None:
            lower[due], main[due], upper[due] = 0.0, 1.0, 0.0
            right = np.where(due, self._payoff, right)
        *_, solution, info = lapack.dgtsv(
            lower.ravel()[1:],
            main.ravel(),
            upper.ravel()[:-1],
            right.ravel(),
            overwrite_dl=True,
            overwrite_d=True,
            overwrite_du=True,
        )
        if info != 0:
            return np.full_like(right, np.nan)
        return cast(Floats, solution).reshape(rows, nodes)

    def _at_the_edges(self) -> tuple[Floats, Floats]:
        """Far from the strike an option is a forward, or (American) exercised."""
        batch, left = self._batch, self._left
        now = self._years - left
        later = np.zeros(batch.size)
        for one in self._dividends:
            if one.years > now:
                later += one.amount * np.exp(-batch.rate * (one.years - now))
        out = []
        for column in (0, -1):
            price = self._prices[:, column] * np.exp(-batch.dividend_yield * left) - later
            gain = batch.sign * (np.maximum(price, 0.0) - batch.strike * np.exp(-batch.rate * left))
            floor = self._payoff[:, column] if self._american else 0.0
            out.append(np.maximum(gain, floor))
        return out[0], out[1]

    def _drop_by(self, amount: float) -> None:
        """Step over an ex-date: yesterday's value at S is today's at S - amount, or exercise."""
        fallen = self._prices - amount
        nodes = fallen.shape[1]
        inside = fallen > self._prices[:, :1]
        with np.errstate(all="ignore"):
            place = (np.log(fallen) - self._low[:, None]) / self._dx[:, None]
        place = np.where(inside, place, 0.0)
        base = np.clip(place.astype(np.intp), 1, nodes - 3)
        weights = _cubic(place - base)
        moved = np.zeros_like(fallen)
        for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
            moved += weight * np.take_along_axis(self._values, base + offset, 1)
        batch = self._batch
        left = 0.0 if self._american else self._left
        cash = batch.strike * np.exp(-batch.rate * left)
        asset = np.maximum(fallen, 0.0) * np.exp(-batch.dividend_yield * left)[:, None]
        outside = np.maximum(batch.sign[:, None] * (asset - cash[:, None]), 0.0)
        moved = np.where(inside, moved, outside)
        if self._american:
            np.maximum(moved, self._payoff, out=moved)
        self._values = moved
        self._due = np.zeros(moved.shape, np.bool_)

    def _read(self) -> LatticeValues:
        """Value, slope and curvature at the spot, from the cubic through four nodes."""
        spot = self._batch.spot
        place = (np.log(spot) - self._low) / self._dx
        base = np.clip(place.astype(np.intp), 1, self._values.shape[1] - 3)
        at = place - base
        four = np.take_along_axis(self._values, base[:, None] + np.arange(-1, 3), 1)
        price = (np.stack(_cubic(at), 1) * four).sum(1)
        slope = (np.stack(_cubic_slope(at), 1) * four).sum(1) / self._dx
        bend = (np.stack(_cubic_bend(at), 1) * four).sum(1) / (self._dx * self._dx)
        return LatticeValues(
            price, slope / spot, (bend - slope) / (spot * spot), self._exercise_edge()
        )

    def _exercise_edge(self) -> Floats:
        """The price nearest to the strike at which exercise is due now."""
        if not self._american:
            return np.full(self._batch.size, np.nan)
        due = (self._values <= self._payoff) & (self._payoff > 0.0)
        due[:, 0] = due[:, -1] = False
        call = self._batch.sign > 0.0
        last = due.shape[1] - 1
        edge = np.where(call, due.argmax(1), last - due[:, ::-1].argmax(1))
        found = np.take_along_axis(self._prices, edge[:, None], 1)[:, 0]
        return np.where(due.any(1), found, np.nan)


Four: TypeAlias = tuple[Floats, Floats, Floats, Floats]


def _cubic(z: Floats) -> Four:
    """Weights of the nodes -1, 0, 1, 2 for the value at z."""
    return (
        -z * (z - 1.0) * (z - 2.0) / 6.0,
        (z + 1.0) * (z - 1.0) * (z - 2.0) / 2.0,
        -(z + 1.0) * z * (z - 2.0) / 2.0,
        (z + 1.0) * z * (z - 1.0) / 6.0,
    )


def _cubic_slope(z: Floats) -> Four:
    return (
        -(3.0 * z * z - 6.0 * z + 2.0) / 6.0,
        (3.0 * z * z - 4.0 * z - 1.0) / 2.0,
        -(3.0 * z * z - 2.0 * z - 2.0) / 2.0,
        (3.0 * z * z - 1.0) / 6.0,
    )


def _cubic_bend(z: Floats) -> Four:
    return (1.0 - z, 3.0 * z - 2.0, 1.0 - 3.0 * z, z)
