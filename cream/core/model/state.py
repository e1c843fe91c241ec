"""May Cream trade, and if not, who or what said so?"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from attrs import frozen


class TradingState(Enum):
    """ACTIVE trades; REDUCING and HALTED let only exits and cancels through."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"

    @property
    def rank(self) -> int:
        """Higher is more restrictive."""
        return _RANK[self]

    @property
    def allows_increases(self) -> bool:
        """Whether orders that add risk may leave."""
        return self is TradingState.ACTIVE


_RANK = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}


class Cause(Enum):
    """Who can restrict trading; each cause is cleared by its own rule."""

    OPERATOR = "operator"
    DISCONNECT = "disconnect"
    PERSISTENCE = "persistence"
    RECONCILIATION = "reconciliation"
    LOSS_LIMIT = "loss_limit"


@frozen(kw_only=True)
class Restriction:
    """One standing cause and the state it demands."""

    cause: Cause
    state: TradingState
    reason: str
    actor: str
    since: datetime


def most_restrictive(restrictions: Mapping[Cause, Restriction]) -> TradingState:
    """The state that all standing causes together demand; ACTIVE when there is none."""
    states = (restriction.state for restriction in restrictions.values())
    return max(states, key=lambda state: state.rank, default=TradingState.ACTIVE)
