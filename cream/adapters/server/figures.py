"""How many digits of a verdict's numbers do callers see, and which way are the others rounded?

Quotients have as many digits as Decimal has. What is cut off is cut toward less risk: headroom is
never more than what would pass, and a number stays on the side of its limit where it is.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import assert_never

from attrs import frozen

from cream.core.model.money import cut
from cream.core.model.verdict import Check, Unit, Violation


@frozen
class Figures:
    """The numbers of a violation or a check, as they are shown."""

    observed: Decimal | None
    limit: Decimal | None
    headroom: Decimal | None


def violation_figures(violation: Violation) -> Figures:
    """The numbers of `violation`, each in as many places as its unit needs."""
    places = _places(violation.unit)
    observed, limit = _sides(violation.observed, violation.limit, places)
    return Figures(observed, limit, _cut(violation.headroom, places, ROUND_FLOOR))


def check_figures(check: Check) -> Figures:
    """The numbers of `check`, each in as many places as its unit needs."""
    observed, limit = _sides(check.observed, check.limit, _places(check.unit))
    return Figures(observed, limit, None)


def _places(unit: Unit) -> int:
    """Decimal places that mean something in `unit`."""
    match unit:
        case Unit.USD:
            return 2
        case Unit.USD_PER_SHARE:
            return 4  # The finest tick: prices under a dollar.
        case Unit.SECONDS:
            return 3
        case Unit.PERCENT:
            return 4  # As fine as a RATIO.
        case Unit.USD_PER_POINT | Unit.USD_PER_DAY:
            return 2
        case Unit.MINUTES | Unit.DAYS:
            return 0  # Counted in whole ones.
        case Unit.RATIO | Unit.SHARES_PER_USD | Unit.NONE:
            return 6
        case Unit.SHARES | Unit.CONTRACTS | Unit.UNITS | Unit.COUNT:
            return 9  # The finest fraction of a share that venues take.
        case _:
            assert_never(unit)


def _sides(
    observed: Decimal | None, limit: Decimal | None, places: int
) -> tuple[Decimal | None, Decimal | None]:
    """Both cut, away from each other: what was above stays above, and what was below, below."""
    if observed is not None and limit is not None and observed < limit:
        return _cut(observed, places, ROUND_FLOOR), _cut(limit, places, ROUND_CEILING)
    if observed is not None and observed == limit:
        return _cut(observed, places, ROUND_FLOOR), _cut(limit, places, ROUND_FLOOR)
    return _cut(observed, places, ROUND_CEILING), _cut(limit, places, ROUND_FLOOR)


def _cut(value: Decimal | None, places: int, rounding: str) -> Decimal | None:
    return None if value is None else cut(value, places, rounding)
