"""What can a venue do to an order or a holding that nobody has asked for?

Nothing of this follows from the rules: it is done on demand, to try what its customer makes of it.
Each gives back what the order stream would carry, if that carries it at all.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.floor import TradingFloor
from cream.core.exchange.matching import Match
from cream.core.exchange.replacing import OrderChange, relinked, successor
from cream.core.exchange.venue_book import VenueBook
from cream.core.exchange.venue_order import Role
from cream.core.model.broker import OrderUpdate
from cream.core.model.ids import digest
from cream.core.model.instrument import OptionContract
from cream.core.model.order import OrderClass

Updates = Sequence[OrderUpdate]


@frozen
class Mishaps:
    """What happens at one venue."""

    book: VenueBook
    floor: TradingFloor

    def reject(self, broker_order_id: str, reason: str, now: datetime) -> Updates:
        """Refuse an order that was taken."""
        return self._ended(broker_order_id, VenueStatus.REJECTED, reason, now)

    def expire(self, broker_order_id: str, now: datetime) -> Updates:
        """End an order before its time."""
        return self._ended(broker_order_id, VenueStatus.EXPIRED, "", now)

    def fill(self, broker_order_id: str, units: Decimal, price: Decimal, now: datetime) -> Updates:
        """Let an order trade, whatever its state and its terms say."""
        return self.floor.force(self.book.order(broker_order_id), Match(units, price), now)

    def renumber(self, broker_order_id: str, now: datetime) -> Updates:
        """Put the same order in its own place, under other ids."""
        old = self.book.order(broker_order_id)
        change = OrderChange(client_order_id="swapped-" + digest("swapped", old.client_order_id))
        new = successor(old, change, self.book.next_sequence, old.margin_each, now)
        for order in relinked(old, new, self.book.group(old)):
            self.book.put(order)
        return self.floor.replace(old, new, now)

    def twin_of(self, broker_order_id: str) -> str | None:
        """The other exit of the same group; None where there is none."""
        order = self.book.order(broker_order_id)
        for one in self.book.group(order):
            is_exit = one.role is not Role.ROOT or one.order_class is OrderClass.OCO
            if is_exit and one is not order:
                return one.broker_order_id
        return None

    def deliver(self, contract: OptionContract, quantity: Decimal, now: datetime) -> None:
        """Exercise or assign so many contracts (signed): they go, and shares change hands."""
        self.book.deliver(contract, quantity, now)

    def split(self, symbol: str, ratio: Decimal) -> None:
        """Split a share that is held; its orders keep their prices and quantities."""
        self.book.split(symbol, ratio)

    def _ended(
        self, broker_order_id: str, status: VenueStatus, reason: str, now: datetime
    ) -> Updates:
        order = self.book.order(broker_order_id)
        return self.floor.end(order, status, reason, now) if order.is_open else ()
