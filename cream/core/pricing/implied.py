"""Which volatility does a European price imply?

Every contract is first turned into its out-of-the-money twin on the forward (put-call parity), so
that only time value is inverted, and normalised: with x = -|ln(forward / strike)| and s = the
total volatility, b(x, s) = exp(x/2) N(x/s + s/2) - exp(-x/2) N(x/s - s/2). As a function of s it is
an S-shaped curve with its inflection at sqrt(2|x|). Below it the price spans hundreds of orders of
magnitude and 1/ln b is close to linear; far above it only the distance to the maximum is left to
measure, and its logarithm is; between them b itself is. In each the first guess has the right
asymptote and is exact at the inflection, and steps of fourth order follow.

Units: prices per share; volatility as a fraction per year.

Source: the three objectives are those of P. Jaeckel, Let's Be Rational, 2015; the guesses are ours.
"""

from typing import Literal

import numpy as np

from cream.core.pricing import normal
from cream.core.pricing.normal import ROOT_2, ROOT_2_PI, Codes, Flags, Floats
from cream.core.pricing.rows import (
    MOST_VOLATILITY,
    Column,
    Contracts,
    Status,
    column,
    usable,
)

BLOCK_ROWS = 8_192

# Three steps of fourth order were measured to settle every row of a grid of x from -1e-12 to -100
# and s from 1e-7 to 40. A row stops at once when a step was so small that its error, which goes
# with the fourth power, is below the last digit.
_MOST_STEPS = 6
_SETTLED = 1e-5

# Closer to the forward than this the log-moneyness is rounding, and the closed form is exact.
_AT_THE_FORWARD = 1e-15

Branch = Literal["low", "middle", "high"]


