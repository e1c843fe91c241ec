"""Who notices that an order fills no more? Timers for orders that have filled in part.

Keeps only what can be lost; what has timed out is in the journal, so that a crash between the end
of an order and its successor loses nothing (`core/execution/partial_fills.py` decides).
"""

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.partial_fills import (
    PartialAction,
    PartialFillPolicy,
    due_at,
    timed_out,
    to_resubmit,
)
from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decide, Decided, ViewOf, request_cancels
from cream.core.risk.gate import Approved, Gate
from cream.daemon.desk import Committed, Desk

log = structlog.get_logger(__name__)

# No wait may be lost in the rounding between two clocks; and after a failure it is tried again.
_SHORTEST_PAUSE = 0.001
_AGAIN_SECONDS = 5.0


@define
class PartialFills:
    """The collaborators, and the orders to look at."""

    desk: Desk
    gate: Gate
    view_of: ViewOf
    policy: PartialFillPolicy
    _marked: dict[str, None] = field(factory=dict)
    _due: list[tuple[datetime, str]] = field(factory=list)
    _wake: trio.Event = field(factory=trio.Event)

    def changed(self, committed: Sequence[Committed]) -> None:
        """The book changed. Does not wait."""
        for one in committed:
            for order in one.touched.orders:
                # Of what has not filled at all only an exit may wait in vain (`due_at`).
                waits = order.is_open and order.terms.purpose is OrderPurpose.EXIT
                if order.filled > 0 or waits or order.order_id in self.desk.book.timed_out:
                    self._marked[order.order_id] = None
                    self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Watch until cancelled."""
        book = self.desk.book
        self._due.clear()
        self._marked.update((order.order_id, None) for order in book.open_orders())
        self._marked.update((order_id, None) for order_id in book.timed_out)
        task_status.started()
        while True:
            self._wake = trio.Event()
            try:
                await self._look()
            except CreamError as error:
                # Without a journal nothing is sent anew; the orders stay as they are.
                log.error("partial_fills.not_possible", code=error.kind.code)
                await trio.sleep(_AGAIN_SECONDS)
            with trio.move_on_after(self._pause()):
                await self._wake.wait()

    def _pause(self) -> float:
        if self._marked:
            return 0.0
        if not self._due:
            return float("inf")
        left = (self._due[0][0] - self.desk.clock.now()).total_seconds()
        return max(left, _SHORTEST_PAUSE)

    async def _look(self) -> None:
        """Decide on the orders that changed and those whose time has come."""
        book, now = self.desk.book, self.desk.clock.now()
        while self._due and self._due[0][0] <= now:
            self._marked[heapq.heappop(self._due)[1]] = None
        looked, self._marked = list(self._marked), {}
        for order_id in looked:
            order = book.find(order_id)
            due = due_at(book, order, self.policy) if order is not None else None
            if due is not None and due > now:
                heapq.heappush(self._due, (due, order_id))
        needy = any(True for _ in timed_out(book, looked, now, self.policy))
        if needy or any(True for _ in to_resubmit(book, looked)):
            await self.desk.do(self._acting(looked))

    def _acting(self, looked: Sequence[str]) -> Decide[None]:
        def act(book: Book, now: datetime) -> Decided[None]:
            events: list[e.Event] = []
            sends: list[Approved] = []
            cancels: list[str] = []
            for one in timed_out(book, looked, now, self.policy):
                order, action = one.order, one.action
                log.warning("partial_fills.timed_out", order_id=order.order_id, action=action.value)
                events.append(
                    e.PartialTimedOut(at=now, order_id=order.order_id, action=action.value)
                )
                if action is not PartialAction.KEEP_PARTIAL:
                    reason = f"filled {order.filled} of {order.terms.quantity} and then no more"
                    asked, wanted = request_cancels([order], reason, "partial_fills", now)
                    events.extend(asked)
                    cancels.extend(wanted)
            for terms in to_resubmit(book, looked):
                approved = self.gate.approve_exit(terms, self.view_of(book, now))
                if isinstance(approved, Violation):
                    log.error("partial_fills.exit_refused", code=approved.code)
                    again = now + timedelta(seconds=_AGAIN_SECONDS)
                    heapq.heappush(self._due, (again, terms.parent_order_id or ""))
                    continue
                reason = f"what {terms.parent_order_id} left open"
                events.append(e.OrderIntended(at=now, terms=terms, reason=reason))
                sends.append(approved)
            return Decided(None, tuple(events), tuple(sends), tuple(cancels))

        return act
