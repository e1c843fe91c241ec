"""How does Alembic reach the database? Over the connection that `migrate.py` hands it.

There is no other way in: a migration runs only under the lock of the one process that has the
database open, and in one transaction, so that a crash in the middle leaves the old schema.
"""

from alembic import context

from cream.adapters.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # Alembic assumes that SQLite's driver cannot roll back a change of the schema. Ours can: it
    # begins its transactions itself (`sqlite_file.py`).
    transactional_ddl=True,
)
context.run_migrations()
