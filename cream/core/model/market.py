"""What is a price worth knowing: a quote with its time, and how much it can be trusted?"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Generic, TypeVar

from attrs import frozen

from cream.core.model.money import trim

T = TypeVar("T")


class MarketStatus(Enum):
    """Where in its day a market stands."""

    PRE_MARKET = "PRE_MARKET"
    OPEN = "OPEN"
    AFTER_HOURS = "AFTER_HOURS"
    CLOSED = "CLOSED"


@frozen(kw_only=True)
class Quote:
    """Best bid and offer. Units: dollars per share; shares or contracts. `at` is exchange time.

    `at_ns` is the same to the nanosecond (since 1970, UTC), where the feed says so. `confirmed_at`
    is when the feed, asked again, still showed this quote: a quiet market is no stale one.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int
    at: datetime
    last: Decimal | None = None
    at_ns: int | None = None
    confirmed_at: datetime | None = None

    @property
    def as_of(self) -> datetime:
        """The latest moment at which this is known to have been the market."""
        confirmed = self.confirmed_at
        return self.at if confirmed is None or confirmed < self.at else confirmed

    @property
    def mid(self) -> Decimal:
        """The middle of bid and ask."""
        return trim((self.bid + self.ask) / 2)

    @property
    def is_crossed(self) -> bool:
        """Whether the bid is above the ask: no price can be taken from it."""
        return self.bid > self.ask


@frozen
class Known(Generic[T]):
    """A value that is fresh enough to judge by."""

    value: T


@frozen
class Stale(Generic[T]):
    """A value that was true `age_seconds` ago, longer than its limit."""

    value: T
    age_seconds: float


@frozen
class Unknown:
    """No value. Never to be read as zero: nothing is known of it."""

    why: str


Datum = Known[T] | Stale[T] | Unknown
