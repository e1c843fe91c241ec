"""How did the journal come to be? Revision 0001: the append-only table of events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Create the table of events."""
    int64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "journal",
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("sequence", int64, nullable=False),
        sa.Column("at_ns", int64, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("environment", "account", "sequence", name="journal_pkey"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )


def downgrade() -> None:
    """A journal is never thrown away by a program.   Raises: NotImplementedError, always."""
    raise NotImplementedError("the journal is not dropped; move the file away instead")
