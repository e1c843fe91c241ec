"""What runs? The nursery of subsystems over whatever ports it is given.

The tree knows no adapter: production gives it a broker, a market, a journal and a clock from
`adapters/` (`root.py` does), a test or the simulation gives it others. Journal writer and desk run
beside the supervisor, first up and last down; a failure of theirs ends the process on purpose.
Everything else is a supervised child.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
import trio
from attrs import define, field, frozen

from cream.core.exchange.calendar import Sessions
from cream.core.execution.option_duties import OptionPolicy
from cream.core.execution.partial_fills import PartialFillPolicy
from cream.core.execution.protection import ProtectionPolicy
from cream.core.model.errors import BrokerUnavailable, CreamError, JournalFailed
from cream.core.model.plan import Environment
from cream.core.model.promise import OnLoss
from cream.core.model.state import Cause, TradingState
from cream.core.operations import Simulation
from cream.core.options.dividends import NOTHING_KNOWN, Dividends
from cream.core.options.roll_rules import RollRules
from cream.core.ports import (
    Archive,
    Broker,
    Clock,
    Journal,
    MarketData,
    MarketDetail,
    Offload,
    OptionChains,
)
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.breaker import Breaker, BreakerLimits
from cream.core.risk.decisions import Decide, restrict
from cream.core.risk.limits import Constraints
from cream.core.risk.losses import LossWatch, is_limited
from cream.core.risk.view import ALWAYS_OPEN, never_halted
from cream.core.safety.heartbeat import HeartbeatLimits
from cream.daemon import journal_writer
from cream.daemon.activity_reader import ActivityReader, ActivityReaderSettings
from cream.daemon.archivist import Archivist, ArchivistSettings
from cream.daemon.broker_session import BrokerSession
from cream.daemon.desk import Desk
from cream.daemon.feed_reader import FeedReader
from cream.daemon.flattening import Flattener
from cream.daemon.hub import Hub
from cream.daemon.journal_writer import Batch, GroupCommit, JournalWriterSettings
from cream.daemon.link import BrokerLink
from cream.daemon.loss_guard import LossGuard
from cream.daemon.mass_canceller import MassCanceller, MassCancelSettings
from cream.daemon.operations import LiveOperations
from cream.daemon.option_keeper import OptionKeeper
from cream.daemon.order_router import Router, RouterSettings
from cream.daemon.overshoots import Overshoots
from cream.daemon.partial_fills import PartialFills
from cream.daemon.reconciler import Reconciler
from cream.daemon.reconciler_settings import ReconcilerSettings
from cream.daemon.recovery import end_run
from cream.daemon.roll_runner import RollRunner
from cream.daemon.roller import Roller
from cream.daemon.stop_monitor import StopMonitor
from cream.daemon.supervisor import Child, Intensity, Restart, StartTimedOut, Supervisor
from cream.daemon.valuations import InlineOffload, Rates
from cream.daemon.watchdog import Watchdog

log = structlog.get_logger(__name__)
T = TypeVar("T")


@frozen(kw_only=True)
class Outside:
    """The ports, and the two seams of chance and doubt. `draw` gives [0, 1) for jitter.

    `sessions` are those of the market, for which a flattening waits; `halted` tells why a symbol is
    not traded for now. `detail` is what a real feed has beyond quotes. Without `chains` no option
    chain is shown.

    `trusted` says whether the last life's journal could commit to its end. `entrust` is called once
    this life has begun in the journal, `distrust` when it can commit no more: the next start knows.
    `breakers` are those that the broker's adapter has of its own.
    """

    account_id: str
    clock: Clock
    broker: Broker
    market: MarketData
    journal: Journal
    draw: Callable[[], float]
    levers: Simulation | None = None
    sessions: Sessions = field(default=ALWAYS_OPEN)
    archive: Archive | None = None
    halted: Callable[[str], str | None] = never_halted
    chains: OptionChains | None = None
    offload: Offload = field(factory=InlineOffload)
    detail: MarketDetail | None = None
    trusted: bool = True
    breakers: Sequence[Breaker] = ()
    entrust: Callable[[], None] = field(default=lambda: None)
    distrust: Callable[[], None] = field(default=lambda: None)


@frozen(kw_only=True)
class TreeSettings:
    """Everything that the subsystems are told. Units: seconds."""

    environment: Environment
    constraints: Constraints
    heartbeat: HeartbeatLimits
    router: RouterSettings
    reconciler: ReconcilerSettings
    mass_cancel: MassCancelSettings
    breaker: BreakerLimits
    intensity: Intensity
    restart: Backoff
    protection: ProtectionPolicy = field(factory=ProtectionPolicy)
    partial_fills: PartialFillPolicy = field(factory=PartialFillPolicy)
    options: OptionPolicy = field(factory=OptionPolicy)
    rolling: RollRules = field(factory=RollRules)
    writer: JournalWriterSettings = field(factory=JournalWriterSettings)
    activities: ActivityReaderSettings | None = None
    archivist: ArchivistSettings = field(factory=ArchivistSettings)
    version: str = ""
    config_hash: str = ""
    watch_link: bool = True
    watch_levels: bool = True
    levels_interval: float = 0.1
    quote_stale_after: float = 5.0
    account_stale_after: float = 60.0
    mass_cancel_wait: float = 10.0
    client_timeout: float = 30.0
    ack_timeout: float | None = None
    on_client_loss: OnLoss = OnLoss.CANCEL_ENTRIES
    recovery_wait: float = 30.0
    stop_within: float = 5.0
    dividends: Dividends = NOTHING_KNOWN
    stream_buffer: int = 1024
    rates: Rates = field(factory=Rates)


@define
class Tree:
    """The assembled daemon (see `wiring.py`). `operations` is what interfaces drive."""

    settings: TreeSettings
    outside: Outside
    desk: Desk
    link: BrokerLink
    router: Router
    session: BrokerSession
    reconciler: Reconciler
    monitor: StopMonitor
    flattener: Flattener
    partial_fills: PartialFills
    option_keeper: OptionKeeper
    overshoots: Overshoots
    roller: Roller
    feed: FeedReader
    supervisor: Supervisor
    operations: LiveOperations
    hub: Hub
    batches: trio.MemoryReceiveChannel[Batch]
    begin: Decide[int]
    archivist: Archivist | None = None
    activities: ActivityReader | None = None
    committed: Callable[[GroupCommit], None] = field(default=lambda _commit: None)
    begun: trio.Event = field(factory=trio.Event)
    recovered: trio.Event = field(factory=trio.Event)
    draining: trio.Event = field(factory=trio.Event)
    ended: trio.Event = field(factory=trio.Event)
    _recovering: trio.CancelScope = field(factory=trio.CancelScope)

    async def run(
        self,
        interfaces: Sequence[Child],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Recover, run, and after `stop` end in order.

        `interfaces` are children that serve `operations`; they start once recovery was attempted
        and end by themselves once `draining` is set. `started()` comes when all of them serve.

        Raises: whatever a subsystem that must not fail raised; Escalated from the supervisor.
        """
        try:
            await self._run(interfaces, task_status)
        finally:
            self.ended.set()

    async def _run(self, interfaces: Sequence[Child], task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write)
            nursery.start_soon(self.desk.run)
            in_flight = await self._recorded(self.begin)
            self.outside.entrust()
            self.begun.set()
            log.info("tree.run_started", orders_in_flight=in_flight)
            children = [*self._children(), *self._gated(interfaces)]
            nursery.start_soon(self._await_recovery)
            await nursery.start(self.supervisor.run, children)
            log.info("tree.tree_started", book_sequence=self.desk.book.sequence)
            task_status.started()
            await self.draining.wait()
            await self._wind_down([one.name for one in interfaces])

    async def _recorded(self, decide: Decide[T]) -> T:
        """What a run begins and ends with.   Raises: JournalFailed if it cannot be written."""
        try:
            return await self.desk.do(decide)
        except CreamError:
            if self.desk.failure is not None:
                raise self.desk.failure from None
            raise

    def stop(self) -> None:
        """Begin to end. Does not wait."""
        self.operations.draining = True
        self.draining.set()

    async def _write(self) -> None:
        await journal_writer.run(
            self.batches, self.outside.journal, self.committed, self.settings.writer
        )

    def _children(self) -> Sequence[Child]:
        """Subsystems in start order; they are stopped the other way round."""
        restart = self.settings.restart
        children = [
            Child(name="feed_reader", run=self.feed.run, backoff=restart, unlimited=True),
            Child(name="stop_monitor", run=self.monitor.run, backoff=restart),
            Child(
                name="broker_session",
                run=self.session.run,
                backoff=restart,
                wait_for_start=False,
                unlimited=True,
                # A broker that answers slowly is no defect here either.
                expected=(BrokerUnavailable, StartTimedOut),
            ),
            Child(
                name="reconciler",
                run=self.reconciler.run,
                backoff=restart,
                after=("broker_session",),
            ),
            Child(name="account_reader", run=self._read_account, backoff=restart),
            Child(name="mass_canceller", run=self._canceller().run, backoff=restart),
            Child(name="flattener", run=self.flattener.run, backoff=restart),
            Child(name="client_sessions", run=self.operations.sessions.run, backoff=restart),
            Child(name="partial_fills", run=self.partial_fills.run, backoff=restart),
            Child(name="roller", run=self.roller.run, backoff=restart),
            Child(name="roll_runner", run=RollRunner(self.roller.rolls).run, backoff=restart),
            Child(name="option_keeper", run=self.option_keeper.run, backoff=restart),
            Child(name="exerciser", run=self.operations.exerciser.run, backoff=restart),
            Child(name="overshoots", run=self.overshoots.run, backoff=restart),
        ]
        if self.archivist is not None:
            children.append(Child(name="archivist", run=self.archivist.run, backoff=restart))
        if self.activities is not None:
            children.append(Child(name="activities", run=self.activities.run, backoff=restart))
        losses = self.settings.constraints.losses
        if is_limited(losses):
            children.append(Child(name="loss_guard", run=self._guard().run, backoff=restart))
        if self.settings.watch_link:
            children.append(Child(name="watchdog", run=self._watchdog().run, backoff=restart))
        return children

    async def _read_account(self, *, task_status: trio.TaskStatus[None]) -> None:
        await self.operations.accounts.run(self.desk.wait_change, task_status=task_status)

    def _guard(self) -> LossGuard:
        watch = LossWatch(self.settings.constraints.losses)
        return LossGuard(self.desk, self.operations.accounts, watch)

    def _canceller(self) -> MassCanceller:
        return MassCanceller(
            self.desk,
            self.outside.broker,
            self.link,
            self.settings.mass_cancel,
            in_flight=self.router.in_flight.__contains__,
        )

    def _watchdog(self) -> Watchdog:
        return Watchdog(
            self.desk,
            self.outside.broker,
            self.link,
            self.settings.heartbeat,
            end_session=lambda: self.supervisor.interrupt("broker_session"),
        )

    def _gated(self, interfaces: Sequence[Child]) -> Sequence[Child]:
        """Interfaces open their doors only once recovery was attempted."""

        def gate(child: Child) -> Child:
            async def run(*, task_status: trio.TaskStatus[None]) -> None:
                await self.recovered.wait()
                await child.run(task_status=task_status)

            return Child(
                name=child.name,
                run=run,
                restart=Restart.TRANSIENT,
                backoff=self.settings.restart,
                start_timeout=self.settings.recovery_wait + child.start_timeout,
                must_start=child.must_start,
                expected=child.expected,
            )

        return [gate(child) for child in interfaces]

    async def _await_recovery(self) -> None:
        """Wait for the first session; without one, start all the same, but not trading.

        Whoever stops the daemon meanwhile has not to wait for this.
        """
        with self._recovering:
            await self._recover()

    async def _recover(self) -> None:
        with trio.move_on_after(self.settings.recovery_wait):
            while not self.link.session_up:
                await self.link.changed.wait()
        if not self.link.session_up:
            reason = "the broker could not be reached at start"
            away = restrict(Cause.DISCONNECT, TradingState.REDUCING, reason, "recovery")
            await self.desk.do(away, passes_without_journal=True)
        self.operations.recovered = True
        self.recovered.set()

    async def _last_snapshot(self, within: float) -> None:
        """What the next start begins with. Without it, that start only reads a little more."""
        if self.archivist is None:
            return
        with trio.move_on_after(within):
            try:
                await self.archivist.snapshot()
            except (JournalFailed, CreamError) as error:
                log.error("tree.last_snapshot_failed", error=str(error))

    async def _wind_down(self, interfaces: Sequence[str]) -> None:
        """Intake has closed: finish or park what is in flight, then stop from the top down."""
        within = self.settings.stop_within
        self._recovering.cancel()
        for name in interfaces:
            await self.supervisor.stop_when_done(name, within)
        if self.settings.watch_link:
            await self.supervisor.stop("watchdog", within)
        if is_limited(self.settings.constraints.losses):
            await self.supervisor.stop("loss_guard", within)
        with trio.move_on_after(within):
            while self.router.in_flight:
                await self.desk.wait_change()
        senders = ("client_sessions", "overshoots", "partial_fills", "exerciser", "option_keeper")
        broker_end = ("broker_session", "mass_canceller", "reconciler")
        for name in ("roller", "roll_runner", *senders, "flattener", *broker_end, "stop_monitor"):
            await self.supervisor.stop(name, within)
        if self.activities is not None:
            await self.supervisor.stop("activities", within)
        await self.supervisor.stop("account_reader", within)
        await self.supervisor.stop("feed_reader", within)
        self.hub.close()
        if self.archivist is not None:
            await self.supervisor.stop("archivist", within)
        if self.desk.failure is None:
            await self._recorded(end_run)
            await self._last_snapshot(within)
        self.desk.channels.commands_in.close()
        await self.desk.finished.wait()
        self.desk.channels.batches.close()
