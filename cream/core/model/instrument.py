"""What can be traded: a share, or an option contract on one."""

from datetime import date
from decimal import Decimal
from enum import Enum

from attrs import frozen

# A standard contract delivers 100 shares. Adjusted contracts deliver something else and are
# refused where symbols are read.
CONTRACT_MULTIPLIER = 100


class OptionRight(Enum):
    """Call or put."""

    CALL = "CALL"
    PUT = "PUT"


@frozen(order=False)
class Equity:
    """A listed share or fund, by ticker."""

    symbol: str

    @property
    def underlying(self) -> str:
        """The ticker itself."""
        return self.symbol

    @property
    def multiplier(self) -> int:
        """Shares per unit."""
        return 1


@frozen(order=False)
class OptionContract:
    """A listed American option on one underlying."""

    underlying: str
    expiration: date
    right: OptionRight
    strike: Decimal

    @property
    def symbol(self) -> str:
        """The 21-character OSI symbol, e.g. `AAPL  261218C00240000`.

        Source: OCC Options Symbology Initiative: root padded to six, yymmdd, C or P, strike in
        thousandths padded to eight.
        """
        right = "C" if self.right is OptionRight.CALL else "P"
        thousandths, on = int(self.strike * 1000), self.expiration
        # Not by strftime, which takes longer than all the rest: every tick of an option asks.
        day = f"{on.year % 100:02d}{on.month:02d}{on.day:02d}"
        return f"{self.underlying:<6}{day}{right}{thousandths:08d}"

    @property
    def multiplier(self) -> int:
        """Shares per contract."""
        return CONTRACT_MULTIPLIER


Instrument = Equity | OptionContract
