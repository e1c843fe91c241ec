"""What happens to an account that is no trade? Fees, dividends, transfers, the fate of options.

The broker tells these late, mostly the next day, and grows new kinds: one that is not known keeps
its word and is told like the others.
"""

from datetime import date
from decimal import Decimal
from enum import Enum

from attrs import frozen

from cream.core.model.money import ZERO


class ActivityKind(Enum):
    """What it was. OTHER is whatever has no name here."""

    FEE = "FEE"
    DIVIDEND = "DIVIDEND"
    INTEREST = "INTEREST"
    TRANSFER = "TRANSFER"
    ASSIGNMENT = "ASSIGNMENT"
    EXERCISE = "EXERCISE"
    EXPIRY = "EXPIRY"
    OPTION_TRADE = "OPTION_TRADE"
    SPLIT = "SPLIT"
    SPIN_OFF = "SPIN_OFF"
    MERGER = "MERGER"
    OTHER = "OTHER"

    @property
    def moves_positions(self) -> bool:
        """Whether holdings change by it, without any order."""
        return self in _MOVES_POSITIONS


_MOVES_POSITIONS = frozenset(
    (
        ActivityKind.ASSIGNMENT,
        ActivityKind.EXERCISE,
        ActivityKind.EXPIRY,
        ActivityKind.OPTION_TRADE,
        ActivityKind.SPLIT,
        ActivityKind.SPIN_OFF,
        ActivityKind.MERGER,
    )
)


class ActivityStatus(Enum):
    """Whether it counts. A corrected row is the row as it now is."""

    EXECUTED = "executed"
    CORRECTED = "correct"
    CANCELED = "canceled"
    PENDING = "pending"


@frozen(kw_only=True)
class Activity:
    """One row of the account's history that is no fill of an order.

    `word` and `sub_word` are the broker's own for its kind; `day` is its date in New York, and
    `group_id` names the rows that belong together. Units: quantity in signed shares or contracts;
    price in dollars per share; net amount in dollars, negative where the account paid.
    """

    activity_id: str
    kind: ActivityKind
    word: str
    day: date
    status: ActivityStatus = ActivityStatus.EXECUTED
    sub_word: str = ""
    symbol: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    net_amount: Decimal = ZERO
    description: str = ""
    group_id: str = ""

    @property
    def counts(self) -> bool:
        """Whether it has happened and stands."""
        return self.status in (ActivityStatus.EXECUTED, ActivityStatus.CORRECTED)

    @property
    def moved(self) -> Decimal:
        """What it has moved in cash. Units: dollars."""
        return self.net_amount if self.counts else ZERO
