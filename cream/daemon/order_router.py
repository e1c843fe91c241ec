"""How does an approved order reach the broker? One task per order in flight, and no second try.

The router takes `Approved` orders and cancels from its channel. It sends an order only while the
book says PENDING_NEW, so a withdrawn one never leaves, and an entry only while the trading state is
ACTIVE. An answer that does not come is UNKNOWN_SUBMIT, which the reconciler resolves by looking the
id up; the router never sends again. When its scope is cancelled, everything that may have left
becomes UNKNOWN_SUBMIT on the way out; what has not left, and every cancel that is not confirmed,
waits for the next router.
"""

from collections import deque
from functools import partial

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution.protection import holders_to_release
from cream.core.model.broker import (
    CancelTaken,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.order import Order, OrderPurpose, OrderStatus
from cream.core.ports import Broker
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.breaker import Breaker
from cream.core.risk import routing
from cream.core.risk.decisions import Decide
from cream.core.risk.gate import Approved
from cream.daemon.desk import CancelOrder, Desk, RouterJob, SendOrder
from cream.daemon.link import BrokerLink
from cream.daemon.readings import read

log = structlog.get_logger(__name__)

# Jobs that are begun in one turn besides the first: they share what a turn costs, and a broker that
# answers at once is read once for all of them.
_TOGETHER = 16


@frozen(kw_only=True)
class RouterSettings:
    """Units: seconds.

    `unavailable_retry`: how long an order that certainly has not left is tried again;
    `release`: how long an exit waits for the protection that holds its shares to be gone;
    `cancel_again`: how long the broker may leave a cancel without effect before it is asked again;
    `look`: how long it may say nothing of a cancel before it is asked what became of the order.
    """

    submit_timeout: float = 10.0
    cancel_timeout: float = 10.0
    unavailable_retry: float = 3.0
    release: float = 5.0
    look: float = 1.0
    cancel_again: Backoff = field(factory=lambda: Backoff(base=2.0, cap=60.0))
    backoff: Backoff = field(factory=lambda: Backoff(base=0.1, cap=2.0))


@define
class Router:
    """The router's collaborators, and its work.

    `in_flight` are orders on their way out; `left` those of them that the broker may have;
    `cancelling` those that are being asked to go. `_next` are jobs for which tasks were started
    that have not run yet: as many as there are such tasks.
    """

    desk: Desk
    broker: Broker
    link: BrokerLink
    settings: RouterSettings
    breaker: Breaker
    in_flight: set[str] = field(factory=set)
    left: set[str] = field(factory=set)
    cancelling: set[str] = field(factory=set)
    _next: deque[RouterJob] = field(factory=deque)

    async def run(
        self,
        jobs: trio.MemoryReceiveChannel[RouterJob],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Work jobs until cancelled; the channel belongs to the root and outlives the router.

        Cancellation: orders that may have left are recorded as UNKNOWN_SUBMIT before this ends.
        """
        async with trio.open_nursery() as nursery:
            for order in self.desk.book.open_orders():
                # Their cancels were under way when the last router ended.
                if order.status is OrderStatus.PENDING_CANCEL and not order.terms.is_tactic:
                    nursery.start_soon(self._cancel, order.order_id)
            task_status.started()
            while True:
                self._next.append(await jobs.receive())
                nursery.start_soon(self._begin)
                for _ in range(min(jobs.statistics().current_buffer_used, _TOGETHER)):
                    self._next.append(jobs.receive_nowait())
                    nursery.start_soon(self._begin)

    async def _begin(self) -> None:
        """Work the oldest job that nobody has begun.

        Tasks of one turn run in whatever order: so none has a job of its own, and what was decided
        first leaves first. What has to wait for something lets the next one pass.
        """
        match self._next.popleft():
            case SendOrder(approved):
                await self._send(approved)
            case CancelOrder(order_id):
                await self._cancel(order_id)

    # Sending ------------------------------------------------------------------------------------

    async def _send(self, approved: Approved) -> None:
        order_id = approved.terms.order_id
        if self._is_gone(order_id):
            return
        settled = False
        try:
            if self._has_to_wait(order_id) and not await self._may_exit(approved):
                settled = True
                return
            self.in_flight.add(order_id)
            outcome = await self._submit(approved)
            settled = True
        finally:
            self.in_flight.discard(order_id)
            if not settled and order_id not in self.left:
                # Cancelled before it left. It keeps its place for the next router.
                self.desk.send_again(approved)
            self.left.discard(order_id)
        log.info(
            "order_router.order_answered",
            client_order_id=approved.terms.client_order_id,
            outcome=type(outcome).__name__ if outcome is not None else "not sent",
        )
        if outcome is None and self._is_gone(order_id):
            return
        await self._record(
            routing.withdraw(order_id) if outcome is None else routing.answered(order_id, outcome)
        )

    async def _record(self, decide: Decide[None]) -> None:
        """Hand a fact to the desk. Cancellation: it is handed in all the same."""
        try:
            self.desk.do_soon(decide)
        except trio.WouldBlock:
            # The desk is far behind. Waiting here is better than forgetting what happened.
            with trio.move_on_after(self.settings.submit_timeout, shield=True):
                await self.desk.post(decide)

    async def _submit(self, approved: Approved) -> SubmitOutcome | None:
        """Send once; again only when it certainly did not leave. None: it was not to be sent."""
        give_up = trio.current_time() + self.settings.unavailable_retry
        attempt = 0
        last: SubmitOutcome | None = None
        while True:
            if self._is_withdrawn(approved):
                return last
            stopped = self._stopped_at_the_door(approved)
            if stopped is not None:
                return last or stopped
            last = await self._submit_once(approved)
            if _is_held_back(last) and not self._is_wanted(approved):
                last = None
                continue
            if not isinstance(last, Unavailable):
                if not isinstance(last, OutcomeUnknown):
                    self.link.alive()
                return last
            if _is_held_back(last) and not approved.terms.purpose.opens:
                # It has waited in our own line, and goes on waiting: no exit is given up for that.
                await trio.sleep(self.settings.backoff.ceiling(0))
                continue
            if trio.current_time() >= give_up:
                return last
            await trio.sleep(self.settings.backoff.ceiling(attempt))
            attempt += 1

    def _stopped_at_the_door(self, approved: Approved) -> Refused | None:
        """Asked right before the sending: what was allowed may not be any more.

        Between the last decision and the sending others were durable, and fills were booked.
        """
        book, terms = self.desk.book, approved.terms
        if self.desk.failure is not None:
            message = "the journal cannot commit: only cancels leave"
            return Refused("PERSISTENCE_UNAVAILABLE", message)
        if terms.purpose.opens and not book.trading_state.allows_increases:
            state = book.trading_state.value
            return Refused(f"TRADING_{state}", f"trading became {state} before the order was sent")
        problem = routing.closes_too_much(book, terms)
        return Refused("POSITION_MISMATCH", problem) if problem is not None else None

    def _is_wanted(self, approved: Approved) -> bool:
        """Whether the order may leave now. Asked again by the broker's own line, at its very end:
        an order that waits there for its turn must not leave after trading was halted.
        """
        return not self._is_withdrawn(approved) and self._stopped_at_the_door(approved) is None

    def _is_gone(self, order_id: str) -> bool:
        """Whether the order closed so long ago that it left memory: a job may wait for long."""
        return self.desk.book.find(order_id) is None

    def _is_withdrawn(self, approved: Approved) -> bool:
        order = self.desk.book.find(approved.terms.order_id)
        return order is None or order.status is not OrderStatus.PENDING_NEW

    async def _submit_once(self, approved: Approved) -> SubmitOutcome:
        """Send if the breaker lets it; exits and protection always pass."""
        if not approved.terms.purpose.opens:
            return await self._submit_now(approved)
        ticket = self.breaker.take(trio.current_time())
        if ticket is None:
            held_back = f"Circuit breaker is open for {self.broker.name}"
            log.warning("order_router.held_back", reason=held_back)
            return Unavailable(held_back)
        succeeded: bool | None = None
        try:
            outcome = await self._submit_now(approved)
            match outcome:
                case Unavailable(held_back=True):
                    pass
                case Unavailable(answered=answered):
                    succeeded = answered
                case _:
                    succeeded = not isinstance(outcome, OutcomeUnknown)
        finally:
            self.breaker.give_back(ticket, succeeded, trio.current_time())
        return outcome

    async def _submit_now(self, approved: Approved) -> SubmitOutcome:
        order_id = approved.terms.order_id
        outcome: SubmitOutcome = OutcomeUnknown("no answer in time")
        self.left.add(order_id)
        answered = False
        try:
            with trio.move_on_after(self.settings.submit_timeout):
                outcome = await self.broker.submit(
                    approved.terms, partial(self._is_wanted, approved)
                )
            answered = True
        finally:
            if not answered:
                # Cancelled in flight: it may have arrived.
                unknown = OutcomeUnknown("the session ended before the answer came")
                await self._record(routing.answered(order_id, unknown))
        if isinstance(outcome, Unavailable):
            # Said by the broker's own line: an open breaker is no sign of anything, and neither is
            # an order that we have not let out.
            if not outcome.held_back:
                self.link.failed()
            self.left.discard(order_id)
        return outcome

    def _has_to_wait(self, order_id: str) -> bool:
        """Whether this is an exit whose shares are held, or are not there any more."""
        order, book = self.desk.book.order(order_id), self.desk.book
        if order.terms.purpose is not OrderPurpose.EXIT:
            return False
        return (
            bool(holders_to_release(book, order))
            or routing.closes_too_much(book, order.terms) is not None
        )

    async def _may_exit(self, approved: Approved) -> bool:
        try:
            return await self._released(approved)
        except CreamError as error:
            # Without a journal only cancels leave; one exit must not end the session for them.
            log.error("order_router.exit_not_sent", code=error.kind.code)
            return False

    async def _released(self, approved: Approved) -> bool:
        """Cancel the protection that holds the shares of this exit, and wait until it is gone.

        False, with the exit refused, if the broker does not confirm in time: the position is then
        still protected as before.
        """
        order_id = approved.terms.order_id
        if self.desk.failure is not None:
            # It is stopped at the door: whatever protects the position stays.
            return True
        try:
            holders = await self.desk.do(routing.release_holders(order_id))
        except CreamError as error:
            return await self._refuse(order_id, error.kind.code, error.message)
        with trio.move_on_after(self.settings.release):
            for one in holders:
                while self._is_in_the_way(one):
                    await self.desk.wait_touched(one)
            await self.desk.do(routing.bound_exit(order_id), passes_without_journal=True)
            return True
        message = "the orders that protect the position were not cancelled in time"
        return await self._refuse(order_id, "PROTECTION_NOT_RELEASED", message)

    def _is_in_the_way(self, order_id: str) -> bool:
        """An entry that the broker would not let go is not waited for: it stays."""
        order = self.desk.book.find(order_id)
        if order is None or not order.is_open:
            return False
        return not order.terms.purpose.opens or order.status is OrderStatus.PENDING_CANCEL

    async def _refuse(self, order_id: str, code: str, message: str) -> bool:
        refusal = routing.answered(order_id, Refused(code, message))
        await self.desk.do(refusal, passes_without_journal=True)
        return False

    # Cancelling ---------------------------------------------------------------------------------

    async def _cancel(self, order_id: str) -> None:
        """Ask until the order is closed or the broker has refused: then it is no longer to go.

        Asking twice is harmless, so a cancel is repeated where a submit never is. Who asks for an
        order that is being asked for already makes it asked at once.
        """
        attempt = 0
        repeats = order_id not in self.cancelling
        self.cancelling.add(order_id)
        try:
            while await self._ask_to_cancel(order_id, attempt) and repeats:
                attempt += 1
        finally:
            if repeats:
                self.cancelling.discard(order_id)

    async def _ask_to_cancel(self, order_id: str, attempt: int) -> bool:
        """Ask once and wait for what comes of it. False when there is nothing more to ask for."""
        order = self.desk.book.find(order_id)
        if order is None or not order.is_open:
            return False
        if order.broker_order_id is None and order_id in self.in_flight:
            wait = self.settings.submit_timeout
        elif order.broker_order_id is None:
            await self.desk.do(routing.withdraw(order_id), passes_without_journal=True)
            wait = self.settings.cancel_again.ceiling(attempt)
        elif await self._cancel_once(order, order.broker_order_id):
            wait = self.settings.cancel_again.ceiling(attempt)
        else:
            return False
        again = trio.current_time() + wait
        if await self._unmoved(order, until=again - wait + min(wait, self.settings.look)):
            if order.broker_order_id is not None:
                # It may be gone, and the message that said so with it.
                await self._look(order.broker_order_id)
            await self._unmoved(order, until=again)
        return True

    async def _unmoved(self, order: Order, *, until: float) -> bool:
        """Wait for the order to change. Whether it has not by then."""
        with trio.move_on_at(until) as waited:
            while (now := self.desk.book.find(order.order_id)) and now.status is order.status:
                await self.desk.wait_touched(order.order_id)
        return waited.cancelled_caught

    async def _cancel_once(self, order: Order, broker_order_id: str) -> bool:
        """Ask once. False when asking again is pointless."""
        outcome = None
        with trio.move_on_after(self.settings.cancel_timeout):
            outcome = await self.broker.cancel(broker_order_id)
        match outcome:
            case CancelTaken():
                self.link.alive()
            case Refused(_, message):
                self.link.alive()
                await self._ask_what_happened(order.order_id, broker_order_id, message)
                return False
            case Unavailable(held_back=True):
                log.warning("order_router.cancel_held_back", order_id=order.order_id)
            case Unavailable() | OutcomeUnknown() | None:
                self.link.failed()
        return True

    async def _ask_what_happened(self, order_id: str, broker_order_id: str, message: str) -> None:
        """A refused cancel means that something happened to the order: find out what."""
        await self._look(broker_order_id)
        await self.desk.do(routing.cancel_refused(order_id, message), passes_without_journal=True)

    async def _look(self, broker_order_id: str) -> None:
        """Ask the broker how the order stands, and take in what it says."""
        shown = None
        with trio.move_on_after(self.settings.cancel_timeout):
            try:
                shown = await self.broker.order(broker_order_id)
            except BrokerUnavailable:
                self.link.failed()
        if shown is not None:
            asked = read(OrderUpdate(event="asked", order=shown))
            await self.desk.do(asked, passes_without_journal=True)


def _is_held_back(outcome: SubmitOutcome) -> bool:
    return isinstance(outcome, Unavailable) and outcome.held_back
