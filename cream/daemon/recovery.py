"""What does a new life of the daemon begin with? The journal, and doubt about what was in flight.

There is no second path for crashes: every start loads the journal, marks each order that may have
left without an answer as UNKNOWN_SUBMIT, and lets the first broker session's sweep settle it by
client id, as after any reconnect.
"""

from datetime import datetime

from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.memory import rebuilt
from cream.core.model.order import OrderStatus
from cream.core.model.plan import Environment
from cream.core.model.state import Cause, TradingState
from cream.core.ports import Restored
from cream.core.risk.decisions import Decide, Decided


@frozen(kw_only=True)
class Beginning:
    """What a start finds. `crashed`: the last life did not stop in order. `trusted`: its journal
    could commit to the end.
    """

    book: Book
    crashed: bool
    trusted: bool


def rebuild(restored: Restored, trusted: bool) -> Beginning:
    """The book that the journal adds up to. An empty journal has betrayed nobody."""
    book = rebuilt(restored.state, restored.recalled, restored.records)
    crashed = not book.stopped_cleanly
    return Beginning(book=book, crashed=crashed, trusted=trusted or not book.sequence)


def begin_run(
    beginning: Beginning,
    *,
    version: str,
    config_hash: str,
    environment: Environment,
    account_id: str,
) -> Decide[int]:
    """Record that a life begins; the answer is how many orders were in flight."""

    def decide(book: Book, now: datetime) -> Decided[int]:
        started = e.RunStarted(
            at=now,
            version=version,
            config_hash=config_hash,
            environment=environment,
            account_id=account_id,
        )
        doubtful = tuple(
            e.SubmitUnknown(
                at=now, order_id=order.order_id, why="in flight when the last run ended"
            )
            for order in book.open_orders()
            if order.broker_order_id is None
            and not order.terms.is_tactic
            and order.status is not OrderStatus.UNKNOWN_SUBMIT
        )
        halted = () if beginning.trusted else (_distrust(now),)
        return Decided(len(doubtful), (started, *doubtful, *halted))

    return decide


def _distrust(now: datetime) -> e.TradingRestricted:
    return e.TradingRestricted(
        at=now,
        cause=Cause.PERSISTENCE,
        state=TradingState.HALTED,
        reason="the journal failed in the last run; an operator has to look before it resumes",
        actor="recovery",
    )


def end_run(book: Book, now: datetime) -> Decided[None]:
    """Record that this life stopped in order."""
    return Decided(None, (e.RunStopped(at=now),))
