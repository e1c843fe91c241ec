"""What is shown of the market and its feed to whoever asks?"""

from attrs import frozen

from cream.core.market.health import FeedHealth
from cream.core.market.microstructure import Microstructure
from cream.core.model.market import Quote
from cream.core.model.ticks import Bar, DayStatistics


@frozen(kw_only=True)
class FeedView:
    """How the feed does. Ages in seconds, per symbol."""

    provider: str
    healthy: bool
    last_message_age_seconds: float | None
    messages: int
    stale_symbols: tuple[str, ...]
    issues: tuple[str, ...] = ()
    health: FeedHealth | None = None


@frozen(kw_only=True)
class SymbolView:
    """One symbol as the feed knows it. None where it does not say."""

    symbol: str
    quote: Quote | None
    halted: str | None = None
    day: DayStatistics | None = None
    microstructure: Microstructure | None = None
    bars: tuple[Bar, ...] = ()
