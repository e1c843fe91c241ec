"""How does the simulated venue outlive the daemon? Its book and account, in a file of its own.

One row per order, position, execution and settlement, the row's content as JSON. Every change is
committed before it is answered or told. `synchronous=NORMAL` is right here: what a transaction
wrote is with the operating system before COMMIT returns, so that `kill -9` of the daemon, which is
what the venue must survive, loses nothing. A power failure may lose the last moments of this make-
believe broker, and keeps the file sound.

Calls block, for some tens of microseconds: a few small rows, and no waiting for the disk.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TypeVar

import msgspec
from cattrs import Converter

from cream.adapters.brokers.simulated_schema import FORMAT, prepare
from cream.core.exchange.account import Ledger, Settlement
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue_book import VenueState
from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.broker import Execution
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.position import Position
from cream.core.options.occ import parse_instrument, parse_occ

T = TypeVar("T")

IN_MEMORY = ":memory:"

# Another process that only reads may hold the file for a moment.
_BUSY_TIMEOUT_SECONDS = 2.0
# The log is folded into the file at this many pages (4 MiB), so that it does not grow for ever.
_CHECKPOINT_PAGES = 1_000

_CLOSED = tuple(one.value for one in VenueStatus if one.is_closed)

# Whole groups: those with an open member, and those of the latest orders.
_ORDERS_TO_KEEP = """
SELECT body FROM orders WHERE root_id IN (
    SELECT root_id FROM orders WHERE status NOT IN (?, ?, ?, ?, ?)
    UNION SELECT root_id FROM (SELECT root_id FROM orders ORDER BY sequence DESC LIMIT ?)
) ORDER BY sequence
"""
_BY_ANY_ID = """
SELECT body FROM orders WHERE client_order_id = ?1
UNION ALL SELECT body FROM orders WHERE broker_order_id = ?1 LIMIT 1
"""
_CHANGED_SINCE = """
SELECT body FROM orders WHERE root_id IN (SELECT root_id FROM orders WHERE updated_at >= ?)
ORDER BY sequence
"""
_EXECUTED_SINCE = "SELECT body FROM executions WHERE executed_at >= ? ORDER BY id"
_LATEST_EXECUTIONS = """
SELECT body FROM (SELECT id, body FROM executions ORDER BY id DESC LIMIT ?) ORDER BY id
"""
_LATEST_SETTLEMENTS = """
SELECT body FROM (SELECT id, body FROM settlements ORDER BY id DESC LIMIT ?) ORDER BY id
"""
# SQLite's word for no limit.
_ALL = -1

# What a row that this version did not write can lead to; cattrs raises groups.
_UNREADABLE = (sqlite3.Error, msgspec.DecodeError, ValueError, TypeError, KeyError, ExceptionGroup)


class VenueFileUnreadable(Exception):
    """The file is not a venue's book, or of a version that this one cannot read."""


