"""A database is opened durable, private and by one process, or not at all."""

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attrs import define, field

from cream.adapters.store import sqlite_file
from cream.adapters.store.sqlite_file import demand_durability, explain, open_for_writing
from cream.core.model.errors import JournalFailed

# An account without rights, for tests that run as root; root may write everything.
_NOBODY = 65_534


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_directories_are_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "data" / "orders.db"

    opened = open_for_writing(path, 0)
    opened.driver.execute("CREATE TABLE t (a)").fetchall()

    created = sorted(entry.name for entry in path.parent.iterdir())
    assert created == ["orders.db", "orders.db-shm", "orders.db-wal", "orders.db.lock"]
    assert {_mode(entry) for entry in path.parent.iterdir()} == {0o600}
    assert _mode(path.parent) == _mode(path.parent.parent) == 0o700
    opened.close()


def test_directories_that_are_there_keep_their_modes(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    open_for_writing(tmp_path / "orders.db", 0).close()

    assert _mode(tmp_path) == 0o750


def test_an_open_file_writes_ahead_and_syncs(tmp_path: Path) -> None:
    opened = open_for_writing(tmp_path / "orders.db", 1_250)

    assert opened.driver.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    assert opened.driver.execute("PRAGMA synchronous").fetchall() == [(2,)]
    assert opened.driver.execute("PRAGMA busy_timeout").fetchall() == [(1_250,)]
    opened.close()


def test_a_second_opener_is_told_who_has_the_file(tmp_path: Path) -> None:
    """By whatever name it comes: a link to the file is the file."""
    path = tmp_path / "orders.db"
    link = tmp_path / "link.db"
    opened = open_for_writing(path, 0)
    link.symlink_to(path)

    for name in (path, link):
        with pytest.raises(JournalFailed, match=f"in use by process {os.getpid()}: stop it"):
            open_for_writing(name, 0)

    opened.close()
    open_for_writing(link, 0).close()


def test_a_holder_that_has_not_given_its_name_is_still_a_holder(tmp_path: Path) -> None:
    opened = open_for_writing(tmp_path / "orders.db", 0)
    os.truncate(tmp_path / "orders.db.lock", 0)

    with pytest.raises(JournalFailed, match="in use by another process"):
        open_for_writing(tmp_path / "orders.db", 0)
    opened.close()


def test_a_failed_opening_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    path.write_bytes(b"this is not a database" * 100)

    for _ in range(2):
        with pytest.raises(JournalFailed, match=r"not a database; .*db_path is right"):
            open_for_writing(path, 0)


def test_a_directory_in_place_of_the_file_is_an_error_with_advice(tmp_path: Path) -> None:
    (tmp_path / "orders.db").mkdir()

    with pytest.raises(JournalFailed, match="Is a directory; see that this user may write"):
        open_for_writing(tmp_path / "orders.db", 0)


@contextmanager
def _without_rights() -> Iterator[Path]:
    """A directory, while this process may do only what anyone may."""
    with TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o777)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(_NOBODY)
        try:
            yield directory
        finally:
            if is_root:
                os.seteuid(0)
            directory.chmod(0o777)


def test_a_read_only_file_is_refused() -> None:
    """SQLite itself would open it and fail only at the first order."""
    with _without_rights() as directory:
        path = directory / "orders.db"
        path.touch(0o400)

        with pytest.raises(JournalFailed, match="Permission denied; see that this user may write"):
            open_for_writing(path, 0)


def test_a_read_only_directory_is_refused() -> None:
    with _without_rights() as directory:
        inner = directory / "data"
        inner.mkdir(0o500)

        with pytest.raises(JournalFailed, match="Permission denied"):
            open_for_writing(inner / "orders.db", 0)
        with pytest.raises(JournalFailed, match="Permission denied"):
            open_for_writing(inner / "deeper" / "orders.db", 0)


