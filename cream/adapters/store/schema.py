"""Which tables does the store have? The same on SQLite and PostgreSQL.

The journal is the truth. The other tables follow from it, and make it possible to do without its
beginning: in memory (snapshots, the archive) and on disk (the base).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from cream.core.model.plan import Environment

# SQLite's strict tables know only INTEGER, which holds 64 bits there.
_INT64: Final = BigInteger().with_variant(Integer(), "sqlite")

METADATA: Final = MetaData()


def _table(name: str, *columns: "Column[str] | Column[int]", key: tuple[str, ...]) -> Table:
    """A table whose rows belong to an environment and account, and lie in the order of their key.

    On SQLite an append then touches one page instead of two.
    """
    return Table(
        name,
        METADATA,
        Column("environment", Text, nullable=False),
        Column("account", Text, nullable=False),
        *columns,
        PrimaryKeyConstraint("environment", "account", *key, name=f"{name}_pkey"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _number(name: str) -> "Column[int]":
    return Column(name, _INT64, nullable=False)


# `sequence` counts within one environment and account. `at_ns` and `at` repeat the event's moment
# for queries, `kind` its type; `body` is the event as `codec.py` writes it, and the truth. The two
# hashes are those of `chain.py`.
JOURNAL: Final = _table(
    "journal",
    _number("sequence"),
    _number("at_ns"),
    _text("at"),
    _text("kind"),
    _text("body"),
    _text("previous_hash"),
    _text("hash"),
    key=("sequence",),
)

# The last record that was removed: what the first one left has to follow. No row: none was.
JOURNAL_BASE: Final = _table("journal_base", _number("sequence"), _text("hash"), key=())

# The book at `sequence`, which stands on the record with `record_hash`. `digest` is over all of it.
SNAPSHOT: Final = _table(
    "snapshot",
    _number("sequence"),
    _number("version"),
    _text("record_hash"),
    _text("body"),
    _text("digest"),
    key=("sequence",),
)

# An order as it was when it left memory, at `sequence`; one that came back and changed has several
# rows. `root_id` is its family.
ARCHIVED_ORDER: Final = _table(
    "archived_order",
    _text("order_id"),
    _number("sequence"),
    _text("root_id"),
    _number("intended_ns"),
    _text("status"),
    _text("body"),
    key=("order_id", "sequence"),
)
Index(
    "archived_order_family",
    ARCHIVED_ORDER.c.environment,
    ARCHIVED_ORDER.c.account,
    ARCHIVED_ORDER.c.root_id,
)

Index(
    "archived_order_age",
    ARCHIVED_ORDER.c.environment,
    ARCHIVED_ORDER.c.account,
    ARCHIVED_ORDER.c.intended_ns,
)

# Every name that an archived order goes by: our id, its client id, the broker's ids.
ARCHIVED_NAME: Final = _table(
    "archived_name", _text("name"), _text("order_id"), key=("name", "order_id")
)

ARCHIVED_PLAN: Final = _table("archived_plan", _text("plan_id"), _text("body"), key=("plan_id",))


def of_account(table: Table, environment: Environment, account_id: str) -> ColumnElement[bool]:
    """The condition for rows of this account."""
    return (table.c.environment == environment.value) & (table.c.account == account_id)
