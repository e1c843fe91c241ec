"""Was something by this name ever put away? Surely not, or perhaps: then the database knows.

Nearly every name that is looked for is new: to be sure of that without a query saves most of what a
look-up costs. The memory is the same however many names there are (a Bloom filter); with very many
the answer is "perhaps" more often, and never wrong. Used in one thread: a bit that two set at the
same time could be lost, and with it the knowledge of an order.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

# 8.4 million bits: with a million names one answer in fifty is "perhaps" for nothing.
BYTES: Final = 1024 * 1024
# Bits for each name, and the bytes of its hash that say which.
_BITS_A_NAME: Final = 4
_BYTES_A_BIT: Final = 4


class Sieve:
    """Names that were added. `is_whole`: every name there is has been added."""

    def __init__(self) -> None:
        self.is_whole = False
        self._bits = bytearray(BYTES)

    def add(self, names: Iterable[str]) -> None:
        """From now on these may be there."""
        bits = self._bits
        for name in names:
            for place in _places(name):
                bits[place >> 3] |= 1 << (place & 7)

    def may_have(self, name: str) -> bool:
        """False: surely not there."""
        if not self.is_whole:
            return True
        bits = self._bits
        return all(bits[place >> 3] & (1 << (place & 7)) for place in _places(name))


def _places(name: str) -> list[int]:
    """Which bits stand for the name."""
    digest = blake2b(name.encode(), digest_size=_BITS_A_NAME * _BYTES_A_BIT).digest()
    return [
        int.from_bytes(digest[at : at + _BYTES_A_BIT]) % (BYTES * 8)
        for at in range(0, len(digest), _BYTES_A_BIT)
    ]
