"""How many units is "5000 dollars" or "3 percent of equity"? Never more than was asked for."""

from decimal import Decimal

from attrs import frozen

from cream.core.model.money import ZERO, floor_units
from cream.core.model.plan import Size, SizeUnit

_PERCENT = Decimal(100)


@frozen
class Unsized:
    """The size cannot be told in units, because `missing` is not known."""

    missing: str


def units(size: Size, unit_cost: Decimal | None, equity: Decimal | None) -> Decimal | Unsized:
    """The whole number of shares, contracts or spreads that `size` means; zero if it is less.

    SHARES and CONTRACTS are taken as they stand: rounding them is not ours to do. `unit_cost` is
    what one unit puts at stake: its price times the multiplier, or the largest loss of a spread.

    Units: `unit_cost` and `equity` in dollars; PCT_EQUITY is a percent, so 5 is a twentieth.
    """
    match size.unit:
        case SizeUnit.SHARES | SizeUnit.CONTRACTS:
            return size.quantity
        case SizeUnit.DOLLARS:
            return _affordable(size.quantity, unit_cost)
        case SizeUnit.PCT_EQUITY:
            if equity is None:
                return Unsized("the account's equity")
            return _affordable(max(ZERO, equity) * size.quantity / _PERCENT, unit_cost)


def _affordable(dollars: Decimal, unit_cost: Decimal | None) -> Decimal | Unsized:
    if unit_cost is None or unit_cost <= 0:
        return Unsized("a price")
    if dollars <= 0:
        return ZERO
    count = floor_units(dollars / unit_cost)
    # The quotient is rounded in its 28th digit, and so may have become whole from below.
    return count - 1 if count * unit_cost > dollars else count
