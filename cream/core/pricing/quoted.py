"""Which sensitivities does the price that is quoted for an option stand for?

Listed options on shares may be exercised early. Where that can pay (puts, and calls before a
dividend) the volatility is the one at which a tree gives the price, elsewhere the one at which
Black-Scholes does. A price that no volatility gives (below what exercising brings, or above the
share) is read with the nearest one that is allowed, so that its delta is still one or zero.

Units: as in `black_scholes`: per share, per year, volatility as a fraction per year.
"""

from collections.abc import Sequence

from cream.core.model.instrument import OptionRight
from cream.core.pricing import tree
from cream.core.pricing.black_scholes import Valuation, value

# A listed option outside of this is quoted wrongly, or is all intrinsic value.
LEAST_VOLATILITY = 0.01
MOST_VOLATILITY = 5.0
# Where the search begins: about what shares have.
_FIRST_VOLATILITY = 0.3
# A hundredth of a cent: finer than any quote.
_TOLERANCE = 1e-4
# Newton needs four or five near the money; halving the range finds the rest to a millionth.
_MOST_STEPS = 30
# A tree costs as much as a hundred closed forms: a tenth of a cent will do, which mostly takes
# three or four, and where the price hardly depends on volatility halving alone finds a thousandth.
_TREE_TOLERANCE = 1e-3
_MOST_TREES = 12


def valuation_at(
    right: OptionRight, spot: float, strike: float, years: float, price: float, rate: float
) -> Valuation:
    """The European option's price and Greeks at the volatility that `price` implies.

    Raises: ValueError for a spot or strike that is not above zero, or anything that is not finite.
    """
    return implied_at(right, spot, strike, years, price, rate)[0]


def american_valuation_at(
    right: OptionRight,
    spot: float,
    strike: float,
    years: float,
    price: float,
    rate: float,
    payments: Sequence[tree.Payment] = (),
    dividend_yield: float = 0.0,
) -> Valuation:
    """As `valuation_at`, of an option that may be exercised early, with the dividends ahead.

    Raises: ValueError, also for dividends that are worth more than the share.
    """
    one = tree.option(right, spot, strike, years, payments, dividend_yield)
    european, volatility = implied_at(right, spot, strike, years, price, rate, dividend_yield)
    if years <= 0.0 or not (tree.may_be_exercised(one, rate) or one.payments):
        return european
    if price <= max(0.0, one.exercised) + _TOLERANCE:
        return one.certain
    if volatility < 2 * LEAST_VOLATILITY:
        # As a European option it could not cost so little: that is nowhere to begin from.
        volatility = _FIRST_VOLATILITY
    low, high = LEAST_VOLATILITY, MOST_VOLATILITY
    slope = value(right, spot, strike, years, volatility, rate, dividend_yield).vega
    error = tree.price(one, volatility, rate) - price
    for _ in range(_MOST_TREES):
        if abs(error) <= _TREE_TOLERANCE:
            break
        if error > 0:
            high = volatility
        else:
            low = volatility
        step = volatility - error / slope if slope > 0 else -1.0
        if not low < step < high:
            step = (low + high) / 2
        following = tree.price(one, step, rate) - price
        slope = (following - error) / (step - volatility)
        volatility, error = step, following
    return tree.value(one, volatility, rate)


def american_valuation_with(
    right: OptionRight,
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    payments: Sequence[tree.Payment] = (),
    dividend_yield: float = 0.0,
) -> Valuation:
    """As `american_valuation_at`, at this volatility instead of one that a price implies.

    Raises: ValueError, also for dividends that are worth more than the share.
    """
    one = tree.option(right, spot, strike, years, payments, dividend_yield)
    if years <= 0.0 or not (tree.may_be_exercised(one, rate) or one.payments):
        return value(right, spot, strike, years, volatility, rate, dividend_yield)
    bounded = min(max(volatility, LEAST_VOLATILITY), MOST_VOLATILITY)
    return tree.value(one, bounded, rate)


def implied_at(
    right: OptionRight,
    spot: float,
    strike: float,
    years: float,
    price: float,
    rate: float,
    dividend_yield: float = 0.0,
) -> tuple[Valuation, float]:
    """As `valuation_at`, and the volatility.   Raises: as `valuation_at`."""
    low, high = LEAST_VOLATILITY, MOST_VOLATILITY
    volatility = _FIRST_VOLATILITY
    found = value(right, spot, strike, years, volatility, rate, dividend_yield)
    for _ in range(_MOST_STEPS):
        error = found.price - price
        if abs(error) <= _TOLERANCE:
            break
        if error > 0:
            high = volatility
        else:
            low = volatility
        step = volatility - error / found.vega if found.vega > 0 else -1.0
        # A step out of the range that is left would only lead away.
        volatility = step if low < step < high else (low + high) / 2
        found = value(right, spot, strike, years, volatility, rate, dividend_yield)
    return found, volatility
