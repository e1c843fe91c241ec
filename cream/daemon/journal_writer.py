"""When is a fact durable, and who is told? The one task that commits to the journal.

Batches that wait share one commit: while a sync is under way the next group gathers, so the more
there is to write, the less a record costs. Whoever handed a batch in is told in the order of the
batches, and only after the commit. The first failure is the last: every batch from then on is
answered with it, and nothing is written again before a new start.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.ports import Journal

log = structlog.get_logger(__name__)


@frozen(kw_only=True)
class Batch:
    """Records that are durable together or not at all; exactly one of the two calls follows.

    The calls must not wait. No records: the batch is answered in its turn, and nothing is written
    for it. Not `urgent`: nobody waits for it and nothing follows from it, so that it may linger for
    the next one that is, and share its sync.
    """

    records: tuple[Record, ...]
    committed: Callable[[], None]
    failed: Callable[[JournalFailed], None]
    urgent: bool = True


@frozen(kw_only=True)
class GroupCommit:
    """What one commit made durable, and how long it took; for metrics."""

    batches: int
    records: int
    seconds: float


@frozen(kw_only=True)
class JournalWriterSettings:
    """The bounds of the writer."""

    # A group takes no more batches once it has this many records: about 30 ms of encoding, which
    # is what the first caller of a full group waits longer than the sync itself.
    commit_batch_max: int = 1_000
    # How long what is not urgent waits for company. What a crash takes with it is what the broker
    # has just told, and tells again; subscribers hear of it this much later.
    linger_seconds: float = 0.002
    # A sync takes milliseconds. A disk that needs this long has failed, whatever it says later.
    commit_timeout_seconds: float = 10.0
    # For what is queued when the daemon stops.
    drain_timeout_seconds: float = 5.0


DEFAULTS: Final = JournalWriterSettings()


def _unheard(commit: GroupCommit) -> None:
    """Nobody counts commits."""


async def run(
    batches: trio.MemoryReceiveChannel[Batch],
    journal: Journal,
    released: Callable[[GroupCommit], None] = _unheard,
    settings: JournalWriterSettings = DEFAULTS,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Commit batches in order until the last sender is gone; `released` hears of each commit.

    Cancellation: a commit under way is finished and what is queued is written, within the
    timeouts; what is left then is answered as failed.
    Owns: its end of `batches`, not the journal.
    """
    writer = _Writer(batches, journal, released, settings)
    async with batches:
        task_status.started()
        try:
            while group := await writer.wait_group():
                await writer.write(group, settings.commit_timeout_seconds)
        finally:
            await writer.drain()


@define
class _Writer:
    batches: trio.MemoryReceiveChannel[Batch]
    journal: Journal
    released: Callable[[GroupCommit], None]
    settings: JournalWriterSettings
    failure: JournalFailed | None = None
    # Taken from the channel and not written yet, and how many records that is.
    gathered: list[Batch] = field(factory=list)
    size: int = 0

    async def wait_group(self) -> Sequence[Batch]:
        """The next batch and those that wait behind it; none once the channel has ended."""
        try:
            self._gather(await self.batches.receive())
            self._fill()
            if not any(batch.urgent for batch in self.gathered):
                await self._linger()
        except trio.EndOfChannel:
            pass
        return self._taken()

    async def _linger(self) -> None:
        """Gather until something urgent comes, the group is full, or time is up.

        Raises: trio.EndOfChannel.   Cancellation: what was gathered is there for `drain`.
        """
        with trio.move_on_after(self.settings.linger_seconds):
            while not self._is_full and not self.gathered[-1].urgent:
                self._gather(await self.batches.receive())
        self._fill()

    def group_nowait(self) -> Sequence[Batch]:
        """The batches that wait; none if none do."""
        self._fill()
        return self._taken()

    async def write(self, group: Sequence[Batch], within_seconds: float) -> None:
        """Commit the group and tell its batches.   Cancellation: shielded, for `within_seconds`."""
        began = trio.current_time()
        records = [record for batch in group for record in batch.records]
        if self.failure is None and records:
            self.failure = await self._commit(records, within_seconds)
        if self.failure is not None:
            for batch in group:
                batch.failed(self.failure)
            return
        for batch in group:
            batch.committed()
        seconds = trio.current_time() - began
        self.released(GroupCommit(batches=len(group), records=len(records), seconds=seconds))

    async def drain(self) -> None:
        """Write what is queued, then answer what there was no time for.

        Cancellation: shielded, for the drain timeout.
        """
        end = trio.current_time() + self.settings.drain_timeout_seconds
        while group := self.group_nowait():
            left = end - trio.current_time()
            if left <= 0 and self.failure is None:
                self.failure = JournalFailed(
                    "Cream stopped before the record could be written; start it again"
                )
            await self.write(group, left)

    @property
    def _is_full(self) -> bool:
        return self.size >= self.settings.commit_batch_max

    def _gather(self, batch: Batch) -> None:
        self.gathered.append(batch)
        self.size += len(batch.records)

    def _fill(self) -> None:
        """Gather the batches that wait, until the group is full."""
        while not self._is_full:
            try:
                self._gather(self.batches.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel):
                break

    def _taken(self) -> Sequence[Batch]:
        group, self.gathered, self.size = self.gathered, [], 0
        return group

    async def _commit(
        self, records: Sequence[Record], within_seconds: float
    ) -> JournalFailed | None:
        try:
            with trio.move_on_after(within_seconds, shield=True) as limit:
                await self.journal.commit(records)
        except JournalFailed as error:
            log.critical("journal_writer.commit_failed", error=str(error))
            return error
        if limit.cancelled_caught:
            log.critical("journal_writer.commit_timed_out", seconds=within_seconds)
            return JournalFailed(
                f"the disk did not take a commit within {within_seconds:g} s: check it, then "
                "start Cream again"
            )
        return None
