"""A snapshot is used only if every byte of it and the record under it is accounted for."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from cream.adapters.store import snapshots
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import open_for_writing
from cream.core.execution import events as e
from cream.core.execution.memory import rebuilt, state_of
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from tests.fakes.builders import NOW
from tests.unit.adapters.store.test_journal_log import altered, opened
from tests.unit.core.execution.test_book import busy_day
from tests.unit.core.execution.test_memory import everything

RECORDS = busy_day().records
# Snapshots stand on these records.
OLDER, NEWER = 9, 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with two snapshots."""
    path = tmp_path / "orders.db"
    log = opened(path)
    log.append(RECORDS)
    for sequence in (OLDER, NEWER):
        log.keep_snapshot(state_of(rebuilt(None, (), RECORDS[:sequence])))
    log.close()
    return path


def restored(path: Path) -> tuple[int | None, list[int], list[str]]:
    """From which sequence a start goes on, with which records, and what it said."""
    log = opened(path)
    with structlog.testing.capture_logs() as logs:
        found = log.restore()
    log.close()
    whole = rebuilt(found.state, found.recalled, found.records)
    assert everything(whole) == everything(rebuilt(None, (), RECORDS))
    began = None if found.state is None else found.state.sequence
    said = [str(one.get("error")) for one in logs]
    return began, [one.sequence for one in found.records], said


def after(sequence: int) -> list[int]:
    return list(range(sequence + 1, len(RECORDS) + 1))


def test_a_start_reads_only_what_came_after_the_newest(path: Path) -> None:
    assert restored(path) == (NEWER, after(NEWER), [])


DAMAGES = [
    ("UPDATE snapshot SET body = replace(body, 'AAPL', 'MSFT') WHERE sequence = {}", "not what"),
    ("UPDATE snapshot SET body = substr(body, 1, 100) WHERE sequence = {}", "not what was written"),
    ("UPDATE snapshot SET version = version + 1 WHERE sequence = {}", "not what was written"),
    ("UPDATE snapshot SET record_hash = 'x' WHERE sequence = {}", "not what was written"),
    ("UPDATE snapshot SET digest = '' WHERE sequence = {}", "not what was written"),
]


@pytest.mark.parametrize(("damage", "told"), DAMAGES)
def test_a_damaged_one_is_passed_over_for_the_one_before_it(
    path: Path, damage: str, told: str
) -> None:
    altered(path, damage.format(NEWER))

    began, records, said = restored(path)

    assert (began, records) == (OLDER, after(OLDER))
    assert told in said[0]


def test_when_all_are_damaged_the_whole_journal_is_read(path: Path) -> None:
    for sequence in (OLDER, NEWER):
        altered(path, DAMAGES[0][0].format(sequence))

    began, records, said = restored(path)

    assert (began, records) == (None, after(0))
    assert len(said) == 2


def rewritten(path: Path, at: int, **changes: object) -> None:
    """A snapshot that is whole, with other contents."""
    with sqlite3.connect(path) as driver:
        driver.row_factory = sqlite3.Row
        row = dict(driver.execute("SELECT * FROM snapshot WHERE sequence = ?", (at,)).fetchone())
        row.update(changes)
        row["digest"] = snapshots.digest_of(
            row["sequence"], row["version"], row["record_hash"], row["body"]
        )
        driver.execute("DELETE FROM snapshot WHERE sequence = ?", (at,))
        marks = ", ".join("?" for _ in row)
        driver.execute(f"INSERT INTO snapshot VALUES ({marks})", tuple(row.values()))
    driver.close()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 99}, "it has version 99"),
        ({"record_hash": "00"}, "the record that it stands on is another one"),
        ({"body": "{}"}, "BookState cannot be read"),
        ({"body": "no json"}, "BookState cannot be read"),
        ({"sequence": NEWER + 1}, "the record that it stands on is another one"),
        ({"sequence": 1_000}, "the record that it stands on is another one"),
    ],
)
def test_a_whole_one_that_does_not_fit_is_passed_over(
    path: Path, changes: dict[str, object], told: str
) -> None:
    rewritten(path, NEWER, **changes)

    began, records, said = restored(path)

    assert (began, records) == (OLDER, after(OLDER))
    assert told in said[0]


def test_one_that_is_the_state_at_another_record_is_passed_over(path: Path) -> None:
    with sqlite3.connect(path) as driver:
        (body,) = driver.execute("SELECT body FROM snapshot WHERE sequence = 9").fetchone()
    driver.close()
    rewritten(path, NEWER, body=body)

    began, _, said = restored(path)

    assert began == OLDER
    assert "it is the state at 9" in said[0]


