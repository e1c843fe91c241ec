"""Has the broker said often enough, over long enough, that it does not know an order?"""

from collections.abc import Collection
from datetime import timedelta

import structlog
import trio
from attrs import define, field

from cream.core.model.order import Order
from cream.core.ports import Broker

log = structlog.get_logger(__name__)

# The list is asked for from this long before the order was intended: clocks differ.
_LISTED_MARGIN = timedelta(minutes=5)


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
        listed = await broker.orders_since(order.intended_at - _LISTED_MARGIN)
        if any(one.client_order_id in names or one.broker_order_id in names for one in listed):
            return 0
        log.warning("absences.order_absent", client_order_id=names[0], probes=probes)
        self.found(order.order_id)
        return probes
