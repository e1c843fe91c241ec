"""An agent has fallen silent: what becomes of what it left working?

A session is a client that has promised to give signs of life. When they stop for longer than it has
promised, its entries are cancelled or trading is reduced, as was agreed: nobody is there any more
to change his mind about them. Protection and exits stay.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.errors import CreamError
from cream.core.model.order import Order, OrderPurpose
from cream.core.model.promise import OnLoss, Promise
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import Decide, Decided, request_cancels, with_slices

# Each is an entry of the book and a timer. An agent needs one; a hundred are a mistake.
MOST_SESSIONS = 100


def keep(promise: Promise, actor: str) -> Decide[None]:
    """Note the promise, if it is new or another than before. Raises: CreamError BUSY."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        standing = book.client_sessions.get(promise.session_id)
        if standing is None and len(book.client_sessions) >= MOST_SESSIONS:
            raise CreamError("BUSY", f"there are {MOST_SESSIONS} client sessions already")
        event = e.ClientSessionKept(
            at=now,
            session_id=promise.session_id,
            timeout_seconds=str(promise.timeout_seconds),
            on_loss=promise.on_loss.value,
            actor=actor,
        )
        same = standing is not None and _terms(standing) == _terms(event)
        return Decided(None, () if same else (event,))

    return decide


def _terms(event: e.ClientSessionKept) -> tuple[str, str]:
    return event.timeout_seconds, event.on_loss


def promise_of(event: e.ClientSessionKept) -> Promise:
    """The promise that was noted."""
    return Promise(
        session_id=event.session_id,
        timeout_seconds=float(event.timeout_seconds),
        on_loss=OnLoss(event.on_loss),
    )


def close(session_id: str) -> Decide[bool]:
    """End the session in order: nothing follows. False if there was none."""

    def decide(book: Book, now: datetime) -> Decided[bool]:
        if session_id not in book.client_sessions:
            return Decided(False)
        return Decided(True, (e.ClientSessionEnded(at=now, session_id=session_id, lost=False),))

    return decide


def lose(session_id: str, still: Callable[[], bool]) -> Decide[None]:
    """The signs of life have stopped. `still` is asked in the deciding turn: one may have come."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        standing = book.client_sessions.get(session_id)
        if standing is None or not still():
            return Decided(None)
        ended = e.ClientSessionEnded(at=now, session_id=session_id, lost=True)
        reason, actor = f"client session {session_id} fell silent", f"session:{session_id}"
        match OnLoss(standing.on_loss):
            case OnLoss.NONE:
                return Decided(None, (ended,))
            case OnLoss.CANCEL_ENTRIES:
                asked, cancels = request_cancels(entries_of(book, session_id), reason, actor, now)
                return Decided(None, (ended, *asked), cancels=cancels)
            case OnLoss.REDUCE:
                return Decided(None, (ended, *_reduce(book, reason, actor, now)))

    return decide


def _reduce(book: Book, reason: str, actor: str, now: datetime) -> Iterator[e.Event]:
    """REDUCING until an operator resumes; what is stricter stays."""
    standing = book.restrictions.get(Cause.OPERATOR)
    if standing is None:
        yield e.TradingRestricted(
            at=now,
            cause=Cause.OPERATOR,
            state=TradingState.REDUCING,
            reason=reason,
            actor=actor,
        )


def entries_of(book: Book, session_id: str) -> Iterator[Order]:
    """Open entries of plans that were submitted under the session, with their slices."""
    for judged in book.plans.values():
        if judged.session_id != session_id:
            continue
        for order_id in judged.order_ids:
            order = book.find(order_id)
            # What is not in memory any more has been closed for long.
            if order is not None and order.is_open and order.terms.purpose is OrderPurpose.ENTRY:
                yield from with_slices(book, order)
