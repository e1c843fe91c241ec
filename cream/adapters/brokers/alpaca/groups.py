"""Which orders belong together, where Alpaca shows them apart?

Children do not name their parent; only a parent names its children. And a fill of a spread is told
under the leg's own order id, which nobody placed.
"""

from collections.abc import Iterable, Sequence

from attrs import define, field

from cream.adapters.brokers.alpaca.models import AlpacaOrder
from cream.core.exchange.alpaca_status import order_status
from cream.core.model.instrument import OptionContract
from cream.core.options.occ import parse_instrument

SPREAD, REPLACED = "mleg", "replaced"
_SHARES = "us_equity"
# Legs that are remembered; a spread has four at most, and older ones can be asked for again.
_MOST_LEGS = 50_000


def is_open(order: AlpacaOrder) -> bool:
    """Whether the order may still trade. A word that nobody knows does not close it.

    One that was replaced cannot: its successor is listed by itself.
    """
    status = order_status(order.status)
    return order.status != REPLACED and (status is None or not status.is_closed)


def open_in_groups(
    listed: Sequence[AlpacaOrder], groups: Sequence[AlpacaOrder]
) -> list[AlpacaOrder]:
    """Every open order once: with its parent while that is open, by itself after.

    `listed` is the flat list of open orders, which lacks what is held; `groups` are parents with
    all their children. What is in no group stands for itself.
    """
    found: list[AlpacaOrder] = []
    grouped: set[str] = set()
    for parent in groups:
        grouped.update(one.id for one in (parent, *parent.legs))
        if is_open(parent):
            found.append(parent)
        elif parent.order_class != SPREAD:
            found += [leg for leg in parent.legs if is_open(leg)]
    return [*found, *(one for one in listed if one.id not in grouped)]


@define
class SpreadLegs:
    """Whose leg an order is, as far as spreads were seen."""

    _parents: dict[str, str] = field(factory=dict)

    def learn(self, order: AlpacaOrder) -> None:
        """Note the legs of a spread, and what is none of one. Shares never are."""
        if order.order_class == SPREAD:
            self._parents |= {leg.id: order.id for leg in order.legs}
        elif order.asset_class != _SHARES:
            self._parents.setdefault(order.id, order.id)
        while len(self._parents) > _MOST_LEGS:
            del self._parents[next(iter(self._parents))]

    def learn_all(self, orders: Iterable[AlpacaOrder]) -> None:
        """Note the legs of every spread in `orders`."""
        for order in orders:
            self.learn(order)

    def settle(self, order_ids: Iterable[str]) -> None:
        """Take those that are still nobody's legs for orders of their own."""
        for order_id in order_ids:
            self._parents.setdefault(order_id, order_id)

    def may_be_leg(self, symbol: str, order_id: str) -> bool:
        """Whether an execution in `symbol` under `order_id` may be that of a spread's leg."""
        if order_id in self._parents:
            return False
        try:
            return isinstance(parse_instrument(symbol), OptionContract)
        except ValueError:
            return False

    def parent_of(self, order_id: str) -> str:
        """The spread of which this is a leg; the order itself where it is none."""
        return self._parents.get(order_id, order_id)
