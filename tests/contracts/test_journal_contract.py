"""What every journal keeps, on SQLite, PostgreSQL and in memory: the port, clause by clause."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from cream.adapters.store.opening import open_journal as open_journal_of
from cream.adapters.store.opening import open_sqlite_journal
from cream.adapters.store.settings import PersistenceSettings
from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from cream.core.ports import Journal
from tests.fakes.memory_journal import MemoryJournal
from tests.unit.adapters.store.examples import EXAMPLES, records

PAPER, LIVE = Environment.PAPER, Environment.LIVE

Open = Callable[[Environment, str], Awaitable[Journal]]


def _on_sqlite(directory: Path) -> Open:
    async def open_journal(environment: Environment, account_id: str) -> Journal:
        return await open_sqlite_journal(directory / "orders.db", environment, account_id)

    return open_journal


def _on_postgres(url: str) -> Open:
    settings = PersistenceSettings(database_url=Secret(url), busy_timeout_ms=500)

    async def open_it(environment: Environment, account_id: str) -> Journal:
        return await open_journal_of(settings, environment, account_id)

    return open_it


def _in_memory(_: Path) -> Open:
    disk: dict[tuple[Environment, str], list[Record]] = {}

    async def open_journal(environment: Environment, account_id: str) -> Journal:
        return MemoryJournal(durable=disk.setdefault((environment, account_id), []))

    return open_journal


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def open_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    match request.param:
        case "sqlite":
            return _on_sqlite(tmp_path)
        case "postgresql":
            return _on_postgres(request.getfixturevalue("postgres_server").emptied())
        case _:
            return _in_memory(tmp_path)


@pytest.fixture
async def journal(open_journal: Open) -> AsyncIterator[Journal]:
    opened = await open_journal(PAPER, "PA-1")
    yield opened
    await opened.aclose()


async def test_a_new_journal_holds_nothing(journal: Journal) -> None:
    assert list(await journal.load()) == []


async def test_what_was_committed_is_loaded_in_order(journal: Journal) -> None:
    written = records(len(EXAMPLES))

    await journal.commit(written[:1])
    await journal.commit(written[1:7])
    await journal.commit(written[7:])

    assert list(await journal.load()) == written


async def test_what_was_committed_is_there_in_the_next_life(open_journal: Open) -> None:
    first = await open_journal(PAPER, "PA-1")
    await first.commit(records(5))
    await first.aclose()

    second = await open_journal(PAPER, "PA-1")
    await second.commit(records(2, after=5))

    assert list(await second.load()) == records(7)
    await second.aclose()


async def test_each_environment_and_account_has_its_own_records(open_journal: Open) -> None:
    """The same account number in PAPER and LIVE is two accounts."""
    for environment, account_id, count in ((PAPER, "1", 3), (LIVE, "1", 2), (PAPER, "2", 1)):
        journal = await open_journal(environment, account_id)
        assert list(await journal.load()) == []
        await journal.commit(records(count))
        await journal.aclose()

    again = await open_journal(LIVE, "1")

    assert list(await again.load()) == records(2)
    await again.aclose()


async def test_a_commit_of_nothing_changes_nothing(journal: Journal) -> None:
    await journal.commit([])

    assert list(await journal.load()) == []


async def test_a_caller_that_stops_waiting_does_not_stop_the_write(journal: Journal) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await journal.commit(records(3))

    assert scope.cancelled_caught
    assert list(await journal.load()) == records(3)


async def test_the_list_of_records_may_be_changed_by_its_owner_meanwhile(journal: Journal) -> None:
    written = records(2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.commit, written)
        await trio.testing.wait_all_tasks_blocked()
        written.clear()

    assert list(await journal.load()) == records(2)


@pytest.mark.parametrize(
    "strangers",
    [
        [records(1)[0], records(3)[2]],  # a gap inside
        records(2, after=1),  # a gap before
        [records(1)[0], records(1)[0]],  # the same twice
    ],
    ids=["gap inside", "gap before", "twice"],
)
async def test_a_batch_that_does_not_follow_is_refused_whole(
    open_journal: Open, strangers: list[Record]
) -> None:
    journal = await open_journal(PAPER, "PA-1")

    with pytest.raises(JournalFailed):
        await journal.commit(strangers)
    await journal.aclose()

    again = await open_journal(PAPER, "PA-1")
    assert list(await again.load()) == []
    await again.aclose()


async def test_after_one_failure_every_commit_fails(open_journal: Open) -> None:
    """A journal that failed once is not asked to try again: what is on disk is not known."""
    journal = await open_journal(PAPER, "PA-1")
    await journal.commit(records(1))

    with pytest.raises(JournalFailed):
        await journal.commit(records(1, after=7))
    with pytest.raises(JournalFailed):
        await journal.commit(records(1, after=1))
    with pytest.raises(JournalFailed):
        await journal.commit([])
    await journal.aclose()

    again = await open_journal(PAPER, "PA-1")
    assert list(await again.load()) == records(1)
    await again.aclose()


async def test_a_closed_journal_takes_nothing(open_journal: Open) -> None:
    journal = await open_journal(PAPER, "PA-1")
    await journal.aclose()

    with pytest.raises(JournalFailed):
        await journal.commit(records(1))
    with pytest.raises(JournalFailed):
        await journal.load()


async def test_closing_twice_is_closing_once(open_journal: Open) -> None:
    journal = await open_journal(PAPER, "PA-1")

    await journal.aclose()
    await journal.aclose()

    again = await open_journal(PAPER, "PA-1")
    await again.aclose()


async def test_closing_finishes_what_was_handed_in(open_journal: Open) -> None:
    journal = await open_journal(PAPER, "PA-1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.commit, records(2))
        await trio.testing.wait_all_tasks_blocked()
        await journal.aclose()

    again = await open_journal(PAPER, "PA-1")
    assert list(await again.load()) == records(2)
    await again.aclose()
