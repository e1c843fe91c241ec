"""What does the store need of a database, whichever it is? A connection of its own, and words.

SQLite (`sqlite_file.py`) and PostgreSQL (`postgres_server.py`) are the two. Everything blocks, and
belongs to the thread that opened it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Engine

# A record as a row of the journal's table, in the order of its columns.
JournalRow = tuple[str, str, int, int, str, str, str, str, str]


class Database(Protocol):
    """An open database.   Owns: its connection, until `close`."""

    @property
    def place(self) -> str:
        """Where it is, for people; never with a password."""
        ...

    @property
    def engine(self) -> Engine:
        """The engine over the one connection. Its transactions are durable when they end."""
        ...

    def told(self, what: str) -> AbstractContextManager[None]:
        """Whatever the database or the disk raises within comes out as JournalFailed with advice.

        `what` begins the sentence.
        """
        ...

    def close(self) -> None:
        """Let others have it.   Raises: whatever `told` tells."""
        ...


class WritableDatabase(Database, Protocol):
    """A database that is ours alone to write to."""

    def append(self, rows: Sequence[JournalRow]) -> None:
        """Make the rows durable in one transaction, or none of them."""
        ...
