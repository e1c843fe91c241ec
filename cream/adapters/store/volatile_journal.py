"""Where do the records go when persistence is switched off? Nowhere."""

from collections.abc import Sequence

import trio

from cream.core.execution.events import Record


class VolatileJournal:
    """A journal that takes everything and keeps nothing: a start after it begins from nothing."""

    async def commit(self, records: Sequence[Record]) -> None:
        """Take the records as they are."""
        await trio.lowlevel.checkpoint()

    async def load(self) -> Sequence[Record]:
        """Nothing: no life of the process leaves anything to the next."""
        await trio.lowlevel.checkpoint()
        return ()

    async def aclose(self) -> None:
        """Nothing is open."""
        await trio.lowlevel.checkpoint()
