"""Which tables does the venue's file have, and how does an older file get them?"""

import sqlite3

import msgspec

FORMAT = 2

# Moments are ISO 8601 in UTC as Python writes them, which sorts by time. `root_id` is the broker id
# of the order that the others of its group came with, or its own.
TABLES = """
CREATE TABLE IF NOT EXISTS account (
    id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, moment TEXT, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    broker_order_id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL UNIQUE,
    sequence INTEGER NOT NULL UNIQUE, symbol TEXT NOT NULL, status TEXT NOT NULL,
    body TEXT NOT NULL, root_id TEXT NOT NULL DEFAULT '', updated_at TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS positions (symbol TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY, execution_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
    executed_at TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS settlements (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS orders_by_root ON orders (root_id);
CREATE INDEX IF NOT EXISTS orders_by_change ON orders (updated_at);
CREATE INDEX IF NOT EXISTS executions_by_time ON executions (executed_at);
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, or bring those of format 1 up to date: all of it, or nothing.

    Raises: sqlite3.Error, and what rows lead to that make no sense.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in TABLES.split(";"):
            connection.execute(statement)
        columns = {row[1] for row in connection.execute("PRAGMA table_info(orders)")}
        if "root_id" not in columns:
            _upgrade(connection)
        for statement in INDEXES.split(";"):
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _upgrade(connection: sqlite3.Connection) -> None:
    """Format 1 had what is searched for only inside the bodies."""
    for table, column in (
        ("orders", "root_id"),
        ("orders", "updated_at"),
        ("executions", "executed_at"),
    ):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    for key, text in connection.execute("SELECT broker_order_id, body FROM orders").fetchall():
        body = msgspec.json.decode(text)
        connection.execute(
            "UPDATE orders SET root_id = ?, updated_at = ? WHERE broker_order_id = ?",
            (body["parent_id"] or key, body["updated_at"], key),
        )
    for number, text in connection.execute("SELECT id, body FROM executions").fetchall():
        moment = msgspec.json.decode(text)["executed_at"]
        connection.execute("UPDATE executions SET executed_at = ? WHERE id = ?", (moment, number))
    connection.execute("UPDATE account SET format = ? WHERE format = 1", (FORMAT,))
