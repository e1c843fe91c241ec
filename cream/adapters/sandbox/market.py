"""What does the sandbox need of a market? What the venue needs, and hands that move it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from cream.core.exchange.calendar import Sessions
from cream.core.exchange.market_view import VenueMarket
from cream.core.model.market import Quote


class SandboxMarket(VenueMarket, Protocol):
    """The market of the sandbox: it can be listened to, and moved by hand."""

    @property
    def sessions(self) -> Sessions:
        """When it trades."""
        ...

    def listen(self, listener: Callable[[Quote], None]) -> None:
        """Hand every quote to `listener`."""
        ...

    def set_quote(
        self, symbol: str, bid: Decimal, ask: Decimal, bid_size: int, ask_size: int
    ) -> Quote:
        """Move the market by hand.   Raises: CreamError."""
        ...

    async def ensure(self, symbols: Sequence[str]) -> None:
        """See to it that listeners hear of these."""
        ...
