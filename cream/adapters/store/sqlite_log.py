"""What stands in the journal's table, and how is more put there? The blocking half of the journal.

Everything here runs in the one thread that owns the connection. The first failure of any kind ends
trust: what SQLite, the kernel and the disk make of a file after a failed sync cannot be known from
inside the process, so nothing is tried again, and only a new start finds out what is there.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, cast

import structlog
from attrs import define
from sqlalchemy import ColumnElement, Connection, Select, delete, insert, select
from sqlalchemy.dialects import sqlite

from cream.adapters.store import chain, codec, migrate
from cream.adapters.store.schema import JOURNAL
from cream.adapters.store.sqlite_file import (
    SqliteFile,
    explain,
    open_for_writing,
    told_as_journal_failed,
)
from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment

log = structlog.get_logger(__name__)

# Rows fetched at a time: enough for the cost of a fetch to vanish, few enough to stay small.
PAGE_ROWS: Final = 1_000

# For the driver's executemany; the same insert through an expression costs twice the CPU.
_INSERT: Final = str(insert(JOURNAL).compile(dialect=sqlite.dialect(paramstyle="qmark")))

_InsertRow = tuple[str, str, int, int, str, str, str, str, str]


def belongs_to(environment: Environment, account_id: str) -> ColumnElement[bool]:
    """The condition for rows of this account."""
    return (JOURNAL.c.environment == environment.value) & (JOURNAL.c.account == account_id)


def rows_after(
    environment: Environment, account_id: str, sequence: int
) -> Select[*tuple[object, ...]]:
    """The query for the account's rows past `sequence`, oldest first."""
    mine = belongs_to(environment, account_id) & (JOURNAL.c.sequence > sequence)
    return select(JOURNAL).where(mine).order_by(JOURNAL.c.sequence)


@define
class SqliteLog:
    """The journal of one account in an open file.   Owns: the file, until `close`."""

    _file: SqliteFile
    _environment: Environment
    _account_id: str
    _head: chain.Head | None = None
    _failure: str | None = None

    @classmethod
    def open(
        cls, path: Path, environment: Environment, account_id: str, busy_timeout_ms: int
    ) -> "SqliteLog":
        """The account's journal at `path`, with today's schema.   Raises: JournalFailed."""
        file = open_for_writing(path, busy_timeout_ms)
        try:
            told = told_as_journal_failed(f"{file.path} cannot be opened")
            with told, file.engine.begin() as connection:
                if migrate.upgrade(connection):
                    log.info("store.schema_upgraded", version=migrate.SCHEMA_VERSION)
        except BaseException:
            file.close()
            raise
        return cls(file, environment, account_id)

    def close(self) -> None:
        """Close the file and let others have it. What was committed is safe in any case."""
        try:
            self._file.close()
        except sqlite3.Error as error:
            log.error("store.close_failed", error=explain(error))

    def load(self) -> Sequence[Record]:
        """Every record, oldest first, after checking each; a torn last one is dropped.

        Raises: JournalFailed when the records cannot be what was written.
        """
        with self._trusted(), self._file.engine.begin() as connection:
            return self._read(connection)

    def append(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable, in order, or none.   Raises: JournalFailed."""
        with self._trusted():
            if self._head is None:
                # Nobody has loaded: what the records are to follow is not known, nor checked.
                self.load()
            assert self._head is not None
            if not records:
                return
            rows, head = self._chained(records, self._head)
            self._insert(rows)
            self._head = head

    def _insert(self, rows: Sequence[_InsertRow]) -> None:
        driver = self._file.driver
        driver.execute("BEGIN IMMEDIATE")
        try:
            driver.executemany(_INSERT, rows)
            driver.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                driver.execute("ROLLBACK")
            raise

    def _chained(
        self, records: Iterable[Record], head: chain.Head
    ) -> tuple[Sequence[_InsertRow], chain.Head]:
        """The rows for `records`, each hashed over the one before, and the head after them."""
        rows: list[_InsertRow] = []
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

    def _read(self, connection: Connection) -> Sequence[Record]:
        records: list[Record] = []
        head = chain.origin(self._environment, self._account_id)
        query = rows_after(self._environment, self._account_id, head.sequence)
        try:
            with connection.execution_options(yield_per=PAGE_ROWS).execute(query) as rows:
                for entry in chain.verified(cast(Iterable[chain.Row], rows), head):
                    records.append(entry.record)
                    head = chain.Head(entry.record.sequence, entry.hash)
        except chain.TornTail as torn:
            self._drop(connection, torn.row)
        except chain.BrokenChain as broken:
            raise JournalFailed(distrust(self._file.path, broken)) from broken
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
        mine = belongs_to(self._environment, self._account_id)
        connection.execute(delete(JOURNAL).where(mine & (JOURNAL.c.sequence == torn.sequence)))

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        """Work on a journal that is trusted; if it fails, it is trusted no more.

        Raises: JournalFailed: now, or because it did before.
        """
        if self._failure is not None:
            raise JournalFailed(self._failure)
        try:
            with told_as_journal_failed("the journal cannot be used"):
                yield
        except JournalFailed as error:
            self._failure = str(error)
            raise
        except Exception as error:  # barrier: any failed write ends trust
            self._failure = f"the journal cannot take an event: {type(error).__name__}: {error}"
            raise JournalFailed(self._failure) from error


def distrust(path: Path, broken: chain.BrokenChain) -> str:
    """The sentence for records that cannot be what was written."""
    return (
        f"the journal in {path} cannot be believed: {broken}; keep the file and start from the "
        "last good copy of it, recovery then asks the broker for the rest"
    )
