"""What are whole columns of European options worth, and how does that change?

One pass per block of rows gives the price and every sensitivity asked for. Expired rows and rows
without volatility are worth what they will certainly pay.

Units: per share; vega, vanna, volga and rho per 1.00; theta and charm per year of passing time.

Source: F. Black, M. Scholes, R. Merton 1973; E. Haug, The Complete Guide to Option Pricing
Formulas, second edition, for the second-order Greeks.
"""

import numpy as np
from attrs import frozen

from cream.core.pricing import normal
from cream.core.pricing.normal import Codes, Flags, Floats
from cream.core.pricing.rows import Column, Contracts, codes, column, usable, usable_volatility

# Rows at a time: about the size of the second-level cache for the dozen temporaries of a pass.
# Larger blocks were measured to be up to four times slower a row.
BLOCK_ROWS = 8_192

# Below this standard deviation of the log price nothing is left to chance that a double can show.
_NO_SPREAD = 1e-12


@frozen(eq=False)
class Greeks:
    """One array per figure. Second-order arrays are empty unless they were asked for."""

    status: Codes
    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    volga: Floats
    charm: Floats


def prices(batch: Contracts, volatility: Column) -> Floats:
    """The prices alone; NaN where a row cannot be priced."""
    sigma = column(volatility, batch.size)
    out = np.empty(batch.size)
    for start in range(0, batch.size, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        out[block] = _prices(batch.take(block), sigma[block])
    return out


def greeks(batch: Contracts, volatility: Column, *, second_order: bool = False) -> Greeks:
    """Price, delta, gamma, vega, theta, rho; and vanna, volga, charm with `second_order`."""
    sigma = column(volatility, batch.size)
    count = 9 if second_order else 6
    figures = np.empty((count, batch.size))
    ok = np.empty(batch.size, np.bool_)
    for start in range(0, batch.size, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        ok[block] = _fill(batch.take(block), sigma[block], figures[:, block])
    none = np.empty(0)
    second = figures[6:] if second_order else (none, none, none)
    return Greeks(codes(ok), *figures[:6], *second)


def _prices(rows: Contracts, sigma: Floats) -> Floats:
    ok = usable(rows) & usable_volatility(sigma)
    with np.errstate(all="ignore"):
        years = np.maximum(rows.years, 0.0)
        spread = sigma * np.sqrt(years)
        asset = rows.spot * np.exp(-rows.dividend_yield * years)
        cash = rows.strike * np.exp(-rows.rate * years)
        forward = np.log(rows.spot / rows.strike) + (rows.rate - rows.dividend_yield) * years
        d1 = forward / spread + 0.5 * spread
        sign = rows.sign
        price = sign * (asset * normal.cdf(sign * d1) - cash * normal.cdf(sign * (d1 - spread)))
        price = np.maximum(price, 0.0)
        certain = spread <= _NO_SPREAD
        if certain.any():
            price = np.where(certain, np.maximum(sign * (asset - cash), 0.0), price)
    return np.where(ok, price, np.nan)


def _fill(rows: Contracts, sigma: Floats, out: Floats) -> Flags:
    """Write one block's figures into the rows of `out`; which of them could be priced."""
    ok = usable(rows) & usable_volatility(sigma)
    sign, spot, rate, carry = rows.sign, rows.spot, rows.rate, rows.dividend_yield
    with np.errstate(all="ignore"):
        years = np.maximum(rows.years, 0.0)
        root = np.sqrt(years)
        spread = sigma * root
        asset = spot * np.exp(-carry * years)
        cash = rows.strike * np.exp(-rate * years)
        d1 = (np.log(spot / rows.strike) + (rate - carry) * years) / spread
        d1 += 0.5 * spread
        d2 = d1 - spread
        dense = normal.density(d1)
        have = asset * normal.cdf(sign * d1)
        owe = cash * normal.cdf(sign * d2)
        weight = asset * dense
        out[0] = np.maximum(sign * (have - owe), 0.0)
        out[1] = sign * have / spot
        out[2] = weight / (spot * spot * spread)
        out[3] = weight * root
        out[4] = sign * (carry * have - rate * owe) - 0.5 * weight * sigma / root
        out[5] = sign * years * owe
        if len(out) > 6:
            out[6] = -weight / spot * d2 / sigma
            out[7] = out[3] * d1 * d2 / sigma
            drift = (rate - carry) / spread - 0.5 * d2 / years
            out[8] = sign * carry * have / spot - weight / spot * drift
    certain = spread <= _NO_SPREAD
    if certain.any():
        _fill_certain(rows, certain, asset, cash, out)
    if not ok.all():
        out[:, ~ok] = np.nan
    return ok


def _fill_certain(
    rows: Contracts, certain: Flags, asset: Floats, cash: Floats, out: Floats
) -> None:
    """The limit of zero variance: the forward is known, so exercise is certain or ruled out."""
    sign, years = rows.sign, np.maximum(rows.years, 0.0)
    gain = sign * (asset - cash)
    paid = gain > 0.0
    with np.errstate(all="ignore"):
        theta = sign * (rows.dividend_yield * asset - rows.rate * cash)
        figures = [
            gain,
            sign * asset / rows.spot,
            np.zeros_like(gain),
            np.zeros_like(gain),
            np.where(years > 0.0, theta, 0.0),
            sign * cash * years,
        ]
        if len(out) > len(figures):
            charm = np.where(years > 0.0, sign * rows.dividend_yield * asset / rows.spot, 0.0)
            figures += [np.zeros_like(gain), np.zeros_like(gain), charm]
        for row, figure in zip(out, figures, strict=True):
            row[certain] = np.where(paid, figure, 0.0)[certain]
