"""Which legs does Alpaca take in one order: a spread, or a roll of one thing into another?

Source: docs.alpaca.markets, Options Level 3 Trading, 2026-11: two to four distinct options on one
underlying, ratios in lowest terms, an intent for each, and every option that is sold to open
covered within the order.
"""

from collections.abc import Iterator, Sequence
from math import gcd

from attrs import frozen

from cream.core.model.instrument import OptionRight
from cream.core.model.order import OrderLeg
from cream.core.model.plan import PositionIntent

MIN_LEGS = 2
MAX_LEGS = 4

_BUYS = frozenset((PositionIntent.BUY_TO_OPEN, PositionIntent.BUY_TO_CLOSE))


@frozen
class RuleBreach:
    """One rule that the order breaks. `field` is the field of `OrderTerms` at fault."""

    code: str
    message: str
    field: str


def rolls_as_one(legs: Sequence[OrderLeg]) -> bool:
    """Whether one order of these legs is taken that closes with some and opens with others.

    What covers an option that is sold to open must be bought to open in the same order: shares,
    cash and what is held already do not count. So a single option that was sold is closed with one
    order and opened again with another.
    """
    opening = sum(leg.opens for leg in legs)
    if not 0 < opening < len(legs):
        return False
    return not any(True for _ in leg_breaches(legs, legs[0].contract.underlying))


def leg_breaches(legs: Sequence[OrderLeg], underlying: str) -> Iterator[RuleBreach]:
    """Every rule that the legs of a multi-leg order on `underlying` break."""
    if not MIN_LEGS <= len(legs) <= MAX_LEGS:
        message = f"mleg orders must have {MIN_LEGS} to {MAX_LEGS} legs"
        yield RuleBreach("INVALID_LEG_COUNT", message, "legs")
    if len({leg.contract for leg in legs}) != len(legs):
        yield RuleBreach("DUPLICATE_LEGS", "every leg must be another contract", "legs")
    for index, leg in enumerate(legs):
        field = f"legs[{index}]"
        if leg.contract.underlying != underlying:
            message = f"underlying asset mismatch: {underlying} != {leg.contract.underlying}"
            yield RuleBreach("UNDERLYING_MISMATCH", message, field)
        if leg.ratio == 0:
            yield RuleBreach("INVALID_RATIO", "ratio_qty must not be zero", field)
        elif (leg.intent in _BUYS) != (leg.ratio > 0):
            message = f"position intent mismatch: {leg.intent.value} with ratio {leg.ratio}"
            yield RuleBreach("POSITION_INTENT_MISMATCH", message, field)
    if legs and gcd(*(leg.ratio for leg in legs)) > 1:
        message = "the ratios of the legs must have no common divisor"
        yield RuleBreach("INVALID_RATIO", message, "legs")
    for right in OptionRight:
        if not _covered(legs, right):
            message = f"a short {right.value.lower()} must be covered by a long leg of the order"
            yield RuleBreach("UNCOVERED_LEG", message, "legs")


def _covered(legs: Sequence[OrderLeg], right: OptionRight) -> bool:
    """Whether every contract sold to open is matched by one bought to open that lives as long."""
    opening = sorted(
        (leg for leg in legs if leg.contract.right is right and leg.opens),
        # The longest lives first, and of one expiry the long legs: cover comes before its use.
        key=lambda leg: (leg.contract.expiration, leg.ratio),
        reverse=True,
    )
    cover = 0
    for leg in opening:
        cover += leg.ratio
        if cover < 0:
            return False
    return True
