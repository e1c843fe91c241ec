"""Which slice of a worked order is due, and what order is it?

A parent order with `TwapTerms` never goes to the broker. Its slices do, one by one, each with an id
that follows from (parent, index): after a restart the slices that exist are found again and never
sent twice. Slices that fell due while nobody could send them are not sent in one burst: what a
tactic is there to avoid would come of it (`paced`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import evolve, frozen

from cream.core.execution.book import Book
from cream.core.model.ids import client_order_id, digest
from cream.core.model.instrument import Equity
from cream.core.model.order import (
    Order,
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
)

# What was missed is made up for at no more than twice the pace that was asked for.
_CATCH_UP = 2


@frozen(kw_only=True)
class SliceDue:
    """This slice must be intended at `due_at`."""

    index: int
    due_at: datetime
    terms: OrderTerms


@frozen
class TacticOver:
    """No slice is left to send and none works: the parent ends as `status`."""

    status: OrderStatus
    reason: str


@frozen
class TacticWaits:
    """Every slice is out; some still work."""


TacticStep = SliceDue | TacticOver | TacticWaits


def slice_order_id(parent: OrderTerms, index: int) -> str:
    """Our id for slice `index` of `parent`."""
    return "o" + digest(parent.order_id, "slice", str(index))


def next_step(book: Book, parent: Order) -> TacticStep:
    """What the tactic of `parent` does next."""
    twap = parent.terms.twap
    assert twap is not None, "only a tactic parent has steps"
    asked_to_go = parent.status is OrderStatus.PENDING_CANCEL
    if parent.is_open and not asked_to_go and not _closes_nothing(book, parent.terms):
        for index, planned in enumerate(twap.slices):
            if book.find(slice_order_id(parent.terms, index)) is None:
                delay = timedelta(seconds=index * twap.interval_seconds)
                terms = slice_terms(parent.terms, index, min(planned, parent.leaves))
                return SliceDue(index=index, due_at=parent.intended_at + delay, terms=terms)
    if any(True for _ in open_slices(book, parent)):
        return TacticWaits()
    if asked_to_go:
        return TacticOver(OrderStatus.CANCELED, "cancelled; no slice works any more")
    if _closes_nothing(book, parent.terms):
        return TacticOver(OrderStatus.EXPIRED, "nothing is left to close")
    return TacticOver(OrderStatus.EXPIRED, "every slice is done; the rest did not fill")


def paced(book: Book, parent: Order, now: datetime) -> TacticStep:
    """What the tactic does next where time is real: slices that were missed come one by one.

    An entry ends with the time that was planned for it, whatever was missed: nobody has approved of
    it for later. An exit goes on until it is done.
    """
    step, twap = next_step(book, parent), parent.terms.twap
    if not isinstance(step, SliceDue) or twap is None:
        return step
    due_at = step.due_at
    before = book.find(slice_order_id(parent.terms, step.index - 1)) if step.index else None
    if before is not None:
        apart = timedelta(seconds=twap.interval_seconds) / _CATCH_UP
        due_at = max(due_at, before.intended_at + apart)
    ends_at = parent.intended_at + timedelta(seconds=len(twap.slices) * twap.interval_seconds)
    if parent.terms.purpose is OrderPurpose.ENTRY and max(due_at, now) >= ends_at:
        if any(True for _ in open_slices(book, parent)):
            return TacticWaits()
        return TacticOver(OrderStatus.EXPIRED, "its time is over; what was missed was not sent")
    return evolve(step, due_at=due_at)


def _closes_nothing(book: Book, terms: OrderTerms) -> bool:
    """Whether this is an exit of what is no longer held: a stop, or another exit, was quicker."""
    held = book.position(terms.instrument).quantity
    return terms.purpose is OrderPurpose.EXIT and held * terms.side.sign >= 0


def open_slices(book: Book, parent: Order) -> Iterator[Order]:
    """Slices that still work. Exits and stops of what was bought are children too, but no slices:
    they serve the position, and may outlive the tactic by weeks.
    """
    for child in book.children(parent.order_id):
        if child.is_open and child.terms.purpose is parent.terms.purpose:
            yield child


def slice_terms(parent: OrderTerms, index: int, quantity: Decimal) -> OrderTerms:
    """The order that slice `index` is: a bracket of its own where the venue can hold one."""
    assert parent.twap is not None, "only a tactic parent has slices"
    order_id = slice_order_id(parent, index)
    order_class = OrderClass.SIMPLE
    if isinstance(parent.instrument, Equity):
        order_class = _class_with_exits(parent)
    market = parent.twap.market or parent.limit_price is None
    return OrderTerms(
        order_id=order_id,
        client_order_id=client_order_id(order_id),
        plan_id=parent.plan_id,
        cycle_id=parent.cycle_id,
        decision_id=parent.decision_id,
        instrument=parent.instrument,
        side=parent.side,
        order_type=OrderType.MARKET if market else OrderType.LIMIT,
        order_class=order_class,
        time_in_force=parent.time_in_force,
        quantity=quantity,
        purpose=parent.purpose,
        limit_price=None if market else parent.limit_price,
        take_profit=parent.take_profit,
        stop_loss=parent.stop_loss,
        denomination=parent.denomination,
        position_intent=parent.position_intent,
        parent_order_id=parent.order_id,
        guard=parent.guard,
    )


def _class_with_exits(parent: OrderTerms) -> OrderClass:
    """As of a plain order: a stop with a limit is watched here, a leg would sell at any price."""
    if parent.guard.stop_limit_price is not None:
        return OrderClass.SIMPLE
    levels = (parent.take_profit is not None) + (parent.stop_loss is not None)
    return (OrderClass.SIMPLE, OrderClass.OTO, OrderClass.BRACKET)[levels]
