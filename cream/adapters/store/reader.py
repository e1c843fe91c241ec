"""What does the store say, to someone who only reads? For the daemon's look-ups and the commands.

Reading takes no lock that a writer waits for, and fetches page by page, so that a slow reader does
not keep the write-ahead log from being cut. Everything here blocks: it is not for the event loop.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import structlog
from attrs import frozen
from sqlalchemy import Connection, select

from cream.adapters.store import archive, chain, migrate, snapshots
from cream.adapters.store.database import Database
from cream.adapters.store.journal_log import PAGE_ROWS, distrust, rows_after
from cream.adapters.store.schema import JOURNAL
from cream.adapters.store.sqlite_file import open_for_reading
from cream.core.execution.events import Record
from cream.core.execution.memory import Archived, ArchivedOrder, BookState
from cream.core.model.errors import JournalFailed
from cream.core.model.order import Order, OrderStatus
from cream.core.model.plan import Environment

log = structlog.get_logger(__name__)

# A reader waits for no writer; only recovery after a crash takes the lock, for milliseconds.
BUSY_TIMEOUT_MS: Final = 1_000


@frozen
class JournalReader:
    """Every account's records in one database.   Owns: the database, until `close`."""

    _database: Database

    @classmethod
    def open(cls, path: Path) -> Self:
        """A reader of the journal in the SQLite file at `path`.

        Raises: JournalFailed where there is none, or not of this version's schema.
        """
        return cls.over(open_for_reading(path, BUSY_TIMEOUT_MS))

    @classmethod
    def over(cls, database: Database) -> Self:
        """A reader of the journal in `database`.   Raises: JournalFailed, as `open`."""
        reader = cls(database)
        try:
            reader._demand_schema()
        except BaseException:
            reader.close()
            raise
        return reader

    @property
    def place(self) -> str:
        """Where the journal is."""
        return self._database.place

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

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

        Where the first ones were removed it begins with those that are left. A torn last record is
        passed over with a warning; the daemon drops it when it starts.
        Raises: JournalFailed when the records cannot be what was written.
        """
        try:
            head = self._head_at(environment, account_id, after)
            yield from chain.verified(self._rows(environment, account_id, head.sequence), head)
        except chain.TornTail as torn:
            log.warning("store.torn_record_passed_over", sequence=torn.row.sequence)
        except chain.BrokenChain as broken:
            raise JournalFailed(distrust(self.place, broken)) from broken

    def base(self, environment: Environment, account_id: str) -> chain.Head:
        """What the first record that is left has to follow."""
        with self._reading() as connection:
            return snapshots.base_of(connection, environment, account_id)

    def snapshots(self, environment: Environment, account_id: str) -> Sequence[snapshots.Row]:
        """The account's snapshots, newest first, unchecked."""
        with self._reading() as connection:
            return snapshots.all_of(connection, environment, account_id)

    def recalled(
        self, environment: Environment, account_id: str, state: BookState, records: Sequence[Record]
    ) -> tuple[ArchivedOrder, ...]:
        """Archived orders that `records` are about, as they were when the state was taken."""
        with self._reading() as connection:
            return archive.needed_by(connection, environment, account_id, state, records)

    def find(self, environment: Environment, account_id: str, names: Sequence[str]) -> Archived:
        """The archived families of the orders that have one of these ids."""
        with self._reading() as connection:
            return archive.find(connection, environment, account_id, names)

    def plan(self, environment: Environment, account_id: str, plan_id: str) -> Archived:
        """The archived plan and the families of its orders."""
        with self._reading() as connection:
            return archive.plan(connection, environment, account_id, plan_id)

    def names_after(
        self, environment: Environment, account_id: str, place: archive.Place, most: int
    ) -> Sequence[str]:
        """At most so many names of archived plans or orders, those past `place`, in order."""
        with self._reading() as connection:
            return archive.names_after(connection, environment, account_id, place, most)

    def orders(
        self,
        environment: Environment,
        account_id: str,
        status: OrderStatus | None = None,
        limit: int | None = None,
    ) -> Sequence[Order]:
        """Archived orders, oldest first: those with `status`, the newest `limit` of them."""
        with self._reading() as connection:
            return archive.orders(connection, environment, account_id, status, limit)

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
        with self._reading() as connection:
            base = snapshots.base_of(connection, environment, account_id)
            if sequence <= base.sequence:
                return base
            digest = snapshots.hash_at(connection, environment, account_id, sequence, base)
        if digest is None:
            raise chain.BrokenChain(f"record {sequence} is not there")
        return chain.Head(sequence, digest)

    def _demand_schema(self) -> None:
        with self._reading() as connection:
            found = migrate.version_of(connection)
        if found is None:
            raise JournalFailed(
                f"{self.place} holds no journal: it is another database, or a copy that was made "
                "while a daemon ran and without the `-wal` file beside it"
            )
        if found != migrate.SCHEMA_VERSION:
            raise JournalFailed(
                f"{self.place} has schema {found}, this version of Cream reads "
                f"{migrate.SCHEMA_VERSION}: `cream run` brings an older one up to date"
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        told = self._database.told(f"{self.place} cannot be read")
        with told, self._database.engine.begin() as connection:
            yield connection
