"""How is a PostgreSQL server used so that what it acknowledges survives, and only we write to it?

The session asks for synchronous_commit and reads it back, and refuses a server that does not sync
or that only follows another. A lock of the session keeps a second daemon off the account; it goes
with the connection, and so does the journal: a connection that was lost is not opened again, since
what its last commit came to cannot be known.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from typing import Final

import psycopg
from attrs import frozen
from sqlalchemy import URL, Engine, create_engine, insert
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from cream.adapters.store.database import JournalRow
from cream.adapters.store.schema import JOURNAL
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment

# A server that takes longer to say anything at all is not one to trade on.
CONNECT_TIMEOUT_SECONDS: Final = 5
# How long sent bytes may wait for the server's kernel to say that it has them.
_TCP_USER_TIMEOUT_MS: Final = 10_000

# For the driver's executemany, which sends all rows before it waits for the first answer.
_DIALECT: Final = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
_INSERT: Final = str(insert(JOURNAL).compile(dialect=_DIALECT))

# What the server has to answer, so that a commit that it acknowledged outlives its power.
_DURABLE: Final = (
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("transaction_read_only", "off"),
)

# What a person can do, by the beginning of the SQLSTATE. The first that fits.
_ADVICE: Final = (
    ("53100", "the server's disk is full: make room, then start Cream again"),
    ("53", "the server is short of something: see its log, then start Cream again"),
    ("55P03", "another program holds the table: end it, then start Cream again"),
    ("57014", "the server took too long: see what it is doing, then start Cream again"),
    ("25006", "the database only reads: write to the primary, then start Cream again"),
    ("42501", "let the user make tables in the database"),
    ("58", "the server's disk failed: check it before you go on"),
    ("XX", "the server's data are damaged: restore the last good copy"),
)
# While a connection is made the driver knows no SQLSTATE; the server's own words come before this.
_ADVICE_UNREACHABLE: Final = (
    "see that the server runs and that persistence.database_url is right, then start Cream again"
)


@frozen
class PostgresServer:
    """A session: the driver's connection for the hot path, the engine over it for the rest.

    Owns: the connection and its lock, until `close`.   Threads: used in the one that opened it.
    """

    place: str
    driver: "psycopg.Connection[tuple[object, ...]]"
    engine: Engine

    def told(self, what: str) -> AbstractContextManager[None]:
        """As `told_as_journal_failed`."""
        return told_as_journal_failed(what)

    def append(self, rows: Sequence[JournalRow]) -> None:
        """Make the rows durable in one transaction, or none of them."""
        with self.driver.transaction(), self.driver.cursor() as cursor:
            cursor.executemany(_INSERT, rows)

    def close(self) -> None:
        """End the session: the lock goes with it."""
        self.driver.close()
        self.engine.dispose()


def open_for_writing(
    url: URL, environment: Environment, account_id: str, busy_timeout_ms: int
) -> PostgresServer:
    """A durable session that alone may write to the account's journal.

    Raises: JournalFailed with what to do: not reachable, in use, or not durable.
    """
    place = place_of(url)
    with told_as_journal_failed(f"{place} cannot be opened"):
        server = _connected(url, place)
        try:
            server.driver.execute(f"SET lock_timeout = {int(busy_timeout_ms)}")
            server.driver.execute("SET synchronous_commit = on")
            _demand_durability(server.driver)
            _lock(server, environment, account_id)
            server.driver.commit()
        except BaseException:
            server.close()
            raise
    return server


def open_for_reading(url: URL) -> PostgresServer:
    """A session that only reads, beside whoever writes.   Raises: JournalFailed."""
    place = place_of(url)
    with told_as_journal_failed(f"{place} cannot be read"):
        server = _connected(url, place)
        server.driver.execute("SET default_transaction_read_only = on")
        server.driver.commit()
    return server


def place_of(url: URL) -> str:
    """Where the database is, without its password."""
    return url.set(drivername="postgresql", password=None).render_as_string()


def _connected(url: URL, place: str) -> PostgresServer:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    driver = psycopg.connect(
        plain,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        tcp_user_timeout=_TCP_USER_TIMEOUT_MS,
        application_name="cream",
        client_encoding="UTF8",
    )
    engine = create_engine("postgresql+psycopg://", creator=lambda: driver, poolclass=StaticPool)
    return PostgresServer(place, driver, engine)


def _demand_durability(driver: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Raises: JournalFailed when the server would acknowledge what it may lose."""
    for name, needed in _DURABLE:
        found = driver.execute(f"SHOW {name}").fetchone()
        if found != (needed,):
            value = "nothing" if found is None else found[0]
            raise JournalFailed(
                f"PostgreSQL answers {value} for {name}, needed is {needed}, so a power failure "
                "would lose orders: use a primary server that syncs what it commits"
            )
    if driver.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
        raise JournalFailed("PostgreSQL follows another server here: use the primary")


def _lock(server: PostgresServer, environment: Environment, account_id: str) -> None:
    """Raises: JournalFailed when another session has the account's journal.

    The lock timeout is waited for: the server may need a moment to see that a daemon is gone.
    """
    key = lock_key(environment, account_id)
    server.driver.commit()
    try:
        server.driver.execute("SELECT pg_advisory_lock(%s)", (key,))
    except psycopg.errors.LockNotAvailable:
        server.driver.rollback()
    else:
        return
    query = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND (classid::bigint << 32 | objid::bigint) = %s"
    )
    holder = server.driver.execute(query, (key,)).fetchone()
    who = "another session" if holder is None else f"the session with server process {holder[0]}"
    raise JournalFailed(
        f"the journal of {environment.value} {account_id} in {server.place} is in use by {who}: "
        "stop that daemon first"
    )


def lock_key(environment: Environment, account_id: str) -> int:
    """The number that the account's lock has on the server: 64 bits, signed."""
    digest = sha256(f"cream journal|{environment.value}|{account_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def told_as_journal_failed(what: str) -> Iterator[None]:
    """Whatever the server or the network raises within comes out as JournalFailed with advice."""
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        raise JournalFailed(f"{what}: {explain(error)}") from error


def explain(error: psycopg.Error | DBAPIError) -> str:
    """What went wrong and what a person can do about it, as the end of a sentence."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = str(getattr(cause, "sqlstate", None) or "")
    advice = (text for beginning, text in _ADVICE if state.startswith(beginning))
    first_line = str(cause).strip().partition("\n")[0]
    return f"{first_line}; {next(advice, _ADVICE_UNREACHABLE)}"
