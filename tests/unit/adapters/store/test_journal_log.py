"""The first failure of the table is its last act, and damage is found before it is used."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
import structlog
from attrs import define, evolve, field

from cream.adapters.store import codec
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import SqliteFile, open_for_writing
from cream.core.execution import events as e
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from tests.unit.adapters.store.examples import AT, LATER, records

PAPER = Environment.PAPER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


def opened(path: Path) -> JournalLog:
    return JournalLog.over(open_for_writing(path, 0), PAPER, "PA-1")


def written(path: Path, count: int) -> None:
    """Leave a journal of `count` records at `path`."""
    log = opened(path)
    log.append(records(count))
    log.close()


def loaded(path: Path) -> Sequence[e.Record]:
    """What a new life finds."""
    log = opened(path)
    try:
        return log.load()
    finally:
        log.close()


def altered(path: Path, *statements: str) -> None:
    """Change the table behind the journal's back."""
    with sqlite3.connect(path) as other:
        for statement in statements:
            assert other.execute(statement).rowcount == 1
    other.close()


def test_records_can_be_appended_without_being_loaded_first(path: Path) -> None:
    written(path, 3)

    log = opened(path)
    log.append(records(2, after=3))
    log.close()

    assert loaded(path) == records(5)


def test_the_columns_repeat_what_queries_need(path: Path) -> None:
    log = opened(path)
    log.append([e.Record(1, e.RunStopped(at=LATER))])
    log.close()

    driver = sqlite3.connect(path)
    row = driver.execute(
        "SELECT environment, account, sequence, at_ns, at, kind, body FROM journal"
    ).fetchone()
    driver.close()
    assert row == (
        "PAPER",
        "PA-1",
        1,
        1_767_623_401_000_000_000,
        "2026-01-05T14:30:01.000000Z",
        "RunStopped",
        codec.encode(e.RunStopped(at=LATER)),
    )


def test_many_pages_of_records_are_loaded(path: Path) -> None:
    written(path, 2_500)

    assert loaded(path) == records(2_500)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET body = substr(body, 1, 10) WHERE sequence = 3",
        "UPDATE journal SET hash = '' WHERE sequence = 3",
        # Half a character: no text at all.
        "UPDATE journal SET body = CAST(x'7B22C3' AS TEXT) WHERE sequence = 3",
    ],
)
def test_a_torn_last_record_is_dropped_with_a_warning(path: Path, damage: str) -> None:
    written(path, 3)
    altered(path, damage)

    with structlog.testing.capture_logs() as logs:
        found = loaded(path)

    assert found == records(2)
    (warning,) = (entry for entry in logs if entry["log_level"] == "warning")
    assert warning["event"] == "store.torn_record_dropped"
    assert warning["sequence"] == 3
    assert loaded(path) == records(2)


def test_what_follows_a_dropped_record_takes_its_place(path: Path) -> None:
    written(path, 3)
    altered(path, "UPDATE journal SET hash = '' WHERE sequence = 3")

    log = opened(path)
    log.append([e.Record(3, e.RunStopped(at=AT))])
    log.close()

    assert loaded(path) == [*records(2), e.Record(3, e.RunStopped(at=AT))]


@pytest.mark.parametrize(
    "damage",
    [
        ["UPDATE journal SET body = replace(body, '2026', '2025') WHERE sequence = 2"],
        ["DELETE FROM journal WHERE sequence = 2"],
        ["DELETE FROM journal WHERE sequence = 1"],
        ["UPDATE journal SET at_ns = at_ns + 1 WHERE sequence = 4"],
        [
            "UPDATE journal SET hash = '' WHERE sequence = 3",
            "UPDATE journal SET hash = '' WHERE sequence = 4",
        ],
    ],
    ids=["changed", "removed", "beginning removed", "moved in time", "two torn"],
)
def test_any_other_damage_stops_the_start_and_changes_nothing(
    path: Path, damage: list[str]
) -> None:
    """Not at the second start either: no record is dropped that could have been acknowledged."""
    written(path, 4)
    altered(path, *damage)
    before = list(sqlite3.connect(path).execute("SELECT * FROM journal"))

    for _ in range(2):
        with pytest.raises(JournalFailed, match=r"cannot be believed: record .*; keep the file"):
            loaded(path)

    assert list(sqlite3.connect(path).execute("SELECT * FROM journal")) == before


def test_nothing_is_appended_to_a_journal_that_cannot_be_believed(path: Path) -> None:
    written(path, 3)
    altered(path, "DELETE FROM journal WHERE sequence = 2")
    log = opened(path)

    with pytest.raises(JournalFailed, match="cannot be believed"):
        log.append(records(1, after=3))
    with pytest.raises(JournalFailed, match="cannot be believed"):
        log.append([])
    log.close()


def test_records_of_another_account_do_not_become_ours(path: Path) -> None:
    written(path, 2)
    altered(path, "UPDATE journal SET account = 'PA-2' WHERE sequence = 1")
    altered(path, "UPDATE journal SET account = 'PA-2' WHERE sequence = 2")

    log = JournalLog.over(open_for_writing(path, 0), PAPER, "PA-2")
    with pytest.raises(JournalFailed, match="record 1 does not belong after 0"):
        log.load()
    log.close()


