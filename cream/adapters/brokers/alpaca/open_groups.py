"""Which groups do the listed open orders belong to, where no list of Alpaca shows the whole?

The flat list of open orders lacks what is held, and the nested one lacks groups whose parent is
over: a filled bracket is seen by its target alone. Such a group is asked for by its parent's id,
once, and believed as long as what is listed of it has not changed. Only where nobody knows whose
leg an order is, after a start above all, or where many groups changed at once, is the listing of
all orders gone through, and no further back than it has to be.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from attrs import define, evolve, field, frozen

from cream.adapters.brokers.alpaca.models import AlpacaOrder
from cream.adapters.brokers.alpaca.trading import OnPage

# Groups that are asked for one by one. For more of them a page of 500 orders is the cheaper way.
MOST_ASKED = 10
# An exit that a person replaced, and of which the stream has not told, is not seen before a group
# is asked for again: one of those that were last asked for so long ago, with each listing.
BELIEVED_SECONDS = 60.0
# Orders whose group is remembered; those of open groups are never among the oldest. One that was
# forgotten is found by the listing.
MOST_REMEMBERED = 10_000
# Exits are created with their entry, within moments.
_MARGIN = timedelta(minutes=1)
_SINGLE = ("", "simple")
# How many exits a group of each class has.
_EXITS = {"bracket": 2, "oto": 1, "oco": 1}
# An entry that was replaced so often before it filled is not followed further.
_LONGEST_CHAIN = 10


class Asked(Protocol):
    """What is asked of Alpaca. Both raise BrokerUnavailable."""

    async def order(self, order_id: str) -> AlpacaOrder | None:
        """The order with its legs, or None."""
        ...

    async def go_through(self, status: str, *, nested: bool, on_page: OnPage) -> None:
        """Show it orders, newest first, until it has seen enough of them."""
        ...


@frozen
class _Looked:
    """A group as it was shown, and when. Units: monotonic seconds.

    `others` were said to belong to it, and it does not name them.
    """

    group: AlpacaOrder
    at: float
    others: tuple[AlpacaOrder, ...] = ()

    @property
    def members(self) -> tuple[AlpacaOrder, ...]:
        return (self.group, *self.group.legs, *self.others)


@define
class OpenGroups:
    """What is known of groups. `_root_of` says by member's id whose group it is."""

    _root_of: dict[str, str] = field(factory=dict)
    _looked: dict[str, _Looked] = field(factory=dict)

    def learn(self, order: AlpacaOrder) -> None:
        """Note who belongs together, as an answer shows it."""
        root = self._root_of.get(order.replaces)
        if root is not None and order.id not in self._root_of:
            self._note(order.id, root)
            self._looked.pop(root, None)
        for one in (order, *order.legs) if order.legs else ():
            self._note(one.id, order.id)

    async def whole(
        self,
        asked: Asked,
        listed: Sequence[AlpacaOrder],
        parents: Sequence[AlpacaOrder],
        now: float,
    ) -> list[AlpacaOrder]:
        """Every group that one of `listed`, the flat list, belongs to.

        `parents` are the open ones with their legs. Units: `now` in monotonic seconds.

        Raises: BrokerUnavailable.
        """
        whole = [one for one in parents if len(one.legs) >= _EXITS.get(one.order_class, 0)]
        for one in whole:
            self.learn(one)
        shown = {one.id for parent in whole for one in (parent, *parent.legs)}
        loose = [one for one in listed if one.id not in shown and self._is_grouped(one)]
        missing = {one.id: one for one in loose if not self._stands(one)}
        if missing:
            await self._find(asked, missing, now)
        kept = self._kept(loose)
        await self._look_again(asked, now)
        again = {one.id for one in kept}
        return [*(one for one in whole if one.id not in again), *kept]

    def _is_grouped(self, order: AlpacaOrder) -> bool:
        return order.order_class not in _SINGLE or order.id in self._root_of

    def _root(self, order: AlpacaOrder) -> str | None:
        """Whose group the order belongs to; None where nobody has told."""
        return self._root_of.get(order.id) or self._root_of.get(order.replaces)

    def _stands(self, order: AlpacaOrder) -> bool:
        """Whether its group was looked at since the order became what it is."""
        looked = self._looked.get(self._root(order) or "")
        return looked is not None and any(_is_same(one, order) for one in looked.members)

    def _kept(self, loose: Sequence[AlpacaOrder]) -> list[AlpacaOrder]:
        """The groups of these, each once. What is known of others is not needed any more."""
        roots = dict.fromkeys(root for one in loose if (root := self._root(one)) is not None)
        self._looked = {one: self._looked[one] for one in roots if one in self._looked}
        for root, looked in self._looked.items():
            for one in looked.members:
                self._note(one.id, root)
        return [looked.group for looked in self._looked.values()]

    # Asking -------------------------------------------------------------------------------------

    async def _find(self, asked: Asked, missing: dict[str, AlpacaOrder], now: float) -> None:
        """Look at the groups of these; afterwards none of them is missing."""
        if self._needs_listing(missing):
            await self._go_through_all(asked, missing, now)
        by_root: dict[str | None, list[AlpacaOrder]] = {}
        for one in missing.values():
            by_root.setdefault(self._root(one), []).append(one)
        for root, orders in by_root.items():
            group = None if root is None else await self._asked_for(asked, root, orders)
            if group is not None:
                named = {one.id for one in (group, *group.legs)}
                others = tuple(one for one in orders if one.id not in named)
                self.learn(group)
                self._looked[group.id] = _Looked(group, now, others)
                for one in orders:
                    self._note(one.id, group.id)
                continue
            for one in orders:
                # Nobody shows it as a part of anything: it stands for itself.
                self._note(one.id, one.id)
                self._looked[one.id] = _Looked(one, now)

    async def _asked_for(
        self, asked: Asked, root: str, orders: Sequence[AlpacaOrder]
    ) -> AlpacaOrder | None:
        """The group of `root`, or of what has taken its place, if that names one of `orders`."""
        first = group = await asked.order(root)
        ids = {one.id for one in orders}
        for _ in range(_LONGEST_CHAIN):
            if group is None or ids.intersection(one.id for one in (group, *group.legs)):
                break
            group = await asked.order(group.replaced_by) if group.replaced_by else None
        return group or first

    def _needs_listing(self, missing: dict[str, AlpacaOrder]) -> bool:
        roots = {self._root(one) for one in missing.values()}
        return None in roots or len(roots) > MOST_ASKED

    async def _go_through_all(
        self, asked: Asked, missing: dict[str, AlpacaOrder], now: float
    ) -> None:
        """Newest first, until the rest is better asked for one by one, or cannot come any more."""

        def on_page(page: Sequence[AlpacaOrder]) -> bool:
            for group in page:
                found = [missing.pop(one.id, None) for one in (group, *group.legs)]
                if any(found) or group.id in self._looked:
                    self.learn(group)
                    self._looked[group.id] = _Looked(group, now)
            return self._needs_listing(missing) and not _is_past(page, missing.values())

        await asked.go_through("all", nested=True, on_page=on_page)

    async def _look_again(self, asked: Asked, now: float) -> None:
        """Ask for the group that was believed longest, if that is long."""
        oldest = min(self._looked.values(), key=lambda one: one.at, default=None)
        if oldest is None or now - oldest.at < BELIEVED_SECONDS:
            return
        group = await asked.order(oldest.group.id)
        self._looked[oldest.group.id] = evolve(oldest, group=group or oldest.group, at=now)

    def _note(self, order_id: str, root_id: str) -> None:
        self._root_of.pop(order_id, None)
        self._root_of[order_id] = root_id
        while len(self._root_of) > MOST_REMEMBERED:
            del self._root_of[next(iter(self._root_of))]


def _is_same(before: AlpacaOrder, now: AlpacaOrder) -> bool:
    """Whether nothing has happened to the order. Without a stamp nobody knows."""
    return (
        before.id == now.id
        and before.updated_at is not None
        and before.updated_at == now.updated_at
        and before.status == now.status
        and before.filled_qty == now.filled_qty
    )


def _is_past(page: Sequence[AlpacaOrder], missing: Iterable[AlpacaOrder]) -> bool:
    """Whether what comes after the page is older than the group of any of `missing` can be."""
    stamps = [_submitted(one) for one in missing]
    known = [stamp for stamp in stamps if stamp is not None]
    last = _submitted(page[-1]) if page else None
    return len(known) == len(stamps) and last is not None and last < min(known) - _MARGIN


def _submitted(order: AlpacaOrder) -> datetime | None:
    stamp = order.created_at or order.submitted_at
    return stamp.at if stamp is not None else None
