"""What an operator learns from a journal, without a daemon."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import open_for_writing
from cream.cli.main import main
from cream.core.execution.memory import forget, rebuilt, state_of, superfluous
from cream.core.model.plan import Environment
from tests.unit.core.execution.test_book import busy_day
from tests.unit.core.execution.test_memory import LONG_AFTER

OLD_JOURNAL = Path(__file__).parents[2] / "data" / "journals" / "schema-0001.db"
RECORDS = busy_day().records
SNAPSHOTS = (9, 16)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a configuration and a journal that has two snapshots."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("persistence: {db_path: orders.db}\n")
    log = JournalLog.over(open_for_writing(tmp_path / "orders.db", 0), Environment.PAPER, "PA1")
    log.append(RECORDS)
    for sequence in SNAPSHOTS:
        book = rebuilt(None, (), RECORDS[:sequence])
        archived = superfluous(book, LONG_AFTER)
        log.keep(archived, sequence)
        forget(book, archived)
        log.keep_snapshot(state_of(book))
    log.close()
    return tmp_path


def altered(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "orders.db") as driver:
        assert driver.execute(statement).rowcount > 0
    driver.close()


def test_a_whole_journal_is_verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "verify"]) == 0

    said = capsys.readouterr().out
    assert f"PAPER PA1: {len(RECORDS)} records, 1 to {len(RECORDS)}" in said
    assert "snapshots at [16, 9]" in said


def test_verification_can_be_read_by_programs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "verify", "--json", "--journal", "orders.db"]) == 0

    (account,) = json.loads(capsys.readouterr().out)["accounts"]
    assert account["records"] == account["last"] == len(RECORDS)
    assert account["snapshots"] == [16, 9]
    assert account["problems"] == []


def test_a_changed_record_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    altered(folder, "UPDATE journal SET body = replace(body, 'AAPL', 'MSFT') WHERE sequence = 3")

    assert main(["journal", "verify"]) == 74

    assert "record 3 is not what was written" in capsys.readouterr().err


def test_a_damaged_snapshot_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    altered(folder, "UPDATE snapshot SET body = '' WHERE sequence = 9")

    assert main(["journal", "verify"]) == 1

    assert "the snapshot at 9: it is not what was written" in capsys.readouterr().out


def test_where_there_is_no_journal_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("persistence: {db_path: orders.db}\n")

    assert main(["journal", "verify"]) == 74

    assert "cannot be read" in capsys.readouterr().err


def test_a_wrong_configuration_is_78(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("persistence: {db_pth: orders.db}\n")

    assert main(["journal", "verify"]) == 78
    assert "db_pth" in capsys.readouterr().err


def test_an_export_is_as_good_as_the_journal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "export", "--out", "x.jsonl"]) == 0
    assert f"x.jsonl: {len(RECORDS)} records" in capsys.readouterr().out

    assert main(["journal", "verify", "--journal", "x.jsonl"]) == 0
    assert f"{len(RECORDS)} records" in capsys.readouterr().out
    assert main(["journal", "export", "--journal", "x.jsonl"]) == 0
    assert capsys.readouterr().out == (folder / "x.jsonl").read_text()
    assert main(["explain", "o-entry", "--journal", "x.jsonl"]) == 0
    told = capsys.readouterr().out
    assert main(["explain", "o-entry"]) == 0
    assert capsys.readouterr().out == told
    assert main(["replay", "x.jsonl"]) == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("AAPL", "MSFT", "cannot be believed"),
        ('"hash"', '"hush"', "no record"),
        ('{"env', '["env', "no record"),
    ],
)
def test_a_changed_export_is_not_believed(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    main(["journal", "export", "--out", "x.jsonl"])
    file = folder / "x.jsonl"
    first, *rest = file.read_text().splitlines(keepends=True)
    file.write_text("".join([first, rest[0].replace(old, new, 1), *rest[1:]]))
    if old == "AAPL":
        file.write_text(first + "".join(line.replace(old, new, 1) for line in rest))

    assert main(["journal", "verify", "--journal", "x.jsonl"]) == 74

    assert told in capsys.readouterr().err


def test_an_export_overwrites_nothing(folder: Path) -> None:
    (folder / "x.jsonl").write_text("precious")

    assert main(["journal", "export", "--out", "x.jsonl"]) != 0

    assert (folder / "x.jsonl").read_text() == "precious"


def test_an_orders_life_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "b-o-entry"]) == 0

    said = capsys.readouterr().out
    assert said.startswith("order o-entry\n")
    for words in ("plan plan-1 was judged", "intended", "filled", "ms", "broker's time"):
        assert words in said


def test_an_orders_life_can_be_read_by_programs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "o-entry", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["order_id"] == "o-entry"
    assert len(told["family"]) == 3
    assert [one["sequence"] for one in told["scenes"]] == sorted(
        one["sequence"] for one in told["scenes"]
    )


def test_an_order_that_nobody_knows_is_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "nobody"]) == 1
    assert "no order nobody in" in capsys.readouterr().err
    assert main(["explain", "o-entry", "--account", "PA9"]) == 1


def test_a_replay_proves_every_snapshot(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay"]) == 0
    said = capsys.readouterr().out
    assert f"{len(RECORDS)} records folded to {len(RECORDS)}" in said
    assert said.count("the same") == len(SNAPSHOTS)
    assert main(["replay", "orders.db"]) == 0
    assert capsys.readouterr().out == said


def test_a_replay_names_what_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A daemon that had lived through another state than its journal says."""
    log = JournalLog.over(open_for_writing(folder / "orders.db", 0), Environment.PAPER, "PA1")
    book = rebuilt(None, (), RECORDS)
    book.late_fills += 1
    log.keep_snapshot(state_of(book))
    log.close()

    assert main(["replay"]) == 1

    said = capsys.readouterr().out
    assert f"at {len(RECORDS)}: DIFFERS" in said
    assert f"late_fills: folded {book.late_fills - 1}, lived {book.late_fills}" in said


