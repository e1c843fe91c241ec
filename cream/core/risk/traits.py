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


class Traits(NamedTuple):
    """What a case has: the scopes that it falls into.

    `repeats`: some instrument may be traded by more than one decision.
    """

    increases: bool
    exits: bool
    several: bool
    faults: bool
    options: bool
    leans: bool
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
        assert_never(scope)
