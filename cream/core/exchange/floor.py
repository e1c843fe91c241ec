"""How do orders on the book trade, and what does one order's fate do to the others of its group?

The part of the venue in which matching happens: orders go to work, take what a quote offers, wake
their exits once they are filled, and end together.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from attrs import evolve

from cream.core.exchange.admission import held_for_orders
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.house import PLAIN, HouseRules
from cream.core.exchange.market_view import VenueMarket
from cream.core.exchange.matching import (
    DisplayedSizes,
    Match,
    match_single,
    match_spread,
    priority,
    stop_is_reached,
    trail,
)
from cream.core.exchange.venue_book import VenueBook
from cream.core.exchange.venue_order import Role, VenueOrder
from cream.core.model.broker import Execution, OrderUpdate
from cream.core.model.ids import digest
from cream.core.model.instrument import Instrument
from cream.core.model.market import Quote
from cream.core.model.order import OrderClass, Side
from cream.core.model.plan import TimeInForce

# An option symbol has 21 characters with its root in the first six; no ticker is as long.
_OPTION_WIDTH = 21
_ROOT_WIDTH = 6


class TradingFloor:
    """Matching over one book and one market, by the rules of the house."""

    def __init__(self, book: VenueBook, market: VenueMarket, rules: HouseRules = PLAIN) -> None:
        self._book = book
        self._market = market
        self._rules = rules
        self._sizes = DisplayedSizes()
        self._updates: list[OrderUpdate] = []
        # Shares of which nothing trades at the moment, nor of their options.
        self.halted: set[str] = set()

    def concerns(self, symbol: str) -> bool:
        """Whether any open order waits for quotes of `symbol`."""
        return bool(self._book.open_on(_underlying(symbol)))

    def queue(self, order: VenueOrder, now: datetime) -> Sequence[OrderUpdate]:
        """Take an order for the next session."""
        self._move(order, VenueStatus.ACCEPTED, now)
        self._tell("accepted", order)
        return self._told()

    def open(self, order: VenueOrder, now: datetime) -> Sequence[OrderUpdate]:
        """Put an order to work and match it at once."""
        self._open(order, now)
        return self._told()

    def open_queue(self, now: datetime) -> Sequence[OrderUpdate]:
        """Put to work what waited for the session, oldest first."""
        for order in self._book.queued():
            self._open(order, now)
        return self._told()

    def match(self, symbol: str, now: datetime) -> Sequence[OrderUpdate]:
        """Let every order that a new quote of `symbol` concerns trade, by price and time."""
        underlying = _underlying(symbol)
        quote = self._market.latest(symbol)
        if underlying == symbol and quote is not None and self._book.is_calm(quote):
            return ()
        concerned = [
            order
            for order in self._book.open_on(underlying)
            if underlying == symbol or order.trades_in(symbol)
        ]
        for order in sorted(concerned, key=priority):
            self._work(order, now)
        if underlying == symbol:
            self._book.looked_at(underlying)
        return self._told()

    def hold_closing_auction(
        self, orders: Sequence[VenueOrder], now: datetime
    ) -> Sequence[OrderUpdate]:
        """Let these trade by price and time, at the session's last quotes; the rest expires."""
        for order in sorted(orders, key=priority):
            if order.underlying not in self.halted:
                self._trade(order, now)
            if order.is_open:
                self._close([order], VenueStatus.EXPIRED, "the closing auction is over", now)
        return self._told()

    def close_group(
        self, order: VenueOrder, status: VenueStatus, reason: str, now: datetime
    ) -> Sequence[OrderUpdate]:
        """End every open member of the order's group."""
        self._close([one for one in self._book.group(order) if one.is_open], status, reason, now)
        return self._told()

    def end(
        self, order: VenueOrder, status: VenueStatus, reason: str, now: datetime
    ) -> Sequence[OrderUpdate]:
        """End this order alone."""
        self._close([order], status, reason, now)
        return self._told()

    def force(self, order: VenueOrder, match: Match, now: datetime) -> Sequence[OrderUpdate]:
        """Let `match` happen, whatever the order's state and terms."""
        self._fill(order, match, now)
        return self._told()

    def replace(self, old: VenueOrder, new: VenueOrder, now: datetime) -> Sequence[OrderUpdate]:
        """Let `new`, already on the book, take the place of `old`; it is matched at once."""
        self._close([old], VenueStatus.REPLACED, "", now)
        if new.role is Role.ROOT and new.status is not VenueStatus.ACCEPTED:
            self._open(new, now)
        else:
            self._tell(new.status.value, new)
            self._work(new, now)
        return self._told()

    # Trading ------------------------------------------------------------------------------------

    def _open(self, order: VenueOrder, now: datetime) -> None:
        self._move(order, VenueStatus.NEW, now)
        self._tell("new", order)
        self._work(order, now)

    def _work(self, order: VenueOrder, now: datetime) -> None:
        """Trade one order, if it is open and not held back; what wants it at once, now or never."""
        if not order.is_open or order.status is VenueStatus.ACCEPTED or self._waits(order):
            return
        if order.time_in_force is TimeInForce.CLS or self._rules.holds_back(order):
            return
        if order.underlying in self.halted:
            if order.has_one_chance:
                self._close([order], VenueStatus.CANCELED, "the symbol is halted", now)
            return
        if order.time_in_force is TimeInForce.FOK and not self._fills_whole(order):
            self._close([order], VenueStatus.CANCELED, "fill or kill", now)
            return
        self._trade(order, now)
        if order.has_one_chance and order.is_open:
            opening = order.time_in_force is TimeInForce.OPG
            why = "the opening auction is over" if opening else "immediate or cancel"
            self._close([order], VenueStatus.CANCELED, why, now)

    def _trade(self, order: VenueOrder, now: datetime) -> None:
        """Trigger the order where it is a stop, and let it take what the market offers."""
        if order.is_stop:
            quote = self._market.latest(order.instrument.symbol)
            if quote is None or not self._elect(order, quote, now):
                return
        match = self._match(order)
        if match is not None:
            self._fill(order, match, now)

    def _waits(self, order: VenueOrder) -> bool:
        """Whether this is the exit of an entry that has not filled."""
        root = None if order.parent_id is None else self._book.find(order.parent_id)
        if root is None:
            return False
        return root.order_class is not OrderClass.OCO and root.status is not VenueStatus.FILLED

    def _elect(self, order: VenueOrder, quote: Quote, now: datetime) -> bool:
        """Trigger a stop if its price is reached. Its twin, the target, gives way to it."""
        before = order.stop_price
        trail(order, quote)
        if order.stop_price != before:
            self._book.put(order)
        if not stop_is_reached(order, quote):
            return False
        twins = [one for one in self._twins(order) if one.is_open]
        self._close(twins, VenueStatus.CANCELED, "the stop was triggered", now)
        order.elected = True
        if order.status is VenueStatus.HELD:
            self._move(order, VenueStatus.NEW, now)
            self._tell("new", order)
        else:
            self._book.put(order)
        return True

    def _match(self, order: VenueOrder) -> Match | None:
        if order.legs:
            return match_spread(order, self._market.latest, self._left)
        quote = self._market.latest(order.instrument.symbol)
        if quote is None:
            return None
        match = match_single(order, quote, self._left(quote, order.side))
        return match and evolve(match, price=self._rules.price(order, match.price))

    def _fills_whole(self, order: VenueOrder) -> bool:
        match = self._match(order)
        return match is not None and match.units == order.leaves

    def _left(self, quote: Quote, side: Side) -> Decimal:
        return self._sizes.left(quote, self._market.generation(quote.symbol), side)

    def _fill(self, order: VenueOrder, match: Match, now: datetime) -> None:
        """Book a trade: sizes, order, account; then what it means for the group."""
        order.filled += match.units
        order.notional += match.units * match.price
        prices = match.leg_prices or (match.price,)
        executions = []
        parts = list(order.deltas(match.units))
        for (instrument, side, quantity), price in zip(parts, prices, strict=True):
            execution = self._execution(order, instrument, side, quantity, price, now)
            self._take(instrument.symbol, side, quantity)
            self._book.record(execution)
            executions.append(execution)
        for leg, execution in zip(order.legs, executions, strict=False):
            leg.filled += execution.quantity
            leg.notional += execution.quantity * execution.price
        whole = order.filled >= order.quantity
        self._move(order, VenueStatus.FILLED if whole else VenueStatus.PARTIALLY_FILLED, now)
        self._tell("fill" if whole else "partial_fill", order, executions)
        self._after_fill(order, now)

    def _after_fill(self, order: VenueOrder, now: datetime) -> None:
        """An entry that is filled wakes its exits; an exit that fills takes from its twin."""
        if order.role is Role.ROOT and order.order_class is not OrderClass.OCO:
            if order.status is VenueStatus.FILLED:
                self._wake(order, now)
            return
        for twin in self._twins(order):
            if not twin.is_open:
                continue
            if order.status is VenueStatus.FILLED:
                self._close([twin], VenueStatus.CANCELED, "the other exit was filled", now)
            else:
                twin.quantity = twin.filled + order.leaves
                twin.updated_at = now
                self._book.put(twin)
                self._tell("restated", twin)

    def _wake(self, root: VenueOrder, now: datetime) -> None:
        """The target goes to work. A stop with a target beside it stays held, and is watched.

        What was sold meanwhile by other orders, or is held for them, the exits do not get; the
        last fill of the entry is theirs at least.
        """
        children = self._book.children(root)
        if not children:
            return
        alone = len(children) == 1
        free = self._free(root)
        for child in children:
            child.quantity = min(child.quantity, free)
            if child.role is Role.TAKE_PROFIT or alone:
                self._move(child, VenueStatus.NEW, now)
                self._tell("new", child)
            else:
                self._book.put(child)
        for child in sorted(children, key=priority):
            self._work(child, now)

    def _free(self, root: VenueOrder) -> Decimal:
        """How much of what `root` trades is held and not promised to other exits."""
        symbol = root.instrument.symbol
        held = self._book.account.held(symbol) * root.side.sign
        others = self._book.open_on(root.underlying)
        return held - held_for_orders(symbol, root.side.opposite, others)

    def _twins(self, order: VenueOrder) -> Sequence[VenueOrder]:
        """The other exit of the same position. Of an OCO the root itself is the target."""
        return [
            one
            for one in self._book.group(order)
            if one is not order and (one.role is not Role.ROOT or _is_oco(one))
        ]

    def _execution(
        self,
        order: VenueOrder,
        instrument: Instrument,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        now: datetime,
    ) -> Execution:
        """Its id follows from the order and how much of it is filled, so that it comes once."""
        cause = (order.broker_order_id, instrument.symbol, str(order.filled))
        return Execution(
            execution_id="x" + digest("execution", *cause),
            broker_order_id=order.broker_order_id,
            instrument=instrument,
            side=side,
            quantity=quantity,
            price=price,
            executed_at=now,
            commission=self._rules.commission(instrument, side, quantity, price, now),
        )

    def _take(self, symbol: str, side: Side, quantity: Decimal) -> None:
        self._sizes.take(symbol, self._market.generation(symbol), side, quantity)

    # Telling ------------------------------------------------------------------------------------

    def _move(self, order: VenueOrder, status: VenueStatus, now: datetime) -> None:
        order.status = status
        order.updated_at = now
        self._book.put(order)

    def _close(
        self, orders: Sequence[VenueOrder], status: VenueStatus, reason: str, now: datetime
    ) -> None:
        """All first, then the telling: no message shows a group that has half ended."""
        for order in orders:
            order.reason = reason
            self._move(order, status, now)
        for order in orders:
            self._tell(_event_of(status), order)

    def _tell(self, event: str, order: VenueOrder, executions: Sequence[Execution] = ()) -> None:
        self._updates.append(
            OrderUpdate(event=event, order=self._book.shown(order), executions=tuple(executions))
        )

    def _told(self) -> Sequence[OrderUpdate]:
        told, self._updates = self._updates, []
        return told


def _event_of(status: VenueStatus) -> str:
    """Alpaca names the event of an end like the end."""
    return status.value


def _is_oco(order: VenueOrder) -> bool:
    return order.order_class is OrderClass.OCO


def _underlying(symbol: str) -> str:
    return symbol[:_ROOT_WIDTH].rstrip() if len(symbol) == _OPTION_WIDTH else symbol