def test_a_replay_can_be_read_by_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--json"]) == 0

    (row,) = json.loads(capsys.readouterr().out)["accounts"]
    assert row["records"] == row["sequence"] == len(RECORDS)
    assert [one["same"] for one in row["snapshots"]] == [True, True]
    assert main(["journal", "compact", "--older-than-days", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accounts"][0]["removed"] == SNAPSHOTS[0]


def test_compaction_removes_what_snapshots_stand_in_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = (folder / "orders.db").stat().st_size

    assert main(["journal", "compact", "--older-than-days", "0"]) == 0

    assert f"PAPER PA1: {SNAPSHOTS[0]} records removed" in capsys.readouterr().out
    assert (folder / "orders.db").stat().st_size <= size
    assert main(["journal", "verify"]) == 0
    assert f"{SNAPSHOTS[0] + 1} to {len(RECORDS)}" in capsys.readouterr().out
    assert main(["replay"]) == 0
    assert f"begins with the snapshot at {SNAPSHOTS[0]}" in capsys.readouterr().out
    assert main(["journal", "export", "--out", "rest.jsonl"]) == 0
    capsys.readouterr()
    assert main(["replay", "rest.jsonl"]) == 74
    assert "are gone" in capsys.readouterr().err


def test_compaction_needs_to_know_how_much(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "compact"]) == 1
    assert "retention_days" in capsys.readouterr().err

    (folder / "config.yaml").write_text(
        "persistence: {db_path: orders.db, retention_days: 36500}\n"
    )
    assert main(["journal", "compact"]) == 0
    assert "0 records removed" in capsys.readouterr().out


def test_compaction_waits_for_no_daemon(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = open_for_writing(folder / "orders.db", 0)

    assert main(["journal", "compact", "--older-than-days", "0"]) == 74

    assert "is in use by process" in capsys.readouterr().err
    held.close()


def test_a_file_without_a_journal_is_told_from_an_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a copy is that was made beside a running daemon without the write-ahead log."""
    place = tmp_path / "copy.db"
    sqlite3.connect(place).executescript("CREATE TABLE other (n INTEGER)")

    assert main(["journal", "verify", "--journal", str(place)]) == 74

    assert "holds no journal" in capsys.readouterr().err


def test_a_journal_of_an_earlier_version_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its schema is brought up to date by the first start, its events are understood as they are.

    The file was written by a version whose judged plans said less.
    """
    monkeypatch.chdir(tmp_path)
    shutil.copy(OLD_JOURNAL, tmp_path / "orders.db")
    (tmp_path / "config.yaml").write_text("persistence: {db_path: orders.db}\n")
    assert main(["journal", "verify"]) == 74
    assert "has schema 0001" in capsys.readouterr().err

    log = JournalLog.over(open_for_writing(tmp_path / "orders.db", 0), Environment.PAPER, "PA1")
    restored = log.restore()
    log.close()

    assert restored.state is None
    assert len(restored.records) == 25
    book = rebuilt(None, (), restored.records)
    assert len(book.orders()) == 5
    assert book.fills_booked == 6
    assert main(["journal", "verify"]) == 0
    assert main(["explain", "o-entry"]) == 0
    assert main(["replay"]) == 0