def test_only_the_newest_few_are_kept(path: Path) -> None:
    log = opened(path)
    for sequence in (17, 18, 19):
        log.keep_snapshot(state_of(rebuilt(None, (), RECORDS[:sequence])))
    log.close()

    with sqlite3.connect(path) as driver:
        kept = driver.execute("SELECT sequence FROM snapshot ORDER BY sequence").fetchall()
    driver.close()
    assert [one for (one,) in kept] == [17, 18, 19]
    assert len(kept) == snapshots.SNAPSHOTS_KEPT


def test_one_on_a_record_that_is_not_there_ends_trust(path: Path) -> None:
    log = opened(path)

    with pytest.raises(JournalFailed, match="which is not there"):
        log.keep_snapshot(
            state_of(rebuilt(None, (), [*RECORDS, _more(1)])),
        )
    with pytest.raises(JournalFailed, match="which is not there"):
        log.append([_more(1)])
    log.close()


def test_a_state_of_an_empty_journal_stands_on_its_origin(tmp_path: Path) -> None:
    log = opened(tmp_path / "orders.db")
    log.keep_snapshot(state_of(rebuilt(None, (), ())))

    found = log.restore()

    assert found.state is not None
    assert (found.state.sequence, list(found.records)) == (0, [])
    log.close()


def _more(number: int) -> e.Record:
    event = e.MassCancelConfirmed(at=NOW + timedelta(days=number))
    return e.Record(len(RECORDS) + number, event)


# Compaction -------------------------------------------------------------------------------------


@pytest.fixture
def log(path: Path) -> Iterator[JournalLog]:
    log = opened(path)
    yield log
    log.close()


def sequences(path: Path) -> Sequence[int]:
    with sqlite3.connect(path) as driver:
        rows = driver.execute("SELECT sequence FROM journal ORDER BY sequence").fetchall()
    driver.close()
    return [one for (one,) in rows]


FOR_EVER = 2**62


def test_what_two_snapshots_stand_in_for_may_go(path: Path, log: JournalLog) -> None:
    assert log.compact(FOR_EVER, 1_000) == OLDER
    assert log.compact(FOR_EVER, 1_000) == 0

    assert list(sequences(path)) == after(OLDER)
    log.close()
    assert restored(path) == (NEWER, after(NEWER), [])


def test_a_start_after_it_survives_the_loss_of_one_snapshot(path: Path, log: JournalLog) -> None:
    log.compact(FOR_EVER, 1_000)
    log.close()
    altered(path, DAMAGES[0][0].format(NEWER))

    began, records, _ = restored(path)

    assert (began, records) == (OLDER, after(OLDER))


def test_without_any_snapshot_it_does_not_start(path: Path, log: JournalLog) -> None:
    """Half of a journal must not look like a whole one."""
    log.compact(FOR_EVER, 1_000)
    log.close()
    with sqlite3.connect(path) as driver:
        driver.execute("DELETE FROM snapshot")
    driver.close()
    log = opened(path)

    with pytest.raises(JournalFailed, match="no snapshot can be read"):
        log.restore()
    log.close()
    log = opened(path)
    with pytest.raises(JournalFailed, match="begins after record 9"):
        log.load()
    log.close()


def test_it_goes_in_steps_from_the_oldest_on(path: Path, log: JournalLog) -> None:
    assert log.compact(FOR_EVER, 4) == 4
    assert list(sequences(path)) == after(4)
    assert log.compact(FOR_EVER, 4) == 4
    assert log.compact(FOR_EVER, 4) == 1


def test_what_is_young_stays(path: Path, log: JournalLog) -> None:
    assert log.compact(0, 1_000) == 0
    assert list(sequences(path)) == after(0)


@pytest.mark.parametrize("sequence", [OLDER, NEWER])
def test_a_damaged_snapshot_stands_in_for_nothing(
    path: Path, log: JournalLog, sequence: int
) -> None:
    altered(path, DAMAGES[0][0].format(sequence))

    assert log.compact(FOR_EVER, 1_000) == 0


def test_a_record_cannot_be_taken_away_after_the_base(path: Path, log: JournalLog) -> None:
    log.compact(FOR_EVER, 1_000)
    log.close()
    altered(path, f"DELETE FROM journal WHERE sequence = {OLDER + 1}")
    rewritten(path, NEWER, version=99)
    log = opened(path)

    with pytest.raises(JournalFailed, match=f"stands where {OLDER + 1} should"):
        log.restore()
    log.close()


def test_the_chain_goes_on_after_it(path: Path, log: JournalLog) -> None:
    log.compact(FOR_EVER, 1_000)
    log.append([_more(1), _more(2)])
    log.close()

    log = JournalLog.over(open_for_writing(path, 0), Environment.PAPER, "PA-1")
    found = log.restore()

    assert [one.sequence for one in found.records][: len(after(NEWER))] == after(NEWER)
    assert found.records[-1] == _more(2)
    log.close()
