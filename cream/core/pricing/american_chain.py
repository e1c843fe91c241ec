"""How is a whole American chain priced many times a minute?

The exercise boundary depends on rates, time and volatility alone, so each (rate, yield, expiry,
side) of a chain is solved once, on Chebyshev nodes in the logarithm of volatility. A price then
needs one interpolation and one integral. The tables stay good until a rate or the time to expiry
moves; ticks of the underlying and of volatilities use them as they are.
"""

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from cream.core.pricing import american
from cream.core.pricing.early_exercise import evaluate
from cream.core.pricing.exercise_boundary import (
    Boundaries,
    Scheme,
    chebyshev_interpolation,
    solve,
)
from cream.core.pricing.normal import Flags, Floats
from cream.core.pricing.rows import Column, Contracts, column, usable

# Volatilities that listed options are quoted at. Outside them a row is solved by itself.
LEAST_SIGMA = 0.03
MOST_SIGMA = 4.0

# Twenty nodes over that range with this scheme: docs/options.md has the measured errors.
_SIGMA_NODES = 20
_SCHEME = Scheme(12, 16, 6, 20)

_LOG_LEAST = float(np.log(LEAST_SIGMA))
_LOG_WIDTH = float(np.log(MOST_SIGMA)) - _LOG_LEAST

Indices = NDArray[np.intp]


@frozen(eq=False)
class ChainValues:
    """Prices, with delta and gamma if asked for (else empty); NaN in rows that have none."""

    price: Floats
    delta: Floats
    gamma: Floats


@frozen(eq=False)
class AmericanChain:
    """Contracts and the boundaries of their groups; `group` is -1 for rows without a table.

    `depth[group, volatility node, time node]` as in `Boundaries`.
    """

    batch: Contracts
    group: Indices
    log_limit: Floats
    depth: Floats

    @np.errstate(all="ignore")
    def values(
        self,
        volatility: Column,
        rows: Indices | None = None,
        *,
        derivatives: bool = False,
    ) -> ChainValues:
        """The chain, or some rows of it, at these volatilities (one for each row asked for)."""
        chosen = np.arange(self.batch.size) if rows is None else rows
        sigma = column(volatility, chosen.size)
        batch = self.batch.take(chosen)
        group = self.group[chosen]
        figures = np.empty((3 if derivatives else 1, batch.size))
        tabled = (group >= 0) & (sigma >= LEAST_SIGMA) & (sigma <= MOST_SIGMA)
        rest = np.flatnonzero(~tabled)
        if rest.size:
            alone = american.points(batch.take(rest), sigma[rest], _SCHEME, derivatives=derivatives)
            figures[:, rest] = [alone.price, alone.delta, alone.gamma][: len(figures)]
        some = np.flatnonzero(tabled)
        if some.size:
            live, vol = batch.take(some), sigma[some]
            edges = self._edges(group[some], vol)
            puts = american.standard(live, vol)
            standard = evaluate(puts, edges, _SCHEME, derivatives=derivatives)
            found = american.from_standard(live, puts, edges, standard)
            figures[:, some] = [found.price, found.delta, found.gamma][: len(figures)]
        none = np.empty(0)
        delta, gamma = (figures[1], figures[2]) if derivatives else (none, none)
        return ChainValues(figures[0], delta, gamma)

    def _edges(self, group: Indices, sigma: Floats) -> Boundaries:
        """Each row's boundary, between the nodes of its group's table."""
        at = 2.0 * (np.log(sigma) - _LOG_LEAST) / _LOG_WIDTH - 1.0
        weights = chebyshev_interpolation(_SIGMA_NODES, at)
        depth = np.empty((sigma.size, _SCHEME.nodes))
        order = np.argsort(group, kind="stable")
        present, starts = np.unique(group[order], return_index=True)
        for number, rows in zip(present, np.split(order, starts[1:]), strict=True):
            depth[rows] = weights[rows] @ self.depth[number]
        return Boundaries(self.log_limit[group], np.maximum(depth, 0.0))


@np.errstate(all="ignore")
def build(batch: Contracts) -> AmericanChain:
    """Solve the tables that the rows of `batch` need."""
    tabled = _has_table(batch)
    group = np.full(batch.size, -1, np.intp)
    rate, carry = american.standard_rates(batch)
    keys = np.stack([rate, carry, batch.years])[:, tabled]
    distinct, inverse = np.unique(keys, axis=1, return_inverse=True)
    group[tabled] = inverse.ravel()
    count = distinct.shape[1]
    node = -np.cos(np.pi * np.arange(_SIGMA_NODES) / (_SIGMA_NODES - 1))
    sigma = np.exp(_LOG_LEAST + 0.5 * _LOG_WIDTH * (1.0 + node))
    r, q, years = (np.repeat(row, _SIGMA_NODES) for row in distinct)
    edges = solve(r, q, np.tile(sigma, count), years, _SCHEME)
    return AmericanChain(
        batch,
        group,
        edges.log_limit[::_SIGMA_NODES].copy(),
        edges.depth.reshape(count, _SIGMA_NODES, _SCHEME.nodes),
    )


def _has_table(batch: Contracts) -> Flags:
    """Rows that a boundary helps to price: alive, and worth exercising some day."""
    return (
        usable(batch)
        & (batch.years * LEAST_SIGMA**2 > american.NO_SPREAD**2)
        & ~american.never_exercised(batch)
        & ~american.has_two_boundaries(batch)
    )
