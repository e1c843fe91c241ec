"""Where does a price go next? A seeded geometric random walk, quoted two cents wide.

Each symbol draws from a stream of its own, keyed by the seed and the symbol, so that listing one
more does not change what the others do.
"""

from datetime import datetime
from decimal import Decimal
from random import Random  # noqa: TID251 - the seam: every draw comes from the seed in the settings

from cream.core.model.market import Quote

SECONDS_PER_YEAR = 365 * 24 * 3600

_HALF_SPREAD = Decimal("0.01")
_DEFAULT_SIZE = 1_000
# Displayed sizes are drawn in round lots, a thousand shares on average.
_SMALLEST_SIZE_LOTS, _LARGEST_SIZE_LOTS, _LOT = 5, 15, 100
# The walk never takes a price to where its bid would be zero.
_LOWEST_MID = 0.05


class RandomWalk:
    """The price of one symbol. Units: `volatility` per year."""

    def __init__(self, symbol: str, price: Decimal, volatility: float, seed: int) -> None:
        self._symbol = symbol
        self._mid = float(price)
        self._volatility = volatility
        # Text seeds go through SHA-512, which is the same on every machine and in every version.
        self._random = Random(f"{seed}:{symbol}")  # noqa: S311 - a market, not a secret

    def step(self, seconds: float, now: datetime) -> Quote:
        """The next quote, `seconds` after the last."""
        deviation = self._volatility * (seconds / SECONDS_PER_YEAR) ** 0.5
        self._mid = max(_LOWEST_MID, self._mid * (1 + deviation * self._random.gauss(0.0, 1.0)))
        middle = Decimal(round(self._mid * 100)).scaleb(-2)
        return Quote(
            symbol=self._symbol,
            bid=middle - _HALF_SPREAD,
            ask=middle + _HALF_SPREAD,
            bid_size=self._size(),
            ask_size=self._size(),
            at=now,
        )

    def move_to(self, price: Decimal) -> None:
        """Go on from `price`."""
        self._mid = float(price)

    def _size(self) -> int:
        return self._random.randint(_SMALLEST_SIZE_LOTS, _LARGEST_SIZE_LOTS) * _LOT


def first_quote(symbol: str, price: Decimal, now: datetime) -> Quote:
    """The quote that a symbol begins with: a cent to each side of its price."""
    return Quote(
        symbol=symbol,
        bid=price - _HALF_SPREAD,
        ask=price + _HALF_SPREAD,
        bid_size=_DEFAULT_SIZE,
        ask_size=_DEFAULT_SIZE,
        at=now,
    )
