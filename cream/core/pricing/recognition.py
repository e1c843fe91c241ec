"""Which strategy is a set of legs?

Answers for one reduced unit (`strategies.unit`). What fits no name is CUSTOM, and what sells more
than it buys of one kind is flagged: its risk is not that of the spread it looks like.
"""

from enum import Enum, Flag, auto

from attrs import frozen

from cream.core.model.instrument import OptionRight
from cream.core.pricing.payoff import worst_payoff
from cream.core.pricing.strategies import Strategy, StrategyLeg

CALL, PUT = OptionRight.CALL, OptionRight.PUT


class Kind(Enum):
    """The names of strategies. A word of direction, where there is one, is in `Named.variant`."""

    SINGLE = "single"
    COVERED_CALL = "covered call"
    CASH_SECURED_PUT = "cash-secured put"
    PROTECTIVE_PUT = "protective put"
    VERTICAL = "vertical"
    STRADDLE = "straddle"
    STRANGLE = "strangle"
    IRON_CONDOR = "iron condor"
    IRON_BUTTERFLY = "iron butterfly"
    BUTTERFLY = "butterfly"
    CALENDAR = "calendar"
    DIAGONAL = "diagonal"
    COLLAR = "collar"
    RATIO = "ratio"
    CUSTOM = "custom"


class Warnings(Flag):
    """What a name alone would hide."""

    NONE = 0
    # More of one kind is sold than is bought or covered by shares.
    UNCOVERED = auto()
    # A butterfly whose wings are of different width: one side risks more than the name suggests.
    UNEVEN_WINGS = auto()
    # A calendar or diagonal that sells the later contract: nothing covers it in between.
    LATER_IS_SHORT = auto()


@frozen
class Named:
    """The name, its direction (`long`, `short`, `bull call`, ...), and what to beware of."""

    kind: Kind
    variant: str = ""
    warnings: Warnings = Warnings.NONE

    @property
    def title(self) -> str:
        """For people: `bull call vertical`."""
        return f"{self.variant} {self.kind.value}".strip()


def recognise(strategy: Strategy) -> Named:
    """The name of one unit."""
    legs = strategy.legs
    found: Named | None = None
    if strategy.lots:
        found = _with_shares(strategy)
    elif len({leg.contract.expiration for leg in legs}) > 1:
        found = _over_time(legs)
    else:
        found = {1: _single, 2: _two, 3: _three, 4: _four}.get(len(legs), _none)(legs)
    named = found or Named(Kind.CUSTOM)
    if _is_uncovered(strategy) and named.kind is not Kind.CASH_SECURED_PUT:
        return Named(named.kind, named.variant, named.warnings | Warnings.UNCOVERED)
    return named


def _is_uncovered(strategy: Strategy) -> bool:
    return worst_payoff(strategy.holdings) is None


def _none(_: tuple[StrategyLeg, ...]) -> Named | None:
    return None


def _single(legs: tuple[StrategyLeg, ...]) -> Named | None:
    (leg,) = legs
    right = leg.contract.right.value.lower()
    if leg.ratio == -1 and leg.contract.right is PUT:
        return Named(Kind.CASH_SECURED_PUT)
    return Named(Kind.SINGLE, f"{_side(leg)} {right}")


def _with_shares(strategy: Strategy) -> Named | None:
    terms = [(leg.contract.right, leg.ratio) for leg in strategy.legs]
    if strategy.lots != 1:
        return None
    match terms:
        case [(OptionRight.CALL, -1)]:
            return Named(Kind.COVERED_CALL)
        case [(OptionRight.PUT, 1)]:
            return Named(Kind.PROTECTIVE_PUT)
        case [(OptionRight.PUT, 1), (OptionRight.CALL, -1)] | [
            (OptionRight.CALL, -1),
            (OptionRight.PUT, 1),
        ]:
            return Named(Kind.COLLAR)
        case _:
            return None


def _over_time(legs: tuple[StrategyLeg, ...]) -> Named | None:
    if len(legs) != 2:
        return None
    near, far = legs
    if near.contract.right is not far.contract.right or near.ratio != -far.ratio:
        return None
    kind = Kind.CALENDAR if near.contract.strike == far.contract.strike else Kind.DIAGONAL
    right = near.contract.right.value.lower()
    if far.ratio > 0:
        return Named(kind, f"long {right}")
    return Named(kind, f"short {right}", Warnings.LATER_IS_SHORT)


def _two(legs: tuple[StrategyLeg, ...]) -> Named | None:
    first, second = legs
    same_right = first.contract.right is second.contract.right
    if same_right and first.ratio * second.ratio < 0:
        if first.ratio != -second.ratio:
            return Named(Kind.RATIO, first.contract.right.value.lower())
        # Legs ascend in strike: who buys the lower strike gains as the price rises.
        trend = "bull" if first.ratio > 0 else "bear"
        return Named(Kind.VERTICAL, f"{trend} {first.contract.right.value.lower()}")
    if not same_right and first.ratio == second.ratio:
        put, call = legs
        if put.contract.strike == call.contract.strike:
            return Named(Kind.STRADDLE, _side(put))
        if put.contract.strike < call.contract.strike:
            return Named(Kind.STRANGLE, _side(put))
    return None


def _three(legs: tuple[StrategyLeg, ...]) -> Named | None:
    low, body, high = legs
    if len({leg.contract.right for leg in legs}) != 1:
        return None
    if low.ratio != high.ratio or body.ratio != -2 * low.ratio:
        return None
    wings = body.contract.strike - low.contract.strike, high.contract.strike - body.contract.strike
    warnings = Warnings.NONE if wings[0] == wings[1] else Warnings.UNEVEN_WINGS
    return Named(Kind.BUTTERFLY, f"{_side(low)} {low.contract.right.value.lower()}", warnings)


def _four(legs: tuple[StrategyLeg, ...]) -> Named | None:
    rights = [leg.contract.right for leg in legs]
    ratios = [leg.ratio for leg in legs]
    if rights != [PUT, PUT, CALL, CALL] or ratios not in ([1, -1, -1, 1], [-1, 1, 1, -1]):
        return None
    low, put, call, high = (leg.contract.strike for leg in legs)
    side = "short" if ratios[0] > 0 else "long"
    if put > call:
        return None
    even = put - low == high - call
    warnings = Warnings.NONE if even else Warnings.UNEVEN_WINGS
    return Named(Kind.IRON_BUTTERFLY if put == call else Kind.IRON_CONDOR, side, warnings)


def _side(leg: StrategyLeg) -> str:
    return "long" if leg.ratio > 0 else "short"
