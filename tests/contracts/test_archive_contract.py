"""What every archive keeps, on SQLite, PostgreSQL and in memory: the port, clause by clause."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cream.adapters.store.opening import archive_in, open_journal, open_sqlite_journal
from cream.adapters.store.settings import PersistenceSettings
from cream.adapters.store.threaded_journal import ThreadedJournal
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.memory import Archived, book_of, forget, rebuilt, state_of, superfluous
from cream.core.model.order import OrderStatus
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from cream.core.ports import Archive, Journal
from tests.fakes.builders import NOW, bracket, broker_id, order_terms
from tests.fakes.ledger import Ledger
from tests.fakes.memory_archive import MemoryArchive
from tests.fakes.memory_journal import MemoryJournal
from tests.unit.core.execution.test_book import busy_day, judged
from tests.unit.core.execution.test_memory import LONG_AFTER, everything, finished, unordered

Open = Callable[[str], Awaitable[tuple[Journal, Archive]]]


def _on_sqlite(directory: Path) -> Open:
    async def open_both(account_id: str) -> tuple[Journal, Archive]:
        path = directory / "orders.db"
        opened: ThreadedJournal = await open_sqlite_journal(path, Environment.PAPER, account_id)
        return opened, opened

    return open_both


def _on_postgres(url: str) -> Open:
    settings = PersistenceSettings(database_url=Secret(url), busy_timeout_ms=500)

    async def open_both(account_id: str) -> tuple[Journal, Archive]:
        opened = await open_journal(settings, Environment.PAPER, account_id)
        archive = archive_in(opened)
        assert archive is not None
        return opened, archive

    return open_both


def _in_memory(_: Path) -> Open:
    disk: dict[str, MemoryArchive] = {}

    async def open_both(account_id: str) -> tuple[Journal, Archive]:
        kept = disk.setdefault(account_id, MemoryArchive(MemoryJournal()))
        kept.journal = MemoryJournal(durable=kept.journal.durable)
        return kept.journal, kept

    return open_both


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def open_both(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    match request.param:
        case "sqlite":
            return _on_sqlite(tmp_path)
        case "postgresql":
            return _on_postgres(request.getfixturevalue("postgres_server").emptied())
        case _:
            return _in_memory(tmp_path)


@pytest.fixture
async def both(open_both: Open) -> AsyncIterator[tuple[Journal, Archive]]:
    journal, archive = await open_both("PA-1")
    yield journal, archive
    await journal.aclose()


def put_away(book: Book) -> Archived:
    """What leaves the book, which forgets it."""
    archived = superfluous(book, LONG_AFTER)
    forget(book, archived)
    return archived


async def test_a_new_archive_has_nothing(both: tuple[Journal, Archive]) -> None:
    _, archive = both

    restored = await archive.restore()

    assert (restored.state, list(restored.records), restored.recalled) == (None, [], ())
    assert await archive.find(["o-1"]) == Archived()
    assert await archive.plan("plan-1") == Archived()
    assert list(await archive.orders(None, None)) == []


async def test_without_a_snapshot_the_records_are_the_whole_journal(
    both: tuple[Journal, Archive],
) -> None:
    journal, archive = both
    await journal.commit(busy_day().records)

    restored = await archive.restore()

    assert restored.state is None
    assert list(restored.records) == busy_day().records


async def test_a_start_gets_the_newest_snapshot_and_what_came_after(open_both: Open) -> None:
    records = busy_day().records
    journal, archive = await open_both("PA-1")
    await journal.commit(records[:10])
    await archive.keep_snapshot(state_of(rebuilt(None, (), records[:6])))
    await archive.keep_snapshot(state_of(rebuilt(None, (), records[:10])))
    await journal.commit(records[10:])
    await journal.aclose()

    journal, archive = await open_both("PA-1")
    restored = await archive.restore()

    assert restored.state == state_of(rebuilt(None, (), records[:10]))
    assert list(restored.records) == records[10:]
    book = rebuilt(restored.state, restored.recalled, restored.records)
    assert everything(book) == everything(rebuilt(None, (), records))
    await journal.aclose()


async def test_a_state_comes_back_as_it_was_at_every_record(both: tuple[Journal, Archive]) -> None:
    """Digits, zones, instruments and all."""
    journal, archive = both
    records = busy_day().records
    for number, record in enumerate(records, start=1):
        await journal.commit([record])
        state = state_of(rebuilt(None, (), records[:number]))
        await archive.keep_snapshot(state)

        restored = await archive.restore()

        assert restored.state == state
        assert restored.records == [] or list(restored.records) == []


async def test_an_order_is_found_by_every_name_with_its_family(
    both: tuple[Journal, Archive],
) -> None:
    journal, archive = both
    ledger = finished()
    await journal.commit(ledger.records)
    client_id = ledger.order("o-entry").terms.client_order_id
    target, stop = ledger.book.children("o-entry")
    archived = put_away(ledger.book)
    await archive.keep(archived, ledger.book.sequence)

    for name in ("o-entry", client_id, broker_id("o-entry"), stop.order_id, target.order_id):
        found = await archive.find([name, "nobody"])
        assert found.orders == archived.orders
        assert found.plans == ()


async def test_a_plan_is_found_with_its_orders(both: tuple[Journal, Archive]) -> None:
    journal, archive = both
    ledger = finished()
    await journal.commit(ledger.records)
    archived = put_away(ledger.book)
    await archive.keep(archived, ledger.book.sequence)

    assert await archive.plan("plan-1") == archived
    assert await archive.plan("plan-2") == Archived()


async def test_what_was_looked_for_in_vain_is_found_once_it_was_put_away(
    open_both: Open,
) -> None:
    """In the life that put it away, and in a later one, however often others were looked for."""
    journal, archive = await open_both("PA-1")
    for _ in range(4):
        assert await archive.plan("plan-1") == Archived()
        assert await archive.find(["o-entry"]) == Archived()
    ledger = finished()
    await journal.commit(ledger.records)
    archived = put_away(ledger.book)
    await archive.keep(archived, ledger.book.sequence)

    assert await archive.plan("plan-1") == archived
    assert (await archive.find(["o-entry"])).orders == archived.orders
    await journal.aclose()

    journal, archive = await open_both("PA-1")
    for number in range(4):
        assert await archive.plan(f"other-{number}") == Archived()
    assert await archive.plan("plan-1") == archived
    for name in ("o-entry", broker_id("o-entry")):
        assert (await archive.find([name])).orders == archived.orders
    await journal.aclose()


async def test_orders_are_listed_oldest_first_by_status_and_the_newest_only(
    both: tuple[Journal, Archive],
) -> None:
    journal, archive = both
    ledger = Ledger()
    for number in range(5):
        ledger.wait(1)
        ledger.work(order_terms(f"o-{number}", "10"))
        if number % 2:
            ledger.trade(f"o-{number}", "10")
        else:
            ledger.end(order_terms(f"o-{number}", "10"), OrderStatus.CANCELED)
    await journal.commit(ledger.records)
    await archive.keep(put_away(ledger.book), ledger.book.sequence)

    async def listed(status: OrderStatus | None, limit: int | None) -> list[str]:
        return [one.order_id for one in await archive.orders(status, limit)]

    assert await listed(None, None) == ["o-0", "o-1", "o-2", "o-3", "o-4"]
    assert await listed(OrderStatus.FILLED, None) == ["o-1", "o-3"]
    assert await listed(None, 2) == ["o-3", "o-4"]
    assert await listed(OrderStatus.CANCELED, 1) == ["o-4"]
    assert await listed(OrderStatus.REJECTED, None) == []
    assert await listed(None, 0) == []


async def test_keeping_again_is_keeping_once(both: tuple[Journal, Archive]) -> None:
    journal, archive = both
    ledger = finished()
    await journal.commit(ledger.records)
    archived = put_away(ledger.book)

    await archive.keep(archived, ledger.book.sequence)
    await archive.keep(archived, ledger.book.sequence)

    assert (await archive.find(["o-entry"])).orders == archived.orders
    assert len(await archive.orders(None, None)) == 3


async def test_an_order_that_came_back_and_changed_is_found_as_it_last_left(
    both: tuple[Journal, Archive],
) -> None:
    journal, archive = both
    ledger = finished()
    await archive.keep(superfluous(ledger.book, LONG_AFTER), ledger.book.sequence)
    ledger.trade("o-entry", "1")
    ledger.trade(ledger.book.children("o-entry")[1].order_id, "1")
    await journal.commit(ledger.records)
    archived = put_away(ledger.book)

    await archive.keep(archived, ledger.book.sequence)

    assert (await archive.find(["o-entry"])).orders == archived.orders
    assert len(await archive.orders(None, None)) == 3


async def test_a_start_from_an_older_state_gets_orders_as_they_were_then(open_both: Open) -> None:
    """The order left, a snapshot was taken, it came back, changed and left again; then a crash."""
    journal, archive = await open_both("PA-1")
    ledger = finished()
    archived = superfluous(ledger.book, LONG_AFTER)
    await journal.commit(ledger.records)
    await archive.keep(archived, ledger.book.sequence)
    forgetful = book_of(state_of(ledger.book))
    forget(forgetful, archived)
    await archive.keep_snapshot(state_of(forgetful))
    then = len(ledger.records)
    ledger.trade("o-entry", "1")
    ledger.trade(ledger.book.children("o-entry")[1].order_id, "1")
    await journal.commit(ledger.records[then:])
    await archive.keep(superfluous(ledger.book, LONG_AFTER), ledger.book.sequence)
    await journal.aclose()

    journal, archive = await open_both("PA-1")
    restored = await archive.restore()
    book = rebuilt(restored.state, restored.recalled, restored.records)

    assert book.positions == ledger.book.positions
    assert book.order("o-entry") == ledger.order("o-entry")
    assert book.fills_booked == ledger.book.fills_booked
    ledger.book.plans.clear()  # The plan had left for good.
    assert unordered(book) == unordered(ledger.book)
    await journal.aclose()


async def test_what_is_removed_is_covered_by_snapshots_and_old(
    both: tuple[Journal, Archive],
) -> None:
    """Whatever an archive removes, a start finds the same book."""
    journal, archive = both
    ledger = finished()
    await journal.commit(ledger.records)
    for number in range(2):
        await archive.keep_snapshot(state_of(ledger.book))
        ledger.apply(e.MassCancelConfirmed(at=NOW + timedelta(seconds=number)))
        await journal.commit(ledger.records[-1:])

    await archive.compact(NOW + timedelta(days=1))

    restored = await archive.restore()
    book = rebuilt(restored.state, restored.recalled, restored.records)
    assert everything(book) == everything(ledger.book)


async def test_accounts_do_not_see_each_other(open_both: Open) -> None:
    journal, archive = await open_both("PA-1")
    ledger = finished()
    await journal.commit(ledger.records)
    await archive.keep_snapshot(state_of(ledger.book))
    await archive.keep(put_away(ledger.book), ledger.book.sequence)
    await journal.aclose()

    journal, archive = await open_both("PA-2")

    assert (await archive.restore()).state is None
    assert await archive.find(["o-entry"]) == Archived()
    assert await archive.plan("plan-1") == Archived()
    assert list(await archive.orders(None, None)) == []
    await journal.aclose()


def test_the_fixture_is_a_plan_with_orders() -> None:
    assert judged("o-entry").order_ids
    assert bracket("o-entry", "10").stop_loss is not None