def implied_volatility(batch: Contracts, price: Column) -> tuple[Floats, Codes]:
    """The volatility of each row, NaN where there is none, and why.

    A row needs time left: at expiry a price says nothing about volatility (BAD_INPUT).
    """
    paid = column(price, batch.size)
    sigma = np.full(batch.size, np.nan)
    status = np.empty(batch.size, np.int8)
    for start in range(0, batch.size, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        sigma[block], status[block] = _solve_block(batch.take(block), paid[block])
    return sigma, status


def _solve_block(rows: Contracts, paid: Floats) -> tuple[Floats, Codes]:
    with np.errstate(all="ignore"):
        years = rows.years
        asset = rows.spot * np.exp(-rows.dividend_yield * years)
        cash = rows.strike * np.exp(-rows.rate * years)
        moneyness = np.log(rows.spot / rows.strike) + (rows.rate - rows.dividend_yield) * years
        intrinsic = np.maximum(rows.sign * (asset - cash), 0.0)
        scale = np.sqrt(asset) * np.sqrt(cash)
        value = np.where(intrinsic > 0.0, paid - intrinsic, paid) / scale
        room = (np.where(rows.sign > 0.0, asset, cash) - paid) / scale
    status = np.zeros(rows.size, np.int8)
    status[~(value > 0.0)] = Status.BELOW_INTRINSIC
    status[~(room > 0.0)] = Status.ABOVE_MAXIMUM
    status[~(usable(rows) & (years > 0.0) & np.isfinite(paid))] = Status.BAD_INPUT
    total = np.full(rows.size, np.nan)
    x = -np.abs(moneyness)
    open_rows = status == Status.OK
    level = open_rows & (x > -_AT_THE_FORWARD)
    if level.any():
        total[level] = 2.0 * ROOT_2 * normal.inverse_error_function(value[level])
    rest = np.flatnonzero(open_rows & ~level)
    if rest.size:
        with np.errstate(all="ignore"):
            total[rest] = total_volatility(x[rest], value[rest], room[rest])
    with np.errstate(all="ignore"):
        sigma = total / np.sqrt(years)
    lost = open_rows & ~(sigma <= MOST_VOLATILITY)
    status[lost] = Status.NOT_BRACKETED
    sigma[lost] = np.nan
    return sigma, status


def total_volatility(x: Floats, value: Floats, room: Floats) -> Floats:
    """The s with b(x, s) = value, for x < 0 and 0 < value < exp(x/2).

    `room` is exp(x/2) - value, given apart because the caller knows it to more digits.
    """
    bend = np.sqrt(-2.0 * x)
    at_bend = _black(x, bend)
    low = value < at_bend
    s = np.empty_like(x)
    rows = np.flatnonzero(low)
    if rows.size:
        guess = _guess_low(x[rows], value[rows], bend[rows], at_bend[rows])
        s[rows] = _refine("low", x[rows], value[rows], room[rows], guess)
    rows = np.flatnonzero(~low)
    if rows.size:
        guess = _guess_high(x[rows], room[rows], bend[rows])
        near = value[rows] < 0.5 * np.exp(0.5 * x[rows])
        branches: tuple[tuple[Branch, Flags], ...] = (("middle", near), ("high", ~near))
        for branch, part in branches:
            some = rows[part]
            if some.size:
                s[some] = _refine(branch, x[some], value[some], room[some], guess[part])
    return s


def _guess_low(x: Floats, value: Floats, bend: Floats, at_bend: Floats) -> Floats:
    """For small s, b behaves like the cube of N(x / (s sqrt 3)); scaled to fit at the bend."""
    shape = x / np.sqrt(3.0)
    anchor = normal.cdf(shape / bend)
    root = np.cbrt(value / at_bend)
    guess = shape / normal.quantile(root * anchor)
    # Near the forward that shape is wrong, and b is almost s N'(0), which it never exceeds.
    guess = np.maximum(np.where(guess > 0.0, guess, 0.0), ROOT_2_PI * value)
    return np.minimum(guess, bend)


def _guess_high(x: Floats, room: Floats, bend: Floats) -> Floats:
    """For large s, what is missing to the maximum behaves like N(-s/2); scaled at the bend."""
    anchor = normal.cdf(-0.5 * bend)
    guess = -2.0 * normal.quantile(np.minimum(room / _missing(x, bend), 1.0) * anchor)
    return np.maximum(np.where(np.isfinite(guess), guess, bend), bend)


def _refine(branch: Branch, x: Floats, value: Floats, room: Floats, s: Floats) -> Floats:
    """Steps of fourth order until no row moves."""
    out = s.copy()
    active = np.arange(x.size)
    for _ in range(_MOST_STEPS):
        step = _step(branch, x[active], value[active], room[active], out[active])
        step = np.maximum(step, -0.5 * out[active])
        out[active] += step
        active = active[~(np.abs(step) <= _SETTLED * out[active])]
        if not active.size:
            break
    return out


def _step(branch: Branch, x: Floats, value: Floats, room: Floats, s: Floats) -> Floats:
    """Householder's third-order correction of the branch's objective g at s."""
    h = x / s
    vega = normal.density(h) * np.exp(-0.125 * s * s)
    # The second and third derivatives of b over its first.
    second = h * h / s - 0.25 * s
    third = second * second - 3.0 * (h / s) ** 2 - 0.25
    if branch == "middle":
        newton = (value - _black(x, s)) / vega
    elif branch == "low":
        b = _black(x, s)
        log_b, log_value = np.log(b), np.log(value)
        slope = vega / b
        newton = (log_value - log_b) * log_b / (log_value * slope)
        extra = slope * (1.0 + 2.0 / log_b)
        third = third + 2.0 * slope * slope * (1.0 + 3.0 / log_b * (1.0 + 1.0 / log_b))
        third -= 3.0 * second * extra
        second = second - extra
    else:
        missing = _missing(x, s)
        slope = vega / missing
        newton = np.log(missing / room) / slope
        third = third + slope * (2.0 * slope + 3.0 * second)
        second = second + slope
    top = 1.0 + 0.5 * second * newton
    bottom = 1.0 + newton * (second + third * newton / 6.0)
    step = newton * top / bottom
    # Where the correction is of no use (overflow, wrong side), Newton's own step is.
    return np.where(np.isfinite(step) & (step * newton >= 0.0), step, newton)


def _black(x: Floats, s: Floats) -> Floats:
    """b(x, s) for x <= 0, to full relative precision however small it is."""
    h, t = x / s, 0.5 * s
    out = np.exp(-0.5 * (h * h + t * t))
    out *= 0.5 * (normal.scaled_tail((-h - t) / ROOT_2) - normal.scaled_tail((-h + t) / ROOT_2))
    # Where the scaled tail would overflow (s large, x small) nothing cancels, and N serves.
    wide = t > 1.0 - h
    if wide.any():
        plain = np.exp(0.5 * x) * normal.cdf(h + t) - np.exp(-0.5 * x) * normal.cdf(h - t)
        out = np.where(wide, plain, out)
    return out


def _missing(x: Floats, s: Floats) -> Floats:
    """exp(x/2) - b(x, s), without subtracting."""
    h, t = x / s, 0.5 * s
    return np.exp(0.5 * x) * normal.cdf(-h - t) + np.exp(-0.5 * x) * normal.cdf(h - t)
