"""How are the newest archived orders found without looking at all? Revision 0003: an index."""

from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Index the archive by age."""
    op.create_index(
        "archived_order_age", "archived_order", ["environment", "account", "intended_ns"]
    )


def downgrade() -> None:
    """Nobody goes back.   Raises: NotImplementedError, always."""
    raise NotImplementedError("the archive is not dropped; move the file away instead")
