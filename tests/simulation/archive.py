"""What does a start read instead of the whole journal? A snapshot, if one was finished in time.

Beside the journal on the same disk. A snapshot is there or it is not: one that was being written
when the process died is as if it had never been begun.
"""

import trio
from attrs import define, field

from cream.core.execution.memory import BookState
from cream.core.ports import Restored
from tests.fakes.memory_archive import MemoryArchive
from tests.simulation.life import Process

# Writing a snapshot, in seconds.
_WRITE_SECONDS = 0.03


@define(eq=False, kw_only=True)
class DiskArchive(MemoryArchive):
    """The Archive port of one process."""

    process: Process = field()

    async def restore(self) -> Restored:
        """The newest snapshot and the records after it."""
        restored = await super().restore()
        if restored.state is not None:
            self.process.world.chance.sometimes("a life began from a snapshot")
        return restored

    async def keep_snapshot(self, state: BookState) -> None:
        """Write a snapshot."""
        self.process.effect("archive/snapshot/1 before the write")
        await trio.sleep(_WRITE_SECONDS)
        self.process.effect("archive/snapshot/2 written, not synced")
        # Cut off in the middle its checksum does not fit, so it is passed over as if it were not.
        self.process.effect("archive/snapshot/3 during the sync")
        # The disk is the list: another life has the same one.
        self.snapshots.append(state)
        self.process.effect("archive/snapshot/4 synced, nobody told")
