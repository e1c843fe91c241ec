"""The settings decide where the journal lies, and a wish that cannot be met is refused in words."""

import os
from pathlib import Path

import pytest

from cream.adapters.store.opening import (
    PostgresPlace,
    SqlitePlace,
    marker_path,
    open_journal,
    place_of,
)
from cream.adapters.store.settings import PersistenceSettings
from cream.adapters.store.threaded_journal import ThreadedJournal
from cream.adapters.store.volatile_journal import VolatileJournal
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.model.secret import Secret
from tests.unit.adapters.store.examples import records


def _by_url(url: str) -> PersistenceSettings:
    return PersistenceSettings(database_url=Secret(url))


async def test_the_file_of_the_settings_is_opened(tmp_path: Path) -> None:
    settings = PersistenceSettings(db_path=tmp_path / "a" / "b.db", busy_timeout_ms=17)

    journal = await open_journal(settings, Environment.LIVE, "1")

    assert isinstance(journal, ThreadedJournal)
    await journal.commit(records(1))
    await journal.aclose()
    assert (tmp_path / "a" / "b.db").is_file()


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        (PersistenceSettings(), "data/orders.db"),
        (_by_url(""), "data/orders.db"),
        (_by_url("sqlite:///other/x.db"), "other/x.db"),
        (_by_url("sqlite:////var/lib/cream/x.db"), "/var/lib/cream/x.db"),
    ],
)
def test_a_url_wins_over_the_path(settings: PersistenceSettings, path: str) -> None:
    assert place_of(settings) == SqlitePlace(Path(path))
    assert marker_path(settings) == Path(path)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_server_is_a_place_too_and_its_marker_stays_on_this_machine(scheme: str) -> None:
    settings = _by_url(f"{scheme}://cream:hunter2@db/cream")

    place = place_of(settings)

    assert isinstance(place, PostgresPlace)
    assert place.url.host == "db"
    assert marker_path(settings) == settings.db_path


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "sqlite+aiosqlite:///x.db",
        "mysql://u:hunter2@h/d",
        "no url, hunter2",
    ],
)
def test_a_url_that_names_no_file_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(JournalFailed, match="write sqlite:///FILE") as caught:
        place_of(_by_url(url))

    assert "hunter2" not in str(caught.value)


async def test_without_persistence_nothing_is_kept(tmp_path: Path) -> None:
    settings = PersistenceSettings(enabled=False, db_path=tmp_path / "x.db")

    journal = await open_journal(settings, Environment.PAPER, "1")
    await journal.commit(records(3))

    assert isinstance(journal, VolatileJournal)
    assert list(await journal.load()) == []
    await journal.aclose()
    assert os.listdir(tmp_path) == []


async def test_live_does_not_run_without_a_journal() -> None:
    with pytest.raises(JournalFailed, match=r"set persistence\.enabled"):
        await open_journal(PersistenceSettings(enabled=False), Environment.LIVE, "1")
