"""Who works the slices of a parent order? A task per parent, which sleeps until the next is due.

The task keeps nothing: which slice is next follows from the book (`core/execution/tactics.py`), so
a runner that dies and starts again goes on where the journal says.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
import trio
from attrs import define, field

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.tactics import (
    SliceDue,
    TacticOver,
    TacticWaits,
    paced,
)
from cream.core.model.errors import CreamError
from cream.core.model.order import Order, OrderStatus
from cream.core.model.verdict import Violation
from cream.core.risk.decisions import Decide, Decided, ViewOf
from cream.core.risk.gate import Approved, Gate
from cream.daemon.desk import Committed, Desk
from cream.daemon.walk_runner import work_walk

log = structlog.get_logger(__name__)

# A slice refused by the gate is offered again after this many seconds: limits may free up.
_REFUSED_SLICE_RETRY_SECONDS = 5.0


@define
class TacticRunner:
    """Runs every open tactic parent in the book; `changed` is to be told what changes there.

    `ensure` sees to it that symbols are quoted.
    """

    desk: Desk
    gate: Gate
    view_of: ViewOf
    ensure: Callable[[Sequence[str]], Awaitable[None]]
    _working: set[str] = field(factory=set)
    _new: dict[str, None] = field(factory=dict)
    _wake: trio.Event = field(factory=trio.Event)

    def changed(self, committed: Sequence[Committed]) -> None:
        """The book changed. Does not wait."""
        for one in committed:
            for order in one.touched.orders:
                if order.terms.is_tactic and order.order_id not in self._working:
                    self._new[order.order_id] = None
                    self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Work every parent that nobody works yet, those in the book and those that come.

        Cancellation: slices that were intended stay; the rest waits for the next run.
        """
        book = self.desk.book
        self._working.clear()
        self._new = {one.order_id: None for one in book.open_orders() if one.terms.is_tactic}
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                self._wake = trio.Event()
                new, self._new = self._new, {}
                for order_id in new:
                    if book.order(order_id).is_open:
                        self._working.add(order_id)
                        nursery.start_soon(self._work, order_id)
                await self._wake.wait()

    async def _work(self, order_id: str) -> None:
        """Work one parent. Without a journal nothing can be intended: it rests for this life."""
        log.info("tactic_runner.tactic_started", order_id=order_id)
        try:
            if self.desk.book.order(order_id).terms.walk is not None:
                await self.desk.do(_begun(order_id))
                await work_walk(order_id, self.desk, self.gate, self.view_of, self.ensure)
                self._working.discard(order_id)
            else:
                await self._work_slices(order_id)
        except CreamError as error:
            log.error("tactic_runner.tactic_rests", order_id=order_id, error=error.message)

    async def _work_slices(self, order_id: str) -> None:
        await self.desk.do(_begun(order_id))
        while True:
            parent = self.desk.book.order(order_id)
            step = paced(self.desk.book, parent, self.desk.clock.now())
            match step:
                case TacticOver():
                    await self.desk.do(_over(order_id, step))
                    self._working.discard(order_id)
                    return
                case TacticWaits():
                    await self._touched(parent)
                case SliceDue():
                    await self._await_slice(parent, step)

    async def _await_slice(self, parent: Order, step: SliceDue) -> None:
        """Sleep until the slice is due, or until the parent changes: it may be cancelled."""
        wait = (step.due_at - self.desk.clock.now()).total_seconds()
        if wait > 0:
            with trio.move_on_after(wait):
                await self._touched(parent)
            return
        refused = await self.desk.do(_intend_slice(parent, step, self.gate, self.view_of))
        if refused is not None:
            log.warning("tactic_runner.slice_refused", order_id=parent.order_id, code=refused.code)
            with trio.move_on_after(_REFUSED_SLICE_RETRY_SECONDS):
                await self._touched(parent)

    async def _touched(self, parent: Order) -> None:
        """Until something happened to the parent, to a slice of it, or to what it trades."""
        await self.desk.wait_touched(parent.order_id, parent.terms.instrument.symbol)


def _begun(order_id: str) -> Decide[None]:
    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.order(order_id).status is not OrderStatus.PENDING_NEW:
            return Decided(None)
        event = e.OrderProgressed(
            at=now, order_id=order_id, status=OrderStatus.ACCEPTED, reason="worked here"
        )
        return Decided(None, (event,))

    return decide


def _over(order_id: str, step: TacticOver) -> Decide[None]:
    def decide(book: Book, now: datetime) -> Decided[None]:
        if not book.order(order_id).is_open:
            return Decided(None)
        event = e.OrderProgressed(at=now, order_id=order_id, status=step.status, reason=step.reason)
        return Decided(None, (event,))

    return decide


def _intend_slice(
    parent: Order, step: SliceDue, gate: Gate, view_of: ViewOf
) -> Decide[Violation | None]:
    """Intend the slice if the gate still lets it pass and the parent still wants it."""

    def decide(book: Book, now: datetime) -> Decided[Violation | None]:
        current = book.order(parent.order_id)
        if paced(book, current, now) != step:
            return Decided(None)
        match gate.approve_slice(current, step.terms, view_of(book, now)):
            case Approved() as approved:
                intent = e.OrderIntended(
                    at=now, terms=approved.terms, reason=f"slice {step.index} of TWAP"
                )
                return Decided(None, (intent,), sends=(approved,))
            case Violation() as violation:
                return Decided(violation)

    return decide
