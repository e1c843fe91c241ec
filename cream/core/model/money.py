"""How does Cream do arithmetic with money? In `Decimal`, rounded only to a venue's tick."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)

# Averages are quotients; ten places is beyond what any venue quotes, and stays readable.
_AVERAGE_QUANTUM = Decimal("0.0000000001")

# No amount, price or size has as many digits before its point, or zeros behind it. Arithmetic with
# 1e999999999 overflows, a whole number of it is never done, and writing it out takes a gigabyte.
MOST_PLACES = 40

# Wide enough for every quotient of numbers that an edge lets in, however large: an odd number is
# an odd result, never an exception.
_WIDE = Context(prec=120)


def decimal_from_float(value: float) -> Decimal:
    """The decimal that prints like `value`: its shortest round-trip text, never its binary tail.

    Raises: ValueError for NaN and infinities.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("not a finite number")
    return Decimal(repr(value))


def is_within_reason(number: Decimal, places: int = MOST_PLACES) -> bool:
    """Whether it is a number that can be calculated with and written out."""
    return number.is_finite() and -places <= number.adjusted() < places


def round_to_tick_down(price: Decimal, tick: Decimal) -> Decimal:
    """The highest multiple of `tick` that is not above `price`."""
    return (price / tick).to_integral_value(ROUND_FLOOR) * tick


def round_to_tick_up(price: Decimal, tick: Decimal) -> Decimal:
    """The lowest multiple of `tick` that is not below `price`."""
    return (price / tick).to_integral_value(ROUND_CEILING) * tick


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether `value` lies on the grid of `step`."""
    return _WIDE.remainder(value, step) == 0


def floor_units(value: Decimal) -> Decimal:
    """`value` without its fraction, toward less risk (toward zero for positive values)."""
    return value.to_integral_value(ROUND_FLOOR)


def average(total: Decimal, count: Decimal) -> Decimal:
    """`total / count` to ten places, without trailing zeros beyond cents."""
    return trim(_to_ten_places(_WIDE.divide(total, count)))


def share_of(total: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`total * part / whole` to ten places; all of `total`, exactly, where part is the whole."""
    if part == whole:
        return total
    return _to_ten_places(_WIDE.divide(_WIDE.multiply(total, part), whole))


def _to_ten_places(value: Decimal) -> Decimal:
    return value.quantize(_AVERAGE_QUANTUM, ROUND_HALF_EVEN, _WIDE)


def cut(value: Decimal, places: int, rounding: str) -> Decimal:
    """`value` in at most `places` decimal places; one that has no more stays as it is written."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -places:
        return value
    return value.quantize(ONE.scaleb(-places), rounding, _WIDE)


def trim(value: Decimal) -> Decimal:
    """The same number with at least two places and no zeros behind them."""
    short = value.normalize(_WIDE)
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -2:
        return short.quantize(Decimal("0.01"), context=_WIDE)
    return short


def decimal_text(value: Decimal) -> str:
    """`value` as people and JSON read it: plain digits, never an exponent, scale kept."""
    return format(value, "f")
