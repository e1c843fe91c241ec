"""An archive of the venue that remembers everything it was given, as copies."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime

from cream.core.exchange.venue_book import VenueState
from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.broker import Execution


class MemoryArchive:
    """The Archive protocol over dicts. `asked` counts the questions."""

    def __init__(self) -> None:
        self._orders: dict[str, VenueOrder] = {}
        self._executions: list[Execution] = []
        self.asked = 0

    def save(self, changes: VenueState) -> None:
        """Take in what changed."""
        for order in changes.orders:
            self._orders[order.broker_order_id] = deepcopy(order)
        self._executions += changes.executions

    def order(self, any_id: str) -> VenueOrder | None:
        self.asked += 1
        for order in self._orders.values():
            if any_id in (order.client_order_id, order.broker_order_id):
                return deepcopy(order)
        return None

    def changed_since(self, moment: datetime) -> Sequence[VenueOrder]:
        self.asked += 1
        orders = self._orders.values()
        roots = {_root(one) for one in orders if one.updated_at >= moment}
        found = [deepcopy(one) for one in orders if _root(one) in roots]
        return sorted(found, key=lambda one: one.sequence)

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        self.asked += 1
        return [one for one in self._executions if one.executed_at >= moment]


def _root(order: VenueOrder) -> str:
    return order.parent_id or order.broker_order_id
