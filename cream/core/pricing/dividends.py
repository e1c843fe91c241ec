"""Which dividends fall into an option's life, and what are they worth today?

Three models are in use and differ by cents. *Escrowed* (European): the volatility acts on the spot
less the present value of the dividends, for which the closed form then holds. *Spot* (American):
the price drops by the dividend on the ex-date; see `cash_dividends`. *Equivalent yield*: a
continuous yield with the same forward, for the tick path.

Units: years from now; dollars per share. A dividend at zero years is still to come off the spot;
one at or after expiry belongs to whoever exercised, and does not count.
"""

import math

import numpy as np
from attrs import frozen

from cream.core.pricing.normal import Floats


@frozen
class CashDividend:
    """One payment, by its ex-date."""

    years: float
    amount: float


Schedule = tuple[CashDividend, ...]


def schedule(dividends: Schedule, years: float) -> Schedule:
    """Those that count for an option with that much time left, in order of time."""
    ahead = [one for one in dividends if 0.0 <= one.years < years and one.amount != 0.0]
    return tuple(sorted(ahead, key=lambda one: one.years))


def fault(dividends: Schedule) -> str | None:
    """What is wrong with a schedule, if anything is."""
    for one in dividends:
        if not (math.isfinite(one.years) and math.isfinite(one.amount)):
            return "a dividend's time and amount must be finite numbers"
        if one.amount < 0.0:
            return f"a dividend of {one.amount} is negative"
        if one.years < 0.0:
            return "a dividend lies in the past"
    return None


def present_value(dividends: Schedule, rate: Floats, dividend_yield: Floats) -> Floats:
    """What the dividends take off the spot today.

    Discounted at rate less yield, so that the forward is the one of a share that pays both.
    """
    total = np.zeros_like(rate)
    for one in dividends:
        total += one.amount * np.exp(-(rate - dividend_yield) * one.years)
    return total


def present_value_slope(dividends: Schedule, rate: Floats, dividend_yield: Floats) -> Floats:
    """The derivative of `present_value` in the rate."""
    total = np.zeros_like(rate)
    for one in dividends:
        total -= one.years * one.amount * np.exp(-(rate - dividend_yield) * one.years)
    return total


def equivalent_yield(
    spot: float, rate: float, dividend_yield: float, years: float, dividends: Schedule
) -> float:
    """The continuous yield with the same forward at `years` as the yield and the dividends have.

    Raises: ValueError if no time is left, or the dividends are worth more than the share.
    """
    if years <= 0.0:
        raise ValueError("an equivalent yield needs time left")
    paid = 0.0
    for one in schedule(dividends, years):
        paid += one.amount * math.exp(-(rate - dividend_yield) * one.years)
    if paid >= spot:
        raise ValueError(f"the dividends are worth {paid}, the share {spot}")
    return dividend_yield - math.log1p(-paid / spot) / years
