"""What stands in the journal's table, and how is more put there? The blocking half of the journal.

Everything here runs in the one thread that owns the connection. The first failure of any kind ends
trust: what the database, the kernel and the disk make of it after a failed sync cannot be known
from inside the process, so nothing is tried again, and only a new start finds out what is there.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

import structlog
from attrs import define
from sqlalchemy import Connection, Select, delete, select

from cream.adapters.store import archive, chain, codec, compaction, migrate, snapshots
from cream.adapters.store.database import JournalRow, WritableDatabase
from cream.adapters.store.schema import JOURNAL, of_account
from cream.core.execution.events import Record
from cream.core.execution.memory import Archived, BookState
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.ports import Restored

log = structlog.get_logger(__name__)

# Rows fetched at a time: enough for the cost of a fetch to vanish, few enough to stay small.
PAGE_ROWS: Final = 1_000


def rows_after(
    environment: Environment, account_id: str, sequence: int
) -> Select[*tuple[object, ...]]:
    """The query for the account's rows past `sequence`, oldest first."""
    mine = of_account(JOURNAL, environment, account_id) & (JOURNAL.c.sequence > sequence)
    return select(JOURNAL).where(mine).order_by(JOURNAL.c.sequence)


@define
class JournalLog:
    """The journal of one account in an open database.   Owns: the database, until `close`."""

    _database: WritableDatabase
    _environment: Environment
    _account_id: str
    _head: chain.Head | None = None
    _failure: str | None = None

    @classmethod
    def over(
        cls, database: WritableDatabase, environment: Environment, account_id: str
    ) -> "JournalLog":
        """The account's journal in `database`, with today's schema.

        Raises: JournalFailed; the database is closed then.
        """
        try:
            told = database.told(f"{database.place} cannot be opened")
            with told, database.engine.begin() as connection:
                if migrate.upgrade(connection):
                    log.info("store.schema_upgraded", version=migrate.SCHEMA_VERSION)
        except BaseException:
            database.close()
            raise
        return cls(database, environment, account_id)

    def close(self) -> None:
        """Close the database and let others have it. What was committed is safe in any case."""
        try:
            with self._database.told("it did not close"):
                self._database.close()
        except JournalFailed as error:
            log.error("store.close_failed", error=str(error))

    def load(self) -> Sequence[Record]:
        """Every record, oldest first, after checking each; a torn last one is dropped.

        Raises: JournalFailed when the records cannot be what was written, or the first ones were
        removed: then only `restore` knows what they had led to.
        """
        with self._trusted(), self._database.engine.begin() as connection:
            base = snapshots.base_of(connection, self._environment, self._account_id)
            if base.sequence:
                raise JournalFailed(
                    f"the journal in {self._database.place} begins after record {base.sequence}: "
                    "what came before it is only in the snapshots"
                )
            return self._read(connection, base)

    def restore(self) -> Restored:
        """The newest snapshot that can be believed, and the records after it, checked.

        Raises: JournalFailed where neither a snapshot nor the whole journal is there.
        """
        with self._trusted(), self._database.engine.begin() as connection:
            environment, account_id = self._environment, self._account_id
            base = snapshots.base_of(connection, environment, account_id)
            found = snapshots.newest(connection, environment, account_id, base)
            if found is None and base.sequence:
                raise JournalFailed(
                    f"the journal in {self._database.place} begins after record {base.sequence}, "
                    "and no snapshot can be read: start the version of Cream that wrote it, or "
                    "from the last good copy"
                )
            state, head = (None, base) if found is None else found
            records = self._read(connection, head)
            recalled = (
                ()
                if state is None
                else archive.needed_by(connection, environment, account_id, state, records)
            )
            return Restored(state=state, records=records, recalled=recalled)

    def append(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable, in order, or none.   Raises: JournalFailed."""
        with self._trusted():
            if self._head is None:
                # Nobody has loaded: what the records are to follow is not known, nor checked.
                self.restore()
            assert self._head is not None
            if not records:
                return
            rows, head = self._chained(records, self._head)
            self._database.append(rows)
            self._head = head

    def keep_snapshot(self, state: BookState) -> None:
        """Make the state durable; only the newest few are kept.   Raises: JournalFailed."""
        self.keep_written_snapshot(state.sequence, codec.encode_value(state))

    def keep_written_snapshot(self, sequence: int, body: str) -> None:
        """As `keep_snapshot`, of a state that was written out elsewhere."""
        with self._trusted(), self._database.engine.begin() as connection:
            snapshots.keep(connection, self._environment, self._account_id, sequence, body)

    def keep(self, archived: Archived, sequence: int) -> None:
        """Make orders and plans durable as they are at `sequence`.   Raises: JournalFailed."""
        with self._trusted(), self._database.engine.begin() as connection:
            archive.keep(connection, self._environment, self._account_id, archived, sequence)

    def compact(self, before_ns: int, most: int) -> int:
        """Remove at most `most` of the oldest records that are older than that moment.

        Gives how many. What no two snapshots stand in for stays.   Raises: JournalFailed.
        """
        with self._trusted(), self._database.engine.begin() as connection:
            return compaction.compact(
                connection, self._environment, self._account_id, before_ns, most
            )

    def _chained(
        self, records: Iterable[Record], head: chain.Head
    ) -> tuple[Sequence[JournalRow], chain.Head]:
        """The rows for `records`, each hashed over the one before, and the head after them."""
        rows: list[JournalRow] = []
        for record in records:
            sequence, event = record.sequence, record.event
            if sequence != head.sequence + 1:
                raise JournalFailed(
                    f"record {sequence} came where {head.sequence + 1} should be written; this "
                    "is a defect in Cream: start it again and report it"
                )
            kind, body = codec.kind_of(event), codec.encode(event)
            digest = chain.hash_of(sequence, kind, body, head.hash)
            at_ns, at = codec.nanoseconds(event.at), codec.instant_text(event.at)
            key = (self._environment.value, self._account_id, sequence)
            rows.append((*key, at_ns, at, kind, body, head.hash, digest))
            head = chain.Head(sequence, digest)
        return rows, head

    def _read(self, connection: Connection, head: chain.Head) -> Sequence[Record]:
        """The records past `head`, which becomes the end of what was read."""
        records: list[Record] = []
        query = rows_after(self._environment, self._account_id, head.sequence)
        try:
            with connection.execution_options(yield_per=PAGE_ROWS).execute(query) as rows:
                for entry in chain.verified(cast(Iterable[chain.Row], rows), head):
                    records.append(entry.record)
                    head = chain.Head(entry.record.sequence, entry.hash)
        except chain.TornTail as torn:
            self._drop(connection, torn.row)
        except chain.BrokenChain as broken:
            raise JournalFailed(distrust(self._database.place, broken)) from broken
        self._head = head
        return records

    def _drop(self, connection: Connection, torn: chain.Row) -> None:
        """Take the torn last record out of the table; the log keeps what was legible of it."""
        log.warning(
            "store.torn_record_dropped",
            environment=self._environment.value,
            account=self._account_id,
            sequence=torn.sequence,
            kind=torn.kind,
            body=torn.body,
        )
        mine = of_account(JOURNAL, self._environment, self._account_id)
        connection.execute(delete(JOURNAL).where(mine & (JOURNAL.c.sequence == torn.sequence)))

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        """Work on a journal that is trusted; if it fails, it is trusted no more.

        Raises: JournalFailed: now, or because it did before.
        """
        if self._failure is not None:
            raise JournalFailed(self._failure)
        try:
            with self._database.told("the journal cannot be used"):
                yield
        except JournalFailed as error:
            self._failure = str(error)
            raise
        except Exception as error:  # barrier: any failed write ends trust
            self._failure = f"the journal cannot take an event: {type(error).__name__}: {error}"
            raise JournalFailed(self._failure) from error


def distrust(place: str, broken: chain.BrokenChain) -> str:
    """The sentence for records that cannot be what was written."""
    return (
        f"the journal in {place} cannot be believed: {broken}; keep the file and start from the "
        "last good copy of it, recovery then asks the broker for the rest"
    )
