"""What does a disk keep: what was synced, and of the rest what luck leaves?

The journal's file is a row of frames, one for each commit, each with its length and a checksum. A
process that is killed leaves all it has written, for the kernel has it; a power cut leaves what was
synced and any part of the rest, torn at any byte. After a failed sync the pages are gone, as on
Linux. The records in a frame are written and checked by the code of the real journal: its codec
and its hash chain.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence

import trio
from attrs import define, field, frozen

from cream.adapters.store import chain, codec
from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from tests.simulation.life import Process
from tests.simulation.world import World

_LENGTH_BYTES, _SUM_BYTES = 4, 8
# A sync, in seconds; and one that never comes to an end in the time that the daemon gives it.
_SYNC_LOW, _SYNC_HIGH = 0.0005, 0.02
_STALL_SECONDS = 15.0


@frozen
class _Row:
    """A record as it stands in a frame."""

    sequence: int
    at_ns: int
    at: str
    kind: str
    body: str
    previous_hash: str
    hash: str


@define(eq=False)
class Disk:
    """The disk of one account's journal. `marker` is the file that says the journal is trusted.

    `told` hears of every record that has become durable.
    """

    world: World
    data: bytearray = field(factory=bytearray)
    synced: int = 0
    marker: bool = False
    told: Callable[[Sequence[Record]], None] = field(default=lambda _records: None)
    _waiting: list[tuple[int, Sequence[Record]]] = field(factory=list)

    def write(self, payload: bytes, records: Sequence[Record]) -> int:
        """Put a frame into the kernel's pages; the size of the file with it."""
        length = len(payload).to_bytes(_LENGTH_BYTES, "big")
        self.data += length + _sum(payload) + payload
        self._waiting.append((len(self.data), records))
        return len(self.data)

    def sync(self, size: int) -> None:
        """Everything up to `size` is on the platter."""
        self.synced = max(self.synced, min(size, len(self.data)))
        while self._waiting and self._waiting[0][0] <= self.synced:
            self.told(self._waiting.pop(0)[1])

    def drop_unsynced(self) -> None:
        """The pages that were not synced are gone."""
        del self.data[self.synced :]
        self._waiting.clear()

    def settle(self, end: int) -> None:
        """What a start has read, up to `end`, is on the platter; what is behind it goes."""
        del self.data[end:]
        self.synced = end

    def crash(self, number: int, *, power: bool) -> None:
        """The process is gone, or the whole machine is."""
        tail = len(self.data) - self.synced
        chance = self.world.chance
        if power and tail:
            fate = chance.draw("unsynced pages", number)
            keep = 0 if fate < 0.4 else chance.below(tail + 1, "torn at", number)
            del self.data[self.synced + keep :]
            if keep and fate > 0.9:
                self.data[self.synced + chance.below(keep, "garbled at", number)] ^= 0xFF
            chance.sometimes("a power cut hit unsynced pages")
        self._waiting.clear()

    def frames(self) -> Iterator[tuple[int, list[list[object]]]]:
        """Where each whole frame ends, and what is in it. A torn one ends the file."""
        position = 0
        while position < len(self.data):
            head = position + _LENGTH_BYTES + _SUM_BYTES
            length = int.from_bytes(self.data[position : position + _LENGTH_BYTES], "big")
            payload = bytes(self.data[head : head + length])
            check = bytes(self.data[position + _LENGTH_BYTES : head])
            if len(payload) < length or check != _sum(payload):
                self.world.demand(position >= self.synced, "disk", "synced pages were lost")
                self.world.chance.sometimes("a torn frame was dropped")
                return
            position = head + length
            yield position, json.loads(payload)


def _sum(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_SUM_BYTES).digest()


@define(eq=False)
class _Write:
    """A commit on its way to the disk, whoever still waits for it."""

    records: Sequence[Record]
    payload: bytes
    done: trio.Event = field(factory=trio.Event)
    error: str | None = None


@define(eq=False)
class DiskJournal:
    """The Journal port of one process."""

    disk: Disk
    process: Process
    environment: Environment
    account_id: str
    _head: chain.Head | None = None
    _failure: str | None = None

    async def commit(self, records: Sequence[Record]) -> None:
        """Make the records durable, all or none.   Raises: JournalFailed."""
        if self._failure is not None:
            raise JournalFailed(self._failure)
        kinds = tuple(dict.fromkeys(codec.kind_of(one.event) for one in records))
        point = "journal/" + "+".join(kinds)
        self.process.effect(f"{point}/1 before the write")
        if self._head is None:
            await self.load()
        write = _Write(records, self._encoded(records))
        self.disk.world.nursery.start_soon(self._perform, write, point)
        await self.process.wait(write.done, f"{point}/4 synced, nobody told")
        if write.error is not None:
            self._failure = write.error
            raise JournalFailed(write.error)
        self.process.committed = kinds

    async def load(self) -> Sequence[Record]:
        """Every record that is on the disk, checked.   Raises: JournalFailed."""
        await trio.lowlevel.checkpoint()
        self.process.effect("journal/load")
        head = chain.origin(self.environment, self.account_id)
        records: list[Record] = []
        end = 0
        try:
            for frame_end, rows in self.disk.frames():
                end = frame_end
                for entry in chain.verified((_Row(*row) for row in rows), head):  # type: ignore[arg-type]
                    records.append(entry.record)
                    head = chain.Head(entry.record.sequence, entry.hash)
        except (chain.BrokenChain, chain.TornTail) as error:
            self.disk.world.violate("journal", f"what was written cannot be read: {error}")
        self.disk.settle(end)
        self.disk.told(records)
        self._head = head
        return records

    async def aclose(self) -> None:
        """Nothing is open."""
        await trio.lowlevel.checkpoint()

    def _encoded(self, records: Sequence[Record]) -> bytes:
        assert self._head is not None
        head, rows = self._head, []
        for record in records:
            event = record.event
            self.disk.world.demand(
                record.sequence == head.sequence + 1,
                "I14",
                f"record {record.sequence} was to be written after {head.sequence}",
            )
            kind, body = codec.kind_of(event), codec.encode(event)
            digest = chain.hash_of(record.sequence, kind, body, head.hash)
            at_ns, at = codec.nanoseconds(event.at), codec.instant_text(event.at)
            rows.append([record.sequence, at_ns, at, kind, body, head.hash, digest])
            head = chain.Head(record.sequence, digest)
        self._head = head
        return json.dumps(rows).encode()

    async def _perform(self, write: _Write, point: str) -> None:
        """Write and sync. A process that dies in here leaves the disk as it then is."""
        world, first = self.disk.world, write.records[0].sequence
        if world.fault("disk.full", world.profile.disk_full, first):
            write.error = "no space is left on the device"
            write.done.set()
            return
        size = self.disk.write(write.payload, write.records)
        if not self.process.passes(f"{point}/2 written, not synced"):
            return
        stalls = world.fault("disk.slow", world.profile.disk_slow, first, seconds=_STALL_SECONDS)
        seconds = world.chance.uniform(_SYNC_LOW, _SYNC_HIGH, "sync", first)
        await trio.sleep(_STALL_SECONDS if stalls else seconds)
        if not self.process.passes(f"{point}/3 during the sync"):
            return
        if world.fault("disk.sync_failed", world.profile.sync_failed, first):
            self.disk.drop_unsynced()
            write.error = "input/output error while syncing"
        else:
            self.disk.sync(size)
        write.done.set()
