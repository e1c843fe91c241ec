"""${message}"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | None = ${repr(branch_labels)}
depends_on: str | None = ${repr(depends_on)}


def upgrade() -> None:
    """TODO: what this step changes, and what it does with rows that are there."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """TODO: the way back, or why there is none."""
    ${downgrades if downgrades else "pass"}
