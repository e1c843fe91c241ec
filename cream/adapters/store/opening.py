"""Which journal do the settings ask for, and where does it lie?"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, assert_never

import structlog
from attrs import frozen
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cream.adapters.store import sqlite_file
from cream.adapters.store.codec import nanoseconds
from cream.adapters.store.database import Database, WritableDatabase
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.reader import BUSY_TIMEOUT_MS as READER_BUSY_TIMEOUT_MS
from cream.adapters.store.reader import JournalReader
from cream.adapters.store.settings import PersistenceSettings
from cream.adapters.store.sqlite_file import BUSY_TIMEOUT_MS
from cream.adapters.store.threaded_journal import (
    CLOSE_TIMEOUT_SECONDS,
    RECORDS_A_JOB,
    ThreadedJournal,
)
from cream.adapters.store.volatile_journal import VolatileJournal
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.ports import Archive, Journal

log = structlog.get_logger(__name__)

_MILLISECONDS_PER_SECOND: Final = 1_000


@frozen
class SqlitePlace:
    """A file."""

    path: Path


@frozen
class PostgresPlace:
    """A database of a server."""

    url: URL


Place = SqlitePlace | PostgresPlace


async def open_journal(
    settings: PersistenceSettings, environment: Environment, account_id: str
) -> Journal:
    """The account's journal as the settings want it.   Owns: the caller closes it.

    Raises: JournalFailed with what to do.
    """
    if not settings.enabled:
        if environment is Environment.LIVE:
            raise JournalFailed("LIVE does not run without a journal: set persistence.enabled")
        log.warning("store.persistence_disabled", environment=environment.value)
        return VolatileJournal()
    place = place_of(settings)
    return await ThreadedJournal.open(
        _to_write(place, environment, account_id, settings.busy_timeout_ms),
        _to_read(place),
        environment,
        account_id,
        close_timeout_seconds=settings.drain_timeout_ms / _MILLISECONDS_PER_SECOND,
    )


async def open_sqlite_journal(
    path: Path,
    environment: Environment,
    account_id: str,
    *,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    close_timeout_seconds: float = CLOSE_TIMEOUT_SECONDS,
) -> ThreadedJournal:
    """The account's journal in the file `path`, which is made if it is not there.

    Raises: JournalFailed with what to do.   Cancellation: leaves the file closed.
    """
    place = SqlitePlace(path)
    return await ThreadedJournal.open(
        _to_write(place, environment, account_id, busy_timeout_ms),
        _to_read(place),
        environment,
        account_id,
        close_timeout_seconds=close_timeout_seconds,
    )


def open_reader(settings: PersistenceSettings) -> JournalReader:
    """A reader of the journal of the settings, beside a daemon or without one.

    Raises: JournalFailed.
    """
    return JournalReader.over(_to_read(place_of(settings))())


def compact_offline(
    settings: PersistenceSettings, before: datetime
) -> Iterator[tuple[tuple[Environment, str], int]]:
    """Remove records older than `before` from a journal that no daemon has open.

    Gives for each account how many went: what two snapshots stand in for. Then a file gives the
    space back (a server does that by itself).

    Raises: JournalFailed, also while a daemon has the journal.
    """
    place = place_of(settings)
    with open_reader(settings) as reader:
        accounts = reader.accounts()
    for environment, account_id in accounts:
        open_to_write = _to_write(place, environment, account_id, settings.busy_timeout_ms)
        opened = JournalLog.over(open_to_write(), environment, account_id)
        try:
            removed = 0
            while some := opened.compact(nanoseconds(before), RECORDS_A_JOB):
                removed += some
        finally:
            opened.close()
        yield (environment, account_id), removed
    if isinstance(place, SqlitePlace):
        sqlite_file.give_space_back(place.path, settings.busy_timeout_ms)


def archive_in(journal: Journal) -> Archive | None:
    """The archive beside the journal; None where nothing is kept."""
    return journal if isinstance(journal, ThreadedJournal) else None


def marker_path(settings: PersistenceSettings) -> Path:
    """The file that the trust marker stands beside.

    It is on this machine in any case: a server that cannot commit cannot note it either.
    """
    place = place_of(settings)
    return place.path if isinstance(place, SqlitePlace) else settings.db_path


def place_of(settings: PersistenceSettings) -> Place:
    """Where the settings want the journal; `database_url` wins over `db_path`.

    Raises: JournalFailed for a URL that names no file, or another kind of database.
    """
    if settings.database_url is None or not settings.database_url:
        return SqlitePlace(settings.db_path)
    try:
        url = make_url(settings.database_url.reveal())
    except ArgumentError:
        # What was written is not repeated: it may hold a password.
        raise JournalFailed(
            "persistence.database_url is no URL: write sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/DATABASE, or use persistence.db_path"
        ) from None
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        return PostgresPlace(url)
    if url.drivername != "sqlite" or url.database in (None, "", ":memory:") or url.query:
        raise JournalFailed(
            f"persistence.database_url ({url.drivername}) names nothing that Cream can keep a "
            "journal in: write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE, or "
            "use persistence.db_path"
        )
    assert url.database is not None
    return SqlitePlace(Path(url.database))


def _to_write(
    place: Place, environment: Environment, account_id: str, busy_timeout_ms: int
) -> Callable[[], WritableDatabase]:
    match place:
        case SqlitePlace(path):
            return partial(sqlite_file.open_for_writing, path, busy_timeout_ms)
        case PostgresPlace(url):
            # Imported where it is used: the driver would add to every start on SQLite.
            from cream.adapters.store import postgres_server

            return partial(
                postgres_server.open_for_writing, url, environment, account_id, busy_timeout_ms
            )
    assert_never(place)


def _to_read(place: Place) -> Callable[[], Database]:
    match place:
        case SqlitePlace(path):
            return partial(sqlite_file.open_for_reading, path, READER_BUSY_TIMEOUT_MS)
        case PostgresPlace(url):
            from cream.adapters.store import postgres_server

            return partial(postgres_server.open_for_reading, url)
    assert_never(place)
