"""Is the schema the one this version needs, and if it is older, how does it become so?

The usual answer costs one query. Alembic is imported only where there is something to do: it
would add a tenth of a second and twelve megabytes to every start.
"""

from typing import Final

from sqlalchemy import Connection, inspect, text

from cream.core.model.errors import JournalFailed

# The revision of the newest file in migrations/versions.
SCHEMA_VERSION: Final = "0003"

# Every revision that came before it, from which `upgrade` knows the way.
_OLDER: Final = frozenset({"0001", "0002"})

# Any number that nobody else locks.
_MIGRATION_LOCK: Final = 7_277_324_551_180

_SCRIPTS: Final = "cream.adapters.store:migrations"


def upgrade(connection: Connection) -> bool:
    """Bring the schema up to date, within the transaction of `connection`.

    Gives whether there was anything to do.   Raises: JournalFailed for a schema of the future.
    """
    if connection.dialect.name == "postgresql":
        # The daemons of several accounts may start at once; one of them brings the schema up.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    found = version_of(connection)
    if found == SCHEMA_VERSION:
        return False
    if found is not None and found not in _OLDER:
        raise JournalFailed(
            f"the database has schema {found}, this version of Cream knows {SCHEMA_VERSION}: "
            "start the version that wrote it, or a later one"
        )
    _run_migrations(connection)
    return True


def version_of(connection: Connection) -> str | None:
    """The revision of the schema; None in a database that has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    rows = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return None if not rows else str(rows[0])


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _SCRIPTS)
    command.upgrade(config, "head")
