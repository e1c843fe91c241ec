"""What does a start read instead of the whole journal? A snapshot, if one was finished in time.

Beside the journal on the same disk, as are the orders that have left memory. A snapshot is there or
it is not, and so is what was put away: what was being written when the process died is as if it had
never been begun.
"""

import trio
from attrs import define, field

from cream.core.execution.memory import Archived, BookState
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

    async def keep(self, archived: Archived, sequence: int) -> None:
        """Put orders and plans away."""
        self.process.effect("archive/keep/1 before the write")
        await trio.sleep(_WRITE_SECONDS)
        self.process.effect("archive/keep/2 written, not synced")
        await super().keep(archived, sequence)
        if archived.orders:
            self.process.world.chance.sometimes("orders have left memory")
        self.process.effect("archive/keep/4 synced, nobody told")

    async def plan(self, plan_id: str) -> Archived:
        """The plan and its orders."""
        found = await super().plan(plan_id)
        if found.plans:
            self.process.world.chance.sometimes("a plan has come back into memory")
        return found

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
