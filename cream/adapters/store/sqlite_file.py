"""How is a SQLite file opened so that what it acknowledges survives, and only we write to it?

WAL with synchronous=FULL loses no acknowledged commit when the power fails; weaker settings do, so
a connection that is not really in that mode is refused. Both pragmas are read to the last row and
then asked again: an error while switching to WAL shows only when the statement is stepped past its
first row, and a connection that hides it answers "wal" and goes on without a write-ahead log.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from attrs import frozen
from sqlalchemy import Engine, create_engine, event, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from cream.adapters.store.database import JournalRow
from cream.adapters.store.schema import JOURNAL
from cream.core.model.errors import JournalFailed

DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600

# How long another program's lock is waited for. Trading stands still meanwhile, so not for long.
BUSY_TIMEOUT_MS: Final = 5_000

# For the driver's executemany; the same insert through an expression costs twice the CPU.
_INSERT: Final = str(insert(JOURNAL).compile(dialect=sqlite.dialect(paramstyle="qmark")))

# What SQLite calls synchronous=FULL when it is asked.
_SYNCHRONOUS_FULL: Final = 2

# After a burst or a long reader the write-ahead log is cut back to this: sixteen times the size
# at which SQLite begins to copy it into the database.
_WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024

# What a person can do, by the beginning of SQLite's name for the error. The first that fits.
_ADVICE: Final = (
    ("SQLITE_FULL", "the disk is full: make room, then start Cream again"),
    ("SQLITE_BUSY", "another program holds the database: close it, then start Cream again"),
    ("SQLITE_LOCKED", "another program holds the database: close it, then start Cream again"),
    ("SQLITE_READONLY", "make the file and its directory writable, then start Cream again"),
    ("SQLITE_CANTOPEN", "see that the directory exists and is writable, then start Cream again"),
    ("SQLITE_CORRUPT", "keep the file, and start from the last good copy of it"),
    ("SQLITE_NOTADB", "the file is no database: see that persistence.db_path is right"),
    ("SQLITE_IOERR", "the disk failed: check it (the kernel's log says more) before you go on"),
)
_ADVICE_OTHERWISE: Final = "see that the file is what this version of Cream wrote"


class Asked(Protocol):
    """Rows that a statement gave."""

    def fetchall(self) -> Sequence[Sequence[object]]: ...


class Askable(Protocol):
    """As much of a database connection as the pragmas need."""

    def execute(self, sql: str, /) -> Asked: ...


@frozen
class SqliteFile:
    """An open database: the driver's connection for the hot path, the engine over it for the rest.

    Owns: the connection and the lock, until `close`.   Threads: used in the one that opened it.
    """

    path: Path
    driver: sqlite3.Connection
    engine: Engine
    lock: int | None

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def told(self, what: str) -> AbstractContextManager[None]:
        """As `told_as_journal_failed`."""
        return told_as_journal_failed(what)

    def append(self, rows: Sequence[JournalRow]) -> None:
        """Make the rows durable in one transaction, or none of them."""
        self.driver.execute("BEGIN IMMEDIATE")
        try:
            self.driver.executemany(_INSERT, rows)
            self.driver.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self.driver.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the database, then let others have it."""
        try:
            # The driver first: the engine would only log what closing reports.
            self.driver.close()
            self.engine.dispose()
        finally:
            if self.lock is not None:
                os.close(self.lock)


def open_for_writing(path: Path, busy_timeout_ms: int) -> SqliteFile:
    """The database at `path`, made if it is not there, durable and ours alone.

    Raises: JournalFailed with what to do: not accessible, in use, or not durable.
    """
    path = path.resolve()
    with told_as_journal_failed(f"{path} cannot be opened"), ExitStack() as undo:
        _make_directory(path.parent)
        lock = _lock(path)
        undo.callback(os.close, lock)
        _make_file(path)
        driver = connect(path, "rw", busy_timeout_ms)
        undo.callback(driver.close)
        demand_durability(driver)
        driver.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}").fetchall()
        undo.pop_all()
    return SqliteFile(path, driver, engine_over(driver), lock)


