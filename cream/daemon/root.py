"""What is the daemon? These adapters, wired to that tree, until someone says stop.

The only module that knows both the subsystems and the adapters behind their ports. It opens what
must be open before anything runs (venue, journal), runs the tree in one nursery, and turns how that
ended into an exit code that means something (docs/operations.md).
"""

import random  # noqa: TID251 - the seam: all chance of the daemon comes from the one made here
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
import trio
from attrs import define, field, frozen

import cream
from cream.adapters.blocks import give_back_large_blocks
from cream.adapters.brokers.alpaca.endpoints import WrongAccount
from cream.adapters.brokers.levers import SimulationLevers
from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_store import VenueFileUnreadable
from cream.adapters.clock import clock_from
from cream.adapters.config import Loaded, effective_hash
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.feeds.synthetic_chain import SyntheticChains
from cream.adapters.garbage import collect_seldom, keep_what_is_there
from cream.adapters.metrics import Metrics
from cream.adapters.offload import ThreadOffload, give_way_quickly
from cream.adapters.server.grpc_server import serve_grpc
from cream.adapters.server.http_server import serve_http
from cream.adapters.server.listening import PortUnavailable
from cream.adapters.store.marker import TrustMarker
from cream.adapters.store.opening import archive_in, marker_path, open_journal
from cream.adapters.systemd import Notifier
from cream.core.exchange.calendar import Sessions
from cream.core.model.errors import BrokerUnavailable, JournalFailed
from cream.core.operations import Operations, Simulation
from cream.core.ports import Broker, Clock, MarketData, MarketDetail, OptionChains
from cream.core.resilience.breaker import Breaker
from cream.core.risk.view import never_halted
from cream.daemon.desk import Committed
from cream.daemon.measures import measures
from cream.daemon.pulse import Pulse
from cream.daemon.reloading import relimit
from cream.daemon.settings import Settings
from cream.daemon.signals import Signals
from cream.daemon.supervisor import Child, Escalated
from cream.daemon.tree import Outside, Tree
from cream.daemon.tree_settings import breaker_limits, tree_settings
from cream.daemon.wiring import assemble

log = structlog.get_logger(__name__)

Publish = Callable[[Sequence[Committed]], None]

EXIT_DONE, EXIT_UNREACHABLE, EXIT_DEFECT, EXIT_JOURNAL, EXIT_CONFIGURATION = 0, 69, 70, 74, 78


# Their text says what happened, where, and what to do; of a subsystem that escalates, the
# supervisor has told the story before. Of anything else one has to see where it came from.
_SAYS_IT_ALL = (
    JournalFailed,
    BrokerUnavailable,
    WrongAccount,
    VenueFileUnreadable,
    Escalated,
    KeyboardInterrupt,
)


@frozen
class Running:
    """A daemon that serves. Ports are the bound ones."""

    operations: Operations
    tree: Tree
    http_port: int
    grpc_port: int


@define
class _Ports:
    """What the servers reported when they opened."""

    http: int = 0
    grpc: int = 0
    opened: dict[str, None] = field(factory=dict)


def run_daemon(
    loaded: Loaded[Settings], environ: Mapping[str, str], read: Callable[[], Settings]
) -> int:
    """Run until SIGTERM or SIGINT, or until it cannot go on. The exit code.

    `read` reads the configuration again; it raises ValueError where that is wrong.
    """
    give_way_quickly()
    collect_seldom()
    give_back_large_blocks()
    try:
        trio.run(partial(_until_signalled, loaded, environ, read))
    except BaseException as error:
        code = _exit_code(error)
        told = leaves(error)
        where = None if all(isinstance(one, _SAYS_IT_ALL) for one in told) else error
        log.critical(
            "root.daemon_failed",
            exit_code=code,
            reasons=[str(one) or type(one).__name__ for one in told],
            exc_info=where,
        )
        return code
    return EXIT_DONE