def test_a_file_that_another_program_holds_cannot_be_switched_to_wal(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE t (a)")
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(JournalFailed, match="locked; another program holds the database: close"):
        open_for_writing(path, 0)
    other.close()


def test_a_database_that_cannot_write_ahead_is_refused() -> None:
    """One in memory, for example: SQLite says so, and goes on regardless."""
    driver = sqlite3.connect(":memory:", isolation_level=None)

    with pytest.raises(JournalFailed, match=r"journal_mode memory, .*: put"):
        demand_durability(driver)
    driver.close()


@define
class Stubborn:
    """A connection that answers pragmas by the table `answers`, and keeps what it was asked."""

    answers: dict[str, list[tuple[object, ...]]]
    asked: list[str] = field(factory=list)

    def execute(self, sql: str, /) -> "Rows":
        self.asked.append(sql)
        return Rows(self.answers.get(sql, []))


@define
class Rows:
    """The rows of an answer; one that is None is where SQLite reports an error."""

    rows: list[tuple[object, ...]]

    def fetchone(self) -> tuple[object, ...]:
        return self.rows[0]

    def fetchall(self) -> Sequence[tuple[object, ...]]:
        if ("disk I/O error",) in self.rows:
            raise sqlite3.OperationalError("disk I/O error")
        return self.rows


WILLING: dict[str, list[tuple[object, ...]]] = {
    "PRAGMA journal_mode = WAL": [("wal",)],
    "PRAGMA journal_mode": [("wal",)],
    "PRAGMA synchronous": [(2,)],
}


def test_a_willing_connection_is_accepted() -> None:
    """So that the refusals below are due to what they change."""
    connection = Stubborn(WILLING)

    demand_durability(connection)

    assert "PRAGMA synchronous = FULL" in connection.asked


@pytest.mark.parametrize(
    "answer",
    [
        {"PRAGMA journal_mode = WAL": [("delete",)]},
        {"PRAGMA journal_mode = WAL": []},
        {"PRAGMA journal_mode": [("delete",)]},
        {"PRAGMA journal_mode": []},
        {"PRAGMA synchronous": [(1,)]},
        {"PRAGMA synchronous": [(0,)]},
        {"PRAGMA synchronous": []},
    ],
)
def test_a_connection_that_is_not_durable_is_refused(
    answer: dict[str, list[tuple[object, ...]]],
) -> None:
    with pytest.raises(JournalFailed, match="power failure would lose orders"):
        demand_durability(Stubborn({**WILLING, **answer}))


def test_an_error_behind_the_first_row_is_seen() -> None:
    """SQLite's answer to the switch is "wal" even where the switch failed; the error comes after.

    A connection that is believed on its first row writes no log ahead, and loses commits when the
    power fails.
    """
    hidden = Stubborn({**WILLING, "PRAGMA journal_mode = WAL": [("wal",), ("disk I/O error",)]})
    assert hidden.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)

    with pytest.raises(sqlite3.OperationalError):
        demand_durability(hidden)


def test_a_changed_schema_is_rolled_back_with_its_transaction(tmp_path: Path) -> None:
    opened = open_for_writing(tmp_path / "orders.db", 0)

    with opened.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("CREATE TABLE t (a)")
        transaction.rollback()

    tables = opened.driver.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == []
    opened.close()


def test_a_reader_of_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        sqlite_file.connect(tmp_path / "orders.db", "ro", 0)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a?b.db", "100%.db", "a#b.db", "ä b.db"])
def test_a_path_with_unusual_characters_is_that_path(tmp_path: Path, name: str) -> None:
    open_for_writing(tmp_path / name, 0).close()

    assert (tmp_path / name).is_file()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("SQLITE_FULL", "make room"),
        ("SQLITE_BUSY_SNAPSHOT", "another program holds"),
        ("SQLITE_LOCKED", "another program holds"),
        ("SQLITE_READONLY_DBMOVED", "writable"),
        ("SQLITE_CANTOPEN", "directory exists"),
        ("SQLITE_IOERR_FSYNC", "disk failed"),
        ("SQLITE_CORRUPT", "good copy"),
        ("SQLITE_NOTADB", "is no database"),
        ("SQLITE_MISMATCH", "what this version of Cream wrote"),
    ],
)
def test_every_error_comes_with_what_to_do(code: str, advice: str) -> None:
    error = sqlite3.OperationalError("words of SQLite")
    error.sqlite_errorname = code

    assert explain(error).startswith("words of SQLite; ")
    assert advice in explain(error)
