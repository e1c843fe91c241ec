"""What does the kill switch write down, and what became of each order that it was after?"""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from cream.core.execution.book import Book
from cream.core.model.order import Order, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.operations import CancelResult
from cream.core.risk.decisions import (
    Decide,
    Decided,
    owe_mass_cancel,
    request_cancels,
    restrict,
    together,
)
from cream.core.safety.mass_cancel import MassCancelPolicy, targets


def pull(policy: MassCancelPolicy, reason: str, actor: str) -> Decide[tuple[str, ...]]:
    """HALTED, a mass cancel owed, and each cancel asked for, in one record; the orders' ids.

    The mass canceller pays the debt: it sends the cancels, again and again where need be.
    """
    halt = restrict(Cause.OPERATOR, TradingState.HALTED, reason, actor)
    stop = together(halt, owe_mass_cancel(f"kill switch: {reason}"))

    def decide(book: Book, now: datetime) -> Decided[tuple[str, ...]]:
        stopped, asked = stop(book, now), _ask(policy, reason, actor)(book, now)
        return Decided(asked.result, stopped.events + asked.events)

    return decide


def pull_without_journal(
    policy: MassCancelPolicy, reason: str, actor: str
) -> Decide[tuple[str, ...]]:
    """Only the cancels, sent once: nothing else can be written down, and nothing is owed.

    The lost journal has halted the trading already.
    """
    return _ask(policy, reason, actor)


def _ask(policy: MassCancelPolicy, reason: str, actor: str) -> Decide[tuple[str, ...]]:
    def decide(book: Book, now: datetime) -> Decided[tuple[str, ...]]:
        orders = targets(book, policy)
        events, cancels = request_cancels(orders, f"kill switch: {reason}", actor, now)
        return Decided(tuple(one.order_id for one in orders), events, cancels=cancels)

    return decide


def results(book: Book, order_ids: Sequence[str]) -> tuple[CancelResult, ...]:
    """What has become of each order by now: on its way out, gone, or ended in another way."""
    return tuple(_result(book.order(one)) for one in order_ids)


def _result(order: Order) -> CancelResult:
    accepted = CancelResult(requested_id=order.order_id, order=order, accepted=True)
    if order.is_open or order.status is OrderStatus.CANCELED:
        return accepted
    return evolve(
        accepted,
        accepted=False,
        code="ORDER_NOT_CANCELABLE",
        message=f"the order is {order.status.value}",
    )