class VenueStore:
    """The venue's file.   Owns: its connection; `close` it."""

    def __init__(self, path: str) -> None:
        """Open or create the file.

        Raises: VenueFileUnreadable, OSError for a folder that cannot be made.
        """
        if path != IN_MEMORY:
            Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, _BUSY_TIMEOUT_SECONDS, isolation_level=None)
        except sqlite3.Error as error:
            raise VenueFileUnreadable(f"{path}: {error}") from error
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            prepare(self._connection)
        except _UNREADABLE as error:
            self._connection.close()
            raise VenueFileUnreadable(f"{path}: {error}") from error

    def load(self, kept: int = _ALL) -> VenueState | None:
        """What was saved last; None in a new file. Of what has ended, the latest `kept` of each.

        Raises: VenueFileUnreadable.
        """
        try:
            row = self._connection.execute("SELECT format, moment, body FROM account").fetchone()
            if row is None:
                return None
            if row[0] != FORMAT:
                raise VenueFileUnreadable(f"format {row[0]} of the venue's file is not known")
            (last,) = self._connection.execute("SELECT max(sequence) FROM orders").fetchone()
            return VenueState(
                ledger=_read(row[2], Ledger),
                moment=datetime.fromisoformat(row[1]) if row[1] is not None else None,
                last_sequence=last or 0,
                orders=self._rows(_ORDERS_TO_KEEP, VenueOrder, *_CLOSED, kept),
                positions=self._rows("SELECT body FROM positions ORDER BY symbol", Position),
                executions=self._rows(_LATEST_EXECUTIONS, Execution, kept),
                settlements=self._rows(_LATEST_SETTLEMENTS, Settlement, kept),
            )
        except _UNREADABLE as error:
            raise VenueFileUnreadable(f"the venue's file cannot be read: {error}") from error

    # What the venue asks for when it no longer has it in memory: see `core/exchange/archive.py`.
    # Raises: sqlite3.Error.

    def order(self, any_id: str) -> VenueOrder | None:
        """The order with this client id or broker id."""
        found = self._rows(_BY_ANY_ID, VenueOrder, any_id)
        return found[0] if found else None

    def changed_since(self, moment: datetime) -> Sequence[VenueOrder]:
        """Every member of each group of which one changed at `moment` or later, by sequence."""
        return self._rows(_CHANGED_SINCE, VenueOrder, _moment(moment))

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first."""
        return self._rows(_EXECUTED_SINCE, Execution, _moment(moment))

    def save(self, changes: VenueState) -> None:
        """Commit `changes`: all of them, or none.   Raises: sqlite3.Error; nothing was written."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._write(changes)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file. What was saved is in it."""
        self._connection.close()

    def _write(self, changes: VenueState) -> None:
        execute, many = self._connection.execute, self._connection.executemany
        moment = changes.moment.isoformat() if changes.moment is not None else None
        execute(
            "INSERT OR REPLACE INTO account VALUES (1, ?, ?, ?)",
            (FORMAT, moment, _text(changes.ledger)),
        )
        many(
            "INSERT INTO orders (broker_order_id, client_order_id, sequence, symbol, status, body, "
            "root_id, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (broker_order_id) "
            "DO UPDATE SET status = excluded.status, body = excluded.body, "
            "root_id = excluded.root_id, updated_at = excluded.updated_at",
            [
                (
                    order.broker_order_id,
                    order.client_order_id,
                    order.sequence,
                    order.instrument.symbol,
                    order.status.value,
                    _text(order),
                    order.parent_id or order.broker_order_id,
                    _moment(order.updated_at),
                )
                for order in changes.orders
            ],
        )
        if not (changes.positions or changes.executions or changes.settlements):
            return
        many(
            "INSERT OR REPLACE INTO positions VALUES (?, ?)",
            [(position.instrument.symbol, _text(position)) for position in changes.positions],
        )
        many(
            "INSERT INTO executions (execution_id, body, executed_at) VALUES (?, ?, ?)",
            [
                (execution.execution_id, _text(execution), _moment(execution.executed_at))
                for execution in changes.executions
            ],
        )
        many(
            "INSERT INTO settlements (body) VALUES (?)",
            [(_text(settlement),) for settlement in changes.settlements],
        )

    def _rows(self, query: str, kind: type[T], *values: str | int) -> tuple[T, ...]:
        rows: Iterable[tuple[str]] = self._connection.execute(query, values)
        return tuple(_read(body, kind) for (body,) in rows)


def _is_enum(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _converter() -> Converter:
    """Decimals, dates and moments as their text, instruments as their symbol."""
    converter = Converter()
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(date, date.isoformat)
    # `value` looks the member's class up first; `_value_` is the same, and documented.
    converter.register_unstructure_hook_func(_is_enum, lambda member: member._value_)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    for kind in (Instrument, Equity, OptionContract):
        converter.register_unstructure_hook(kind, lambda instrument: instrument.symbol)
    converter.register_structure_hook(Instrument, lambda text, _: parse_instrument(text))
    converter.register_structure_hook(OptionContract, lambda text, _: parse_occ(text))
    return converter


_CONVERTER = _converter()


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _text(value: object) -> str:
    return msgspec.json.encode(_CONVERTER.unstructure(value)).decode()


def _read(text: str, kind: type[T]) -> T:
    value: T = _CONVERTER.structure(msgspec.json.decode(text), kind)
    return value
