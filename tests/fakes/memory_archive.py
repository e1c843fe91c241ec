"""An archive in memory beside a `MemoryJournal`, which keeps its word exactly and fails on demand.

`shelf` and `snapshots` are the disk: what a new life finds.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import trio
from attrs import define, field

from cream.core.execution.events import PlanJudged
from cream.core.execution.memory import Archived, ArchivedOrder, BookState, orders_of
from cream.core.model.errors import JournalFailed
from cream.core.model.order import Order, OrderStatus
from cream.core.ports import Restored
from tests.fakes.memory_journal import MemoryJournal

SNAPSHOTS_KEPT = 3


@define(eq=False)
class MemoryArchive:
    """The Archive port over lists. `looked_up` are the names that were asked for."""

    journal: MemoryJournal
    snapshots: list[BookState] = field(factory=list)
    shelf: list[tuple[int, ArchivedOrder]] = field(factory=list)
    plans: dict[str, PlanJudged] = field(factory=dict)
    looked_up: list[str] = field(factory=list)
    removed_before: datetime | None = None
    failure: str | None = None

    async def restore(self) -> Restored:
        """The newest snapshot and the records after it."""
        await self._checkpoint()
        records = await self.journal.load()
        if not self.snapshots:
            return Restored(state=None, records=records)
        state = self.snapshots[-1]
        tail = [one for one in records if one.sequence > state.sequence]
        known = {one.order_id for one in state.orders}
        named = [one for record in tail for one in orders_of(record.event) if one not in known]
        recalled = self._families(named, as_of=state.sequence)
        return Restored(state=state, records=tail, recalled=recalled)

    async def keep_snapshot(self, state: BookState) -> None:
        """Keep it, in the place of the oldest."""
        await self._checkpoint()
        self.snapshots = [*self.snapshots, state][-SNAPSHOTS_KEPT:]

    async def keep(self, archived: Archived, sequence: int) -> None:
        """Put it on the shelf."""
        await self._checkpoint()
        self.shelf.extend((sequence, one) for one in archived.orders)
        self.plans.update((one.plan_id, one) for one in archived.plans)

    async def find(self, names: Sequence[str]) -> Archived:
        """The families of these names."""
        await self._checkpoint()
        self.looked_up.extend(names)
        wanted = set(names)
        ids = [
            one.order.order_id
            for _, one in self.shelf
            if wanted & {one.order.order_id, one.order.terms.client_order_id, *one.broker_ids}
        ]
        return Archived(orders=self._families(ids))

    async def plan(self, plan_id: str) -> Archived:
        """The plan and its orders."""
        await self._checkpoint()
        judged = self.plans.get(plan_id)
        if judged is None:
            return Archived()
        return Archived(orders=self._families(judged.order_ids), plans=(judged,))

    async def compact(self, before: datetime) -> int:
        """Remember that it was asked; nothing is removed."""
        await self._checkpoint()
        self.removed_before = before
        return 0

    async def orders(self, status: OrderStatus | None, limit: int | None) -> Sequence[Order]:
        """What is on the shelf, oldest first."""
        await self._checkpoint()
        every = [one.order for one in self._families(one.order.order_id for _, one in self.shelf)]
        chosen = [one for one in every if status is None or one.status is status]
        return chosen if limit is None else chosen[max(0, len(chosen) - limit) :]

    def _families(
        self, order_ids: Iterable[str], as_of: int | None = None
    ) -> tuple[ArchivedOrder, ...]:
        wanted = set(order_ids)
        roots = {one.root_id for _, one in self.shelf if one.order.order_id in wanted}
        latest: dict[str, tuple[int, ArchivedOrder]] = {}
        for sequence, one in self.shelf:
            newer = latest.get(one.order.order_id, (0, one))[0] <= sequence
            if one.root_id in roots and newer and (as_of is None or sequence <= as_of):
                latest[one.order.order_id] = (sequence, one)
        found = [one for _, one in latest.values()]
        found.sort(key=lambda one: (one.order.intended_at, one.order.order_id != one.root_id))
        return tuple(found)

    async def _checkpoint(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.failure is not None:
            raise JournalFailed(self.failure)
