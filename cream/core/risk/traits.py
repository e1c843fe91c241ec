"""Which rules have anything to say of a case?"""

from enum import Enum
from typing import NamedTuple, assert_never


class Scope(Enum):
    """What a case must have for a rule to have anything to say of it."""

    ALWAYS = "always"
    INCREASES = "increases"
    EXITS = "exits"
    SEVERAL = "several"
    FAULTS = "faults"
    OPTIONS = "options"
    LEANS = "leans"
    UNUSUAL = "unusual"
    LOOSE_LEVELS = "loose_levels"
    RESTRICTED = "restricted"
    CLOSED = "closed"
    LOSS_LIMITS = "loss_limits"
    DAY_TRADES = "day_trades"


class Traits(NamedTuple):
    """What a case has: the scopes that it falls into.

    `unusual`: some intent is more than a plain entry in shares (see `Intent.is_plain`). Of
    increases only: `loose_levels` says that some stop or target is not where it belongs,
    `restricted` that the state of trading is not ACTIVE, `closed` that the market is, `loss_limits`
    that losses are limited. `day_trades`: those are. `repeats`: some instrument may be traded by
    more than one decision.
    """

    increases: bool
    exits: bool
    several: bool
    faults: bool
    options: bool
    leans: bool
    unusual: bool = True
    loose_levels: bool = True
    restricted: bool = True
    closed: bool = True
    loss_limits: bool = True
    day_trades: bool = True
    repeats: bool = True

    def has(self, scope: Scope) -> bool:
        """Whether a rule of this scope has anything to say."""
        match scope:
            case Scope.ALWAYS:
                return True
            case Scope.INCREASES:
                return self.increases
            case Scope.EXITS:
                return self.exits or self.faults
            case Scope.SEVERAL:
                return self.several
            case Scope.FAULTS:
                return self.faults
            case Scope.OPTIONS:
                return self.options
            case Scope.LEANS:
                return self.leans
            case Scope.UNUSUAL:
                return self.unusual
            case Scope.LOOSE_LEVELS:
                return self.loose_levels
            case Scope.RESTRICTED:
                return self.restricted
            case Scope.CLOSED:
                return self.closed
            case Scope.LOSS_LIMITS:
                return self.loss_limits
            case Scope.DAY_TRADES:
                return self.day_trades
        assert_never(scope)
