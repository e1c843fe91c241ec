"""Which journal do the settings ask for, and where does it lie?"""

from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from cream.adapters.store.reader import BUSY_TIMEOUT_MS as READER_BUSY_TIMEOUT_MS
from cream.adapters.store.settings import PersistenceSettings
from cream.adapters.store.sqlite_file import BUSY_TIMEOUT_MS, open_for_reading, open_for_writing
from cream.adapters.store.threaded_journal import CLOSE_TIMEOUT_SECONDS, ThreadedJournal
from cream.adapters.store.volatile_journal import VolatileJournal
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.ports import Archive, Journal

log = structlog.get_logger(__name__)

_MILLISECONDS_PER_SECOND = 1_000


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
    return await open_sqlite_journal(
        journal_path(settings),
        environment,
        account_id,
        busy_timeout_ms=settings.busy_timeout_ms,
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
    return await ThreadedJournal.open(
        partial(open_for_writing, path, busy_timeout_ms),
        partial(open_for_reading, path, READER_BUSY_TIMEOUT_MS),
        environment,
        account_id,
        close_timeout_seconds=close_timeout_seconds,
    )


def archive_in(journal: Journal) -> Archive | None:
    """The archive beside the journal; None where nothing is kept."""
    return journal if isinstance(journal, ThreadedJournal) else None


def journal_path(settings: PersistenceSettings) -> Path:
    """The file that the settings name; `database_url` wins over `db_path`.

    Raises: JournalFailed for a URL that names no file, or another kind of database.
    """
    if settings.database_url is None or not settings.database_url:
        return settings.db_path
    try:
        url = make_url(settings.database_url.reveal())
    except ArgumentError:
        # What was written is not repeated: it may hold a password.
        raise JournalFailed(
            "persistence.database_url is no URL: write sqlite:///FILE, or use persistence.db_path"
        ) from None
    if url.get_backend_name() == "postgresql":
        raise JournalFailed(
            "PostgreSQL comes with a later version of Cream: remove persistence.database_url, "
            "and the journal is kept in persistence.db_path"
        )
    if url.drivername != "sqlite" or url.database in (None, "", ":memory:") or url.query:
        raise JournalFailed(
            f"persistence.database_url ({url.drivername}) names no file that Cream can keep a "
            "journal in: write sqlite:///FILE, or use persistence.db_path"
        )
    assert url.database is not None
    return Path(url.database)
