"""What does the venue keep: orders by every id, what traded, and what must be written down?

A container without rules. It remembers which of its parts changed, so that whoever persists it
writes only those; the rules that change it are in `venue.py`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import define, evolve, field, frozen

from cream.core.exchange.account import Ledger, Settlement, VenueAccount
from cream.core.exchange.venue_order import VenueOrder, shown
from cream.core.model.broker import BrokerOrder, Execution
from cream.core.model.position import Position


@frozen(kw_only=True)
class VenueState:
    """Everything that a venue has to find again after a restart. Orders by sequence."""

    ledger: Ledger
    moment: datetime | None = None
    orders: tuple[VenueOrder, ...] = ()
    positions: tuple[Position, ...] = ()
    executions: tuple[Execution, ...] = ()
    settlements: tuple[Settlement, ...] = ()


@define
class _Dirty:
    """What has changed since it was last written down. Dicts, because they keep their order."""

    orders: dict[str, None] = field(factory=dict)
    positions: dict[str, None] = field(factory=dict)
    executions: int = 0
    settlements: int = 0
    ledger: bool = False


class VenueBook:
    """Orders, executions and the account of one venue."""

    def __init__(self, state: VenueState) -> None:
        self.account = VenueAccount(
            state.ledger,
            {position.instrument.symbol: position for position in state.positions},
        )
        self.moment = state.moment
        self.executions = list(state.executions)
        self.settlements = list(state.settlements)
        self._orders: dict[str, VenueOrder] = {}
        self._by_client: dict[str, str] = {}
        self._open: dict[str, dict[str, VenueOrder]] = {}
        self._dirty = _Dirty(executions=len(self.executions), settlements=len(self.settlements))
        for order in state.orders:
            self._index(order)

    # Reading ------------------------------------------------------------------------------------

    @property
    def next_sequence(self) -> int:
        """A number above that of every order so far."""
        last = next(reversed(self._orders.values()), None)
        return last.sequence + 1 if last is not None else 1

    def find(self, any_id: str) -> VenueOrder | None:
        """The order with this broker id or client id."""
        return self._orders.get(self._by_client.get(any_id, any_id))

    def has_client_id(self, client_order_id: str) -> bool:
        """Whether the id was ever used: it can be used once."""
        return client_order_id in self._by_client

    def order(self, broker_order_id: str) -> VenueOrder:
        """The order with this broker id.   Raises: KeyError."""
        return self._orders[broker_order_id]

    def open_on(self, underlying: str) -> Sequence[VenueOrder]:
        """Open orders that quotes of `underlying` can make trade, oldest first."""
        return tuple(self._open.get(underlying, {}).values())

    def open_orders(self) -> Iterator[VenueOrder]:
        """Every open order."""
        for orders in list(self._open.values()):
            yield from list(orders.values())

    def children(self, order: VenueOrder) -> Sequence[VenueOrder]:
        """The exits that came with `order`."""
        return tuple(self._orders[child] for child in order.child_ids)

    def group(self, order: VenueOrder) -> Sequence[VenueOrder]:
        """The root of the order's group and all its children."""
        root = self._orders[order.parent_id] if order.parent_id is not None else order
        return (root, *self.children(root))

    def shown(self, order: VenueOrder) -> BrokerOrder:
        """`order` as the broker shows it now."""
        return shown(order, self.children(order))

    def listing(self) -> Sequence[BrokerOrder]:
        """Every open order. Children are listed by themselves once their root is closed."""
        rows = sorted(self.open_orders(), key=lambda order: order.sequence)
        return [self.shown(order) for order in rows if not self._is_shown_with_root(order)]

    def changed_since(self, moment: datetime) -> Sequence[BrokerOrder]:
        """Every group of which a member was submitted or changed at `moment` or later."""
        roots = (order for order in self._orders.values() if order.parent_id is None)
        return [
            self.shown(root)
            for root in roots
            if any(member.updated_at >= moment for member in self.group(root))
        ]

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first."""
        first = bisect_left(self.executions, moment, key=lambda one: one.executed_at)
        return tuple(self.executions[first:])

    def _is_shown_with_root(self, order: VenueOrder) -> bool:
        return order.parent_id is not None and self._orders[order.parent_id].is_open

    # Changing -----------------------------------------------------------------------------------

    def put(self, order: VenueOrder) -> None:
        """Take `order` in, new or changed."""
        self._index(order)
        self._dirty.orders[order.broker_order_id] = None

    def record(self, execution: Execution) -> None:
        """Book an execution against cash and position."""
        self.executions.append(execution)
        self.account.book(execution.instrument, execution.side, execution.quantity, execution.price)
        self._dirty.positions[execution.instrument.symbol] = None
        self._dirty.ledger = True

    def settle(self, settlement: Settlement) -> None:
        """End an option position for cash."""
        self.settlements.append(settlement)
        position = self.account.positions[settlement.contract.symbol]
        paid = settlement.quantity * settlement.price * settlement.contract.multiplier
        self.account.positions[settlement.contract.symbol] = position.filled(
            -settlement.quantity, settlement.price
        )
        ledger = self.account.ledger
        self.account.ledger = evolve(ledger, cash=ledger.cash + paid)
        self._dirty.positions[settlement.contract.symbol] = None
        self._dirty.ledger = True

    def advance_to(self, now: datetime) -> datetime:
        """The venue's time: `now`, but never earlier than it was before.

        A wall clock may be set back, and a simulated one starts anew with every life of the
        daemon; what the venue stamps must not.
        """
        if self.moment is None or now > self.moment:
            self.moment = now
        return self.moment

    def touch_ledger(self) -> None:
        """Note that the account's numbers changed."""
        self._dirty.ledger = True

    def _index(self, order: VenueOrder) -> None:
        self._orders[order.broker_order_id] = order
        self._by_client[order.client_order_id] = order.broker_order_id
        working = self._open.setdefault(order.underlying, {})
        if order.is_open:
            working[order.broker_order_id] = order
        else:
            working.pop(order.broker_order_id, None)

    # Persisting ---------------------------------------------------------------------------------

    def state(self) -> VenueState:
        """Everything, as it is now."""
        return VenueState(
            ledger=self.account.ledger,
            moment=self.moment,
            orders=tuple(self._orders.values()),
            positions=tuple(self.account.positions.values()),
            executions=tuple(self.executions),
            settlements=tuple(self.settlements),
        )

    def unsaved(self) -> VenueState | None:
        """What changed since `mark_saved`; None if nothing did."""
        dirty = self._dirty
        executions = tuple(self.executions[dirty.executions :])
        settlements = tuple(self.settlements[dirty.settlements :])
        if not (dirty.orders or dirty.ledger or executions or settlements):
            return None
        return VenueState(
            ledger=self.account.ledger,
            moment=self.moment,
            orders=tuple(self._orders[one] for one in dirty.orders),
            positions=tuple(self.account.positions[symbol] for symbol in dirty.positions),
            executions=executions,
            settlements=settlements,
        )

    def mark_saved(self) -> None:
        """Everything that `unsaved` showed has been written down."""
        self._dirty = _Dirty(executions=len(self.executions), settlements=len(self.settlements))
