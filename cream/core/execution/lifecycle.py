"""How does one order change with what happens to it? Order and event in, order out.

The steps that `core/execution/book.py` folds. An event that has no place in the order's present
state gives the order back as it was. An order that has the broker's id is never again PENDING_NEW
or UNKNOWN_SUBMIT: the broker has it.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from attrs import evolve

from cream.core.execution import events as e
from cream.core.execution.states import (
    after_fill,
    known_at_broker,
    may_become,
    replacement_done,
    reported,
    with_fills,
)
from cream.core.model.fill import Fill
from cream.core.model.money import ZERO, average
from cream.core.model.order import LegFill, Order, OrderStatus
from cream.core.model.order_state import (
    INTENDED,
    UNANSWERED,
    CancelPending,
    Intended,
    ReplacePending,
    Unanswered,
    Working,
    standing,
)

# How the reason of an order begins that the broker once had and then denied.
LOST = "[NOT_FOUND_AT_BROKER]"
# How the reason of an order begins that has no answer, and that the broker was asked about in vain.
MISSED = "[NOT_SHOWN_BY_BROKER]"


def intended(event: e.OrderIntended) -> Order:
    """The order that was written down and may now be sent."""
    return Order(
        terms=event.terms,
        state=INTENDED,
        intended_at=event.at,
        updated_at=event.at,
        reason=event.reason,
        leg_fills=_no_leg_fills(event),
    )


def listed(event: e.ChildListed, parent: Order | None) -> Order:
    """The order that the broker made; it is as old as the order it was made with."""
    return Order(
        terms=event.terms,
        state=standing(event.status),
        intended_at=event.at if parent is None else parent.intended_at,
        updated_at=event.at,
        broker_order_id=event.broker_order_id,
        reason="listed by the broker",
        leg_fills=_no_leg_fills(event),
    )


def listed_again(order: Order, event: e.ChildListed) -> Order:
    """The leg once the broker has reduced it: another exit has taken from the same shares."""
    quantity = event.terms.quantity
    if not order.is_open or not order.filled <= quantity < order.terms.quantity:
        return order
    return evolve(
        order,
        terms=evolve(order.terms, quantity=quantity),
        state=after_fill(order.state, order.filled, quantity) if order.filled else order.state,
        updated_at=event.at,
    )


def _no_leg_fills(event: e.OrderIntended | e.ChildListed) -> tuple[LegFill, ...]:
    return tuple(LegFill(leg.contract) for leg in event.terms.legs)


def acknowledged(order: Order, event: e.OrderAcknowledged) -> Order:
    """The order with the broker's id. One that was given up here may prove to be alive."""
    given_up = not order.is_open and order.status is not OrderStatus.FILLED
    reason, state = order.reason, order.state
    if given_up and (order.broker_order_id is None or was_lost(order)):
        reason = f"alive at the broker, though ended here: {order.reason}"
        state = standing(with_fills(event.status, order.filled))
    else:
        if may_become(order.status, event.status):
            state = reported(order.state, event.status, order.filled)
        state = known_at_broker(state, event.status, order.filled)
    return evolve(
        order,
        state=state,
        reason=reason,
        broker_order_id=event.broker_order_id,
        broker_updated_at=event.broker_updated_at,
        updated_at=event.at,
    )


def was_lost(order: Order) -> bool:
    """Whether the order ended here only because the broker knew it no more."""
    return order.status is OrderStatus.CANCELED and order.reason.startswith(LOST)


def was_missed(order: Order) -> bool:
    """Whether the order has no answer and was looked up in vain, first at `updated_at`."""
    return isinstance(order.state, Unanswered) and order.reason.startswith(MISSED)


def _since_missed(order: Order, event: e.SubmitUnknown) -> Order:
    return evolve(order, updated_at=event.at, reason=event.why)


def progressed(order: Order, event: e.OrderRefused | e.SubmitUnknown | e.OrderProgressed) -> Order:
    """The order after its state moved for another reason than a fill or a cancel of ours."""
    status, reason = _progress_of(event)
    if isinstance(event, e.SubmitUnknown):
        if order.broker_order_id is not None:
            return order
        if isinstance(order.state, CancelPending):
            # It may have left: the cancel can no longer be settled by not sending it.
            return evolve(order, state=CancelPending(UNANSWERED))
        if isinstance(order.state, Unanswered) and event.why.startswith(MISSED):
            return order if was_missed(order) else _since_missed(order, event)
    if not may_become(order.status, status):
        return order
    moved = evolve(
        order,
        state=reported(order.state, status, order.filled),
        updated_at=event.at,
        reason=reason or order.reason,
    )
    if isinstance(event, e.OrderProgressed) and event.broker_updated_at is not None:
        return evolve(moved, broker_updated_at=event.broker_updated_at)
    return moved


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


