"""How do the subsystems get their collaborators? By arguments, here and nowhere else."""

import structlog
import trio

from cream.core.model.errors import BrokerUnavailable
from cream.core.resilience.breaker import Breaker
from cream.core.risk.gate import Gate
from cream.daemon.account_board import AccountBoard
from cream.daemon.broker_session import BrokerSession
from cream.daemon.desk import Desk, DeskChannels, RouterJob
from cream.daemon.feed_reader import FeedReader
from cream.daemon.hub import Hub, QuoteBoard
from cream.daemon.journal_writer import Batch
from cream.daemon.link import BrokerLink
from cream.daemon.operations import LiveOperations
from cream.daemon.order_router import Router
from cream.daemon.portfolio import Portfolio
from cream.daemon.publication import Publisher, touched_by
from cream.daemon.reconciler import Reconciler
from cream.daemon.recovery import begin_run, rebuild
from cream.daemon.stop_monitor import StopMonitor
from cream.daemon.supervisor import Supervisor
from cream.daemon.tactic_runner import TacticRunner
from cream.daemon.tree import Outside, Tree, TreeSettings

log = structlog.get_logger(__name__)

# Batches that may wait for one fsync. The writer takes all that wait at once.
_BATCHES = 10_000
# Jobs that may wait for a broker session. No more orders than `constraints.orders.max_open` can be
# open, and each has at most a send and a few cancels waiting.
_JOBS = 100_000


async def assemble(settings: TreeSettings, outside: Outside) -> Tree:
    """The tree over `outside`, with the journal's book in it. Nothing runs yet.

    Raises: JournalFailed if the journal cannot be read.
    """
    beginning = rebuild(await outside.journal.load(), outside.trusted)
    book, link, hub, board = beginning.book, BrokerLink(), Hub(settings.stream_buffer), QuoteBoard()
    accounts = AccountBoard(outside.broker, lambda: book.fills_booked, settings.account_stale_after)
    portfolio = Portfolio(
        market=outside.market,
        clock=outside.clock,
        account=accounts.datum,
        link=lambda: link.state,
        stale_after_seconds=settings.quote_stale_after,
        book=book,
    )
    publisher = Publisher(book, hub, portfolio.mark)
    batches_in, batches_out = trio.open_memory_channel[Batch](_BATCHES)
    jobs_in, jobs_out = trio.open_memory_channel[RouterJob](_JOBS)
    desk = Desk(
        book=book,
        clock=outside.clock,
        channels=DeskChannels.to(batches_in, jobs_in),
        published=publisher,
        touch=touched_by,
        on_failure=lambda _error: outside.distrust(),
    )
    gate = Gate(settings.constraints, settings.environment, outside.account_id)
    supervisor = Supervisor(outside.draw, settings.intensity)
    breaker = Breaker(outside.broker.name, settings.breaker)
    router = Router(desk, outside.broker, link, settings.router, breaker)
    monitor = StopMonitor(
        desk,
        gate,
        portfolio.view_of,
        portfolio.fresh_quote,
        settings.protection,
        settings.levels_interval,
        settings.watch_levels,
    )
    board.listen(monitor.quoted)
    desk.on_change(monitor.changed)
    reconciler = Reconciler(
        desk, outside.broker, link, settings.reconciler, account_seen=accounts.fetch
    )
    session = BrokerSession(
        desk,
        outside.broker,
        link,
        router,
        TacticRunner(desk, gate, portfolio.view_of),
        jobs_out,
        sweep=_Sweep(accounts, reconciler),
    )
    operations = LiveOperations(
        desk=desk,
        gate=gate,
        market=outside.market,
        portfolio=portfolio,
        accounts=accounts,
        link=link,
        hub=hub,
        board=board,
        publisher=publisher,
        supervisor=supervisor,
        breaker=breaker,
        mass_cancel_policy=settings.mass_cancel.policy,
        mass_cancel_wait=settings.mass_cancel_wait,
        levers=outside.levers,
    )
    return Tree(
        settings=settings,
        outside=outside,
        desk=desk,
        link=link,
        router=router,
        session=session,
        reconciler=reconciler,
        monitor=monitor,
        feed=FeedReader(outside.market, board),
        supervisor=supervisor,
        operations=operations,
        hub=hub,
        batches=batches_out,
        begin=begin_run(
            beginning,
            version=settings.version,
            config_hash=settings.config_hash,
            environment=settings.environment,
            account_id=outside.account_id,
        ),
    )


class _Sweep:
    """What a new session does before it trades: fresh account figures, and a reconciliation."""

    def __init__(self, accounts: AccountBoard, reconciler: Reconciler) -> None:
        self._accounts = accounts
        self._reconciler = reconciler

    async def __call__(self) -> None:
        """Raises: BrokerUnavailable."""
        try:
            await self._accounts.fetch()
            await self._reconciler.sweep()
        except BrokerUnavailable as error:
            log.warning("wiring.sweep_failed", error=str(error))
            raise
