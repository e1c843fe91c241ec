"""What can happen to options that are held, beyond orders and fills?

Part of the journal, as the events in `events.py` are, and bound by the same rules.
"""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.execution.roll_events import RollOwed as RollOwed
from cream.core.execution.roll_events import RollSettled as RollSettled
from cream.core.model.instrument import OptionContract


@frozen(kw_only=True)
class CloseOwed:
    """All but `keep` contracts of a position must be closed; owed until it is settled.

    `cause` is a word of `core/execution/option_duties.py`. `held` is the signed quantity at that
    time: what is held on the other side later is not meant.
    """

    at: datetime
    contract: OptionContract
    held: Decimal
    keep: Decimal
    cause: str
    reason: str


@frozen(kw_only=True)
class CloseSettled:
    """What `CloseOwed` asked for is done, or can no longer be: `reason` says which."""

    at: datetime
    symbol: str
    cause: str
    reason: str


@frozen(kw_only=True)
class OptionAlarmed:
    """An operator has to know this of a position; said once until it has changed.

    `kind` is a word of `core/execution/option_duties.py`. An empty message: it is so no longer.
    """

    at: datetime
    symbol: str
    kind: str
    message: str


@frozen(kw_only=True)
class ExerciseAsked:
    """An operator instructs the broker about a long option; written down before it is sent.

    `instruction` is `exercise` or `do_not_exercise`. Units: contracts; `held` are those that are
    held at that time.
    """

    at: datetime
    request_id: str
    contract: OptionContract
    quantity: Decimal
    held: Decimal
    instruction: str
    actor: str


@frozen(kw_only=True)
class ExerciseAnswered:
    """What became of an instruction: `taken`, `refused`, or `unknown` where nobody can tell."""

    at: datetime
    request_id: str
    outcome: str
    message: str


OptionEvent = (
    CloseOwed
    | CloseSettled
    | OptionAlarmed
    | ExerciseAsked
    | ExerciseAnswered
    | RollOwed
    | RollSettled
)
