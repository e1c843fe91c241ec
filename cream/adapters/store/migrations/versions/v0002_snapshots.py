"""How can a start do without the journal's beginning? Revision 0002: snapshots and the archive."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Create the tables beside the journal."""
    _create("journal_base", _number("sequence"), _text("hash"), key=())
    _create(
        "snapshot",
        _number("sequence"),
        _number("version"),
        _text("record_hash"),
        _text("body"),
        _text("digest"),
        key=("sequence",),
    )
    _create(
        "archived_order",
        _text("order_id"),
        _number("sequence"),
        _text("root_id"),
        _number("intended_ns"),
        _text("status"),
        _text("body"),
        key=("order_id", "sequence"),
    )
    op.create_index(
        "archived_order_family", "archived_order", ["environment", "account", "root_id"]
    )
    _create("archived_name", _text("name"), _text("order_id"), key=("name", "order_id"))
    _create("archived_plan", _text("plan_id"), _text("body"), key=("plan_id",))


def downgrade() -> None:
    """What is in these tables may be all that is left.   Raises: NotImplementedError, always."""
    raise NotImplementedError("the archive is not dropped; move the file away instead")


def _create(name: str, *columns: "sa.Column[str] | sa.Column[int]", key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        _text("environment"),
        _text("account"),
        *columns,
        sa.PrimaryKeyConstraint("environment", "account", *key, name=f"{name}_pkey"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)
