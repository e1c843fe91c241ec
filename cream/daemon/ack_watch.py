"""Does the order stream tell what the broker has answered? A timer for each order of a session.

An order that REST acknowledged, or whose cancel it took, is asked about by its client id when the
stream has not mentioned it in time. If the answer shows what the stream has not told, the stream is
deaf: the session ends, and the next one begins with a sweep.
"""

import structlog
import trio
from attrs import define, field, frozen

from cream.core.model.broker import BrokerOrder
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order, OrderStatus
from cream.core.ports import Broker
from cream.daemon.desk import Desk
from cream.daemon.reconciler import Reconciler

log = structlog.get_logger(__name__)

# Asked again after these multiples of the first wait; from then on the open orders are compared at
# their interval anyway.
_POLLS = (1.0, 2.0, 4.0)
# A message that is on its way when the answer comes is no lost one.
_ON_ITS_WAY_SECONDS = 1.0
# What REST answers, and the stream repeats.
_ANSWERED = frozenset((OrderStatus.ACCEPTED, OrderStatus.PENDING_CANCEL))


@frozen
class _Timer:
    """One order in the status that REST answered with, and how often it has been asked about."""

    status: OrderStatus
    since: float
    polls: int = 0


@define
class AckWatch:
    """The watch over one session. `patience` None: nobody is asked.   Units: seconds."""

    desk: Desk
    broker: Broker
    reconciler: Reconciler
    patience: float | None
    _timers: dict[str, _Timer] = field(factory=dict)
    _heard: dict[str, float] = field(factory=dict)

    def heard(self, shown: BrokerOrder) -> None:
        """The stream mentions an order, or its legs."""
        if self.patience is None:
            return
        for one in (shown, *shown.legs):
            order = self.desk.book.find(one.broker_order_id) or self.desk.book.find(
                one.client_order_id
            )
            if order is not None:
                self._heard[order.order_id] = trio.current_time()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Ask where the stream is silent, until cancelled.

        Raises: BrokerUnavailable when the stream is found to be deaf.
        """
        self._timers.clear()
        self._heard.clear()
        task_status.started()
        if self.patience is None:
            return
        for order in self._answered_orders():
            # The sweep has just shown it; there is nothing to be told.
            self._timers[order.order_id] = _Timer(order.status, 0.0, len(_POLLS))
        while True:
            self._follow()
            due = self._next_due(self.patience)
            if due is None:
                await self.desk.wait_change()
                continue
            order_id, at = due
            with trio.move_on_at(at):
                await self.desk.wait_change()
                continue
            await self._ask(order_id)

    def _answered_orders(self) -> list[Order]:
        return [
            one
            for one in self.desk.book.open_orders()
            if one.status in _ANSWERED and one.broker_order_id and one.terms.client_order_id
        ]

    def _follow(self) -> None:
        """Begin a timer for each order that has just been answered; forget what is over."""
        orders = {one.order_id: one for one in self._answered_orders()}
        for order_id in [one for one in self._timers if one not in orders]:
            del self._timers[order_id]
        for order_id, order in orders.items():
            timer = self._timers.get(order_id)
            if timer is None or timer.status is not order.status:
                self._timers[order_id] = _Timer(order.status, trio.current_time())
        still_open = {one.order_id for one in self.desk.book.open_orders()}
        for order_id in [one for one in self._heard if one not in still_open]:
            del self._heard[order_id]

    def _next_due(self, patience: float) -> tuple[str, float] | None:
        dues = [
            (timer.since + patience * _POLLS[timer.polls], order_id)
            for order_id, timer in self._timers.items()
            if timer.polls < len(_POLLS) and not self._was_told(order_id, timer)
        ]
        if not dues:
            return None
        at, order_id = min(dues)
        return order_id, at

    def _was_told(self, order_id: str, timer: _Timer) -> bool:
        """Of an order that was accepted the stream may have told before the answer came."""
        heard = self._heard.get(order_id)
        if heard is None:
            return False
        return timer.status is OrderStatus.ACCEPTED or heard >= timer.since

    async def _ask(self, order_id: str) -> None:
        timer, order = self._timers[order_id], self.desk.book.order(order_id)
        self._timers[order_id] = _Timer(timer.status, timer.since, timer.polls + 1)
        began, before = trio.current_time(), (order.status, order.filled)
        log.info("ack_watch.stream_silent", order_id=order_id, polls=timer.polls + 1)
        try:
            await self.reconciler.ask_about(order)
        except BrokerUnavailable as error:
            log.warning("ack_watch.not_answered", order_id=order_id, error=str(error))
            return
        after = self.desk.book.find(order_id)
        if after is None or (after.status, after.filled) == before:
            return
        await trio.sleep(_ON_ITS_WAY_SECONDS)
        if self._heard.get(order_id, began - 1) < began:
            log.error("ack_watch.stream_deaf", order_id=order_id)
            raise BrokerUnavailable("the order stream does not tell what the broker has done")
