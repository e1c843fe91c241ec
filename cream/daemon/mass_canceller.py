"""Is everything gone that had to go? Cancels until the broker's own list says so.

The debt is an event (`MassCancelOwed`): it survives a crash, and this subsystem pays it whenever it
stands, at start as well as after a disconnect. Orders that never left are withdrawn here; the rest
are cancelled side by side, again and again, until a list without them confirms it. One by one,
never by a call that cancels everything: that would take protection and strangers' orders with it.
It needs no journal: while that cannot commit, cancels are all that leaves.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
import trio
from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.tactics import open_slices
from cream.core.model.broker import (
    BrokerOrder,
    CancelTaken,
    OrderUpdate,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order, OrderStatus
from cream.core.ports import Broker
from cream.core.resilience.backoff import Backoff
from cream.core.risk.decisions import Decide, Decided, request_cancels
from cream.core.safety.mass_cancel import MassCancelPolicy, can_withdraw, still_listed, targets
from cream.daemon.desk import Desk
from cream.daemon.link import BrokerLink
from cream.daemon.readings import read

log = structlog.get_logger(__name__)

# Cancels that may be on their way at once: enough to be quick, few enough for a rate budget.
_CANCELS_AT_ONCE = 10
# Between two passes while the broker answers: an order without an answer keeps the debt for long,
# and what becomes open meanwhile must not wait for a backoff that an outage has made long.
_LONGEST_PAUSE = 2.0


@frozen(kw_only=True)
class MassCancelSettings:
    """Units: seconds."""

    policy: MassCancelPolicy
    request_timeout: float = 5.0
    backoff: Backoff


@frozen
class MassCanceller:
    """The canceller's collaborators."""

    desk: Desk
    broker: Broker
    link: BrokerLink
    settings: MassCancelSettings
    in_flight: Callable[[str], bool]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Pay the debt whenever there is one.

        Cancellation: the debt stands until it is paid, in this life or the next.
        """
        task_status.started()
        while True:
            if self.desk.book.mass_cancel_owed is None:
                await self.desk.wait_touched(e.MassCancelOwed)
                continue
            await self._pay()

    async def _pay(self) -> None:
        attempt = 0
        while self.desk.book.mass_cancel_owed is not None:
            longest = _LONGEST_PAUSE
            withdrawn = _withdraw_unsent(self.settings.policy, self.in_flight)
            await self.desk.do(withdrawn, passes_without_journal=True)
            try:
                if await self._cancelled_all():
                    await self.desk.do(_confirmed, passes_without_journal=True)
                    log.info("mass_canceller.mass_cancel_confirmed", attempts=attempt + 1)
                    return
            except (BrokerUnavailable, trio.TooSlowError) as error:
                self.link.failed()
                log.warning("mass_canceller.broker_unavailable", error=str(error))
                longest = self.settings.backoff.cap
            await self._pause(min(longest, self.settings.backoff.ceiling(attempt)))
            attempt += 1

    async def _pause(self, seconds: float) -> None:
        """Wait, but not a moment longer than the broker is out of reach."""
        with trio.move_on_after(seconds):
            while True:
                await self.link.changed.wait()
                if not self.link.is_failing:
                    return

    async def _cancelled_all(self) -> bool:
        """One pass: cancel what is known, list what is left. True if nothing is."""
        cancels, questions = (trio.CapacityLimiter(_CANCELS_AT_ONCE) for _ in range(2))
        async with trio.open_nursery() as nursery:
            for order in targets(self.desk.book, self.settings.policy):
                # Whatever has to be looked for first must not keep others from being cancelled.
                limiter = questions if order.broker_order_id is None else cancels
                nursery.start_soon(self._cancel, order, limiter)
        with trio.fail_after(self.settings.request_timeout):
            listed = await self.broker.open_orders()
        self.link.alive()
        remaining = list(still_listed(self.desk.book, listed, self.settings.policy))
        for shown in remaining:
            log.info("mass_canceller.order_remains", broker_order_id=shown.broker_order_id)
            await self._cancel_what_is_closed_here(shown)
        if remaining:
            return False
        await self._settle({shown.broker_order_id for shown in listed})
        # What is open here and not listed there is asked about, not assumed gone. What has not left
        # by now came after this pass began: the exit of a level that was reached meanwhile, which
        # would come back each time it is withdrawn, while the router waits for the debt to be paid.
        book = self.desk.book
        left = targets(book, self.settings.policy)
        return all(_never_left(book, order, self.in_flight) for order in left)

    async def _cancel(self, order: Order, limiter: trio.CapacityLimiter) -> None:
        """Ask once for one order to go. Failures show in the list that follows."""
        if order.terms.is_tactic:
            return
        async with limiter:
            with trio.move_on_after(self.settings.request_timeout):
                try:
                    await self._cancel_once(order)
                except BrokerUnavailable:
                    self.link.failed()

    async def _cancel_once(self, order: Order) -> None:
        broker_order_id = order.broker_order_id
        if broker_order_id is None:
            shown = await self.broker.order_by_client_id(order.terms.client_order_id)
            if shown is None:
                return
            broker_order_id = shown.broker_order_id
        outcome = await self.broker.cancel(broker_order_id)
        match outcome:
            case CancelTaken() | Refused():
                self.link.alive()
            case Unavailable(held_back=True):
                return
            case Unavailable() | OutcomeUnknown():
                self.link.failed()

    async def _cancel_what_is_closed_here(self, shown: BrokerOrder) -> None:
        """The broker lists it, and nobody here would ask for it to go any more."""
        order = self.desk.book.find(shown.broker_order_id)
        if order is not None and not order.is_open:
            with trio.move_on_after(self.settings.request_timeout):
                await self.broker.cancel(shown.broker_order_id)

    async def _settle(self, listed: set[str]) -> None:
        """Ask what became of targets that are no longer listed."""
        for order in targets(self.desk.book, self.settings.policy):
            if order.broker_order_id is None or order.broker_order_id in listed:
                continue
            with trio.fail_after(self.settings.request_timeout):
                shown = await self.broker.order(order.broker_order_id)
            if shown is not None:
                asked = read(OrderUpdate(event="asked", order=shown))
                await self.desk.do(asked, passes_without_journal=True)


def _withdraw_unsent(policy: MassCancelPolicy, in_flight: Callable[[str], bool]) -> Decide[None]:
    """End what never left, and ask for the rest to go."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        orders = targets(book, policy)
        events, _ = request_cancels(orders, "mass cancel", "mass_canceller", now)
        ended = tuple(
            e.OrderProgressed(
                at=now,
                order_id=order.order_id,
                status=OrderStatus.CANCELED,
                reason="mass cancel: withdrawn before it was sent",
            )
            for order in orders
            if _never_left(book, order, in_flight)
        )
        return Decided(None, events + ended)

    return decide


def _never_left(book: Book, order: Order, in_flight: Callable[[str], bool]) -> bool:
    """Whether nothing of the order is at the broker or on its way there."""
    return (
        can_withdraw(order)
        and not in_flight(order.order_id)
        and not any(True for _ in open_slices(book, order))
    )


def _confirmed(book: Book, now: datetime) -> Decided[None]:
    if book.mass_cancel_owed is None:
        return Decided(None)
    return Decided(None, (e.MassCancelConfirmed(at=now),))
