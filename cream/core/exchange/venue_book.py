"""What does the venue keep: orders by every id, what traded, and what must be written down?

A container without rules. It remembers which of its parts changed, so that whoever persists it
writes only those; the rules that change it are in `venue.py`. With an archive to fall back on it
forgets old orders and executions that are closed and written down, and finds them there.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from heapq import heapify, heappop, heappush

from attrs import define, evolve, field, frozen

from cream.core.exchange.account import Ledger, Settlement, VenueAccount
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.archive import Retention
from cream.core.exchange.band import Band
from cream.core.exchange.venue_order import Role, VenueOrder, shown
from cream.core.model.broker import BrokerOrder, Execution
from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.model.order import Side
from cream.core.model.position import Position

# Below this the ends of orders are not worth looking through.
_FEW_ENDS = 1_000


@frozen(kw_only=True)
class VenueState:
    """What a venue has to find again after a restart. Orders by sequence, groups whole.

    `last_sequence` is the highest of any order, also of those that are not here.
    """

    ledger: Ledger
    moment: datetime | None = None
    last_sequence: int = 0
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

    def __init__(self, state: VenueState, retention: Retention | None = None) -> None:
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
        # By what they trade, and on which side: open orders that are nobody's exits.
        self._roots: dict[tuple[str, Side], dict[str, VenueOrder]] = {}
        # What each open order keeps reserved, and all of them. Units: dollars.
        self._reserved: dict[str, Decimal] = {}
        self.reserved = ZERO
        # The ends of open orders, the earliest first; entries of what has closed are left behind.
        self._ends: list[tuple[datetime, int, str]] = []
        self._queued: dict[str, None] = {}
        self._bands: dict[str, Band] = {}
        # Groups that are closed as a whole, by their root, in the order in which they ended.
        self._closed: dict[str, None] = {}
        self._retention = retention
        # Whether anything is in the archive alone.
        self._has_forgotten = retention is not None and not retention.is_whole
        self._last_sequence = state.last_sequence
        self._dirty = _Dirty(executions=len(self.executions), settlements=len(self.settlements))
        for order in state.orders:
            self._index(order)

    # Reading ------------------------------------------------------------------------------------

    @property
    def next_sequence(self) -> int:
        """A number above that of every order so far."""
        return self._last_sequence + 1

    def find(self, any_id: str) -> VenueOrder | None:
        """The order with this broker id or client id."""
        known = self._orders.get(self._by_client.get(any_id, any_id))
        if known is None and self._retention is not None and self._has_forgotten:
            return self._retention.archive.order(any_id)
        return known

    def has_client_id(self, client_order_id: str) -> bool:
        """Whether the id was ever used: it can be used once."""
        if client_order_id in self._by_client:
            return True
        found = self.find(client_order_id)
        return found is not None and found.client_order_id == client_order_id

    def order(self, broker_order_id: str) -> VenueOrder:
        """The order with this broker id.   Raises: KeyError."""
        found = self.find(broker_order_id)
        if found is None:
            raise KeyError(broker_order_id)
        return found

    def open_on(self, underlying: str) -> Sequence[VenueOrder]:
        """Open orders that quotes of `underlying` can make trade, oldest first."""
        return tuple(self._open.get(underlying, {}).values())

    def open_orders(self) -> Iterator[VenueOrder]:
        """Every open order."""
        for orders in list(self._open.values()):
            yield from list(orders.values())

    def is_calm(self, quote: Quote) -> bool:
        """Whether no open order does anything at this quote of a share."""
        band = self._bands.get(quote.symbol)
        return band is None or band.is_calm_at(quote)

    def looked_at(self, underlying: str) -> None:
        """Every open order there has had its chance at the current quotes."""
        band = self._bands[underlying] = Band()
        for order in self.open_on(underlying):
            band.narrow(order)

    def roots_on(self, symbol: str, side: Side) -> Sequence[VenueOrder]:
        """Open orders that buy or sell `symbol` and are nobody's exits, oldest first."""
        return tuple(self._roots.get((symbol, side), {}).values())

    def ended(self, moment: datetime) -> Iterator[VenueOrder]:
        """Open orders whose time is over at `moment`, the earliest end first; each only once."""
        while self._ends and self._ends[0][0] <= moment:
            order = self._orders.get(heappop(self._ends)[2])
            if order is not None and order.is_open:
                yield order

    def queued(self) -> Sequence[VenueOrder]:
        """Orders that wait for the next session, oldest first."""
        return sorted((self._orders[one] for one in self._queued), key=lambda order: order.sequence)

    def children(self, order: VenueOrder) -> Sequence[VenueOrder]:
        """The exits that came with `order`, but for those that somebody took out of the file."""
        found = (self.find(child) for child in order.child_ids)
        return tuple(child for child in found if child is not None)

    def group(self, order: VenueOrder) -> Sequence[VenueOrder]:
        """The root of the order's group and all its children."""
        root = None if order.parent_id is None else self.find(order.parent_id)
        return (order, *self.children(order)) if root is None else (root, *self.children(root))

    def shown(self, order: VenueOrder) -> BrokerOrder:
        """`order` as the broker shows it now."""
        return shown(order, self.children(order))

    def listing(self) -> Sequence[BrokerOrder]:
        """Every open order. Children are listed by themselves once their root is closed."""
        rows = sorted(self.open_orders(), key=lambda order: order.sequence)
        return [self.shown(order) for order in rows if not self._is_shown_with_root(order)]

    def newest_first(self, *, open_only: bool, start: str | None = None) -> Iterator[BrokerOrder]:
        """Every group that is in memory, or those of which a member is open, as they are read.

        With `start`, an order's id, from its group on, which is there whatever has become of it.
        """
        members = self.open_orders() if open_only else self._orders.values()
        roots = {one.parent_id or one.broker_order_id: None for one in members}
        first = None if start is None else self.find(start)
        latest = self._last_sequence
        if first is not None:
            root = self.group(first)[0]
            roots[root.broker_order_id], latest = None, root.sequence
        found = [one for root_id in roots if (one := self.order(root_id)).sequence <= latest]
        for root in sorted(found, key=lambda one: one.sequence, reverse=True):
            yield self.shown(root)

    def changed_since(self, moment: datetime) -> Sequence[BrokerOrder]:
        """Every group of which a member was submitted or changed at `moment` or later."""
        found = {
            root.sequence: self.shown(root)
            for root in self._orders.values()
            if root.parent_id is None
            and any(member.updated_at >= moment for member in self.group(root))
        }
        if self._retention is not None:
            for order in self._retention.archive.changed_since(moment):
                if order.parent_id is None and order.broker_order_id not in self._orders:
                    found[order.sequence] = self.shown(order)
        return [found[sequence] for sequence in sorted(found)]

    def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """Every execution at `moment` or later, oldest first."""
        first = bisect_left(self.executions, moment, key=lambda one: one.executed_at)
        latest = self.executions[first:]
        if first > 0 or self._retention is None:
            return tuple(latest)
        kept = {one.execution_id for one in latest}
        earlier = self._retention.archive.executions_since(moment)
        return (*(one for one in earlier if one.execution_id not in kept), *latest)

    def _is_shown_with_root(self, order: VenueOrder) -> bool:
        root = None if order.parent_id is None else self.find(order.parent_id)
        return root is not None and root.is_open

    # Changing -----------------------------------------------------------------------------------

    def put(self, order: VenueOrder) -> None:
        """Take `order` in, new or changed."""
        self._index(order)
        self._dirty.orders[order.broker_order_id] = None

    def record(self, execution: Execution) -> None:
        """Book an execution against cash and position."""
        self.executions.append(execution)
        self.account.book(
            execution.instrument,
            execution.side,
            execution.quantity,
            execution.price,
            execution.commission,
        )
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

    def deliver(self, contract: OptionContract, quantity: Decimal, now: datetime) -> None:
        """End `quantity` contracts (signed) for shares at the strike: exercised or assigned."""
        self.settle(Settlement(contract=contract, quantity=quantity, price=ZERO, settled_at=now))
        buys = (quantity > 0) is (contract.right is OptionRight.CALL)
        share = Equity(contract.underlying)
        side = Side.BUY if buys else Side.SELL
        self.account.book(share, side, abs(quantity) * contract.multiplier, contract.strike)
        self._dirty.positions[share.symbol] = None

    def split(self, symbol: str, ratio: Decimal) -> None:
        """Make `ratio` shares of each that is held, for the same money. Orders stay as they are."""
        position = self.account.positions[symbol]
        self.account.positions[symbol] = evolve(position, quantity=position.quantity * ratio)
        self._dirty.positions[symbol] = None

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
        self._index_open(order)
        if order.sequence > self._last_sequence:
            self._last_sequence = order.sequence
        if not order.is_open:
            self._note_if_closed(self._orders.get(order.parent_id or order.broker_order_id))

    def _index_open(self, order: VenueOrder) -> None:
        """Find the order among the open ones, or no longer."""
        order_id = order.broker_order_id
        working = self._open.setdefault(order.underlying, {})
        is_new = order_id not in working
        if order.margin_each or order_id in self._reserved:
            self._reserve(order)
        if order.status is VenueStatus.ACCEPTED:
            self._queued[order_id] = None
        else:
            self._queued.pop(order_id, None)
        if order.is_open:
            working[order_id] = order
            band = self._bands.get(order.underlying)
            if band is None:
                band = self._bands[order.underlying] = Band()
            band.narrow(order)
            if is_new:
                heappush(self._ends, (order.expires_at, order.sequence, order_id))
                self._drop_ends()
        else:
            working.pop(order_id, None)
        if order.role is not Role.ROOT or order.is_open is not is_new:
            return
        for instrument, side, _ in order.deltas(order.quantity):
            roots = self._roots.setdefault((instrument.symbol, side), {})
            if order.is_open:
                roots[order_id] = order
            else:
                roots.pop(order_id, None)

    def _reserve(self, order: VenueOrder) -> None:
        reserved = order.margin_each * order.leaves
        self.reserved += reserved - self._reserved.pop(order.broker_order_id, ZERO)
        if reserved:
            self._reserved[order.broker_order_id] = reserved

    def _drop_ends(self) -> None:
        """Forget the ends of what has closed, once they are most: an end may be months off."""
        if len(self._ends) > _FEW_ENDS + 2 * sum(map(len, self._open.values())):
            self._ends = [
                (order.expires_at, order.sequence, order.broker_order_id)
                for order in self.open_orders()
            ]
            heapify(self._ends)

    def _note_if_closed(self, root: VenueOrder | None) -> None:
        """A group may be forgotten once all of its members are here, and none of them is open."""
        if root is None:
            return
        members = [root, *(self._orders.get(child) for child in root.child_ids)]
        if all(one is not None and not one.is_open for one in members):
            self._closed.setdefault(root.broker_order_id)

    # Persisting ---------------------------------------------------------------------------------

    def state(self) -> VenueState:
        """Everything that is in memory, as it is now."""
        return VenueState(
            ledger=self.account.ledger,
            moment=self.moment,
            last_sequence=self._last_sequence,
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
            last_sequence=self._last_sequence,
            orders=tuple(self._orders[one] for one in dirty.orders),
            positions=tuple(self.account.positions[symbol] for symbol in dirty.positions),
            executions=executions,
            settlements=settlements,
        )

    def mark_saved(self) -> None:
        """Everything that `unsaved` showed has been written down, so the oldest may leave."""
        if self._retention is not None:
            self._forget(self._retention.kept)
        self._dirty = _Dirty(executions=len(self.executions), settlements=len(self.settlements))

    def _forget(self, kept: int) -> None:
        """Keep the latest `kept` of what has ended. Lists are cut at twice that, not each time."""
        while len(self._closed) > kept:
            self._has_forgotten = True
            root = self._orders[next(iter(self._closed))]
            del self._closed[root.broker_order_id]
            for member_id in (root.broker_order_id, *root.child_ids):
                member = self._orders.pop(member_id)
                del self._by_client[member.client_order_id]
        if len(self.executions) > 2 * kept:
            del self.executions[: len(self.executions) - kept]
        if len(self.settlements) > 2 * kept:
            del self.settlements[: len(self.settlements) - kept]
