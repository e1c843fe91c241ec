"""Has the broker said often enough, over long enough, that it does not know an order?"""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, field, frozen

from cream.core.model.order import Order
from cream.core.ports import Broker

log = structlog.get_logger(__name__)

# The list is asked for from this long before the order was intended: clocks differ.
_LISTED_MARGIN = timedelta(minutes=5)


@frozen
class _Taken:
    """The names in a listing: which orders it has, and when it was asked for."""

    since: datetime
    asked_at: float
    names: frozenset[str]


@define
class SharedListing:
    """One listing of orders for all whose absence it proves: it takes many pages, and an outage
    leaves many orders to ask about.
    """

    _taken: _Taken | None = None
    _oldest: datetime | None = None
    _lock: trio.Lock = field(factory=trio.Lock)

    async def names(self, broker: Broker, since: datetime, not_before: float) -> frozenset[str]:
        """Client ids and broker ids of every order since then, as listed at `not_before` or later.

        Units: `not_before` in monotonic seconds.   Raises: BrokerUnavailable.
        """
        # Others wait for the same while one asks: it asks for what will do for them, too.
        self._oldest = since if self._oldest is None else min(self._oldest, since)
        async with self._lock:
            taken = self._taken
            if taken is None or taken.since > since or taken.asked_at < not_before:
                # Before the question: what it does not show may have come while it was answered.
                asked_at, oldest = trio.current_time(), self._oldest
                shown = await broker.order_ids_since(oldest)
                ids = (name for one in shown for name in (one.client_order_id, one.broker_order_id))
                taken = self._taken = _Taken(oldest, asked_at, frozenset(ids))
            return taken.names


@define
class _Absence:
    """How often, and since when, the broker said that it does not know an order."""

    since: float
    probes: int = 0


@define
class Absences:
    """What has been looked for in vain. `now` is monotonic seconds, as is `seconds`."""

    probes: int
    seconds: float
    _of: dict[str, _Absence] = field(factory=dict)
    _listing: SharedListing = field(factory=SharedListing)

    def begin_round(self) -> None:
        """What is looked for from now on is proven by another listing than what was before."""
        self._listing = SharedListing()

    def found(self, order_id: str) -> None:
        """It is there, or its absence is settled: the next look-up begins anew."""
        self._of.pop(order_id, None)

    def is_missed(self, order_id: str) -> bool:
        """Whether the last look-up found nothing."""
        return order_id in self._of

    def only(self, order_ids: Collection[str]) -> None:
        """All others are there, or over."""
        self._of = {one: absence for one, absence in self._of.items() if one in order_ids}

    def missed(self, order_id: str, now: float) -> int:
        """Count one more look-up that found nothing; how many there were, once they are enough."""
        absence = self._of.setdefault(order_id, _Absence(since=now))
        absence.probes += 1
        long_enough = now - absence.since >= self.seconds
        return absence.probes if absence.probes >= self.probes and long_enough else 0

    async def proven(self, order: Order, broker: Broker) -> int:
        """Count one more look-up that found nothing; how many there were, once that is proof.

        What the look-ups prove the list of all orders must confirm: it is a different query.
        Raises: BrokerUnavailable.
        """
        probes = self.missed(order.order_id, trio.current_time())
        if not probes:
            return 0
        names = (order.terms.client_order_id, order.broker_order_id)
        since, certain = order.intended_at - _LISTED_MARGIN, self._of[order.order_id].since
        listed = await self._listing.names(broker, since, certain + self.seconds)
        if not listed.isdisjoint(names):
            return 0
        log.warning("absences.order_absent", client_order_id=names[0], probes=probes)
        self.found(order.order_id)
        return probes
