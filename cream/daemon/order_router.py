"""How does an approved order reach the broker? One task per order in flight, and no second try.

The router takes `Approved` orders and cancels from its channel. It sends an order only while the
book says PENDING_NEW, so a withdrawn one never leaves. An answer that does not come is
UNKNOWN_SUBMIT, which the reconciler resolves by looking the id up; the router never sends again.
When its scope is cancelled, everything in flight becomes UNKNOWN_SUBMIT on the way out.
"""

from datetime import datetime

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.protection import exit_side, holders_to_release
from cream.core.execution.reports import read_outcome
from cream.core.model.broker import (
    CancelTaken,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order, OrderPurpose, OrderStatus
from cream.core.ports import Broker
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.breaker import Breaker
from cream.core.risk.decisions import Decide, Decided, request_cancels
from cream.core.risk.gate import Approved
from cream.daemon.desk import CancelOrder, Desk, RouterJob, SendOrder
from cream.daemon.link import BrokerLink
from cream.daemon.readings import read

log = structlog.get_logger(__name__)


@frozen(kw_only=True)
class RouterSettings:
    """Units: seconds.

    `unavailable_retry`: how long an order that certainly has not left is tried again;
    `release`: how long an exit waits for the protection that holds its shares to be gone.
    """

    submit_timeout: float = 10.0
    cancel_timeout: float = 10.0
    unavailable_retry: float = 3.0
    release: float = 5.0
    cancel_confirm: float = 2.0
    cancel_give_up: float = 60.0
    backoff: Backoff = field(factory=lambda: Backoff(base=0.1, cap=2.0))


@define
class Router:
    """The router's collaborators, and its work. `in_flight` are orders on their way out."""

    desk: Desk
    broker: Broker
    link: BrokerLink
    settings: RouterSettings
    breaker: Breaker
    in_flight: set[str] = field(factory=set)

    async def run(
        self,
        jobs: trio.MemoryReceiveChannel[RouterJob],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Work jobs until cancelled; the channel belongs to the root and outlives the router.

        Cancellation: orders in flight are recorded as UNKNOWN_SUBMIT before this ends.
        """
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                job = await jobs.receive()
                match job:
                    case SendOrder(approved):
                        nursery.start_soon(self._send, approved)
                    case CancelOrder(order_id):
                        nursery.start_soon(self._cancel, order_id)

    # Sending ------------------------------------------------------------------------------------

    async def _send(self, approved: Approved) -> None:
        order_id = approved.terms.order_id
        if approved.terms.purpose is OrderPurpose.EXIT and not await self._released(approved):
            return
        if self.desk.book.order(order_id).status is not OrderStatus.PENDING_NEW:
            await self.desk.do(_withdraw(order_id))
            return
        self.in_flight.add(order_id)
        try:
            outcome = await self._submit(approved)
        finally:
            self.in_flight.discard(order_id)
        log.info(
            "order_router.order_answered",
            client_order_id=approved.terms.client_order_id,
            outcome=type(outcome).__name__,
        )
        await self.desk.do(_answered(order_id, outcome), passes_without_journal=True)

    async def _submit(self, approved: Approved) -> SubmitOutcome:
        """Send once; again only when it certainly did not leave."""
        order_id = approved.terms.order_id
        give_up = trio.current_time() + self.settings.unavailable_retry
        attempt = 0
        while True:
            outcome = await self._submit_once(approved)
            if not isinstance(outcome, Unavailable):
                if not isinstance(outcome, OutcomeUnknown):
                    self.link.alive()
                return outcome
            self.link.failed()
            withdrawn = self.desk.book.order(order_id).status is not OrderStatus.PENDING_NEW
            if withdrawn or trio.current_time() >= give_up:
                return outcome
            await trio.sleep(self.settings.backoff.ceiling(attempt))
            attempt += 1

    async def _submit_once(self, approved: Approved) -> SubmitOutcome:
        """Send if the breaker lets it; exits and protection always pass."""
        if approved.terms.purpose is not OrderPurpose.ENTRY:
            return await self._submit_now(approved)
        ticket = self.breaker.take(trio.current_time())
        if ticket is None:
            return Unavailable(f"Circuit breaker is open for {self.broker.name}")
        succeeded: bool | None = None
        try:
            outcome = await self._submit_now(approved)
            succeeded = not isinstance(outcome, Unavailable | OutcomeUnknown)
        finally:
            self.breaker.give_back(ticket, succeeded, trio.current_time())
        return outcome

    async def _submit_now(self, approved: Approved) -> SubmitOutcome:
        order_id = approved.terms.order_id
        outcome: SubmitOutcome = OutcomeUnknown("no answer in time")
        answered = False
        try:
            with trio.move_on_after(self.settings.submit_timeout):
                outcome = await self.broker.submit(approved.terms)
            answered = True
        finally:
            if not answered:
                # Cancelled in flight: it may have arrived. Recorded without waiting.
                unknown = OutcomeUnknown("the session ended before the answer came")
                self.desk.do_soon(_answered(order_id, unknown))
        return outcome

    async def _released(self, approved: Approved) -> bool:
        """Cancel the protection that holds the shares of this exit, and wait until it is gone.

        False, with the exit refused, if the broker does not confirm in time: the position is then
        still protected as before.
        """
        order_id = approved.terms.order_id
        holders = await self.desk.do(_release_holders(order_id))
        with trio.move_on_after(self.settings.release):
            while any(self.desk.book.order(one).is_open for one in holders):
                await self.desk.wait_change()
            await self.desk.do(_bound_exit(order_id))
            return True
        message = "the orders that protect the position were not cancelled in time"
        refusal = Refused("PROTECTION_NOT_RELEASED", message)
        await self.desk.do(_answered(order_id, refusal))
        return False

    # Cancelling ---------------------------------------------------------------------------------

    async def _cancel(self, order_id: str) -> None:
        """Ask until the order is closed or the broker has refused; then the reconciler takes over.

        Asking twice is harmless, so a cancel is repeated where a submit never is.
        """
        give_up = trio.current_time() + self.settings.cancel_give_up
        attempt = 0
        while trio.current_time() < give_up:
            order = self.desk.book.order(order_id)
            if not order.is_open:
                return
            if order.broker_order_id is None and order_id in self.in_flight:
                wait = self.settings.submit_timeout
            elif order.broker_order_id is None:
                await self.desk.do(_withdraw(order_id), passes_without_journal=True)
                wait = self.settings.backoff.ceiling(attempt)
            elif await self._cancel_once(order, order.broker_order_id):
                wait = self.settings.cancel_confirm
            else:
                return
            attempt += 1
            with trio.move_on_after(wait):
                await self.desk.wait_change()

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
            case Unavailable() | OutcomeUnknown() | None:
                self.link.failed()
        return True

    async def _ask_what_happened(self, order_id: str, broker_order_id: str, message: str) -> None:
        """A refused cancel means that something happened to the order: find out what (R-23)."""
        try:
            shown = await self.broker.order(broker_order_id)
        except BrokerUnavailable:
            shown = None
        if shown is not None:
            asked = read(OrderUpdate(event="asked", order=shown))
            await self.desk.do(asked, passes_without_journal=True)
        await self.desk.do(_cancel_refused(order_id, message), passes_without_journal=True)


def _answered(order_id: str, outcome: SubmitOutcome) -> Decide[None]:
    def decide(book: Book, now: datetime) -> Decided[None]:
        return Decided(None, read_outcome(book, order_id, outcome, now).events)

    return decide


def _cancel_refused(order_id: str, message: str) -> Decide[None]:
    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.order(order_id).status is not OrderStatus.PENDING_CANCEL:
            return Decided(None)
        event = e.CancelRefused(at=now, order_id=order_id, reason=message)
        return Decided(None, (event,))

    return decide


def _withdraw(order_id: str) -> Decide[None]:
    """End an order that never left: one that is to be cancelled and has not been sent."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.order(order_id)
        never_left = order.status is OrderStatus.PENDING_CANCEL and (
            order.status_before_pending is OrderStatus.PENDING_NEW
        )
        if order.broker_order_id is not None or not never_left:
            return Decided(None)
        event = e.OrderProgressed(
            at=now,
            order_id=order_id,
            status=OrderStatus.CANCELED,
            reason=f"withdrawn before it was sent: {order.reason}",
        )
        return Decided(None, (event,))

    return decide


def _release_holders(order_id: str) -> Decide[tuple[str, ...]]:
    """Ask for the protective orders to go that hold the shares which this exit wants to sell."""

    def decide(book: Book, now: datetime) -> Decided[tuple[str, ...]]:
        order = book.order(order_id)
        holders = holders_to_release(book, order)
        events, cancels = request_cancels(holders, "an exit needs the shares", "router", now)
        ids = tuple(one.order_id for one in holders)
        return Decided(ids, events, cancels=cancels)

    return decide


def _bound_exit(order_id: str) -> Decide[None]:
    """Refuse an exit that is larger than what is still held: protection may have filled."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.order(order_id)
        position = book.position(order.terms.instrument)
        right_side = exit_side(position.quantity) is order.terms.side
        held = abs(position.quantity) if right_side else 0
        if order.terms.quantity <= held or order.status is not OrderStatus.PENDING_NEW:
            return Decided(None)
        event = e.OrderRefused(
            at=now,
            order_id=order_id,
            code="POSITION_MISMATCH",
            message=f"{order.terms.quantity} to close, but only {held} are still held",
        )
        return Decided(None, (event,))

    return decide
