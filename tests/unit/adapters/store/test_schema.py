"""The tables are the same on both databases, and neither loses a digit or takes a wrong type."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.schema import JOURNAL
from cream.adapters.store.sqlite_file import open_for_writing
from cream.core.model.plan import Environment


def test_the_schema_is_one_that_postgresql_has() -> None:
    made = str(CreateTable(JOURNAL).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]

    assert "sequence BIGINT NOT NULL" in made
    assert "at_ns BIGINT NOT NULL" in made
    assert "PRIMARY KEY (environment, account, sequence)" in made
    assert "ROWID" not in made


def test_on_sqlite_the_rows_lie_in_the_order_of_their_key() -> None:
    made = str(CreateTable(JOURNAL).compile(dialect=sqlite.dialect()))

    assert "WITHOUT ROWID" in made


def test_sqlite_refuses_a_value_of_another_type(tmp_path: Path) -> None:
    """By itself it would keep a text in a column of numbers."""
    JournalLog.over(open_for_writing(tmp_path / "orders.db", 0), Environment.PAPER, "1").close()
    driver = sqlite3.connect(tmp_path / "orders.db")

    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER"):
        driver.execute("INSERT INTO journal VALUES ('PAPER', '1', 1, 'noon', '', '', '', '', '')")
    driver.close()