def open_for_reading(path: Path, busy_timeout_ms: int) -> SqliteFile:
    """The database at `path`, beside whoever writes to it.   Raises: JournalFailed."""
    with told_as_journal_failed(f"{path} cannot be read"):
        driver = connect(path, "ro", busy_timeout_ms)
    return SqliteFile(path, driver, engine_over(driver, begin="BEGIN"), None)


def give_space_back(path: Path, busy_timeout_ms: int) -> None:
    """Make the file as small as what is in it.   Raises: JournalFailed."""
    file = open_for_writing(path, busy_timeout_ms)
    with told_as_journal_failed(f"{path} cannot be made smaller"):
        try:
            file.driver.execute("VACUUM").fetchall()
        finally:
            file.close()


def connect(path: Path, mode: str, busy_timeout_ms: int) -> sqlite3.Connection:
    """A connection to a file that exists; `mode` is "rw" or "ro". It begins no transactions."""
    driver = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=busy_timeout_ms / 1_000,
    )
    # A damaged text is for the chain to find, not for the driver to stumble over.
    driver.text_factory = partial(str, encoding="utf-8", errors="replace")
    return driver


def demand_durability(driver: Askable) -> None:
    """Put the connection into WAL and synchronous=FULL.   Raises: JournalFailed if it is not."""
    switched = driver.execute("PRAGMA journal_mode = WAL").fetchall()
    driver.execute("PRAGMA synchronous = FULL").fetchall()
    mode = driver.execute("PRAGMA journal_mode").fetchall()
    synchronous = driver.execute("PRAGMA synchronous").fetchall()
    wal = [("wal",)]
    if (list(switched), list(mode), list(synchronous)) != (wal, wal, [(_SYNCHRONOUS_FULL,)]):
        raise JournalFailed(
            f"SQLite does not write ahead and sync here (journal_mode {_first(mode)}, synchronous "
            f"{_first(synchronous)}; needed are wal and {_SYNCHRONOUS_FULL}), so a power failure "
            "would lose orders: put persistence.db_path on a local disk"
        )


def engine_over(driver: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Engine:
    """An engine whose only connection is `driver`, and whose transactions start with `begin`."""
    engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: object) -> None:
        # The driver itself begins none: its habit leaves changes of the schema outside.
        driver.execute(begin)

    return engine


@contextmanager
def told_as_journal_failed(what: str) -> Iterator[None]:
    """Whatever the database or the disk raises within comes out as JournalFailed with advice."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        raise JournalFailed(f"{what}: {explain(error)}") from error
    except OSError as error:
        raise JournalFailed(
            f"{what}: {error.strerror or error}; see that this user may write there"
        ) from error


def explain(error: sqlite3.Error | DBAPIError) -> str:
    """What went wrong and what a person can do about it, as the end of a sentence."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = str(getattr(cause, "sqlite_errorname", ""))
    advice = (text for beginning, text in _ADVICE if name.startswith(beginning))
    return f"{cause}; {next(advice, _ADVICE_OTHERWISE)}"


def _first(rows: Sequence[Sequence[object]]) -> str:
    return str(rows[0][0]) if rows and rows[0] else "unknown"


def _make_directory(directory: Path) -> None:
    """Make `directory` and what is missing above it, durably, for this user alone."""
    if directory.is_dir():
        return
    _make_directory(directory.parent)
    with suppress(FileExistsError):
        directory.mkdir(mode=DIRECTORY_MODE)
    _sync_directory(directory.parent)


def _make_file(path: Path) -> None:
    """Make `path` if it is not there (SQLite gives its companions the same mode).

    Raises: OSError where this user may not write it.
    """
    existed = path.exists()
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    if not existed:
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Make the names in `directory` survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """The descriptor that holds the lock on `path`, until it is closed or the process ends.

    The lock is on a file beside it, because SQLite locks parts of the database itself, and it
    names the holder. That file stays: to remove it would let two processes lock two files.

    Raises: JournalFailed when another process has it.
    """
    beside = path.with_name(path.name + ".lock")
    lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        os.close(lock)
        who = f"process {holder}" if holder else "another process"
        raise JournalFailed(
            f"{path} is in use by {who}: stop it first, or give each its own persistence.db_path"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock
