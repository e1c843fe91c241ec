"""What is true? Every order, position and restriction, as the fold of the journal's events.

`Book.apply` is the only thing that changes state, and it changes nothing else. It takes records in
journal order; a record that was applied before is ignored, so that replaying any prefix twice is a
no-op. One task owns a book (`daemon/desk.py`); everyone else reads immutable orders out of it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import assert_never

from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.levels import Protection, protection_from
from cream.core.execution.states import after_fill, may_become
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.money import average
from cream.core.model.order import (
    LegFill,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
)
from cream.core.model.position import Position
from cream.core.model.state import Cause, Restriction, TradingState, most_restrictive


class Book:
    """All orders, positions, protections and restrictions of one account."""

    def __init__(self) -> None:
        self.sequence = 0
        self.plans: dict[str, e.PlanJudged] = {}
        self.positions: dict[str, Position] = {}
        self.protections: dict[str, Protection] = {}
        self.restrictions: dict[Cause, Restriction] = {}
        self.mass_cancel_owed: e.MassCancelOwed | None = None
        self.stopped_cleanly = True
        self.late_fills = 0
        self._orders: dict[str, Order] = {}
        self._open: dict[str, None] = {}
        self._by_client: dict[str, str] = {}
        self._by_broker: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        self._executions: set[str] = set()

    # Reading ------------------------------------------------------------------------------------

    @property
    def trading_state(self) -> TradingState:
        """The most restrictive state that any cause demands."""
        return most_restrictive(self.restrictions)

    def order(self, order_id: str) -> Order:
        """The order with our id. Raises: KeyError."""
        return self._orders[order_id]

    def find(self, any_id: str) -> Order | None:
        """The order that our id, client id or broker id names."""
        found = any_id
        if found not in self._orders:
            found = self._by_client.get(any_id) or self._by_broker.get(any_id) or ""
        return self._orders.get(found)

    def orders(self) -> Sequence[Order]:
        """Every order, oldest first."""
        return tuple(self._orders.values())

    def open_orders(self) -> Iterator[Order]:
        """Every order that can still trade, oldest first. Changes with the book."""
        return (self._orders[order_id] for order_id in list(self._open))

    def children(self, order_id: str) -> Sequence[Order]:
        """Orders whose parent is `order_id`, oldest first."""
        return tuple(self._orders[child] for child in self._children.get(order_id, ()))

    @property
    def fills_booked(self) -> int:
        """How many executions have been booked. Rises with every fill."""
        return len(self._executions)

    def has_booked(self, execution_id: str) -> bool:
        """Whether this execution has been booked: each is booked once."""
        return execution_id in self._executions

    def position(self, instrument: Instrument) -> Position:
        """What is held in `instrument`; flat if nothing ever was."""
        return self.positions.get(instrument.symbol) or Position(instrument=instrument)

    # Changing -----------------------------------------------------------------------------------

    def apply(self, record: e.Record) -> None:
        """Fold one record. Raises: AssertionError if the journal has a gap or breaks a rule."""
        if record.sequence <= self.sequence:
            return
        assert record.sequence == self.sequence + 1, "the journal has a gap"
        self.sequence = record.sequence
        self._fold(record.event)

    def _fold(self, event: e.Event) -> None:
        match event:
            case e.OrderIntended():
                self._intend(event.terms, event)
            case e.ChildListed():
                self._list_child(event)
            case e.OrderAcknowledged():
                self._acknowledge(event)
            case e.OrderFilled():
                self._book_fill(event.fill, event)
            case e.SpreadFilled():
                self._book_spread(event)
            case e.PlanJudged():
                # Only a verdict that led to an order is remembered: the rest is judged anew.
                if event.order_ids:
                    self.plans[event.plan_id] = event
            case e.PositionAdjusted():
                self._adjust(event)
            case e.ProtectionTriggered():
                self._latch(event)
            case e.OrderRefused() | e.SubmitUnknown() | e.OrderProgressed():
                self._progress(event)
            case e.CancelRequested() | e.CancelRefused():
                self._cancel(event)
            case _:
                self._fold_state(event)

    def _fold_state(
        self,
        event: e.RunStarted
        | e.RunStopped
        | e.TradingRestricted
        | e.RestrictionLifted
        | e.MassCancelOwed
        | e.MassCancelConfirmed,
    ) -> None:
        match event:
            case e.RunStarted():
                self.stopped_cleanly = False
            case e.RunStopped():
                self.stopped_cleanly = True
            case e.TradingRestricted():
                self.restrictions[event.cause] = Restriction(
                    cause=event.cause,
                    state=event.state,
                    reason=event.reason,
                    actor=event.actor,
                    since=event.at,
                )
            case e.RestrictionLifted():
                self.restrictions.pop(event.cause, None)
            case e.MassCancelOwed():
                self.mass_cancel_owed = event
            case e.MassCancelConfirmed():
                self.mass_cancel_owed = None

    def _store(self, order: Order) -> None:
        order_id = order.order_id
        self._orders[order_id] = order
        if order.is_open:
            self._open.setdefault(order_id)
        else:
            self._open.pop(order_id, None)
        if order.broker_order_id is not None:
            self._by_broker[order.broker_order_id] = order_id

    def _new(self, terms: OrderTerms, order: Order) -> None:
        assert terms.order_id not in self._orders, f"order {terms.order_id} was intended before"
        self._by_client[terms.client_order_id] = terms.order_id
        if terms.parent_order_id is not None:
            self._children.setdefault(terms.parent_order_id, []).append(terms.order_id)
        self._store(order)

    def _intend(self, terms: OrderTerms, event: e.OrderIntended) -> None:
        order = Order(
            terms=terms,
            status=OrderStatus.PENDING_NEW,
            intended_at=event.at,
            updated_at=event.at,
            reason=event.reason,
            leg_fills=tuple(LegFill(leg.contract) for leg in terms.legs),
        )
        self._new(terms, order)

    def _list_child(self, event: e.ChildListed) -> None:
        order = Order(
            terms=event.terms,
            status=event.status,
            intended_at=event.at,
            updated_at=event.at,
            broker_order_id=event.broker_order_id,
            reason="listed by the broker",
        )
        self._new(event.terms, order)

    def _acknowledge(self, event: e.OrderAcknowledged) -> None:
        order = self._orders[event.order_id]
        # An order that was given up without ever being acknowledged may prove to be alive.
        resurrected = order.status is OrderStatus.REJECTED and order.broker_order_id is None
        moves = resurrected or may_become(order.status, event.status)
        self._store(
            evolve(
                order,
                status=event.status if moves else order.status,
                broker_order_id=event.broker_order_id,
                broker_updated_at=event.broker_updated_at,
                updated_at=event.at,
            )
        )

    def _progress(self, event: e.OrderRefused | e.SubmitUnknown | e.OrderProgressed) -> None:
        order = self._orders[event.order_id]
        status, reason = _progress_of(event)
        if not may_become(order.status, status):
            if isinstance(event, e.SubmitUnknown) and order.status is OrderStatus.PENDING_CANCEL:
                # It may have left: the cancel can no longer be settled by not sending it.
                self._store(evolve(order, status_before_pending=OrderStatus.UNKNOWN_SUBMIT))
            return
        order = evolve(order, status=status, updated_at=event.at, reason=reason or order.reason)
        if isinstance(event, e.OrderProgressed) and event.broker_updated_at is not None:
            order = evolve(order, broker_updated_at=event.broker_updated_at)
        self._store(order)

    def _cancel(self, event: e.CancelRequested | e.CancelRefused) -> None:
        order = self._orders[event.order_id]
        match event:
            case e.CancelRequested() if may_become(order.status, OrderStatus.PENDING_CANCEL):
                order = evolve(
                    order,
                    status=OrderStatus.PENDING_CANCEL,
                    status_before_pending=order.status,
                    updated_at=event.at,
                    reason=f"{event.reason} ({event.actor})",
                )
            case e.CancelRefused() if order.status is OrderStatus.PENDING_CANCEL:
                before = order.status_before_pending or OrderStatus.ACCEPTED
                if order.filled > 0:
                    before = OrderStatus.PARTIALLY_FILLED
                order = evolve(
                    order,
                    status=before,
                    status_before_pending=None,
                    updated_at=event.at,
                    reason=event.reason,
                )
            case _:
                return
        self._store(order)

    def _book_fill(self, fill: Fill, event: e.OrderFilled) -> None:
        if fill.execution_id in self._executions:
            return
        self._executions.add(fill.execution_id)
        order = self._orders[fill.order_id]
        if order.status.is_closed:
            self.late_fills += 1
        self._store(self._with_fill(order, fill.quantity, fill.price, fill.commission, event))
        self._roll_up(order, fill, event)
        self._hold(fill)
        self._protect(order.terms, fill.instrument)

    def _with_fill(
        self,
        order: Order,
        quantity: Decimal,
        price: Decimal,
        commission: Decimal,
        event: e.OrderFilled | e.SpreadFilled,
    ) -> Order:
        filled = order.filled + quantity
        notional = order.notional_filled + quantity * price
        return evolve(
            order,
            filled=filled,
            notional_filled=notional,
            average_price=average(notional, filled),
            commission=order.commission + commission,
            status=after_fill(order.status, filled, order.terms.quantity),
            updated_at=event.at,
        )

    def _roll_up(self, child: Order, fill: Fill, event: e.OrderFilled) -> None:
        """A slice's fill is its tactic parent's fill too."""
        parent = self._orders.get(child.terms.parent_order_id or "")
        if parent is None or not parent.terms.is_tactic:
            return
        filled = self._with_fill(parent, fill.quantity, fill.price, fill.commission, event)
        self._store(filled)

    def _book_spread(self, event: e.SpreadFilled) -> None:
        if event.execution_id in self._executions:
            return
        self._executions.add(event.execution_id)
        order = self._orders[event.order_id]
        if order.status.is_closed:
            self.late_fills += 1
        commission = sum((leg.commission for leg in event.legs), start=Decimal(0))
        order = self._with_fill(order, event.quantity, event.net_price, commission, event)
        leg_fills = {leg.contract.symbol: leg for leg in order.leg_fills}
        for fill in event.legs:
            self._executions.add(fill.execution_id)
            self._hold(fill)
            known = leg_fills.get(fill.instrument.symbol)
            if known is not None:
                leg_fills[fill.instrument.symbol] = _leg_filled(known, fill)
        self._store(evolve(order, leg_fills=tuple(leg_fills.values())))

    def _hold(self, fill: Fill) -> None:
        held = self.position(fill.instrument)
        after = held.filled(fill.side.sign * fill.quantity, fill.price)
        self.positions[fill.instrument.symbol] = after
        if after.is_flat or (held.quantity and (after.quantity > 0) != (held.quantity > 0)):
            self.protections.pop(fill.instrument.symbol, None)

    def _protect(self, terms: OrderTerms, instrument: Instrument) -> None:
        """Protection exists from the first filled share of an entry that has levels."""
        if terms.purpose is not OrderPurpose.ENTRY:
            return
        protection = protection_from(terms)
        if protection is not None and not self.position(instrument).is_flat:
            self.protections[instrument.symbol] = protection

    def _latch(self, event: e.ProtectionTriggered) -> None:
        protection = self.protections.get(event.symbol)
        if protection is not None:
            latched = evolve(protection, exit_order_id=event.exit_order_id)
            self.protections[event.symbol] = latched

    def _adjust(self, event: e.PositionAdjusted) -> None:
        held = self.position(event.instrument)
        self.positions[event.instrument.symbol] = evolve(
            held, quantity=event.quantity, cost=event.quantity * event.average_price
        )
        if event.quantity == 0:
            self.protections.pop(event.instrument.symbol, None)


def _progress_of(
    event: e.OrderRefused | e.SubmitUnknown | e.OrderProgressed,
) -> tuple[OrderStatus, str]:
    match event:
        case e.OrderRefused():
            return OrderStatus.REJECTED, f"[{event.code}] {event.message}"
        case e.SubmitUnknown():
            return OrderStatus.UNKNOWN_SUBMIT, event.why
        case e.OrderProgressed():
            return event.status, event.reason
    assert_never(event)


def _leg_filled(leg: LegFill, fill: Fill) -> LegFill:
    filled = leg.filled + fill.quantity
    total = (leg.average_price or Decimal(0)) * leg.filled + fill.price * fill.quantity
    return evolve(leg, filled=filled, average_price=average(total, filled))
