"""Whoever reads the journal sees what was written, and changes nothing."""

import sqlite3
from pathlib import Path

import pytest
import structlog

from cream.adapters.store import codec
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.reader import JournalReader
from cream.adapters.store.sqlite_file import open_for_writing
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from tests.unit.adapters.store.examples import records

PAPER, LIVE = Environment.PAPER, Environment.LIVE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three records of one account, and one of another."""
    path = tmp_path / "orders.db"
    for environment, account_id, count in ((PAPER, "PA-1", 3), (LIVE, "1", 1)):
        log = JournalLog.over(open_for_writing(path, 0), environment, account_id)
        log.append(records(count))
        log.close()
    return path


def altered(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as other:
        other.execute(statement)
    other.close()


def test_it_lists_the_accounts_and_their_records(path: Path) -> None:
    with JournalReader.open(path) as reader:
        assert reader.accounts() == [(LIVE, "1"), (PAPER, "PA-1")]
        assert list(reader.records(PAPER, "PA-1")) == records(3)
        assert list(reader.records(LIVE, "1")) == records(1)
        assert list(reader.records(LIVE, "PA-1")) == []


def test_it_begins_after_any_record(path: Path) -> None:
    with JournalReader.open(path) as reader:
        assert list(reader.records(PAPER, "PA-1", after=2)) == records(1, after=2)
        assert list(reader.records(PAPER, "PA-1", after=3)) == []
        with pytest.raises(JournalFailed, match="record 4 is not there"):
            list(reader.records(PAPER, "PA-1", after=4))


def test_an_entry_has_the_text_and_the_hash_of_its_record(path: Path) -> None:
    with JournalReader.open(path) as reader:
        entries = list(reader.entries(PAPER, "PA-1"))

    assert [entry.body for entry in entries] == [codec.encode(r.event) for r in records(3)]
    assert len({entry.hash for entry in entries}) == 3


def test_it_reads_page_by_page_while_the_daemon_writes(path: Path) -> None:
    """Neither waits for the other, and what is written meanwhile is seen."""
    log = JournalLog.over(open_for_writing(path, 0), PAPER, "PA-1")
    log.append(records(2_000, after=3))

    with JournalReader.open(path) as reader:
        reading = reader.records(PAPER, "PA-1")
        first = next(reading)
        log.append(records(1, after=2_003))
        rest = list(reading)

    assert [first, *rest] == records(2_004)
    log.close()


def test_it_cannot_write(path: Path) -> None:
    with (
        JournalReader.open(path) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader._database.driver.execute("DELETE FROM journal")


def test_it_passes_over_a_torn_last_record_and_leaves_it(path: Path) -> None:
    altered(path, "UPDATE journal SET hash = '' WHERE sequence = 3")

    for _ in range(2):
        with structlog.testing.capture_logs() as logs, JournalReader.open(path) as reader:
            assert list(reader.records(PAPER, "PA-1")) == records(2)
        assert [entry["event"] for entry in logs] == ["store.torn_record_passed_over"]


def test_it_stops_where_the_journal_cannot_be_believed(path: Path) -> None:
    altered(path, "UPDATE journal SET body = '{}' WHERE sequence = 2 AND account = 'PA-1'")

    with JournalReader.open(path) as reader:
        reading = reader.records(PAPER, "PA-1")
        assert [next(reading)] == records(1)
        with pytest.raises(JournalFailed, match="record 2 is not what was written"):
            next(reading)


def test_where_there_is_no_journal_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalFailed, match="cannot be read: unable to open"):
        JournalReader.open(tmp_path / "orders.db")
    (tmp_path / "text.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(JournalFailed, match="cannot be read: file is not a database"):
        JournalReader.open(tmp_path / "text.db")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "schema 9999"),
        ("DELETE FROM alembic_version", "holds no journal"),
    ],
)
def test_another_schema_is_not_read(path: Path, statement: str, found: str) -> None:
    altered(path, statement)

    with pytest.raises(JournalFailed, match=found):
        JournalReader.open(path)
