"""A journal that keeps nothing says so from the beginning."""

from cream.adapters.store.volatile_journal import VolatileJournal
from tests.unit.adapters.store.examples import records


async def test_it_takes_records_and_keeps_none() -> None:
    journal = VolatileJournal()

    await journal.commit(records(2))

    assert list(await journal.load()) == []
    await journal.aclose()
