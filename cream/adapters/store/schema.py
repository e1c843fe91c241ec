"""Which tables does the store have? The same on SQLite and PostgreSQL."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text

# SQLite's strict tables know only INTEGER, which holds 64 bits there.
_INT64: Final = BigInteger().with_variant(Integer(), "sqlite")

METADATA: Final = MetaData()

# `sequence` counts within one environment and account. `at_ns` and `at` repeat the event's moment
# for queries, `kind` its type; `body` is the event as `codec.py` writes it, and the truth. The two
# hashes are those of `chain.py`. On SQLite the rows lie in the order of the key itself: an append
# touches one page instead of two.
JOURNAL: Final = Table(
    "journal",
    METADATA,
    Column("environment", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("sequence", _INT64, nullable=False),
    Column("at_ns", _INT64, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("environment", "account", "sequence", name="journal_pkey"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
