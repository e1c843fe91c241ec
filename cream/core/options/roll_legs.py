"""What is closed and opened by one unit of a roll, and what does that cost?

Units: prices per share of one unit, positive debit and negative credit: what is owned costs what it
is bought for and brings what it is sold for, what is owed the other way round.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from attrs import frozen

from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.money import ZERO

# Net prices of several legs are in whole cents at every venue, and those of options too.
CENT = Decimal("0.01")
_ALL = Decimal(1)


@frozen
class RollLeg:
    """One contract of one unit. `ratio` is signed: positive is owned, negative is owed."""

    contract: OptionContract
    ratio: int


@frozen
class NetPrice:
    """What one unit costs: in the middle of the market, and where it fills at once."""

    middle: Decimal
    natural: Decimal

    def __add__(self, other: "NetPrice") -> "NetPrice":
        return NetPrice(self.middle + other.middle, self.natural + other.natural)

    def limit(self, concession: Decimal, *, urgent: bool) -> Decimal:
        """The worst price to accept: never more than is to be given; all of it if it is urgent."""
        if urgent:
            # A limit below the natural price by a part of a cent would not fill.
            return self.natural.quantize(CENT, ROUND_CEILING)
        given = self.middle + min(concession, _ALL) * (self.natural - self.middle)
        return given.quantize(CENT, ROUND_FLOOR)


def cost_of(legs: Sequence[RollLeg], quotes: Mapping[str, Quote], *, opens: bool) -> NetPrice:
    """What it costs to open `legs`, or (a negative credit if they are worth something) to close
    them.   Raises: KeyError without a quote of a leg.
    """
    middle = natural = ZERO
    for leg in legs:
        quote = quotes[leg.contract.symbol]
        traded = leg.ratio if opens else -leg.ratio
        middle += traded * quote.mid
        natural += traded * (quote.ask if traded > 0 else quote.bid)
    return NetPrice(middle, natural)


def per_contract(legs: Sequence[RollLeg]) -> int:
    """Of how many units an order in these legs is counted for one unit of the roll.

    A single option is ordered by the contract, a spread as a whole.
    """
    return abs(legs[0].ratio) if len(legs) == 1 else 1


def leading(legs: Sequence[RollLeg]) -> RollLeg:
    """The leg that the others go by: the first that is owed, else the first."""
    return next((leg for leg in legs if leg.ratio < 0), legs[0])
