"""What does JSON say of the account's history, of its fees, and of what is wrong with it?

As in `json_types.py`: the classes are the reply and the OpenAPI document. Numbers are decimals as
text.
"""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class Activity:
    """A row of the account's history that is no fill of an order.

    `word` and `sub_word` are the broker's own for its `type`; `group_id` names the rows that belong
    together. `status` is executed, correct, canceled or pending; only the first two count.
    `date` is the row's own, in New York; `noted_at` is when Cream read it. `quantity` is signed,
    `net_amount` negative where the account paid.
    """

    activity_id: str
    type: str
    word: str
    sub_word: str
    date: str
    status: str
    symbol: str
    quantity: str | None
    price: str | None
    net_amount: str
    description: str
    group_id: str
    noted_at: datetime


@frozen(kw_only=True)
class Activities:
    """A page of the history, the newest day first. The cursor is null where nothing more follows.

    `kept_days`: how long a row is remembered here after it was noted last.
    """

    activities: tuple[Activity, ...]
    next_cursor: str | None
    kept_days: int


@frozen(kw_only=True)
class DayOfFees:
    """One kind of fee on one trade date: the estimate, rounded up to the cent, and the charge.

    Both are dollars that the account pays. `charged` and `differs` are null until the day has a row
    of the broker; `differs` is true where the two are more than a cent apart.
    """

    date: str
    kind: str
    estimated: str
    charged: str | None
    differs: bool | None


@frozen(kw_only=True)
class Fees:
    """What trades were estimated to cost and what was charged, by day and kind, oldest first."""

    fees: tuple[DayOfFees, ...]


@frozen(kw_only=True)
class OptionAlarm:
    """What an operator has to know of an option that is held.

    `kind` is orphan_leg, expires_held, not_closed or roll_due.
    """

    symbol: str
    kind: str
    message: str
    since: datetime


@frozen(kw_only=True)
class OptionAlarms:
    """Every alarm about options that stands, by symbol."""

    alarms: tuple[OptionAlarm, ...]
