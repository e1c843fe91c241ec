"""What does the journal say, to someone who only reads? For the command line, beside a daemon.

Reading takes no lock that a writer waits for, and fetches page by page, so that a slow reader does
not keep the write-ahead log from being cut. Everything here blocks: it is not for the event loop.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import structlog
from attrs import frozen
from sqlalchemy import Connection, Engine, select

from cream.adapters.store import chain, migrate
from cream.adapters.store.schema import JOURNAL
from cream.adapters.store.sqlite_file import connect, engine_over, told_as_journal_failed
from cream.adapters.store.sqlite_log import PAGE_ROWS, belongs_to, distrust, rows_after
from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment

log = structlog.get_logger(__name__)

# A reader waits for no writer; only recovery after a crash takes the lock, for milliseconds.
_BUSY_TIMEOUT_MS: Final = 1_000


@frozen
class JournalReader:
    """Every account's records in one file.   Owns: its connection, until `close`."""

    path: Path
    _driver: sqlite3.Connection
    _engine: Engine

    @classmethod
    def open(cls, path: Path) -> Self:
        """A reader of the journal at `path`.

        Raises: JournalFailed where there is none, or not of this version's schema.
        """
        with told_as_journal_failed(f"{path} cannot be read"):
            driver = connect(path, "ro", _BUSY_TIMEOUT_MS)
        reader = cls(path, driver, engine_over(driver, begin="BEGIN"))
        try:
            reader._demand_schema()
        except BaseException:
            reader.close()
            raise
        return reader

    def close(self) -> None:
        """Let go of the file."""
        self._driver.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def accounts(self) -> Sequence[tuple[Environment, str]]:
        """The accounts that have records here."""
        columns = (JOURNAL.c.environment, JOURNAL.c.account)
        with self._reading() as connection:
            rows = connection.execute(select(*columns).distinct().order_by(*columns)).all()
        return [(Environment(environment), account) for environment, account in rows]

    def records(
        self, environment: Environment, account_id: str, after: int = 0
    ) -> Iterator[Record]:
        """As `entries`, without their text."""
        return (entry.record for entry in self.entries(environment, account_id, after))

    def entries(
        self, environment: Environment, account_id: str, after: int = 0
    ) -> Iterator[chain.Entry]:
        """The account's records past sequence `after`, oldest first, each checked as it comes.

        A torn last record is passed over with a warning; the daemon drops it when it starts.
        Raises: JournalFailed when the records cannot be what was written.
        """
        try:
            head = self._head_at(environment, account_id, after)
            yield from chain.verified(self._rows(environment, account_id, after), head)
        except chain.TornTail as torn:
            log.warning("store.torn_record_passed_over", sequence=torn.row.sequence)
        except chain.BrokenChain as broken:
            raise JournalFailed(distrust(self.path, broken)) from broken

    def _rows(
        self, environment: Environment, account_id: str, sequence: int
    ) -> Iterator[chain.Row]:
        while True:
            query = rows_after(environment, account_id, sequence).limit(PAGE_ROWS)
            with self._reading() as connection:
                page = cast(Sequence[chain.Row], connection.execute(query).all())
            yield from page
            if len(page) < PAGE_ROWS:
                return
            sequence = page[-1].sequence

    def _head_at(self, environment: Environment, account_id: str, sequence: int) -> chain.Head:
        """What the record after `sequence` has to follow."""
        if sequence == 0:
            return chain.origin(environment, account_id)
        one = belongs_to(environment, account_id) & (JOURNAL.c.sequence == sequence)
        with self._reading() as connection:
            digest = connection.execute(select(JOURNAL.c.hash).where(one)).scalar_one_or_none()
        if digest is None:
            raise chain.BrokenChain(f"record {sequence} is not there")
        return chain.Head(sequence, str(digest))

    def _demand_schema(self) -> None:
        with self._reading() as connection:
            found = migrate.version_of(connection)
        if found != migrate.SCHEMA_VERSION:
            raise JournalFailed(
                f"{self.path} has schema {found}, this version of Cream reads "
                f"{migrate.SCHEMA_VERSION}: `cream run` brings an older one up to date"
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        told = told_as_journal_failed(f"{self.path} cannot be read")
        with told, self._engine.begin() as connection:
            yield connection
