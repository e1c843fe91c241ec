"""What becomes of an order that is replaced? It ends, and another takes its place in its group.

As at Alpaca: the successor has ids of its own and names its predecessor, what was filled stays with
the old one, and the quantity that is asked for is the total of both.

Source: docs.alpaca.markets, Working with Orders, 2026-08.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import evolve, frozen

from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue_order import Role, VenueOrder, venue_id
from cream.core.model.broker import Refused
from cream.core.model.money import ZERO
from cream.core.model.order import OrderClass, OrderLeg, OrderPurpose, OrderTerms, OrderType
from cream.core.model.plan import TimeInForce

_REPLACEABLE = frozenset((VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED, VenueStatus.HELD))


@frozen(kw_only=True)
class OrderChange:
    """What is to be different. `quantity` is the new total, what is filled included."""

    client_order_id: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce | None = None


def refusal_of_change(old: VenueOrder, change: OrderChange) -> Refused | None:
    """Why this order cannot be changed like this, whatever the account holds; None if it can."""
    if old.status not in _REPLACEABLE:
        message = f"cannot replace order in {old.status.value} status"
        return Refused("ORDER_NOT_REPLACEABLE", message)
    if old.order_class is OrderClass.OTO:
        return Refused("INVALID_REPLACEMENT", "replacing oto orders is not supported yet")
    quantity = change.quantity
    if quantity is not None:
        if old.role is not Role.ROOT or old.order_class not in (OrderClass.SIMPLE, OrderClass.MLEG):
            return Refused("INVALID_REPLACEMENT", "qty cannot be changed for advanced orders")
        if quantity != quantity.to_integral_value():
            return Refused("FRACTIONAL_QUANTITY", "qty must be a whole number to be replaced")
        if quantity <= old.filled:
            return Refused("INVALID_QUANTITY", "qty must be > filled_qty")
    if not any(_changes(old, change)):
        return Refused("NOTHING_CHANGED", "order parameters are not changed")
    return None


def terms_after(old: VenueOrder, change: OrderChange, group: Sequence[VenueOrder]) -> OrderTerms:
    """The terms that the successor would have had, had it been sent as a new order.

    An exit is taken by itself: its group stays as it is.
    """
    root = old.role is Role.ROOT
    by_role = {order.role: order for order in group} if root else {}
    target, stop = by_role.get(Role.TAKE_PROFIT), by_role.get(Role.STOP_LOSS)
    oco = root and old.order_class is OrderClass.OCO
    entry = root and not oco
    return OrderTerms(
        order_id=old.broker_order_id,
        client_order_id=change.client_order_id,
        plan_id="",
        cycle_id="",
        decision_id="",
        instrument=old.instrument,
        side=old.side,
        order_type=old.order_type,
        order_class=old.order_class if root else OrderClass.SIMPLE,
        time_in_force=change.time_in_force or old.time_in_force,
        quantity=_leaves(old, change),
        purpose=OrderPurpose.ENTRY if entry else OrderPurpose.EXIT,
        limit_price=_or(change.limit_price, old.limit_price),
        stop_price=_or(change.stop_price, old.stop_price) if _has_stop(old) else None,
        trail_price=_trail(change, old.trail_price),
        trail_percent=_trail(change, old.trail_percent),
        take_profit=target.limit_price if target is not None else None,
        stop_loss=stop.stop_price if stop is not None else None,
        legs=tuple(OrderLeg(leg.contract, leg.ratio, leg.intent) for leg in old.legs),
    )


def successor(
    old: VenueOrder, change: OrderChange, sequence: int, margin_each: Decimal, now: datetime
) -> VenueOrder:
    """The order that takes the place of `old`, in the state in which `old` stands."""
    held = old.status is VenueStatus.HELD
    own_id = venue_id(change.client_order_id)
    return evolve(
        old,
        sequence=sequence,
        broker_order_id=own_id,
        client_order_id=change.client_order_id,
        quantity=_leaves(old, change),
        status=VenueStatus.HELD if held else VenueStatus.NEW,
        submitted_at=now,
        updated_at=now,
        time_in_force=change.time_in_force or old.time_in_force,
        limit_price=_or(change.limit_price, old.limit_price),
        stop_price=_or(change.stop_price, old.stop_price),
        trail_price=_trail(change, old.trail_price),
        trail_percent=_trail(change, old.trail_percent),
        legs=tuple(
            evolve(
                leg,
                broker_order_id=venue_id(change.client_order_id, leg.contract.symbol),
                filled=ZERO,
                notional=ZERO,
            )
            for leg in old.legs
        ),
        margin_each=margin_each,
        filled=ZERO,
        notional=ZERO,
    )


def relinked(old: VenueOrder, new: VenueOrder, group: Sequence[VenueOrder]) -> Iterator[VenueOrder]:
    """`new`, and every order whose place in the group changes with it."""
    if old.role is Role.ROOT:
        old.child_ids = ()
        for child in group:
            if child is not old:
                child.parent_id = new.broker_order_id
                yield child
    else:
        for order in group:
            if order.role is Role.ROOT:
                swap = {old.broker_order_id: new.broker_order_id}
                order.child_ids = tuple(swap.get(one, one) for one in order.child_ids)
                yield order
        old.parent_id = None
    yield new


def _changes(old: VenueOrder, change: OrderChange) -> Iterator[bool]:
    tif = change.time_in_force
    yield change.quantity is not None and change.quantity != old.quantity
    yield change.limit_price is not None and change.limit_price != old.limit_price
    yield change.stop_price is not None and change.stop_price != old.stop_price
    yield change.trail is not None and change.trail not in (old.trail_price, old.trail_percent)
    yield tif is not None and tif is not old.time_in_force


def _leaves(old: VenueOrder, change: OrderChange) -> Decimal:
    total = old.quantity if change.quantity is None else change.quantity
    return total - old.filled


def _has_stop(old: VenueOrder) -> bool:
    return old.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)


def _trail(change: OrderChange, was: Decimal | None) -> Decimal | None:
    """Dollars stay dollars and percent stays percent."""
    return change.trail if was is not None and change.trail is not None else was


def _or(new: Decimal | None, was: Decimal | None) -> Decimal | None:
    return new if new is not None else was
