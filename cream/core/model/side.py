"""On which side of a trade?"""

from enum import Enum


class Side(Enum):
    """Buy or sell. A spread that is opened for a credit is still bought: its legs carry signs."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sale."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY
