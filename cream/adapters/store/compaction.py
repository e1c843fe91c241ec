"""How much of the journal's beginning may be removed, and what does the rest then stand on?

Records go from the oldest on, never from the middle. What was removed last leaves its number and
hash (the base), which the first record that is left has to follow. Only what at least two readable
snapshots stand in for may go, so that one damaged snapshot costs nothing.
"""

from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from cream.adapters.store import chain, snapshots
from cream.adapters.store.schema import JOURNAL, JOURNAL_BASE, SNAPSHOT, of_account
from cream.core.model.plan import Environment

# One snapshot to start from, and one in case that cannot be read.
SNAPSHOTS_NEEDED: Final = 2


def compact(
    connection: Connection,
    environment: Environment,
    account_id: str,
    before_ns: int,
    most: int,
) -> int:
    """Remove at most `most` of the oldest records that are older than that moment.

    Gives how many were removed.
    """
    base = snapshots.base_of(connection, environment, account_id)
    covered = _covered(connection, environment, account_id, base)
    mine = of_account(JOURNAL, environment, account_id)
    young = select(func.min(JOURNAL.c.sequence)).where(mine & (JOURNAL.c.at_ns >= before_ns))
    first_young = connection.execute(young).scalar_one()
    last = min(covered, base.sequence + most)
    if first_young is not None:
        last = min(last, int(first_young) - 1)
    if last <= base.sequence:
        return 0
    digest = snapshots.hash_at(connection, environment, account_id, last, base)
    if digest is None:
        return 0
    connection.execute(delete(JOURNAL).where(mine & (JOURNAL.c.sequence <= last)))
    snapshot = of_account(SNAPSHOT, environment, account_id)
    connection.execute(delete(SNAPSHOT).where(snapshot & (SNAPSHOT.c.sequence < last)))
    connection.execute(
        delete(JOURNAL_BASE).where(of_account(JOURNAL_BASE, environment, account_id))
    )
    connection.execute(
        insert(JOURNAL_BASE).values(
            environment=environment.value, account=account_id, sequence=last, hash=digest
        )
    )
    return last - base.sequence


def _covered(
    connection: Connection, environment: Environment, account_id: str, base: chain.Head
) -> int:
    """The last record that enough readable snapshots stand in for; 0 where there are too few."""
    readable: list[int] = []
    for row in snapshots.all_of(connection, environment, account_id):
        stands_on = snapshots.hash_at(connection, environment, account_id, row.sequence, base)
        try:
            snapshots.believed(row, stands_on)
        except snapshots.Unusable:
            continue
        readable.append(row.sequence)
        if len(readable) == SNAPSHOTS_NEEDED:
            return readable[-1]
    return 0
