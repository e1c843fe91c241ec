"""On which side of a trade?"""

from enum import Enum
from typing import Final


class Side(Enum):
    """Buy or sell. A spread that is opened for a credit is still bought: its legs carry signs."""

    BUY = "BUY"
    SELL = "SELL"

    # Members are one of a kind, and looked up with every order: Python's own goes by the name.
    __hash__ = object.__hash__

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sale."""
        return 1 if self is BUY else -1

    @property
    def opposite(self) -> "Side":
        """The side that undoes this one."""
        return SELL if self is BUY else BUY


# For code that runs with every order: on Python 3.11 it takes a tenth of a microsecond to reach a
# member through its class, more than most of what is then done with it.
BUY: Final = Side.BUY
SELL: Final = Side.SELL
