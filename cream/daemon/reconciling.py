"""What does the reconciler have recorded? Its decisions, run by the desk on the book as it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cream.core.execution import events as e
from cream.core.execution.adoption import adoption
from cream.core.execution.book import Book
from cream.core.execution.lifecycle import LOST, MISSED, was_missed
from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    Discrepancy,
    DiscrepancyKind,
    Reconciliation,
    Tolerances,
    adjustments,
    differences,
    is_orphan,
    reconcile,
)
from cream.core.execution.reports import DUPLICATE_CLIENT_ID
from cream.core.execution.splits import split_among, standing_at_old_prices, taken_in
from cream.core.model.broker import BrokerOrder, BrokerPosition
from cream.core.model.order import OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import Decide, Decided, request_cancels, restrict


def reconciled(
    snapshot: BrokerSnapshot, orphans_are_critical: bool, tolerances: Tolerances
) -> Decide[Reconciliation]:
    """Compare, and record what the broker shows of our orders."""

    def decide(book: Book, now: datetime) -> Decided[Reconciliation]:
        result = reconcile(
            book,
            snapshot,
            now,
            orphans_are_critical=orphans_are_critical,
            tolerances=tolerances,
        )
        return Decided(result, result.reading.events)

    return decide


def adopted(shown: BrokerOrder, max_age: float | None) -> Decide[None]:
    """Take a stranger's order into the book.

    One that bears a name which only Cream gives, and is older than `max_age` seconds, is forgotten
    business of ours: it is to go. A real stranger's is never touched.
    """

    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.find(shown.broker_order_id) is not None:
            return Decided(None)
        listed = adoption(shown, now)
        old = max_age is not None and now - shown.submitted_at > timedelta(seconds=max_age)
        if not (old and is_orphan(shown)):
            return Decided(None, (listed,))
        order_id = listed.terms.order_id
        asked = e.CancelRequested(
            at=now,
            order_id=order_id,
            reason="an order of ours that nobody here knows, and too old",
            actor="reconciler",
        )
        return Decided(None, (listed, asked), cancels=(order_id,))

    return decide


def adjusted(critical: Sequence[Discrepancy], positions: Sequence[BrokerPosition]) -> Decide[None]:
    """Make our holdings the broker's, which are the truth."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        return Decided(None, tuple(adjustments(book, critical, positions, now)))

    return decide


def split_up(critical: Sequence[Discrepancy], shown: Sequence[BrokerPosition]) -> Decide[int]:
    """Take in what a split has made of holdings; how many.

    Our orders at prices of before go, nothing is placed at them again, and only an operator lets
    positions be increased again.
    """
    symbols = [one.subject for one in critical if one.kind is DiscrepancyKind.POSITION_QUANTITY]

    def decide(book: Book, now: datetime) -> Decided[int]:
        events: list[e.Event] = []
        cancels: list[str] = []
        found = [one.instrument.symbol for one in split_among(book, symbols, shown)]
        for theirs in list(split_among(book, symbols, shown)):
            symbol = theirs.instrument.symbol
            orders = standing_at_old_prices(book, symbol)
            asked, wanted = request_cancels(orders, f"{symbol} was split", "reconciler", now)
            events += [*asked, *taken_in(theirs, now)]
            cancels += wanted
        if found:
            reason = f"{', '.join(found)} split: stops and targets are to be placed anew"
            restricting = restrict(Cause.OPERATOR, TradingState.REDUCING, reason, "reconciler")
            if book.trading_state is not TradingState.HALTED:
                events += restricting(book, now).events
        return Decided(len(found), tuple(events), cancels=tuple(cancels))

    return decide


def missed(order_id: str) -> Decide[None]:
    """A look-up has found nothing of an order without an answer. Only the first is written down:
    the next life of the daemon counts from it.
    """

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.find(order_id)
        unanswered = order is not None and order.status is OrderStatus.UNKNOWN_SUBMIT
        if order is None or not unanswered or was_missed(order):
            return Decided(None)
        why = f"{MISSED} it was looked up in vain; before that: {order.reason}"
        return Decided(None, (e.SubmitUnknown(at=now, order_id=order_id, why=why),))

    return decide


def absent(order_id: str, probes: int) -> Decide[None]:
    """Absence is proven: the order never reached the broker."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.find(order_id)
        if order is None or order.broker_order_id is not None or not order.is_open:
            return Decided(None)
        event = e.OrderRefused(
            at=now,
            order_id=order_id,
            code="NOT_FOUND_AT_BROKER",
            message=f"the broker does not know it: {probes} look-ups and its order list",
        )
        return Decided(None, (event,))

    return decide


def known_as_another(order_id: str, shown: BrokerOrder) -> Decide[None]:
    """The id that we sent belongs to an order that was taken in here under another name.

    So it is where the journal that knew the order is gone: the broker takes an id once. Ours never
    was taken, and never will be.
    """

    def decide(book: Book, now: datetime) -> Decided[None]:
        order, other = book.find(order_id), book.find(shown.broker_order_id)
        unanswered = order is not None and order.broker_order_id is None and order.is_open
        if not unanswered or other is None or other.order_id == order_id:
            return Decided(None)
        event = e.OrderRefused(
            at=now,
            order_id=order_id,
            code=DUPLICATE_CLIENT_ID,
            message=f"the broker has had this order before; here it is {other.order_id}",
        )
        return Decided(None, (event,))

    return decide


def vanished(order_id: str, probes: int) -> Decide[None]:
    """The broker once had the order and knows it no more: it is over, with what it has filled."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.find(order_id)
        if order is None or not order.is_open:
            return Decided(None)
        event = e.OrderProgressed(
            at=now,
            order_id=order_id,
            status=OrderStatus.CANCELED,
            reason=f"{LOST} the broker knows it no more: {probes} look-ups and its order list",
        )
        return Decided(None, (event,))

    return decide


def noted(layer: str, found: Sequence[Discrepancy]) -> Decide[None]:
    """Keep for the audit what was found; the same findings again add nothing."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        told = differences(found)
        last = book.last_reconciliation
        again = last is not None and (last.layer, last.differences) == (layer, told)
        if again and told:
            return Decided(None)
        return Decided(None, (e.ReconciliationCompleted(at=now, layer=layer, differences=told),))

    return decide
