"""Can a price be taken from this quote? What no market would trade at is kept from every stop.

A quote with one side, a crossed one, one that is wide beyond sense, one from outside the trading
day, one that comes after a newer one or from the future: none of them is a price. A jump is held
back until it is confirmed, by further quotes near it or by standing for a moment; a market that
really falls is late by that much and no more.
"""

from datetime import timedelta
from decimal import Decimal
from enum import Enum

from attrs import define, frozen

from cream.core.model.market import MarketStatus, Quote

_SECOND = 1_000_000_000
# Clocks are off by tenths of a second (a stepping host by more); a quote from further ahead would
# count as fresh for as long as that.
AHEAD_NS = 5 * _SECOND
# After so long a night has passed, and prices begin anew.
MEMORY = timedelta(hours=4)


class Unusable(Enum):
    """Why no price is taken from a quote."""

    ONE_SIDED = "one_sided"
    CROSSED = "crossed"
    WIDE = "wide"
    OFF_SESSION = "off_session"
    OUT_OF_ORDER = "out_of_order"
    FROM_THE_FUTURE = "from_the_future"
    JUMP = "jump"


@frozen(kw_only=True)
class FilterLimits:
    """What is beyond sense. Units: fractions of the middle; quotes; seconds.

    `max_spread` and `max_jump` are for shares: the price of an option may well double.
    """

    max_spread: Decimal = Decimal("0.10")
    max_jump: Decimal = Decimal("0.25")
    confirming_quotes: int = 3
    confirming_seconds: float = 1.0


@define
class QuoteFilter:
    """What one symbol's filter remembers."""

    limits: FilterLimits
    is_option: bool = False
    _newest_ns: int = 0
    _around: Decimal | None = None
    _suspect: Decimal | None = None
    _suspect_since: float = 0.0
    _suspects: int = 0

    def judge(
        self, quote: Quote, at_ns: int, wall_ns: int, monotonic: float, status: MarketStatus
    ) -> Unusable | None:
        """Why no price is taken from `quote`; None where one is.

        Units: nanoseconds since 1970; monotonic seconds. `status` is the market's at `at_ns`.
        """
        bid, ask = quote.bid, quote.ask
        if bid <= 0 or ask <= 0:
            return Unusable.ONE_SIDED
        if bid > ask:
            return Unusable.CROSSED
        if status is MarketStatus.CLOSED:
            return Unusable.OFF_SESSION
        if at_ns < self._newest_ns:
            return Unusable.OUT_OF_ORDER
        if at_ns > wall_ns + AHEAD_NS:
            return Unusable.FROM_THE_FUTURE
        if not self.is_option:
            around = bid + ask
            # Both are sums of two sides, so that no middle has to be made.
            if ask - bid > self.limits.max_spread * around / 2:
                return Unusable.WIDE
            if not self._is_plausible(around, at_ns, monotonic):
                return Unusable.JUMP
            self._around = around
        self._suspect = None
        self._newest_ns = at_ns
        return None

    def begin_anew(self) -> None:
        """After a halt the next price is where it is."""
        self._around = self._suspect = None

    def _is_plausible(self, around: Decimal, at_ns: int, monotonic: float) -> bool:
        before = self._around
        if before is None or abs(around - before) <= self.limits.max_jump * before:
            return True
        if at_ns - self._newest_ns > MEMORY.total_seconds() * _SECOND:
            return True
        suspect = self._suspect
        if suspect is None or abs(around - suspect) > self.limits.max_jump * suspect / 2:
            self._suspect, self._suspect_since, self._suspects = around, monotonic, 1
            return False
        self._suspects += 1
        stood = monotonic - self._suspect_since
        limits = self.limits
        return self._suspects >= limits.confirming_quotes or stood >= limits.confirming_seconds
