"""Where does the venue look for what it no longer keeps in memory?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.broker import Execution


class Archive(Protocol):
    """Everything that was ever written down, as it was then. Answers at once.

    What it raises when it cannot be read passes through the venue, which has changed nothing then.
    """

    def order(self, any_id: str) -> VenueOrder | None:
        """The order with this client id or broker id."""
        ...

    def changed_since(self, moment: datetime) -> Sequence[VenueOrder]:
        """Every member of each group of which one changed at `moment` or later, by sequence."""
        ...

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first."""
        ...


@frozen
class Retention:
    """What may leave memory once it is in `archive`.

    `kept` is how many groups of closed orders, how many executions and how many settlements stay:
    the latest of each. `is_whole`: no order is in the archive alone when the venue begins.
    """

    archive: Archive
    kept: int
    is_whole: bool = False
