"""What does the venue hold back though no rule of it says so? Rest of entries, and freed shares.

Both are faults: an entry of which only a part ever fills, while its exits wait for the whole, and
shares that count as promised for a while after the order that had them is gone.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from attrs import define, field

from cream.adapters.sandbox.faults import FaultName, Faults
from cream.core.exchange.house import PlainRules
from cream.core.exchange.venue_order import VenueOrder
from cream.core.model.broker import OrderUpdate
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderTerms, Side

_ENDED = frozenset(("canceled", "expired"))
# Orders whose shares are kept at one time; the oldest go first.
_MOST = 1_000


@define
class StuckEntries(PlainRules):
    """Orders that trade no more, by client id."""

    _stuck: set[str] = field(factory=set)
    _released: list[str] = field(factory=list)

    def holds_back(self, order: VenueOrder) -> bool:
        """Whether it is one of them."""
        return order.client_order_id in self._stuck

    def befalls(self, terms: OrderTerms, faults: Faults) -> bool:
        """Whether it befalls this order, which is about to be sent: then it is stuck at once."""
        single = terms.order_class not in (OrderClass.OCO, OrderClass.MLEG)
        if not single or terms.quantity <= 1:
            return False
        for_good = faults.happens(FaultName.PARTIAL_ENTRY) is not None
        if not for_good and faults.happens(FaultName.PARTIAL_FIRST) is None:
            return False
        self._stuck.add(terms.client_order_id)
        if not for_good:
            self._released.append(terms.client_order_id)
        return True

    def let_go(self) -> None:
        """What was stuck for a moment only trades again."""
        while self._released:
            self._stuck.discard(self._released.pop())


@define
class LateReleases:
    """Shares and contracts that are still promised to orders that have ended. Units: seconds."""

    faults: Faults
    now: Callable[[], float]
    _late: list[tuple[str, Side, Decimal, float]] = field(factory=list)

    def note(self, updates: Iterable[OrderUpdate]) -> None:
        """Look at what has ended."""
        for update in updates:
            order = update.order
            left = order.quantity - order.filled
            if update.event not in _ENDED or left <= 0:
                continue
            lag = self.faults.happens(FaultName.QTY_RELEASE_LAG)
            if lag is not None:
                until = self.now() + lag.seconds
                self._late.append((order.instrument.symbol, order.side, left, until))
                del self._late[:-_MOST]

    def promised(self, symbol: str, closing: Side) -> Decimal:
        """How much of a holding is not free yet."""
        now = self.now()
        self._late = [one for one in self._late if now < one[3]]
        return sum(
            (left for name, side, left, _ in self._late if name == symbol and side is closing), ZERO
        )