def cancel_answered(order: Order, event: e.CancelRequested | e.CancelRefused) -> Order:
    """The order once somebody wants it gone, or the broker would not let it go."""
    match event, order.state:
        case e.CancelRequested(), (Intended() | Unanswered() | Working() | ReplacePending()) as now:
            return evolve(
                order,
                state=CancelPending(now),
                updated_at=event.at,
                reason=f"{event.reason} ({event.actor})",
            )
        case e.CancelRefused(), CancelPending(before=before):
            return evolve(order, state=before, updated_at=event.at, reason=event.reason)
        case _:
            return order


def filled(
    order: Order, quantity: Decimal, price: Decimal, commission: Decimal, at: datetime
) -> Order:
    """The order with `quantity` more traded at `price`. Its average is exact to ten places."""
    total = order.filled + quantity
    notional = order.notional_filled + quantity * price
    return evolve(
        order,
        filled=total,
        last_fill_at=at,
        notional_filled=notional,
        average_price=average(notional, total),
        commission=order.commission + commission,
        state=after_fill(order.state, total, order.terms.quantity),
        updated_at=at,
    )


def inferred(order: Order, fill: Fill, at: datetime) -> Order:
    """The order with a fill that the broker has shown and not named."""
    after = filled(order, fill.quantity, fill.price, fill.charges, at)
    return evolve(after, inferred=(*order.inferred, fill))


def corrected(order: Order, before: Iterable[Fill], after: Fill | None, at: datetime) -> Order:
    """The order once fills that were booked have turned out to be another one, or none.

    A closed order stays closed: that it has filled less than it seemed does not open it again.
    """
    minus = tuple(before)
    plus = () if after is None else (after,)
    total = order.filled + _quantity(plus) - _quantity(minus)
    notional = order.notional_filled + _notional(plus) - _notional(minus)
    fees = sum((one.charges for one in plus), ZERO)
    state = order.state
    if order.is_open:
        state = after_fill(state, total, order.terms.quantity)
    return evolve(
        order,
        filled=total,
        notional_filled=notional,
        average_price=average(notional, total) if total else None,
        commission=order.commission + fees - sum((one.charges for one in minus), ZERO),
        state=state,
        inferred=tuple(_without(order.inferred, minus)),
        updated_at=at,
    )


def _quantity(fills: Iterable[Fill]) -> Decimal:
    return sum((one.quantity for one in fills), ZERO)


def _notional(fills: Iterable[Fill]) -> Decimal:
    return sum((one.quantity * one.price for one in fills), ZERO)


def _without(guesses: Iterable[Fill], taken: Iterable[Fill]) -> Iterable[Fill]:
    """The guesses less what has taken the place of each."""
    gone = {one.execution_id: one.quantity for one in taken}
    for guess in guesses:
        left = guess.quantity - gone.get(guess.execution_id, ZERO)
        if left > 0:
            yield evolve(guess, quantity=left)


def replaced(order: Order, event: e.OrderReplaced) -> Order:
    """The order once the broker works another in its place: the same order, on new terms."""
    terms = evolve(
        order.terms,
        quantity=event.quantity,
        limit_price=event.limit_price,
        stop_price=event.stop_price,
    )
    state = replacement_done(order.state)
    if order.is_open and order.filled:
        state = after_fill(state, order.filled, event.quantity)
    return evolve(
        order,
        terms=terms,
        broker_order_id=event.broker_order_id,
        broker_updated_at=event.broker_updated_at,
        state=state,
        updated_at=event.at,
    )


def spread_filled(order: Order, event: e.SpreadFilled) -> Order:
    """The multi-leg order with so many more spreads traded, leg by leg."""
    commission = sum((leg.charges for leg in event.legs), ZERO)
    after = filled(order, event.quantity, event.net_price, commission, event.at)
    return evolve(after, leg_fills=_with_leg_fills(order.leg_fills, event.legs))


def _with_leg_fills(legs: Iterable[LegFill], fills: Iterable[Fill]) -> tuple[LegFill, ...]:
    by_symbol = {leg.contract.symbol: leg for leg in legs}
    for fill in fills:
        known = by_symbol.get(fill.instrument.symbol)
        if known is not None:
            by_symbol[fill.instrument.symbol] = _leg_filled(known, fill)
    return tuple(by_symbol.values())


def _leg_filled(leg: LegFill, fill: Fill) -> LegFill:
    total = leg.filled + fill.quantity
    notional = (leg.average_price or ZERO) * leg.filled + fill.price * fill.quantity
    return evolve(leg, filled=total, average_price=average(notional, total))
