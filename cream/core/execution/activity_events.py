"""What can happen to the account besides orders? The events, as those of `events.py`."""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.model.activity import Activity


@frozen(kw_only=True)
class ActivityNoted:
    """The broker told of something that is no fill; again with the same id: it is told anew."""

    at: datetime
    activity: Activity


@frozen(kw_only=True)
class CashUnexplained:
    """What of the cash at the broker no fill and no activity explains is now this much in all.

    Units: dollars; zero once everything is explained.
    """

    at: datetime
    amount: Decimal


ActivityEvent = ActivityNoted | CashUnexplained
