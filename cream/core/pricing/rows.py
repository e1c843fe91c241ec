"""Which rows of a batch can be priced, and what is wrong with the others?

A batch is a set of columns of one length. Every row gets a status code; a row that cannot be
answered holds NaN in every figure and never disturbs its neighbours.

Units: spot, strike and prices per share; rates, yields and volatilities as fractions per year,
continuously compounded; years as fractions of 365 days.
"""

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from cream.core.pricing.normal import Codes, Flags, Floats

Column: TypeAlias = Floats | float
Rows: TypeAlias = slice | Flags | NDArray[np.intp]

# Beyond these a double cannot hold the answer, or the question is a slip: 100,000 % of volatility,
# ten thousand years, a trillion dollars or a billionth of one. They also keep every exponential and
# every square below from overflowing.
LEAST_PRICE = 1e-9
MOST_PRICE = 1e12
MOST_VOLATILITY = 1_000.0
MOST_YEARS = 10_000.0
MOST_GROWTH = 200.0


class Status(IntEnum):
    """What became of one row."""

    OK = 0
    # The price is at or below what exercise is certain to bring: no volatility explains it.
    BELOW_INTRINSIC = 1
    # The price is at or above the most that the contract can ever pay.
    ABOVE_MAXIMUM = 2
    # A number is missing, not finite, or out of its domain.
    BAD_INPUT = 3
    # A price within bounds that no volatility in the searched range gives.
    NOT_BRACKETED = 4


@frozen(eq=False)
class Contracts:
    """What is known of each contract but for its volatility or price. `sign`: call 1, put -1."""

    sign: Floats
    spot: Floats
    strike: Floats
    rate: Floats
    dividend_yield: Floats
    years: Floats

    @property
    def size(self) -> int:
        """How many rows."""
        return int(self.spot.size)

    def take(self, chosen: Rows) -> "Contracts":
        """Those rows alone."""
        return Contracts(
            self.sign[chosen],
            self.spot[chosen],
            self.strike[chosen],
            self.rate[chosen],
            self.dividend_yield[chosen],
            self.years[chosen],
        )

    def intrinsic(self) -> Floats:
        """What exercising now would bring."""
        return np.maximum(self.sign * (self.spot - self.strike), 0.0)


def contracts(
    sign: Column,
    spot: Column,
    strike: Column,
    rate: Column,
    dividend_yield: Column,
    years: Column,
) -> Contracts:
    """The columns as one batch: scalars are repeated, everything becomes a flat float array."""
    columns = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(c, float))
            for c in (sign, spot, strike, rate, dividend_yield, years)
        )
    )
    return Contracts(*(np.ascontiguousarray(column).ravel() for column in columns))


def column(value: Column, size: int) -> Floats:
    """`value` as a flat array of `size` rows."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, float).ravel(), (size,)))


def usable(batch: Contracts) -> Flags:
    """Which rows have inputs that mean something. Time may be zero or less: then it has expired."""
    finite = np.isfinite(batch.spot) & np.isfinite(batch.strike) & np.isfinite(batch.years)
    finite &= np.isfinite(batch.rate) & np.isfinite(batch.dividend_yield)
    with np.errstate(all="ignore"):
        growth = np.maximum(np.abs(batch.rate), np.abs(batch.dividend_yield)) * batch.years
        fit: Flags = (
            finite
            & (batch.spot >= LEAST_PRICE)
            & (batch.spot <= MOST_PRICE)
            & (batch.strike >= LEAST_PRICE)
            & (batch.strike <= MOST_PRICE)
            & (np.abs(batch.sign) == 1.0)
            & (batch.years <= MOST_YEARS)
            & ~(growth > MOST_GROWTH)
        )
    return fit


def usable_volatility(volatility: Floats) -> Flags:
    """Which volatilities can be priced with: zero is allowed and means certainty."""
    return np.isfinite(volatility) & (volatility >= 0.0) & (volatility <= MOST_VOLATILITY)


def codes(ok: Flags) -> Codes:
    """OK where `ok`, BAD_INPUT elsewhere."""
    return np.where(ok, np.int8(Status.OK), np.int8(Status.BAD_INPUT)).astype(np.int8)
