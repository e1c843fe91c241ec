"""What can happen to a position that is rolled, beyond orders and fills?

Part of the journal, as the events in `events.py` are, and bound by the same rules. How far a roll
has come follows from its orders, whose ids follow from the roll's
(`core/execution/roll_steps.py`).
"""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.options.roll_legs import RollLeg
from cream.core.options.roll_levels import RollLevels


@frozen(kw_only=True)
class RollOwed:
    """A position is to be closed and opened again further out; owed until it is settled.

    `units` times, `closes` are closed and `opens` opened; `as_one`: by one order that does both,
    otherwise one after the other. `limit` is the net price at which it was decided, `most_debit`
    what no unit may cost together (None: no bound). `reasons` are its triggers, or who asked
    (`actor`, empty for the daemon itself). `levels` are those of the old position.
    """

    at: datetime
    roll_id: str
    closes: tuple[RollLeg, ...]
    opens: tuple[RollLeg, ...]
    units: int
    as_one: bool
    limit: Decimal
    most_debit: Decimal | None
    urgent: bool
    reasons: tuple[str, ...]
    levels: RollLevels | None = None
    actor: str = ""

    @property
    def legs(self) -> tuple[RollLeg, ...]:
        """All that it is about."""
        return (*self.closes, *self.opens)

    @property
    def underlying(self) -> str:
        """What all its contracts are options on."""
        return self.closes[0].contract.underlying


@frozen(kw_only=True)
class RollSettled:
    """A roll is over. Units: `closed` and `opened` in units of the roll.

    `outcome` is a word of `core/execution/roll_steps.py`, `message` says how it ended.
    """

    at: datetime
    roll_id: str
    outcome: str
    closed: Decimal
    opened: Decimal
    message: str
