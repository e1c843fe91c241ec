"""The journal answers only for what SQLite has synced, and never holds up the loop.

What every journal keeps is in tests/contracts/test_journal_contract.py, what its table does in
test_journal_log.py.
"""

import sqlite3
import threading
from pathlib import Path

import pytest
import structlog
import trio
import trio.testing

from cream.adapters.store import threaded_journal
from cream.adapters.store.archive import names_of
from cream.adapters.store.opening import open_sqlite_journal
from cream.adapters.store.reader import JournalReader
from cream.adapters.store.threaded_journal import ThreadedJournal
from cream.core.execution.memory import Archived, superfluous
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from tests.unit.adapters.store.examples import records
from tests.unit.core.execution.test_memory import LONG_AFTER, finished

PAPER = Environment.PAPER


def _count(path: Path) -> int:
    """How many records another process would find."""
    driver = sqlite3.connect(path)
    try:
        ((count,),) = driver.execute("SELECT count(*) FROM journal").fetchall()
    finally:
        driver.close()
    assert isinstance(count, int)
    return count


async def _stalled(journal: ThreadedJournal) -> threading.Event:
    """Keep the journal's thread from its work until the event is set."""
    gate = threading.Event()
    with trio.CancelScope() as scope:
        scope.cancel()
        await journal._thread.do(gate.wait)
    return gate


async def test_what_is_answered_is_in_the_file(tmp_path: Path) -> None:
    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")

    for sequence in range(5):
        await journal.commit(records(1, after=sequence))
        assert _count(tmp_path / "orders.db") == sequence + 1
    await journal.aclose()


async def test_nothing_is_answered_before_it_is_in_the_file(tmp_path: Path) -> None:
    """And other tasks run meanwhile."""
    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")
    gate = await _stalled(journal)
    answered = trio.Event()

    async def commit() -> None:
        await journal.commit(records(1))
        answered.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(commit)
        await trio.testing.wait_all_tasks_blocked()
        assert not answered.is_set()
        assert _count(tmp_path / "orders.db") == 0
        gate.set()

    assert answered.is_set()
    await journal.aclose()


async def test_a_caller_cancelled_in_the_middle_leaves_the_write_to_finish(tmp_path: Path) -> None:
    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")
    gate = await _stalled(journal)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.commit, records(2))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    gate.set()
    await journal.commit(records(1, after=2))

    assert list(await journal.load()) == records(3)
    await journal.aclose()


async def test_a_file_that_is_in_use_can_be_opened_once_it_is_free(tmp_path: Path) -> None:
    first = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")

    with pytest.raises(JournalFailed, match="in use by process"):
        await open_sqlite_journal(tmp_path / "orders.db", PAPER, "2")
    await first.aclose()

    second = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "2")
    await second.aclose()


async def test_an_opening_that_is_cancelled_leaves_the_file_free(tmp_path: Path) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")
    assert scope.cancelled_caught

    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")
    await journal.aclose()


async def test_a_failed_opening_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "orders.db").mkdir()

    with pytest.raises(JournalFailed):
        await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")

    # The thread has said that it is ending; join it to see it ended.
    for thread in threading.enumerate():
        if thread.name == "cream-journal":
            thread.join(timeout=30)
            assert not thread.is_alive()


async def test_a_disk_that_hangs_does_not_keep_the_daemon_from_ending(tmp_path: Path) -> None:
    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1", close_timeout_seconds=0)
    gate = await _stalled(journal)

    with structlog.testing.capture_logs() as logs:
        await journal.aclose()

    assert [entry["event"] for entry in logs] == ["store.close_timed_out"]
    gate.set()


async def test_a_file_cut_in_half_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    journal = await open_sqlite_journal(path, PAPER, "1")
    await journal.commit(records(200))
    await journal.aclose()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)

    with pytest.raises(JournalFailed, match="malformed; keep the file"):
        await open_sqlite_journal(path, PAPER, "1")


async def test_all_names_are_read_along_page_by_page_and_then_new_ones_cost_no_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threaded_journal, "NAMES_A_JOB", 2)
    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")
    ledger = finished()
    await journal.commit(ledger.records)
    archived = superfluous(ledger.book, LONG_AFTER)
    await journal.keep(archived, ledger.book.sequence)
    await journal.aclose()

    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")
    names = {name for one in archived.orders for name in names_of(one)} | {"plan-1"}
    look_ups = 0
    while not journal._names.is_whole:
        assert await journal.plan(f"other-{look_ups}") == Archived()
        look_ups += 1

    assert look_ups > len(names) // 2
    assert all(journal._names.may_have(name) for name in names)
    await journal._reader.aclose(1)
    assert await journal.plan("another") == Archived()
    assert await journal.find(["nobody"]) == Archived()
    await journal.aclose()


async def test_a_look_up_that_fails_leaves_the_names_to_be_read_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await open_sqlite_journal(tmp_path / "orders.db", PAPER, "1")

    def broken(*_: object) -> Archived:
        raise JournalFailed("the disk failed")

    with monkeypatch.context() as patch:
        patch.setattr(JournalReader, "plan", broken)
        with pytest.raises(JournalFailed):
            await journal.plan("plan-1")

    await journal.plan("plan-1")
    await journal.plan("plan-1")
    assert journal._names.is_whole
    await journal.aclose()
