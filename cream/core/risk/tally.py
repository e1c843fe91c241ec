"""What do the working orders in one share add up to, kept up to date as they come and go?

Most orders count for themselves: what one puts at stake depends neither on the others nor on a
quote. Their sums are kept here, so that one more of them costs the same however many there are. The
rest is kept aside, for whoever adds everything up (`exposure.py`).
"""

from collections.abc import Iterable
from decimal import Decimal

from attrs import define, field

from cream.core.model.instrument import Equity
from cream.core.model.money import ZERO
from cream.core.model.order import Order, OrderPurpose, Side
from cream.core.risk.margin import entry_margin


@define
class _Share:
    """What one order adds. `own`: it counts as an order. Units: shares, dollars. Never changed."""

    order: Order
    own: bool
    opening: Decimal = ZERO
    closing: Decimal = ZERO
    value: Decimal = ZERO
    margin: Decimal = ZERO


@define
class Tally:
    """The sums, by the meaning that they have in `Line` and `Exposure`.

    `floating` are orders at whatever the market asks, to be valued at its quotes. `entries` counts
    orders that open, by side.
    """

    buying: Decimal = ZERO
    selling: Decimal = ZERO
    exiting: Decimal = ZERO
    buying_value: Decimal = ZERO
    selling_value: Decimal = ZERO
    reserved: Decimal = ZERO
    open_orders: int = 0
    floating: dict[str, Order] = field(factory=dict)
    _shares: dict[str, _Share] = field(factory=dict)
    _buys: dict[str, Order] = field(factory=dict)
    _sells: dict[str, Order] = field(factory=dict)
    _entries: dict[Side, int] = field(factory=lambda: dict.fromkeys(Side, 0))
    _entangled: dict[str, None] = field(factory=dict)

    @classmethod
    def of(cls, orders: Iterable[Order]) -> "Tally":
        """The sums of `orders`, all of them in one share."""
        tally = cls()
        tally.take(orders)
        return tally

    @property
    def orders(self) -> tuple[tuple[Order, ...], tuple[Order, ...]]:
        """Those that buy and those that sell, without protection and what is kept aside."""
        return tuple(self._buys.values()), tuple(self._sells.values())

    def stands_alone(self, held: Decimal) -> bool:
        """Whether the sums are those of all orders while `held` shares are held.

        They are not where an order would close what is held before it opens, nor where there are
        spreads, or tactics and their slices: what these add depends on other orders.
        """
        if self._entangled:
            return False
        return not (self._entries[Side.SELL] if held > 0 else held and self._entries[Side.BUY])

    def take(self, orders: Iterable[Order]) -> None:
        """Take in what these orders are now, be they new, changed or closed."""
        for order in orders:
            self._drop(order.order_id)
            if order.is_open:
                self._add(order)

    def _add(self, order: Order) -> None:
        terms, order_id = order.terms, order.order_id
        own = terms.parent_order_id is None
        self.open_orders += own
        if terms.purpose.is_protective:
            self._shares[order_id] = _Share(order, own)
            return
        if terms.legs or terms.is_tactic or not own or not isinstance(terms.instrument, Equity):
            self._shares[order_id] = _Share(order, own)
            self._entangled[order_id] = None
            return
        price = terms.limit_price or terms.stop_price
        if terms.purpose is OrderPurpose.EXIT:
            share = _Share(order, own, closing=order.leaves)
        elif price is None:
            self._entries[terms.side] += 1
            self._shares[order_id] = _Share(order, own)
            self.floating[order_id] = order
            return
        else:
            self._entries[terms.side] += 1
            value = order.leaves * price * terms.instrument.multiplier
            margin = entry_margin(terms.instrument, value)
            share = _Share(order, own, opening=order.leaves, value=value, margin=margin)
        self._shares[order_id] = share
        (self._buys if terms.side is Side.BUY else self._sells)[order_id] = order
        self._sum(share, 1)

    def _drop(self, order_id: str) -> None:
        share = self._shares.pop(order_id, None)
        if share is None:
            return
        self.open_orders -= share.own
        terms = share.order.terms
        if order_id in self._entangled:
            del self._entangled[order_id]
            return
        if terms.purpose.is_protective:
            return
        self._entries[terms.side] -= terms.purpose is not OrderPurpose.EXIT
        if self.floating.pop(order_id, None) is None:
            del (self._buys if terms.side is Side.BUY else self._sells)[order_id]
            self._sum(share, -1)

    def _sum(self, share: _Share, by: int) -> None:
        self.exiting += by * share.closing
        self.reserved += by * share.margin
        if share.order.terms.side is Side.BUY:
            self.buying += by * share.opening
            self.buying_value += by * share.value
        else:
            self.selling += by * share.opening
            self.selling_value += by * share.value
