"""How does the journal's own code run over a VFS written in Python? Through this connection.

`sqlite3` brings a SQLite of its own that knows no such VFS, so that apsw's connection is dressed as
one of `sqlite3`: as much of it as the journal and SQLAlchemy ask for, errors included.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import apsw


class Cursor:
    """All rows of one statement. They are fetched at once: an error after a row is an error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid = None
        self.arraysize = 1

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> "Cursor":
        with _told_as_sqlite3():
            cursor = self._connection.cursor()
            cursor.exec_trace = self._described
            self.description = None
            self._rows = list(cursor.execute(sql, tuple(parameters)))
            self.rowcount = self._connection.changes()
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> "Cursor":
        with _told_as_sqlite3():
            self._connection.cursor().executemany(sql, rows)
        return self

    def _described(self, cursor: Any, sql: str, bindings: object) -> bool:
        self.description = tuple((*one, None, None, None, None, None) for one in cursor.description)
        self.description = tuple(one[:7] for one in self.description) or None
        return True

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[Any]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def close(self) -> None:
        self._rows = []


class Driver:
    """The connection."""

    isolation_level = None

    def __init__(self, filename: str, vfs: str) -> None:
        with _told_as_sqlite3():
            self._connection = apsw.Connection(filename, vfs=vfs)
        # Write-ahead without shared memory, which such a VFS does not have.
        self.execute("PRAGMA locking_mode = EXCLUSIVE")

    def cursor(self) -> Cursor:
        return Cursor(self._connection)

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> Cursor:
        return self.cursor().executemany(sql, rows)

    def commit(self) -> None:
        if self._connection.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        with _told_as_sqlite3():
            self._connection.close(True)

    def create_function(self, *arguments: object, **options: object) -> None:
        """SQLAlchemy offers a function for regular expressions; nobody here asks for one."""


@contextmanager
def _told_as_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        told = sqlite3.OperationalError(str(error))
        code = getattr(error, "extendedresult", 1)
        told.sqlite_errorname = apsw.mapping_extended_result_codes.get(
            code, apsw.mapping_result_codes.get(code & 255, "SQLITE_ERROR")
        )
        raise told from error