def leaves(error: BaseException) -> list[BaseException]:
    """What is in an exception group, and in the groups in it."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in leaves(one)]
    return [error]


def _exit_code(error: BaseException) -> int:
    """What the exception that ended the daemon means to whoever started it."""
    if isinstance(error, BaseExceptionGroup):
        codes = [_exit_code(one) for one in error.exceptions]
        return max(codes, default=EXIT_DEFECT)
    if isinstance(error, JournalFailed):
        return EXIT_JOURNAL
    if isinstance(error, BrokerUnavailable):
        return EXIT_UNREACHABLE
    if isinstance(error, WrongAccount):
        return EXIT_CONFIGURATION
    if isinstance(error, KeyboardInterrupt):
        return 130
    return EXIT_DEFECT


async def _until_signalled(
    loaded: Loaded[Settings], environ: Mapping[str, str], read: Callable[[], Settings]
) -> None:
    async with trio.open_nursery() as nursery:
        signals = Signals()
        await nursery.start(signals.listen)
        await serve(loaded.settings, environ, signals, read)
        nursery.cancel_scope.cancel()


async def serve(
    settings: Settings,
    environ: Mapping[str, str],
    signals: Signals,
    read: Callable[[], Settings],
    *,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Be the daemon until `signals.stop`. `started()` comes once both ports serve.

    Raises: JournalFailed, Escalated, OSError for a port that cannot be opened, in groups.
    Cancellation: ends without draining; the next start settles, as after a crash.
    """
    notifier = Notifier(environ)
    try:
        async with _outside(settings) as (outside, venue_children):
            version, digest = cream.__version__, effective_hash(settings)
            tree = await assemble(tree_settings(settings, version, digest), outside)
            reload = _Reload(tree, notifier, settings, read)
            await _run_tree(settings, tree, venue_children, notifier, signals, reload, task_status)
    finally:
        notifier.close()


async def _run_tree(
    settings: Settings,
    tree: Tree,
    venue: list[Child],
    notifier: Notifier,
    signals: Signals,
    reload: "_Reload",
    task_status: trio.TaskStatus[Running],
) -> None:
    ports = _Ports()
    metrics = Metrics(partial(measures, tree))
    tree.desk.published = _counting(tree.desk.published, metrics)
    interfaces = _interfaces(settings, tree, metrics, ports)
    async with trio.open_nursery() as nursery:
        for child in venue:
            await nursery.start(child.run)
        nursery.start_soon(_stop_on, signals.stop, tree, notifier)
        nursery.start_soon(_obey, signals, tree, reload)
        await nursery.start(tree.run, interfaces)
        keep_what_is_there()
        notifier.ready(f"serving JSON on {ports.http} and gRPC on {ports.grpc}")
        await _keep_fed(nursery, tree, notifier)
        log.info("root.daemon_ready", http_port=ports.http, grpc_port=ports.grpc)
        task_status.started(Running(tree.operations, tree, ports.http, ports.grpc))
        await tree.ended.wait()
        nursery.cancel_scope.cancel()


async def _stop_on(stop: trio.Event, tree: Tree, notifier: Notifier) -> None:
    await stop.wait()
    notifier.stopping()
    tree.stop()


async def _obey(signals: Signals, tree: Tree, reload: "_Reload") -> None:
    """From the moment at which the life has begun in the journal, long before it is ready."""
    await tree.begun.wait()
    kill = partial(tree.operations.kill_switch, "SIGUSR1", "signal", False)
    await signals.obey(kill, reload)


@define
class _Reload:
    """Reads the limits again, and says so to systemd."""

    tree: Tree
    notifier: Notifier
    settings: Settings
    read: Callable[[], Settings]

    def __call__(self) -> None:
        self.notifier.reloading()
        self.settings = relimit(self.tree.operations.gate, self.settings, self.read)
        self.notifier.ready(f"limits {self.tree.operations.gate.policy_version}")


async def _keep_fed(nursery: trio.Nursery, tree: Tree, notifier: Notifier) -> None:
    """Feed systemd's watchdog while the parts that must not stand still make progress."""
    period = notifier.watchdog_seconds
    if period is None:
        return
    # Asked twice between two meals; a proof that is older than one counts for nothing.
    pulse = Pulse(tree.desk, tree.monitor, every=period / 4, within=period / 2)
    await nursery.start(pulse.run)
    nursery.start_soon(notifier.beat, pulse.beats)


def _counting(publish: Publish, metrics: Metrics) -> Publish:
    """`publish`, with every event counted by its kind."""

    def counted(committed: Sequence[Committed]) -> None:
        publish(committed)
        for one in committed:
            metrics.event(type(one.record.event).__name__)

    return counted