def test_an_event_that_cannot_be_written_ends_trust_and_leaves_nothing(path: Path) -> None:
    log = opened(path)
    bad = e.Record(2, e.MassCancelOwed(at=AT, reason="\ud800"))

    with pytest.raises(JournalFailed, match="cannot take an event"):
        log.append([*records(1), bad])
    with pytest.raises(JournalFailed, match="cannot take an event"):
        log.append(records(1))
    log.close()

    assert loaded(path) == []


def test_a_full_disk_fails_the_commit_and_every_later_one(path: Path) -> None:
    """Also once there is room again: only a new start may try."""
    log = opened(path)
    log.append(records(5))
    driver = log._database.driver
    ((pages,),) = driver.execute("PRAGMA page_count").fetchall()
    driver.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    with pytest.raises(JournalFailed, match="disk is full; the disk is full: make room"):
        log.append(records(1_000, after=5))
    driver.execute("PRAGMA max_page_count = 1000000").fetchall()
    with pytest.raises(JournalFailed, match="make room"):
        log.append(records(1, after=5))
    with pytest.raises(JournalFailed, match="make room"):
        log.load()
    log.close()

    assert loaded(path) == records(5)


def test_a_locked_database_fails_the_commit_once_the_wait_is_over(path: Path) -> None:
    log = opened(path)
    log.append(records(1))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(JournalFailed, match="locked; another program holds the database"):
        log.append(records(1, after=1))
    other.close()
    with pytest.raises(JournalFailed, match="locked"):
        log.append(records(1, after=1))
    log.close()

    assert loaded(path) == records(1)


def test_a_locked_database_is_not_opened(path: Path) -> None:
    written(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(JournalFailed, match=r"cannot be opened: .*locked; another program"):
        opened(path)
    other.close()

    assert loaded(path) == records(1)


def test_a_file_that_becomes_read_only_fails_the_commit(path: Path) -> None:
    log = opened(path)
    log.append(records(1))
    log._database.driver.execute("PRAGMA query_only = ON").fetchall()

    with pytest.raises(JournalFailed, match="readonly database; make the file"):
        log.append(records(1, after=1))
    log.close()

    assert loaded(path) == records(1)


@define
class FailingDriver:
    """A driver's connection on which one statement fails, as it does when the disk does."""

    inner: sqlite3.Connection
    fails_at: str
    statements: list[str] = field(factory=list)

    def execute(self, sql: str) -> sqlite3.Cursor:
        self.statements.append(sql)
        if sql == self.fails_at:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        return self.inner.execute(sql)

    def executemany(self, sql: str, rows: Sequence[tuple[object, ...]]) -> sqlite3.Cursor:
        return self.inner.executemany(sql, rows)

    def close(self) -> None:
        self.inner.close()
        if self.fails_at == "close":
            raise sqlite3.OperationalError("unable to close")


def log_over(file: SqliteFile, driver: FailingDriver) -> JournalLog:
    """The journal in `file`, written through `driver`."""
    return JournalLog(evolve(file, driver=cast(sqlite3.Connection, driver)), PAPER, "PA-1")


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    opened(path).close()
    file = open_for_writing(path, 0)
    yield file
    file.driver.close()


@pytest.mark.parametrize("step", ["BEGIN IMMEDIATE", "COMMIT"])
def test_a_failed_sync_is_never_tried_again(path: Path, file: SqliteFile, step: str) -> None:
    """After a failed fsync the pages may be gone, and a second one succeeds all the same."""
    driver = FailingDriver(file.driver, "")
    log = log_over(file, driver)
    log.append(records(2))
    driver.fails_at = step
    driver.statements.clear()

    with pytest.raises(JournalFailed, match="I/O error; the disk failed: check it"):
        log.append(records(1, after=2))
    asked = list(driver.statements)
    driver.fails_at = ""
    with pytest.raises(JournalFailed, match="the disk failed"):
        log.append(records(1, after=2))

    assert driver.statements == asked
    log.close()
    assert loaded(path) == records(2)


def test_a_failed_rollback_does_not_hide_why_it_was_needed(file: SqliteFile) -> None:
    driver = FailingDriver(file.driver, "COMMIT")
    log = log_over(file, driver)
    log.load()
    file.driver.set_authorizer(
        lambda action, name, *_: (
            sqlite3.SQLITE_DENY
            if (action, name) == (sqlite3.SQLITE_TRANSACTION, "ROLLBACK")
            else sqlite3.SQLITE_OK
        )
    )

    with pytest.raises(JournalFailed, match="disk I/O error"):
        log.append(records(1))
    file.driver.set_authorizer(None)
    log.close()


def test_a_file_that_does_not_close_is_reported_and_let_go(path: Path, file: SqliteFile) -> None:
    log = log_over(file, FailingDriver(file.driver, "close"))

    with structlog.testing.capture_logs() as logs:
        log.close()

    assert [entry["event"] for entry in logs] == ["store.close_failed"]
    assert loaded(path) == []
