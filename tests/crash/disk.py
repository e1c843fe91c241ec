"""What is left of SQLite's files when the power fails? A disk with a write cache, as a VFS.

Every file is what the process sees, what the platter holds, and the changes in between, which a
sync brings down. `lose_power` decides by chance, change by change: it arrived, it did not, it was
cut off at a sector, or its first sector is noise. A removed file may come back unless a sync has
passed since. A failed sync reports its error once and forgets what it should have written, as
Linux does; a second one would succeed.
"""

import random
from typing import Any, Final

import apsw
from attrs import define, field, frozen

SECTOR: Final = 512


@frozen
class Write:
    """Bytes on their way to a place in a file."""

    offset: int
    data: bytes


@frozen
class Truncation:
    """A new length on its way to a file."""

    size: int


@define(eq=False)
class Disk:
    """The machine's only disk. `power_fails_at` and `sync_fails_at` count its operations from 1."""

    chance: random.Random
    power_fails_at: int | None = None
    sync_fails_at: int | None = None
    operations: int = 0
    syncs_failed: int = 0
    is_dead: bool = False
    seen: dict[str, bytearray] = field(factory=dict)
    kept: dict[str, bytes] = field(factory=dict)
    cached: dict[str, list[Write | Truncation]] = field(factory=dict)
    removed: set[str] = field(factory=set)

    def copy(self, chance: random.Random) -> "Disk":
        """Another disk with what is on the platter of this one."""
        seen = {name: bytearray(kept) for name, kept in self.kept.items()}
        return Disk(chance, seen=seen, kept=dict(self.kept))

    def change(self, name: str, change: Write | Truncation) -> None:
        """Change a file, for now only in the cache.   Raises: apsw.IOError."""
        self._step()
        _apply(self.seen[name], change)
        self.cached.setdefault(name, []).append(change)

    def sync(self, name: str) -> None:
        """Bring a file's changes down.   Raises: apsw.IOError."""
        self._step()
        if self.sync_fails_at is not None and self.operations >= self.sync_fails_at:
            self.sync_fails_at = None
            self.syncs_failed += 1
            self.cached.pop(name, None)
            self.seen[name] = bytearray(self.kept.get(name, b""))
            raise apsw.IOError("the disk could not write")
        self.cached.pop(name, None)
        self.kept[name] = bytes(self.seen[name])
        self.sync_names()

    def remove(self, name: str) -> None:
        """Remove a file; the directory is not synced."""
        self._step()
        self.seen.pop(name, None)
        self.cached.pop(name, None)
        self.removed.add(name)

    def sync_names(self) -> None:
        """What was removed stays removed: a journalling file system commits names in order."""
        for name in self.removed - self.seen.keys():
            self.kept.pop(name, None)
        self.removed.clear()

    def lose_power(self) -> None:
        """Leave what reached the platter; everything works again after it."""
        for name in sorted(self.removed - self.seen.keys()):
            if self.chance.random() < 0.5:
                self.kept.pop(name, None)
        for name, changes in sorted(self.cached.items()):
            image = bytearray(self.kept.get(name, b""))
            for change in changes:
                for part in self._arriving(change):
                    _apply(image, part)
            self.kept[name] = bytes(image)
        self.seen = {name: bytearray(kept) for name, kept in self.kept.items()}
        self.cached, self.removed = {}, set()
        self.power_fails_at = self.sync_fails_at = None
        self.is_dead = False

    def _arriving(self, change: Write | Truncation) -> list[Write | Truncation]:
        fate = self.chance.random()
        if fate < 0.4:
            return []
        if isinstance(change, Write) and fate < 0.6:
            sectors = self.chance.randint(0, len(change.data) // SECTOR)
            return [Write(change.offset, change.data[: sectors * SECTOR])]
        if isinstance(change, Write) and fate < 0.7:
            noise = self.chance.randbytes(min(SECTOR, len(change.data)))
            return [Write(change.offset, noise + change.data[SECTOR:])]
        return [change]

    def _step(self) -> None:
        if not self.is_dead:
            self.operations += 1
            self.is_dead = self.operations == self.power_fails_at
        if self.is_dead:
            raise apsw.IOError("there is no power")


def _apply(image: bytearray, change: Write | Truncation) -> None:
    match change:
        case Write(offset, data):
            image.extend(bytes(max(0, offset - len(image))))
            image[offset : offset + len(data)] = data
        case Truncation(size):
            del image[size:]
            image.extend(bytes(size - len(image)))


class _File:
    """One open file, as SQLite asks for it. One process only: locks are always granted."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk, self._name = disk, name
        disk.seen.setdefault(name, bytearray())

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._disk.seen[self._name][offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.change(self._name, Write(offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self._disk.change(self._name, Truncation(size))

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._name)

    def xFileSize(self) -> int:
        return len(self._disk.seen[self._name])

    def xLock(self, level: int) -> None: ...

    def xUnlock(self, level: int) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, operation: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0

    def xClose(self) -> None: ...

    def excepthook(self, *error: object) -> None:
        """SQLite has been told by the exception itself."""


class DiskVfs(apsw.VFS):
    """The disk as a file system of SQLite's, under `name`, until `unregister`."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        super().__init__(name, base="", maxpathname=100)

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        filename = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self._disk, filename or "temporary")

    def xDelete(self, name: str, sync: bool) -> None:
        self._disk.remove(name)
        if sync:
            self._disk.sync_names()

    def xAccess(self, name: str, flags: int) -> bool:
        return name in self._disk.seen

    def xFullPathname(self, name: str) -> str:
        return name

    def xRandomness(self, amount: int) -> bytes:
        return self._disk.chance.randbytes(amount)

    def xSleep(self, microseconds: int) -> int:
        return microseconds

    def xCurrentTime(self) -> float:
        return 2_461_046.0

    def xCurrentTimeInt64(self) -> int:
        return 2_461_046 * 86_400_000

    def xGetLastError(self) -> tuple[int, str]:
        return 0, ""

    def excepthook(self, *error: object) -> None:
        """SQLite has been told by the exception itself."""
