"""Which snapshot of the book may a start begin with? The newest whose every byte is accounted for.

A snapshot stands on one record of the journal and repeats its hash; its own digest covers that and
the body. One that is damaged, or of a version that folds otherwise, is passed over for the one
before it; when none is left, the whole journal is read.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Protocol, cast

import structlog
from sqlalchemy import Connection, delete, insert, select

from cream.adapters.store import chain, codec
from cream.adapters.store.schema import JOURNAL, JOURNAL_BASE, SNAPSHOT, of_account
from cream.core.execution.memory import STATE_VERSION, BookState
from cream.core.model.plan import Environment

log = structlog.get_logger(__name__)

# The newest may be damaged, and the one before it be the last of a version. Each costs a page or
# two per open order.
SNAPSHOTS_KEPT: Final = 3


class Row(Protocol):
    """A snapshot as it stands in the table."""

    @property
    def sequence(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def record_hash(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def digest(self) -> str: ...


class Unusable(Exception):
    """Nothing may be built on this snapshot."""


def base_of(connection: Connection, environment: Environment, account_id: str) -> chain.Head:
    """What the first record has to follow."""
    query = select(JOURNAL_BASE.c.sequence, JOURNAL_BASE.c.hash).where(
        of_account(JOURNAL_BASE, environment, account_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return chain.origin(environment, account_id)
    return chain.Head(int(row.sequence), str(row.hash))


def digest_of(sequence: int, version: int, record_hash: str, body: str) -> str:
    """What a snapshot carries to show that it is whole. Only the last part has no fixed form."""
    return sha256(f"{sequence}|{version}|{record_hash}|{body}".encode()).hexdigest()


def all_of(connection: Connection, environment: Environment, account_id: str) -> Sequence[Row]:
    """The account's snapshots, newest first."""
    query = (
        select(SNAPSHOT)
        .where(of_account(SNAPSHOT, environment, account_id))
        .order_by(SNAPSHOT.c.sequence.desc())
    )
    return cast(Sequence[Row], connection.execute(query).all())


def newest(
    connection: Connection, environment: Environment, account_id: str, base: chain.Head
) -> tuple[BookState, chain.Head] | None:
    """The newest snapshot that can be believed, and the record that it stands on."""
    for row in all_of(connection, environment, account_id):
        try:
            stands_on = hash_at(connection, environment, account_id, row.sequence, base)
            return believed(row, stands_on), chain.Head(row.sequence, row.record_hash)
        except Unusable as error:
            log.warning("store.snapshot_passed_over", sequence=row.sequence, error=str(error))
    return None


def believed(row: Row, stands_on: str | None) -> BookState:
    """The state in the row, if it is whole and stands on the record with that hash.

    Raises: Unusable.
    """
    if row.digest != digest_of(row.sequence, row.version, row.record_hash, row.body):
        raise Unusable("it is not what was written")
    if row.version != STATE_VERSION:
        raise Unusable(f"it has version {row.version}, this version of Cream uses {STATE_VERSION}")
    if row.record_hash != stands_on:
        raise Unusable("the record that it stands on is another one")
    try:
        state = codec.decode_value(row.body, BookState)
    except codec.UnreadableRecord as error:
        raise Unusable(str(error)) from error
    if state.sequence != row.sequence:
        raise Unusable(f"it is the state at {state.sequence}")
    return state


def hash_at(
    connection: Connection,
    environment: Environment,
    account_id: str,
    sequence: int,
    base: chain.Head,
) -> str | None:
    """The hash of the record `sequence`; None where it is not there."""
    if sequence == base.sequence:
        return base.hash
    one = of_account(JOURNAL, environment, account_id) & (JOURNAL.c.sequence == sequence)
    found: str | None = connection.execute(select(JOURNAL.c.hash).where(one)).scalar_one_or_none()
    return found


def keep(
    connection: Connection, environment: Environment, account_id: str, sequence: int, body: str
) -> None:
    """Put a state in, in the place of the oldest.

    Raises: LookupError when the record that it stands on is not in the journal.
    """
    base = base_of(connection, environment, account_id)
    record_hash = hash_at(connection, environment, account_id, sequence, base)
    if record_hash is None:
        raise LookupError(f"a snapshot stands on record {sequence}, which is not there")
    mine = of_account(SNAPSHOT, environment, account_id)
    connection.execute(delete(SNAPSHOT).where(mine & (SNAPSHOT.c.sequence >= sequence)))
    connection.execute(
        insert(SNAPSHOT).values(
            environment=environment.value,
            account=account_id,
            sequence=sequence,
            version=STATE_VERSION,
            record_hash=record_hash,
            body=body,
            digest=digest_of(sequence, STATE_VERSION, record_hash, body),
        )
    )
    kept = [row.sequence for row in all_of(connection, environment, account_id)][:SNAPSHOTS_KEPT]
    connection.execute(delete(SNAPSHOT).where(mine & (SNAPSHOT.c.sequence < kept[-1])))
