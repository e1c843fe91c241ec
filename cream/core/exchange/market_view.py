"""What does the venue see of the market? Quotes, whether each is a new one, and what is listed."""

from datetime import datetime
from typing import Protocol

from cream.core.model.instrument import Instrument
from cream.core.model.market import Quote


class VenueMarket(Protocol):
    """The market that the simulated venue trades in."""

    def latest(self, symbol: str) -> Quote | None:
        """The current quote of `symbol`; None where there is no such thing."""
        ...

    def generation(self, symbol: str) -> int:
        """A number that grows with every new quote of `symbol`.

        A quote that is only stamped anew keeps its number: its displayed size is not there twice.
        """
        ...

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        """Whether this instrument is listed and can still trade at `now`."""
        ...
