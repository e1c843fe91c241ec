"""Does the broker see what we see? Asked all the time, in layers, and always after a connect.

Layers: orders in flight (no answer yet) every few seconds, everything every `interval`. Questions
that a snapshot leaves open are asked one by one, and absence counts only when it is proven: by
several look-ups of the client id spread over time, and by the list (R-03, R-15).
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    Discrepancy,
    Reconciliation,
    adjustments,
    adoption,
    reconcile,
)
from cream.core.execution.reports import Reading
from cream.core.model.broker import BrokerOrder, BrokerPosition, OrderUpdate
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.order import Order, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.ports import Broker
from cream.core.risk.decisions import Decide, Decided, lift, restrict
from cream.daemon.desk import Desk
from cream.daemon.link import BrokerLink
from cream.daemon.readings import guess, read, read_fills

log = structlog.get_logger(__name__)

# Executions are asked for from this long before the run began: clocks differ and books lag.
_EXECUTIONS_MARGIN = timedelta(minutes=5)
# A guess is dated by the report that showed it; the execution was before that, maybe by a session.
_GUESSED_MARGIN = timedelta(days=1)
# Replacements of one order that are followed in one look. A longer chain is followed by the next.
_LONGEST_CHAIN = 20


@frozen(kw_only=True)
class ReconcilerSettings:
    """Units: seconds. Absence needs `absence_probes` look-ups over `absence_seconds`.

    `doubt_settles`: how long a report that leaves questions waits for the next one to answer them.
    """

    enabled: bool = True
    interval: float = 300.0
    in_flight_interval: float = 2.0
    doubt_settles: float = 0.25
    absence_probes: int = 5
    absence_seconds: float = 30.0
    rounds: int = 5
    sync_positions: bool = True
    on_critical: str = "halt"
    resume_automatically: bool = True


@define
class _Absence:
    """How often, and since when, the broker said that it does not know an order."""

    since: float
    probes: int = 0


@define
class Reconciler:
    """The reconciler's collaborators and what it remembers between rounds."""

    desk: Desk
    broker: Broker
    link: BrokerLink
    settings: ReconcilerSettings
    account_seen: Callable[[], Awaitable[None]]
    last: Reconciliation | None = None
    completed_at: datetime | None = None
    _absences: dict[str, _Absence] = field(factory=dict)
    _lock: trio.Lock = field(factory=trio.Lock)
    _doubt: trio.Event = field(factory=trio.Event)

    def doubted(self) -> None:
        """A report left questions: sweep soon. Does not wait."""
        self._doubt.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Reconcile for ever: in flight often, everything at the interval and where in doubt."""
        task_status.started()
        next_full = trio.current_time() + self.settings.interval
        while True:
            await self._pause()
            if not self.link.session_up:
                continue
            try:
                await self.resolve_in_flight()
                if self._doubt.is_set():
                    # Anew before the sweep: a doubt that comes during it is one of its own.
                    self._doubt = trio.Event()
                    await self.sweep()
                if trio.current_time() >= next_full:
                    next_full = trio.current_time() + self.settings.interval
                    await self.account_seen()
                    if self.settings.enabled:
                        await self.sweep()
            except BrokerUnavailable as error:
                self.link.failed()
                log.warning("reconciler.broker_unavailable", error=str(error))

    async def _pause(self) -> None:
        """Wait for the next look at what is in flight, or for a doubt, and let it settle."""
        with trio.move_on_after(self.settings.in_flight_interval):
            await self._doubt.wait()
            await trio.sleep(self.settings.doubt_settles)

    async def resolve_in_flight(self) -> None:
        """Look up every order that has no broker id yet though it may have left."""
        for order in list(self.desk.book.open_orders()):
            waits = order.status is OrderStatus.UNKNOWN_SUBMIT or (
                order.status is OrderStatus.PENDING_CANCEL
                and order.status_before_pending is OrderStatus.UNKNOWN_SUBMIT
            )
            if waits and order.broker_order_id is None:
                await self._look_up(order)

    async def sweep(self) -> Reconciliation:
        """Compare everything, ask what is open, and act on what differs.

        Raises: BrokerUnavailable.
        """
        async with self._lock:
            await self._name_guesses()
            result = await self._round()
            for _ in range(self.settings.rounds - 1):
                if not self._unsettled(result):
                    break
                result = await self._round()
            self.last, self.completed_at = result, self.desk.clock.now()
            await self._conclude(result)
            return result

    async def _name_guesses(self) -> None:
        """Fills that were guessed: have their executions come by now?"""
        moments = [one.executed_at for order in self.desk.book.guessed() for one in order.inferred]
        if moments:
            executions = await self.broker.executions_since(min(moments) - _GUESSED_MARGIN)
            await self.desk.do(read_fills(executions), passes_without_journal=True)

    def _unsettled(self, result: Reconciliation) -> bool:
        open_questions = result.ask_by_broker_id or result.ask_by_client_id
        differs = result.reading.events or result.reading.missing_executions
        return bool(open_questions or differs or not result.clean)

    async def _round(self) -> Reconciliation:
        """One snapshot, its events, and its questions."""
        before = self.desk.book.sequence
        positions = await self.broker.positions()
        orders = await self.broker.open_orders()
        self.link.alive()
        snapshot = BrokerSnapshot(open_orders=orders, positions=positions, sequence_before=before)
        result = await self.desk.do(_reconciled(snapshot))
        for shown in result.reading.unknown:
            log.warning("reconciler.order_adopted", broker_order_id=shown.broker_order_id)
            await self.desk.do(_adopted(shown))
        if result.reading.missing_executions:
            await self._fetch_executions(result.reading)
        for order_id in result.reading.missing_executions:
            await self._ask(self.desk.book.order(order_id))
        for order_id in result.ask_by_broker_id:
            await self._ask(self.desk.book.order(order_id))
        for order_id in result.ask_by_client_id:
            order = self.desk.book.order(order_id)
            if order.status is not OrderStatus.PENDING_NEW:
                await self._look_up(order)
        self._positions = positions
        return result

    _positions: Sequence[BrokerPosition] = ()

    async def _fetch_executions(self, reading: Reading) -> None:
        """Book what has filled unseen. A stranger's order may have filled before we knew it."""
        since = [self.desk.book.order(one).intended_at for one in reading.missing_executions]
        if reading.missing_since is not None:
            since.append(reading.missing_since)
        oldest = min(since)
        executions = await self.broker.executions_since(oldest - _EXECUTIONS_MARGIN)
        await self.desk.do(read_fills(executions), passes_without_journal=True)

    async def _ask(self, order: Order) -> None:
        """What became of an order that is open here and not listed there, or has filled unseen?"""
        assert order.broker_order_id is not None, "asked by broker id"
        asked: str | None = order.broker_order_id
        for _ in range(_LONGEST_CHAIN):
            shown = None if asked is None else await self.broker.order(asked)
            if shown is None:
                return
            await self._told(shown)
            asked = shown.replaced_by

    async def _told(self, shown: BrokerOrder) -> None:
        """Take in what the broker shows. What has filled and has no execution yet is guessed."""
        update = OrderUpdate(event="asked", order=shown)
        reading = await self.desk.do(read(update), passes_without_journal=True)
        if not reading.missing_executions:
            return
        await self._fetch_executions(reading)
        reading = await self.desk.do(read(update), passes_without_journal=True)
        if reading.missing_executions:
            log.warning("reconciler.fill_guessed", broker_order_id=shown.broker_order_id)
            await self.desk.do(guess(shown), passes_without_journal=True)
            await self.desk.do(read(update), passes_without_journal=True)

    async def _look_up(self, order: Order) -> None:
        """Find an order by its client id, or count one more proof that it does not exist."""
        client_id = order.terms.client_order_id
        shown = await self.broker.order_by_client_id(client_id)
        self.link.alive()
        if shown is not None:
            self._absences.pop(order.order_id, None)
            await self._told(shown)
            return
        now = trio.current_time()
        absence = self._absences.setdefault(order.order_id, _Absence(since=now))
        absence.probes += 1
        settings = self.settings
        long_enough = now - absence.since >= settings.absence_seconds
        if absence.probes < settings.absence_probes or not long_enough:
            return
        if any(one.client_order_id == client_id for one in await self._list(order)):
            return
        log.warning("reconciler.order_absent", client_order_id=client_id, probes=absence.probes)
        self._absences.pop(order.order_id, None)
        await self.desk.do(_absent(order.order_id, absence.probes))

    async def _list(self, order: Order) -> Sequence[BrokerOrder]:
        return await self.broker.orders_since(order.intended_at - _EXECUTIONS_MARGIN)

    async def _conclude(self, result: Reconciliation) -> None:
        """Act on what still differs after all rounds; lift what no longer stands."""
        critical = [one for one in result.discrepancies if one.critical]
        if critical:
            log.error("reconciler.critical_difference", differences=[str(one) for one in critical])
            await self._escalate(critical)
            return
        log.info("reconciler.reconciliation_completed", differences=len(result.discrepancies))
        causes = [Cause.RECONCILIATION]
        if self.settings.resume_automatically and self.desk.book.mass_cancel_owed is None:
            causes.append(Cause.DISCONNECT)
        standing = [one for one in causes if one in self.desk.book.restrictions]
        if standing:
            await self.desk.do(lift(standing, "reconciliation was clean", "reconciler"))

    async def _escalate(self, critical: Sequence[Discrepancy]) -> None:
        """A difference that only logging answers would be a bug (R-14)."""
        first = critical[0]
        reason = f"{first.subject}: we have {first.ours}, the broker {first.theirs}"
        if self.settings.on_critical == "halt":
            await self.desk.do(
                restrict(Cause.RECONCILIATION, TradingState.REDUCING, reason, "reconciler")
            )
        if self.settings.sync_positions:
            await self.desk.do(_adjusted(critical, self._positions))


def _reconciled(snapshot: BrokerSnapshot) -> Decide[Reconciliation]:
    def decide(book: Book, now: datetime) -> Decided[Reconciliation]:
        result = reconcile(book, snapshot, now)
        return Decided(result, result.reading.events)

    return decide


def _adopted(shown: BrokerOrder) -> Decide[None]:
    def decide(book: Book, now: datetime) -> Decided[None]:
        if book.find(shown.broker_order_id) is not None:
            return Decided(None)
        return Decided(None, (adoption(shown, now),))

    return decide


def _adjusted(critical: Sequence[Discrepancy], positions: Sequence[BrokerPosition]) -> Decide[None]:
    def decide(book: Book, now: datetime) -> Decided[None]:
        return Decided(None, tuple(adjustments(book, critical, positions, now)))

    return decide


def _absent(order_id: str, probes: int) -> Decide[None]:
    """Absence is proven: the order never reached the broker."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        order = book.order(order_id)
        if order.broker_order_id is not None or not order.is_open:
            return Decided(None)
        event = e.OrderRefused(
            at=now,
            order_id=order_id,
            code="NOT_FOUND_AT_BROKER",
            message=f"the broker does not know it: {probes} look-ups and its order list",
        )
        return Decided(None, (event,))

    return decide
