"""What is one option worth that may be exercised early, told quickly and without arrays?

A binomial tree with the strike at its centre, for one contract at a time: the gate needs a figure
now, and starting NumPy for a single row would take longer than the tree. Cash dividends come off
the spot at once, at their present value, and back onto it at nodes before their ex-date: what the
holder gets who exercises there.

Units: everything per share of the underlying; time in years; volatility and rate as fractions per
year, continuously compounded. Vega and rho are per 1.00, theta is per year.

Source: D. Leisen, M. Reimer, Binomial Models for Option Valuation, 1996. With 31 steps prices lie
within a thousandth of the strike of converged ones; a test holds Greeks against `american`.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from attrs import frozen

from cream.core.model.instrument import OptionRight
from cream.core.pricing.black_scholes import Valuation

# Odd, as the method demands. The work grows with the square.
_STEPS = 31
# Probabilities nearer to none or one than this would divide by nothing.
_LEAST_PROBABILITY = 1e-9
# What a hold is worth beyond exercise, as a part of the strike, that is none.
_NOTHING = 1e-9
# Steps of the differences that give vega and rho: a fifth of a point and a hundredth of one.
_VOLATILITY_STEP, _RATE_STEP = 0.002, 0.0001


@frozen
class Payment:
    """A cash dividend, by its ex-date. Units: years from now; dollars per share."""

    years: float
    amount: float


@frozen
class Early:
    """An option that may be exercised early. `payments` are the dividends until it ends.

    `is_call`: a call, else a put. `dividend_yield` is paid all the time, beside the payments.
    """

    is_call: bool
    spot: float
    strike: float
    years: float
    payments: tuple[Payment, ...] = ()
    dividend_yield: float = 0.0

    @property
    def exercised(self) -> float:
        """What exercising now brings; below zero: costs."""
        return self.spot - self.strike if self.is_call else self.strike - self.spot

    @property
    def certain(self) -> Valuation:
        """What it is worth with nothing left to chance: what exercising now brings, if anything."""
        if self.exercised <= 0.0:
            return Valuation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        return Valuation(self.exercised, 1.0 if self.is_call else -1.0, 0.0, 0.0, 0.0, 0.0)


@frozen
class _Top:
    """The first nodes of a tree: spots and values after none, one and two steps."""

    spot: float
    price: float
    after_one: tuple[Sequence[float], Sequence[float]]
    after_two: tuple[Sequence[float], Sequence[float]]


def option(
    right: OptionRight,
    spot: float,
    strike: float,
    years: float,
    payments: Sequence[Payment] = (),
    dividend_yield: float = 0.0,
) -> Early:
    """The option with those of the payments that fall into its life."""
    ahead = tuple(one for one in payments if 0.0 <= one.years < years and one.amount > 0.0)
    return Early(right is OptionRight.CALL, spot, strike, years, ahead, dividend_yield)


def may_be_exercised(one: Early, rate: float) -> bool:
    """Whether exercising before the end can pay: a put's for interest, a call's for a dividend."""
    return bool(one.payments) or one.dividend_yield > 0.0 if one.is_call else rate > 0.0


def price(one: Early, volatility: float, rate: float) -> float:
    """The price alone.

    Raises: ValueError for dividends that are worth more than the share, or no time or volatility.
    """
    return _top(one, volatility, rate).price


def value(one: Early, volatility: float, rate: float) -> Valuation:
    """Price and Greeks.   Raises: as `price`."""
    top = _top(one, volatility, rate)
    if top.price <= one.exercised + _NOTHING * one.strike:
        # Exercise is due now: what it is worth moves with the share and with nothing else.
        return one.certain
    (down, up), (low, high) = top.after_one
    if not up - down > _NOTHING * one.spot:
        # Minutes before the end, or far from the strike, no step of the tree leads anywhere else.
        return one.certain
    delta = (high - low) / (up - down)
    (bottom, middle, peak), (least, mean, most) = top.after_two
    slope_up, slope_down = (most - mean) / (peak - middle), (mean - least) / (middle - bottom)
    gamma = (slope_up - slope_down) / (0.5 * (peak - bottom))
    moved = volatility * (one.spot - present_value(one.payments, rate))
    carried = (rate - one.dividend_yield) * one.spot * delta
    theta = rate * top.price - carried - 0.5 * moved * moved * gamma
    above = _top(one, volatility + _VOLATILITY_STEP, rate).price
    richer = _top(one, volatility, rate + _RATE_STEP).price
    return Valuation(
        price=top.price,
        delta=delta,
        gamma=gamma,
        vega=(above - top.price) / _VOLATILITY_STEP,
        theta=theta,
        rho=(richer - top.price) / _RATE_STEP,
    )


def present_value(payments: Sequence[Payment], rate: float, at: float = 0.0) -> float:
    """What the payments after `at` are worth then."""
    return sum(
        one.amount * math.exp(-rate * (one.years - at)) for one in payments if one.years > at
    )


def _top(one: Early, volatility: float, rate: float) -> _Top:
    bare = one.spot - sum(pay.amount * math.exp(-rate * pay.years) for pay in one.payments)
    if bare <= 0.0:
        raise ValueError("the dividends are worth more than the share")
    if not (one.years > 0.0 and volatility > 0.0 and one.strike > 0.0):
        raise ValueError("a tree needs time, volatility and a strike")
    step = one.years / _STEPS
    spread = volatility * math.sqrt(one.years)
    carry = rate - one.dividend_yield
    d2 = (math.log(bare / one.strike) + carry * one.years) / spread - 0.5 * spread
    up_chance, asset_chance = _chance(d2), _chance(d2 + spread)
    growth, interest = math.exp(carry * step), math.exp(rate * step)
    up = growth * asset_chance / up_chance
    down = growth * (1.0 - asset_chance) / (1.0 - up_chance)
    rising, falling = up_chance / interest, (1.0 - up_chance) / interest
    sign = 1.0 if one.is_call else -1.0
    strike, back = one.strike, 1.0 / down
    spots = [bare * up**ups * down ** (_STEPS - ups) for ups in range(_STEPS + 1)]
    values = [max(0.0, sign * (spot - strike)) for spot in spots]
    kept: list[tuple[Sequence[float], Sequence[float]]] = []
    for number in range(_STEPS - 1, -1, -1):
        still = present_value(one.payments, rate, number * step) if one.payments else 0.0
        level = sign * (strike - still)
        spots = [spot * back for spot in spots[:-1]]
        held = [rising * high + falling * low for low, high in pairwise(values)]
        gains = [sign * spot - level for spot in spots]
        values = list(map(max, held, gains))
        if number in (1, 2):
            kept.append(([spot + still for spot in spots], values))
    return _Top(one.spot, values[0], kept[1], kept[0])


def _chance(d: float) -> float:
    """The normal distribution at `d`, as the steps of a tree can have it (Peizer and Pratt)."""
    scaled = d / (_STEPS + 1.0 / 3.0 + 0.1 / (_STEPS + 1.0))
    part = 0.5 * math.sqrt(1.0 - math.exp(-scaled * scaled * (_STEPS + 1.0 / 6.0)))
    chance = 0.5 + part if d >= 0.0 else 0.5 - part
    return min(max(chance, _LEAST_PROBABILITY), 1.0 - _LEAST_PROBABILITY)
