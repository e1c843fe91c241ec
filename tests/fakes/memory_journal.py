"""A journal in memory that keeps its word exactly, and fails on demand.

`durable` is the disk: what a new life finds. A commit takes `delay_seconds` of the Trio clock and
is durable only at its end, so a `crash` in between loses it, as a power failure would.
"""

from collections.abc import Sequence

import trio
from attrs import define, field

from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed


@define(eq=False)
class _Write:
    """A group on its way to the disk, behind the one before it."""

    group: tuple[Record, ...]
    before: "_Write | None"
    done: trio.Event = field(factory=trio.Event)
    error: JournalFailed | None = None


@define(eq=False)
class MemoryJournal:
    """The Journal port over a list. `commits` are the groups in which records came."""

    durable: list[Record] = field(factory=list)
    delay_seconds: float = 0.0
    commits: list[tuple[Record, ...]] = field(factory=list)
    is_closed: bool = False
    _failure: str | None = None
    _fails_next: str | None = None
    _is_dead: bool = False
    _last: _Write | None = None

    def fail_next_commit(self, why: str = "the disk is full") -> None:
        """Let the next commit, and so every one after it, fail with nothing written."""
        self._fails_next = why

    def crash(self) -> "MemoryJournal":
        """The journal of the next life: what was durable at this instant. This one is dead."""
        self._is_dead = True
        return MemoryJournal(durable=list(self.durable), delay_seconds=self.delay_seconds)

    async def commit(self, records: Sequence[Record]) -> None:
        """Make the records durable once the delay has passed.

        Raises: JournalFailed.   Cancellation: ends the wait; the write goes on.
        """
        self._demand_open()
        write = self._last = _Write(tuple(records), before=self._last)
        trio.lowlevel.spawn_system_task(self._perform, write)
        await write.done.wait()
        if write.error is not None:
            raise write.error

    async def load(self) -> Sequence[Record]:
        """What is durable once all that was handed in is.   Raises: JournalFailed."""
        self._demand_open()
        await self._flush()
        self._demand_trust()
        return tuple(self.durable)

    async def aclose(self) -> None:
        """Finish what was handed in; nothing can be committed any more."""
        self.is_closed = True
        await self._flush()

    async def _perform(self, write: _Write) -> None:
        if write.before is not None:
            await write.before.done.wait()
            write.before = None
        await trio.sleep(self.delay_seconds)
        try:
            self._write(write.group)
        except JournalFailed as error:
            write.error = error
        write.done.set()

    async def _flush(self) -> None:
        await trio.lowlevel.checkpoint()
        if self._last is not None:
            await self._last.done.wait()

    def _write(self, group: tuple[Record, ...]) -> None:
        if self._is_dead:
            raise JournalFailed("the process has crashed")
        self._demand_trust()
        last = self.durable[-1].sequence if self.durable else 0
        expected = list(range(last + 1, last + 1 + len(group)))
        if self._fails_next is None and [record.sequence for record in group] != expected:
            self._fails_next = "the records do not follow what is there"
        if self._fails_next is not None:
            self._failure, self._fails_next = self._fails_next, None
            raise JournalFailed(self._failure)
        self.commits.append(group)
        self.durable.extend(group)

    def _demand_open(self) -> None:
        if self.is_closed:
            raise JournalFailed("the journal was closed")

    def _demand_trust(self) -> None:
        if self._failure is not None:
            raise JournalFailed(self._failure)
