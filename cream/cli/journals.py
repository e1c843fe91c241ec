"""Which journal does a command read? That of the configuration, a file, or an export.

An export is a file of JSON lines: for each record the account, the sequence, the event as the
journal has it, and its hash. It says the same as the journal, and is checked in the same way.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TextIO

from attrs import frozen

from cream.adapters.store import chain, codec
from cream.adapters.store.opening import open_reader
from cream.adapters.store.reader import JournalReader
from cream.adapters.store.snapshots import Row as SnapshotRow
from cream.adapters.store.snapshots import Unusable, believed
from cream.cli.settings import load_settings
from cream.core.execution.events import Record
from cream.core.execution.memory import ArchivedOrder, BookState
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment

# How an export begins its lines; a SQLite file begins otherwise.
_EXPORT_BEGINS: Final = b"{"

Account = tuple[Environment, str]


class Source(Protocol):
    """A journal that can be read."""

    @property
    def place(self) -> str: ...

    def accounts(self) -> Sequence[Account]: ...

    def base(self, environment: Environment, account_id: str) -> chain.Head: ...

    def entries(self, environment: Environment, account_id: str) -> Iterator[chain.Entry]: ...

    def snapshots(self, environment: Environment, account_id: str) -> Sequence[SnapshotRow]: ...

    def recalled(
        self, environment: Environment, account_id: str, state: BookState, records: Sequence[Record]
    ) -> tuple[ArchivedOrder, ...]: ...


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Source]:
    """The journal that the options name.   Raises: JournalFailed, ConfigErrors."""
    if options.journal is None:
        settings = load_settings(options.config).settings
        with open_reader(settings.persistence) as reader:
            yield reader
    elif _is_export(options.journal):
        yield Export.read(options.journal)
    else:
        with JournalReader.open(options.journal) as reader:
            yield reader


def _is_export(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(1) == _EXPORT_BEGINS
    except OSError:
        return False


@frozen
class Line:
    """A line of an export, as a row of the journal."""

    environment: str
    account: str
    sequence: int
    at_ns: int
    at: str
    kind: str
    body: str
    previous_hash: str
    hash: str


@frozen
class Export:
    """The records of an export."""

    place: str
    _lines: tuple[Line, ...]

    @classmethod
    def read(cls, path: Path) -> "Export":
        """Raises: JournalFailed for a line that is none."""
        lines: list[Line] = []
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, text in enumerate(file, start=1):
                try:
                    lines.append(Line(**json.loads(text)))
                except (ValueError, TypeError) as error:
                    raise JournalFailed(f"{path}, line {number}: no record: {error}") from error
        return cls(str(path), tuple(lines))

    def accounts(self) -> Sequence[Account]:
        """The accounts that have records here."""
        found = dict.fromkeys((line.environment, line.account) for line in self._lines)
        return [(Environment(environment), account) for environment, account in found]

    def base(self, environment: Environment, account_id: str) -> chain.Head:
        """What the first record follows: its own word for it, unless it is the first of all."""
        first = next(self._of(environment, account_id), None)
        if first is None or first.sequence == 1:
            return chain.origin(environment, account_id)
        return chain.Head(first.sequence - 1, first.previous_hash)

    def entries(self, environment: Environment, account_id: str) -> Iterator[chain.Entry]:
        """The account's records, each checked.   Raises: JournalFailed."""
        head = self.base(environment, account_id)
        try:
            yield from chain.verified(self._of(environment, account_id), head)
        except (chain.TornTail, chain.BrokenChain) as error:
            raise JournalFailed(f"{self.place} cannot be believed: {error}") from error

    def snapshots(self, environment: Environment, account_id: str) -> Sequence[SnapshotRow]:
        """None: they follow from the records."""
        return ()

    def recalled(
        self, environment: Environment, account_id: str, state: BookState, records: Sequence[Record]
    ) -> tuple[ArchivedOrder, ...]:
        """None: an export has no archive."""
        return ()

    def _of(self, environment: Environment, account_id: str) -> Iterator[Line]:
        mine = (environment.value, account_id)
        return (line for line in self._lines if (line.environment, line.account) == mine)


def write_export(source: Source, environment: Environment, account_id: str, file: TextIO) -> int:
    """Write the account's records, each checked before it is. Gives how many."""
    count, previous = 0, source.base(environment, account_id).hash
    for entry in source.entries(environment, account_id):
        event = entry.record.event
        line = {
            "environment": environment.value,
            "account": account_id,
            "sequence": entry.record.sequence,
            "at_ns": codec.nanoseconds(event.at),
            "at": codec.instant_text(event.at),
            "kind": codec.kind_of(event),
            "body": entry.body,
            "previous_hash": previous,
            "hash": entry.hash,
        }
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        previous = entry.hash
        count += 1
    return count


@frozen
class Checked:
    """An account's journal that was read once to its end: where it begins and ends, its snapshots.

    `states` are those that can be believed, newest first; `unusable` says what is wrong with the
    others.
    """

    base: chain.Head
    head: chain.Head
    states: tuple[BookState, ...]
    unusable: tuple[str, ...]


def checked(source: Source, environment: Environment, account_id: str) -> Checked:
    """Every record and snapshot of one account, checked and not kept.   Raises: JournalFailed."""
    rows = source.snapshots(environment, account_id)
    base = head = source.base(environment, account_id)
    wanted = {row.sequence for row in rows}
    hashes = {base.sequence: base.hash}
    for entry in source.entries(environment, account_id):
        head = chain.Head(entry.record.sequence, entry.hash)
        if head.sequence in wanted:
            hashes[head.sequence] = head.hash
    states: list[BookState] = []
    unusable: list[str] = []
    for row in rows:
        try:
            states.append(believed(row, hashes.get(row.sequence)))
        except Unusable as error:
            unusable.append(f"the snapshot at {row.sequence}: {error}")
    return Checked(base, head, tuple(states), tuple(unusable))


@frozen
class Whole:
    """An account's journal in memory.

    `begins_with` is the snapshot that stands in for the records that are gone, if any are;
    `recalled` what the records after it need besides. `records` are those to be folded, `states`
    what daemons have lived through.
    """

    base: chain.Head
    begins_with: BookState | None
    recalled: tuple[ArchivedOrder, ...]
    records: tuple[Record, ...]
    states: tuple[BookState, ...]


def whole(source: Source, environment: Environment, account_id: str) -> Whole:
    """Everything of one account, checked.   Raises: JournalFailed."""
    found = checked(source, environment, account_id)
    begins_with = None
    if found.base.sequence:
        begins_with = min(found.states, key=lambda one: one.sequence, default=None)
    after = 0 if begins_with is None else begins_with.sequence
    entries = source.entries(environment, account_id)
    records = tuple(one.record for one in entries if one.record.sequence > after)
    recalled: tuple[ArchivedOrder, ...] = ()
    if begins_with is not None:
        recalled = source.recalled(environment, account_id, begins_with, records)
    return Whole(found.base, begins_with, recalled, records, found.states)
