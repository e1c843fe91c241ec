"""What does whoever sends orders tell the book, and ask of it, about one order?

Pure decisions: the router (`daemon/order_router.py`) hands them to the desk, and a backtest to its
clerk.
"""

from datetime import datetime

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import exit_side, holders_to_release
from cream.core.execution.reports import read_outcome
from cream.core.model.broker import SubmitOutcome
from cream.core.model.money import ZERO
from cream.core.model.order import OrderStatus, OrderTerms
from cream.core.model.order_state import INTENDED, CancelPending
from cream.core.risk.decisions import Decide, Decided, request_cancels


def answered(order_id: str, outcome: SubmitOutcome) -> Decide[None]:
    """Record what became of the sending."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        return Decided(None, read_outcome(book, order_id, outcome, now).events)

    return decide


def cancel_refused(order_id: str, message: str) -> Decide[None]:
    """Record that the order stands, if it still was to go."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.find(order_id)
        if order is None or order.status is not OrderStatus.PENDING_CANCEL:
            return Decided(None)
        event = e.CancelRefused(at=now, order_id=order_id, reason=message)
        return Decided(None, (event,))

    return decide


def withdraw(order_id: str) -> Decide[None]:
    """End an order that never left: one that is to be cancelled and has not been sent."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.find(order_id)
        if (
            order is None
            or order.broker_order_id is not None
            or order.state != CancelPending(INTENDED)
        ):
            return Decided(None)
        event = e.OrderProgressed(
            at=now,
            order_id=order_id,
            status=OrderStatus.CANCELED,
            reason=f"withdrawn before it was sent: {order.reason}",
        )
        return Decided(None, (event,))

    return decide


def release_holders(order_id: str) -> Decide[tuple[str, ...]]:
    """Ask for the protective orders to go that hold the shares which this exit wants to sell."""

    def decide(book: Book, now: datetime) -> Decided[tuple[str, ...]]:
        order = book.order(order_id)
        holders = holders_to_release(book, order)
        events, cancels = request_cancels(holders, "an exit needs the shares", "router", now)
        ids = tuple(one.order_id for one in holders)
        return Decided(ids, events, cancels=cancels)

    return decide


def bound_exit(order_id: str) -> Decide[None]:
    """Refuse an exit that is larger than what is still held: protection may have filled."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.order(order_id)
        problem = closes_too_much(book, order.terms)
        if order.status is not OrderStatus.PENDING_NEW or problem is None:
            return Decided(None)
        event = e.OrderRefused(at=now, order_id=order_id, code="POSITION_MISMATCH", message=problem)
        return Decided(None, (event,))

    return decide


def closes_too_much(book: Book, terms: OrderTerms) -> str | None:
    """What an exit or a roll closes that is not held, in words; None where all of it is."""
    for instrument, side, quantity in terms.closing:
        position = book.position(instrument)
        right_side = exit_side(position.quantity) is side
        held = abs(position.quantity) if right_side else ZERO
        if quantity > held:
            return f"{quantity:f} {instrument.symbol} to close, but only {held} are held"
    return None
