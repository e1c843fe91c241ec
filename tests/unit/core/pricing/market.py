"""What pricing tests price: contracts, a chain, hard cases, and exact values from mpmath."""

import csv
from pathlib import Path

import mpmath
import numpy as np
from numpy.typing import NDArray

from cream.core.pricing.dividends import CashDividend
from cream.core.pricing.quotes import Quote, Style
from cream.core.pricing.rows import Contracts, contracts

GOLDEN = Path(__file__).parents[3] / "data" / "options-golden.csv"

# (sign, spot, strike, rate, yield, years, volatility), one array each.
Table = NDArray[np.float64]


def golden() -> list[dict[str, str]]:
    with GOLDEN.open(newline="") as file:
        return list(csv.DictReader(file))


def golden_quote(row: dict[str, str], *, by_price: bool = False) -> Quote:
    parts = [one.split(":") for one in row["dividends"].split(";") if one]
    return Quote(
        style=Style(row["style"]),
        is_call=row["flag"] == "c",
        spot=float(row["spot"]),
        strike=float(row["strike"]),
        rate=float(row["rate"]),
        dividend_yield=float(row["div_yield"]),
        years=float(row["t_years"]),
        dividends=tuple(CashDividend(float(d) / 365, float(cash)) for d, cash in parts),
        sigma=None if by_price else float(row["sigma"]),
        price=float(row["price"]) if by_price else None,
    )


def batch_of(table: Table) -> Contracts:
    return contracts(*table[:6])


def chain(strikes: int = 200) -> tuple[Contracts, NDArray[np.float64]]:
    """Ten expiries, both sides, a smile: 20 contracts for each strike."""
    spot = 187.35
    days = np.array([1, 7, 14, 30, 60, 90, 180, 270, 365, 730])
    strike = np.tile(np.repeat(np.linspace(90.0, 290.0, strikes), 2), days.size)
    sign = np.tile([1.0, -1.0], strikes * days.size)
    years = np.repeat(days / 365, 2 * strikes)
    skew = np.log(strike / spot)
    sigma = np.maximum(0.25 - 0.05 * skew + 0.1 * skew**2, 0.05)
    return contracts(sign, spot, strike, 0.045, 0.0052, years), sigma


def hard(seed: int, each: int) -> Table:
    """Far out of the money, minutes to expiry, next to no variance, a lot of it, deep in."""
    chance = np.random.default_rng(seed)
    groups = []
    for kind in range(5):
        sign = chance.choice([-1.0, 1.0], each)
        spot = chance.uniform(5.0, 500.0, each)
        rate, carry = chance.uniform(-0.01, 0.08, each), chance.uniform(0.0, 0.06, each)
        years = chance.uniform(0.01, 2.0, each)
        sigma = chance.uniform(0.05, 0.8, each)
        spread = sigma * np.sqrt(years)
        match kind:
            case 0:
                shift = sign * chance.uniform(6.0, 30.0, each) * spread
            case 1:
                years = chance.uniform(1_800.0, 172_800.0, each) / 31_536_000
                shift = chance.uniform(-4.0, 4.0, each) * sigma * np.sqrt(years)
            case 2:
                sigma = 10.0 ** chance.uniform(-5.0, -2.0, each) / np.sqrt(years)
                shift = (rate - carry) * years
            case 3:
                sigma = chance.uniform(2.0, 6.0, each)
                shift = chance.uniform(-1.0, 1.0, each)
            case _:
                shift = -sign * chance.uniform(0.5, 3.0, each) * spread
        strike = spot * np.exp(shift)
        groups.append(np.stack([sign, spot, strike, rate, carry, years, sigma]))
    return np.concatenate(groups, axis=1)


def exact_price(row: Table) -> float:
    """Black-Scholes-Merton to forty digits, rounded once."""
    with mpmath.workdps(40):
        sign, spot, strike, rate, carry, years, sigma = map(mpmath.mpf, row)
        spread = sigma * mpmath.sqrt(years)
        d1 = (mpmath.log(spot / strike) + (rate - carry) * years) / spread + spread / 2
        have = spot * mpmath.exp(-carry * years) * _below(sign * d1)
        owe = strike * mpmath.exp(-rate * years) * _below(sign * (d1 - spread))
        return float(sign * (have - owe))


def _below(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2