def _interfaces(settings: Settings, tree: Tree, metrics: Metrics, ports: _Ports) -> list[Child]:
    """The two servers as children of the tree."""

    async def http(*, task_status: trio.TaskStatus[Any]) -> None:
        async with trio.open_nursery() as nursery:
            ports.http = await nursery.start(
                partial(
                    serve_http,
                    tree.operations,
                    settings.server,
                    environment=settings.environment.mode,
                    now=tree.outside.clock.now,
                    metrics=metrics.render,
                    shutdown=tree.draining,
                )
            )
            task_status.started()

    async def grpc(*, task_status: trio.TaskStatus[Any]) -> None:
        async with trio.open_nursery() as nursery:
            ports.grpc = await nursery.start(
                partial(
                    serve_grpc,
                    tree.operations,
                    settings.server,
                    environment=settings.environment.mode,
                    now=tree.outside.clock.now,
                    shutdown=tree.draining,
                    observe=lambda path, status, took: metrics.call(path, status.name, took),
                )
            )
            task_status.started()

    return [
        Child(name="http_server", run=http, must_start=True, expected=(PortUnavailable,)),
        Child(name="grpc_server", run=grpc, must_start=True, expected=(PortUnavailable,)),
    ]


@frozen
class _BrokerEnd:
    """A broker and its market, what moves them by hand, and what must run for them."""

    broker: Broker
    market: MarketData
    sessions: Sessions
    children: list[Child]
    levers: Simulation | None = None
    breakers: Sequence[Breaker] = ()
    detail: MarketDetail | None = None
    chains: OptionChains | None = None


@asynccontextmanager
async def _outside(settings: Settings) -> AsyncIterator[tuple[Outside, list[Child]]]:
    """The adapters behind the ports, opened; closed again in the end.

    Raises: JournalFailed, WrongAccount, BrokerUnavailable.
    """
    draw = random.SystemRandom().random
    simulated = settings.brokers.active == "simulated"
    clock = clock_from(settings.brokers.simulated.clock_start if simulated else None)
    async with _broker_end(settings, clock, draw) as end:
        account = await end.broker.account()
        mode = settings.environment.mode
        journal = await open_journal(settings.persistence, mode, account.account_id)
        try:
            marker = TrustMarker(marker_path(settings.persistence))
            outside = Outside(
                account_id=account.account_id,
                clock=clock,
                broker=end.broker,
                market=end.market,
                journal=journal,
                archive=archive_in(journal),
                draw=draw,
                levers=end.levers,
                breakers=end.breakers,
                sessions=end.sessions,
                halted=never_halted if end.detail is None else end.detail.halted,
                detail=end.detail,
                chains=end.chains,
                offload=ThreadOffload(),
                trusted=marker.stands(),
                entrust=marker.place if settings.persistence.enabled else _nothing,
                distrust=marker.remove,
            )
            yield outside, end.children
        finally:
            await journal.aclose()


@asynccontextmanager
async def _broker_end(
    settings: Settings, clock: Clock, draw: Callable[[], float]
) -> AsyncIterator[_BrokerEnd]:
    """The broker that is active, and the market that it trades in."""
    if settings.brokers.active == "alpaca":
        # Here, because an HTTP and a WebSocket client are a sixth of the start's time and memory.
        from cream.adapters.brokers.alpaca.broker import open_alpaca
        from cream.adapters.brokers.alpaca.chains import Tapes, open_chains
        from cream.adapters.feeds.alpaca.feed import open_feed

        mode, own = settings.environment.mode, settings.brokers.alpaca
        limits, data = breaker_limits(settings), settings.feeds.alpaca
        tapes = Tapes(shares=data.feed, options=data.option_feed)
        async with (
            open_alpaca(own, mode, clock, draw, limits) as alpaca,
            open_chains(own, mode, alpaca.api.rest, tapes) as chains,
            open_feed(data, own, mode, clock, draw) as feed,
        ):
            yield _BrokerEnd(
                alpaca,
                feed,
                feed.sessions,
                [],
                breakers=alpaca.breakers,
                detail=feed,
                chains=chains,
            )
        return
    market = SyntheticMarket(settings.feeds.synthetic, clock)
    simulated = SimulatedBroker.open(settings.brokers.simulated, market, clock)
    try:
        levers = SimulationLevers(simulated, market)
        children = [Child(name="market", run=market.move), Child(name="venue", run=simulated.run)]
        synthetic = SyntheticChains(market, settings.feeds.synthetic, clock)
        yield _BrokerEnd(simulated, market, market.sessions, children, levers, chains=synthetic)
    finally:
        simulated.close()


def _nothing() -> None:
    """Without a journal there is nothing to trust."""
