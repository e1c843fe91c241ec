"""What is an option worth under Black-Scholes-Merton, and how does that change?

One contract at a time and with nothing but `math`, so that importing it costs nothing: the
simulated market quotes with it. Floats live here and are turned into money by the caller.

Units: everything per share of the underlying; time in years; volatility, rates and yields as
fractions per year, continuously compounded. Vega and rho are per 1.00, theta is per year.

Source: J. Hull, Options, Futures and Other Derivatives, chapters 17 and 19; Merton's continuous
dividend yield.
"""

import math

from attrs import frozen

from cream.core.model.instrument import OptionRight

_SQRT_2 = math.sqrt(2.0)
_SQRT_2_PI = math.sqrt(2.0 * math.pi)

# Below this standard deviation of the log price nothing is left to chance that a double can show.
_NO_SPREAD = 1e-12


@frozen
class Valuation:
    """A price and its sensitivities. Units: as the module says."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


def value(
    right: OptionRight,
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> Valuation:
    """Price and Greeks of a European option.

    At or past expiry, and without volatility, the option is worth what it would certainly pay:
    its intrinsic value, on the forward and discounted where time is left; gamma and vega are zero.

    Raises: ValueError for a spot or strike that is not above zero, or anything that is not finite.
    """
    _check(spot, strike, years, volatility, rate, dividend_yield)
    sign = 1.0 if right is OptionRight.CALL else -1.0
    years = max(years, 0.0)
    root = math.sqrt(years)
    spread = volatility * root
    if spread <= _NO_SPREAD:
        return _certain(sign, spot, strike, years, rate, dividend_yield)
    d1 = (
        math.log(spot / strike) + (rate - dividend_yield + 0.5 * volatility * volatility) * years
    ) / spread
    d2 = d1 - spread
    asset = spot * math.exp(-dividend_yield * years)
    cash = strike * math.exp(-rate * years)
    n1, n2 = _normal_cdf(sign * d1), _normal_cdf(sign * d2)
    density = _normal_pdf(d1)
    decay = -asset * density * volatility / (2.0 * root)
    carry = sign * (dividend_yield * asset * n1 - rate * cash * n2)
    return Valuation(
        price=max(0.0, sign * (asset * n1 - cash * n2)),
        delta=sign * (asset / spot) * n1,
        gamma=asset * density / (spot * spot * spread),
        vega=asset * density * root,
        theta=decay + carry,
        rho=sign * cash * years * n2,
    )


def price(
    right: OptionRight,
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> float:
    """The price alone; otherwise as `value`."""
    return value(right, spot, strike, years, volatility, rate, dividend_yield).price


def intrinsic(right: OptionRight, spot: float, strike: float) -> float:
    """What exercising now would bring."""
    gain = spot - strike if right is OptionRight.CALL else strike - spot
    return max(0.0, gain)


def _certain(
    sign: float, spot: float, strike: float, years: float, rate: float, dividend_yield: float
) -> Valuation:
    """The limit of zero variance: the forward is known, so the option is exercised or worthless."""
    asset = spot * math.exp(-dividend_yield * years)
    cash = strike * math.exp(-rate * years)
    gain = sign * (asset - cash)
    if gain <= 0.0:
        return Valuation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return Valuation(
        price=gain,
        delta=sign * asset / spot,
        gamma=0.0,
        vega=0.0,
        theta=sign * (dividend_yield * asset - rate * cash) if years > 0.0 else 0.0,
        rho=sign * cash * years,
    )


def _check(spot: float, strike: float, *others: float) -> None:
    if not all(math.isfinite(number) for number in (spot, strike, *others)):
        raise ValueError("every input must be a finite number")
    if spot <= 0.0 or strike <= 0.0:
        raise ValueError(f"spot {spot} and strike {strike} must be above zero")


def _normal_cdf(x: float) -> float:
    # erfc keeps the digits of the far tail, which 1 + erf would round away.
    return 0.5 * math.erfc(-x / _SQRT_2)


def _normal_pdf(x: float) -> float:
    return math.exp(-0.5 * x * x) / _SQRT_2_PI
