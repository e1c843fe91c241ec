"""Which quotes does the sandbox show, and what do its faults make of them?

The streams and the REST endpoints ask here, so that a fault is the same in both.
"""

from datetime import timedelta
from decimal import Decimal

from attrs import define, evolve, field

from cream.adapters.sandbox.faults import FaultName, Faults
from cream.core.exchange.market_view import VenueMarket
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Quote
from cream.core.model.money import ZERO

# A quote that is "wide" is so far away from the middle on each side.
_WIDE_RATIO = Decimal("0.2")
_CENT = Decimal("0.01")
# What a test of the exchanges prints, whatever the share.
TEST_PRICE = Decimal("1.10")
# How old quotes of options are at least while their feed has a gap, if the fault does not say.
_GAP_SECONDS = 720.0


@define
class Shown:
    """What clients get to see of a market."""

    market: VenueMarket
    faults: Faults
    # By symbol, what options were quoted when their feed fell silent.
    _before_gap: dict[str, Quote] = field(factory=dict)

    def live(self, instrument: Instrument, quote: Quote) -> Quote | None:
        """A new quote as the stream tells it; None where it keeps silent."""
        return None if self.mutes(instrument) else self._bent(quote)

    def mutes(self, instrument: Instrument) -> bool:
        """Whether the stream keeps silent about `instrument`."""
        if self.faults.peek(FaultName.MUTE_DATA) is not None:
            return True
        option = isinstance(instrument, OptionContract)
        if option and self.faults.peek(FaultName.OPRA_GAP) is not None:
            return True
        muted = self.faults.peek(FaultName.MUTE_SYMBOL)
        return muted is not None and muted.symbol in ("", instrument.underlying)

    def latest(self, instrument: Instrument) -> Quote | None:
        """The current quote as REST shows it."""
        quote = self.market.latest(instrument.symbol)
        gap = self.faults.peek(FaultName.OPRA_GAP)
        if quote is None or gap is None or not isinstance(instrument, OptionContract):
            self._before_gap.clear()
            return self._bent(quote) if quote is not None else None
        old = evolve(quote, at=quote.at - timedelta(seconds=gap.seconds or _GAP_SECONDS))
        return self._before_gap.setdefault(instrument.symbol, old)

    def _bent(self, quote: Quote) -> Quote:
        wide = self.faults.peek(FaultName.WIDE)
        if wide is not None and wide.symbol in ("", quote.symbol):
            away = (quote.mid * _WIDE_RATIO).quantize(_CENT)
            quote = evolve(quote, bid=max(ZERO, quote.bid - away), ask=quote.ask + away)
        zero = self.faults.peek(FaultName.ZERO_SIDE)
        if zero is not None and zero.symbol in ("", quote.symbol):
            quote = evolve(quote, bid=ZERO, bid_size=0)
        return quote
