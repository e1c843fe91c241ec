"""Does the broker see what we see? Asked all the time, in layers, and always after a connect.

Layers: orders in flight (no answer yet) every few seconds, open orders every few more, holdings
every half minute, everything at `interval`; each asks more questions less often, so that the rate
budget bears all of them. A report of the order stream that leaves questions is asked about at once.
Questions that a snapshot leaves open are asked one by one, and absence counts only when it is
proven: by several look-ups of the client id spread over time, and by the list. What the broker
says is taken in even when the journal cannot commit: it is as true then.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
import trio
from attrs import define, field

from cream.core.execution.reconciliation import (
    BrokerSnapshot,
    Discrepancy,
    Reconciliation,
    differences,
    lost,
)
from cream.core.execution.reports import Reading
from cream.core.model.broker import BrokerOrder, BrokerPosition, OrderUpdate
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.order import Order, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.operations import ReconciliationView
from cream.core.ports import Broker
from cream.core.risk.decisions import Decide, lift, restrict
from cream.daemon import reconciling
from cream.daemon.absences import Absences
from cream.daemon.asking import side_by_side, unanswered
from cream.daemon.cash_watch import CashWatch
from cream.daemon.desk import Desk
from cream.daemon.link import BrokerLink
from cream.daemon.readings import guess, read, read_fills
from cream.daemon.reconciler_settings import Layer, ReconcilerSettings
from cream.daemon.standing import Found, still_standing
from cream.daemon.strangers import Strangers

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Executions are asked for from this long before the run began: clocks differ and books lag.
_EXECUTIONS_MARGIN = timedelta(minutes=5)
# A guess is dated by the report that showed it; the execution was before that, maybe by a session.
_GUESSED_MARGIN = timedelta(days=1)
# Replacements of one order that are followed in one look. A longer chain is followed by the next.
_LONGEST_CHAIN = 20


@define
class Reconciler:
    """The reconciler's collaborators and what it remembers between rounds.

    `standing` are the critical differences that the last comparison left and somebody is to look
    at; `critical_found` counts those that were ever found.
    """

    desk: Desk
    broker: Broker
    link: BrokerLink
    settings: ReconcilerSettings
    cash: CashWatch
    _absences: Absences = field(init=False)
    _positions: Sequence[BrokerPosition] = ()
    _lock: trio.Lock = field(factory=trio.Lock)
    _doubt: trio.Event = field(factory=trio.Event)
    _strangers: Strangers = field(factory=Strangers)
    _lost: list[Discrepancy] = field(factory=list)
    _began: bool = False
    standing: tuple[Discrepancy, ...] = ()
    critical_found: int = 0

    @_absences.default
    def _none_yet(self) -> Absences:
        return Absences(self.settings.absence_probes, self.settings.absence_seconds)

    def doubted(self, unknown: Sequence[BrokerOrder] = ()) -> None:
        """A report left questions (orders that are `unknown`): sweep soon. Does not wait."""
        self._strangers.note(unknown)
        self._doubt.set()

    def view(self) -> ReconciliationView:
        """How the broker's view and ours compare, as far as is known."""
        book = self.desk.book
        waiting = (one for one in book.open_orders() if one.status is OrderStatus.UNKNOWN_SUBMIT)
        return ReconciliationView(
            last=book.last_reconciliation,
            unanswered=tuple(one.order_id for one in waiting),
            guessed=tuple(one.order_id for one in book.guessed()),
            alerts=differences(self.standing),
        )

    async def compare_now(self) -> ReconciliationView:
        """Compare everything, for whoever asks.   Raises: CreamError NOT_READY without a broker."""
        try:
            await self.sweep()
        except BrokerUnavailable as error:
            self.link.failed()
            raise CreamError("NOT_READY", f"the broker cannot be asked: {error}") from None
        return self.view()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Reconcile for ever: in flight often, each layer at its interval, and where in doubt."""
        task_status.started()
        began = trio.current_time()
        due = {layer: began + self.settings.every(layer) for layer in Layer}
        while True:
            await self._pause(due)
            if not self.link.session_up:
                continue
            try:
                await self.resolve_in_flight()
                await self._reconcile_what_is_due(due)
            except BrokerUnavailable as error:
                self.link.failed()
                log.warning("reconciler.broker_unavailable", error=str(error))

    async def _pause(self, due: dict[Layer, float]) -> None:
        """Wait for the next look at what is in flight, or for a doubt, and let it settle."""
        now, soonest = trio.current_time(), min(due.values())
        latest = now + self.settings.in_flight_interval
        # What is overdue, because there is no session or no answer, waits like everything else.
        with trio.move_on_at(soonest if now < soonest < latest else latest):
            await self._doubt.wait()
            await trio.sleep(self.settings.doubt_settles)

    async def _reconcile_what_is_due(self, due: dict[Layer, float]) -> None:
        """The most thorough of the layers that are due; it stands for those that it includes."""
        now, doubted = trio.current_time(), self._doubt.is_set()
        ready = [layer for layer in Layer if now >= due[layer]]
        if not ready and not doubted:
            return
        layer = ready[-1] if ready else Layer.OPEN_ORDERS
        for included in list(Layer)[: list(Layer).index(layer) + 1]:
            due[included] = now + self.settings.every(included)
        if doubted:
            # Anew before the sweep: a doubt that comes during it is one of its own.
            self._doubt = trio.Event()
            layer = max(layer, Layer.POSITIONS, key=list(Layer).index)
        if self.settings.enabled or doubted:
            await self.sweep(layer)

    async def resolve_in_flight(self) -> None:
        """Look up every order that has no broker id yet though it may have left.

        Raises: BrokerUnavailable, once all have been asked for.
        """
        self._absences.begin_round()
        await side_by_side(unanswered(self.desk.book), self._look_up)

    async def ask_about(self, order: Order) -> None:
        """Take in how the broker shows an order that it has acknowledged. Absence proves nothing.

        Raises: BrokerUnavailable.
        """
        shown = await self.broker.order_by_client_id(order.terms.client_order_id)
        self.link.alive()
        if shown is not None:
            await self._told(shown)

    async def catch_up(self) -> None:
        """Book what has traded since the last fill that is known: nobody listened meanwhile.

        Raises: BrokerUnavailable.
        """
        last = self.desk.book.last_executed_at
        if last is not None:
            await self._book_since(last - _EXECUTIONS_MARGIN)

    async def sweep(self, layer: Layer = Layer.FULL) -> Reconciliation:
        """Compare, ask what is open, and act on what differs.

        Raises: BrokerUnavailable.
        """
        async with self._lock:
            found: Found = {}
            if layer is Layer.FULL:
                await self._name_guesses()
                for cash in await self.cash.compare():
                    found[cash.kind.value, cash.subject] = cash
            if self._strangers:
                await self._meet_strangers(found)
            result = await self._round(layer, found)
            for _ in range(self.settings.rounds - 1):
                # A look at the open orders alone is repeated only where it found something bad.
                if result.clean if layer is Layer.OPEN_ORDERS else not self._unsettled(result):
                    break
                result = await self._round(layer, found)
            await self._conclude(layer, result, found)
            return result

    async def _name_guesses(self) -> None:
        """Fills that were guessed: have their executions come by now?"""
        moments = [one.executed_at for order in self.desk.book.guessed() for one in order.inferred]
        if moments:
            await self._book_since(min(moments) - _GUESSED_MARGIN)

    @property
    def _resolves_orphans(self) -> bool:
        own = self.settings
        return own.auto_resolve_orphans if self._began else own.auto_resolve_at_start

    def _unsettled(self, result: Reconciliation) -> bool:
        asks = result.ask_by_broker_id or result.ask_by_client_id
        reading = result.reading
        differs = reading.events or reading.missing_executions or reading.unknown
        return bool(asks or differs or not result.clean)

    async def _round(self, layer: Layer, found: Found) -> Reconciliation:
        """One snapshot, its events, and its questions."""
        self._absences.begin_round()
        before = self.desk.book.sequence
        positions = None if layer is Layer.OPEN_ORDERS else await self.broker.positions()
        orders = await self.broker.open_orders()
        self.link.alive()
        snapshot = BrokerSnapshot(open_orders=orders, positions=positions, sequence_before=before)
        strict, tolerances = not self._resolves_orphans, self.settings.tolerances
        result = await self._record(reconciling.reconciled(snapshot, strict, tolerances))
        found.update(((one.kind.value, one.subject), one) for one in result.discrepancies)
        self._absences.only((*result.ask_by_broker_id, *result.ask_by_client_id))
        if result.reading.missing_executions:
            await self._fetch_executions(result.reading)
        for order_id in (*result.reading.missing_executions, *result.ask_by_broker_id):
            # While the others were asked about it may have closed, and left memory.
            order = self.desk.book.find(order_id)
            if order is not None:
                await self._ask(order)
        # Only now: it may be what became of one of ours, at the end of a chain of replacements.
        for shown in result.reading.unknown:
            await self._adopt(shown)
        # Between the snapshot and this question the answer may have come by itself; and what waits
        # for the router, to leave or to be withdrawn, is nothing that a broker could know.
        nameless = frozenset(result.ask_by_client_id)
        doubtful = [one for one in unanswered(self.desk.book) if one.order_id in nameless]
        await side_by_side(doubtful, self._look_up)
        self._positions = positions or ()
        return result

    async def _record(self, decide: Decide[T]) -> T:
        """What the broker has told us is true, with a journal or without."""
        return await self.desk.do(decide, passes_without_journal=True)

    async def _adopt(self, shown: BrokerOrder) -> None:
        """Take a stranger's order in; one that bears our name and is too old is cancelled."""
        if self.desk.book.find(shown.broker_order_id) is not None:
            return
        log.warning("reconciler.order_adopted", broker_order_id=shown.broker_order_id)
        max_age = self.settings.max_order_age if self._resolves_orphans else None
        await self._record(reconciling.adopted(shown, max_age))

    async def _meet_strangers(self, found: Found) -> None:
        """Before holdings are compared. The open orders first: they show whose legs are whose."""
        await self._round(Layer.OPEN_ORDERS, found)
        for broker_id in self._strangers.take(self.desk.book):
            shown = await self.broker.order(broker_id)
            if shown is not None:
                await self._adopt(shown)
                await self._told(shown)

    async def _fetch_executions(self, reading: Reading) -> None:
        """Book what has filled unseen, a stranger's order maybe before we knew it."""
        since = [self.desk.book.order(one).intended_at for one in reading.missing_executions]
        if reading.missing_since is not None:
            since.append(reading.missing_since)
        await self._book_since(min(since) - _EXECUTIONS_MARGIN)

    async def _book_since(self, moment: datetime) -> None:
        executions = await self.broker.executions_since(moment)
        await self._record(read_fills(executions))

    async def _ask(self, order: Order) -> None:
        """What became of an order that is open here and not listed there, or has filled unseen?"""
        assert order.broker_order_id is not None, "asked by broker id"
        asked: str | None = order.broker_order_id
        for _ in range(_LONGEST_CHAIN):
            shown = None if asked is None else await self.broker.order(asked)
            if shown is None:
                if asked == order.broker_order_id:
                    await self._missed(order)
                return
            self._absences.found(order.order_id)
            await self._told(shown)
            asked = shown.replaced_by

    async def _told(self, shown: BrokerOrder) -> None:
        """Take in what the broker shows. What has filled and has no execution yet is guessed."""
        update = OrderUpdate(event="asked", order=shown)
        reading = await self._record(read(update))
        if not reading.missing_executions:
            return
        await self._fetch_executions(reading)
        reading = await self._record(read(update))
        if reading.missing_executions:
            log.warning("reconciler.fill_guessed", broker_order_id=shown.broker_order_id)
            await self._record(guess(shown))
            await self._record(read(update))

    async def _look_up(self, order: Order) -> None:
        """Find an order by its client id, or count one more proof that it does not exist."""
        client_id = order.terms.client_order_id
        shown = await self.broker.order_by_client_id(client_id)
        self.link.alive()
        if shown is not None:
            self._absences.found(order.order_id)
            await self._told(shown)
            await self._record(reconciling.known_as_another(order.order_id, shown))
            return
        probes = await self._proven_absent(order)
        decided = reconciling.absent(order.order_id, probes) if probes else None
        await self._record(decided or reconciling.missed(order.order_id))

    async def _proven_absent(self, order: Order) -> int:
        return await self._absences.proven(order, self.broker, self.desk.clock.now())

    async def _missed(self, order: Order) -> None:
        """The broker does not know an id that it has given. Once that is proven it is critical."""
        known = self.desk.book.find(order.order_id)
        if known is None or not known.is_open:
            return
        by_name = await self.broker.order_by_client_id(order.terms.client_order_id)
        if by_name is not None:
            self._absences.found(order.order_id)
            await self._told(by_name)
            return
        probes = await self._proven_absent(order)
        if probes:
            await self._record(reconciling.vanished(order.order_id, probes))
            self._lost.append(lost(order))

    async def _conclude(self, layer: Layer, result: Reconciliation, found: Found) -> None:
        """Act on what still differs after all rounds; lift what no longer stands."""
        at_start, self._began = not self._began, True
        now = self.desk.clock.now()
        still = still_standing(
            self.desk.book, found, result, self._absences, self.settings, at_start=at_start, now=now
        )
        everything = [*still, *self._lost]
        self._lost.clear()
        if everything or layer is Layer.FULL:
            await self._record(reconciling.noted(layer.value, everything))
        critical = [one for one in everything if one.critical]
        if critical:
            log.error("reconciler.critical_difference", differences=[*map(str, critical)])
            await self._escalate(critical, at_start=at_start)
            return
        if layer is Layer.OPEN_ORDERS:
            return
        self.standing = ()
        if everything or layer is Layer.FULL:
            differences = len(everything)
            log.info(
                "reconciler.reconciliation_completed", layer=layer.value, differences=differences
            )
        causes = [Cause.RECONCILIATION]
        if self.settings.resume_automatically and self.desk.book.mass_cancel_owed is None:
            causes.append(Cause.DISCONNECT)
        lifted = [one for one in causes if one in self.desk.book.restrictions]
        if lifted:
            await self._record(lift(lifted, "reconciliation was clean", "reconciler"))

    async def _escalate(self, critical: Sequence[Discrepancy], *, at_start: bool) -> None:
        """Tell whoever is to know, and trade no more where that is configured."""
        self.critical_found += len(critical)
        if self.settings.on_critical != "log_and_continue":
            self.standing = tuple(critical)
        reason = str(critical[0])
        halts = self.settings.on_critical == "halt"
        if self.settings.restricts_at_start if at_start else halts:
            await self._record(
                restrict(Cause.RECONCILIATION, TradingState.REDUCING, reason, "reconciler")
            )
        if await self._record(reconciling.split_up(critical, self._positions)):
            log.critical("reconciler.holding_split", difference=reason)
        if self.settings.sync_positions:
            await self._record(reconciling.adjusted(critical, self._positions))
