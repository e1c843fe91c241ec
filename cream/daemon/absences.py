"""Has the broker said often enough, over long enough, that it does not know an order?

Proof takes `probes` look-ups that found nothing, `seconds` between the first and the last of them,
and a list, asked for after those seconds, that does not have the order either. The seconds are what
an order may be on its way for, at the broker's door and from there into its lists, once the broker
answers at all. So they begin with an answer, the first that denied the order, and not with the
loss of ours: at the end of an outage a broker may still take in what has waited at its door, and
whatever was lost before it would at once be old enough.

The first answer outlives the daemon. For an order that has no answer it is written down, and the
next life counts the seconds from there; otherwise one that restarts every twenty seconds proves
nothing, ever, and an exit without an answer keeps every other exit from the position. The look-ups
are counted anew: each life asks `probes` times itself, and the list in any case, so that nothing is
proven by what somebody else has asked. What is added by a restart to what one life can get wrong is
a wall clock that is set ahead meanwhile: the look-ups and the list of this life stand against it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution.lifecycle import was_missed
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

    def missed(self, order_id: str, now: float, known_for: float = 0.0) -> int:
        """Count one more look-up that found nothing; how many there were, once they are enough.

        Units: `known_for` in seconds, since an earlier life found nothing.
        """
        absence = self._of.setdefault(order_id, _Absence(since=now - known_for))
        absence.probes += 1
        long_enough = now - absence.since >= self.seconds
        return absence.probes if absence.probes >= self.probes and long_enough else 0

    async def proven(self, order: Order, broker: Broker, at: datetime) -> int:
        """Count one more look-up that found nothing; how many there were, once that is proof.

        What the look-ups prove the list of all orders must confirm: it is a different query.
        `at` is now, by the clock that the journal is dated by.   Raises: BrokerUnavailable.
        """
        probes = self.missed(order.order_id, trio.current_time(), _missed_for(order, at))
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


def _missed_for(order: Order, at: datetime) -> float:
    """How long ago the broker first denied the order, as the journal says. Units: seconds.

    A clock that was set back says nothing.
    """
    return max(0.0, (at - order.updated_at).total_seconds()) if was_missed(order) else 0.0
