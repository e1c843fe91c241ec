"""Which deliberate bugs can be planted into the daemon, to see whether the simulation notices?"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The daemon with the bug `name`; without any where the name is empty."""
    yield
