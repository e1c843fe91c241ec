"""The schema is brought up to date once, whole or not at all, and never guessed at."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from cream.adapters.store import migrate
from cream.adapters.store.migrations.versions import (
    v0001_journal,
    v0002_snapshots,
    v0003_archive_by_age,
)
from cream.adapters.store.schema import JOURNAL, METADATA
from cream.adapters.store.sqlite_file import SqliteFile, open_for_writing
from cream.core.model.errors import JournalFailed


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    opened = open_for_writing(tmp_path / "orders.db", 0)
    yield opened
    opened.close()


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "cream.adapters.store:migrations")
    return ScriptDirectory.from_config(config)


def test_a_new_database_gets_the_schema_and_its_version(file: SqliteFile) -> None:
    with file.engine.begin() as connection:
        assert migrate.version_of(connection) is None
        assert migrate.upgrade(connection)

    with file.engine.begin() as connection:
        assert migrate.version_of(connection) == migrate.SCHEMA_VERSION
        assert inspect(connection).has_table("journal")


def test_an_upgrade_of_what_is_up_to_date_does_nothing(file: SqliteFile) -> None:
    with file.engine.begin() as connection:
        migrate.upgrade(connection)

    with file.engine.begin() as connection:
        assert not migrate.upgrade(connection)


def test_the_steps_lead_to_the_schema_that_queries_are_written_for(file: SqliteFile) -> None:
    with file.engine.begin() as connection:
        migrate.upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
        made = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE name = 'journal'")
        ).scalar_one()

    assert differences == []
    meant = str(CreateTable(JOURNAL).compile(dialect=sqlite.dialect()))
    assert made.split() == meant.split()


def test_the_version_that_is_expected_is_the_last_step() -> None:
    assert _scripts().get_heads() == [migrate.SCHEMA_VERSION]


def test_every_step_before_the_last_is_known_as_older() -> None:
    """So that a database of any earlier version is upgraded, not refused."""
    steps = {step.revision for step in _scripts().walk_revisions()}

    assert steps - {migrate.SCHEMA_VERSION} == migrate._OLDER


def test_a_schema_of_a_later_version_is_refused(file: SqliteFile) -> None:
    with file.engine.begin() as connection:
        migrate.upgrade(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with (
        pytest.raises(JournalFailed, match="schema 9999, this version of Cream knows"),
        file.engine.begin() as connection,
    ):
        migrate.upgrade(connection)


def test_a_version_table_without_a_row_is_a_database_without_a_schema(file: SqliteFile) -> None:
    with file.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))

        assert migrate.version_of(connection) is None


def test_an_upgrade_that_fails_leaves_what_was_there(
    file: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash in the middle is the same: the change of the schema is one transaction."""

    def half_way(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE journal (a)"))
        raise RuntimeError("the power failed")

    monkeypatch.setattr(migrate, "_run_migrations", half_way)
    with pytest.raises(RuntimeError), file.engine.begin() as connection:
        migrate.upgrade(connection)

    with file.engine.begin() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_failing_step_takes_back_the_changes_it_made(
    file: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alembic's own transaction is ours: it neither commits early nor works without one."""

    class Broken(Exception):
        pass

    def breaks(name: str, *columns: object, **options: object) -> None:
        op.execute("CREATE TABLE half (a)")
        raise Broken

    monkeypatch.setattr(op, "create_table", breaks)
    with pytest.raises(Broken), file.engine.begin() as connection:
        migrate.upgrade(connection)

    with file.engine.begin() as connection:
        assert inspect(connection).get_table_names() == []


@pytest.mark.parametrize("step", [v0001_journal, v0002_snapshots, v0003_archive_by_age])
def test_there_is_no_way_back_that_would_drop_what_is_there(step: ModuleType) -> None:
    with pytest.raises(NotImplementedError, match="move the file away"):
        step.downgrade()


def test_a_start_with_nothing_to_upgrade_does_not_import_alembic(tmp_path: Path) -> None:
    """It would cost every start a tenth of a second."""
    script = f"""
import sys
from pathlib import Path
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import open_for_writing
from cream.core.model.plan import Environment

for expected in (True, False):
    for name in [name for name in sys.modules if name.startswith("alembic")]:
        del sys.modules[name]
    file = open_for_writing(Path({str(tmp_path / "orders.db")!r}), 0)
    JournalLog.over(file, Environment.PAPER, "1").close()
    assert ("alembic" in sys.modules) is expected, expected
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
