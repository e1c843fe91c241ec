"""How do the subsystems get their collaborators? By arguments, here and nowhere else."""

from collections.abc import Callable
from functools import partial

import structlog
import trio
from attrs import evolve, frozen

from cream.core.execution.book import Book
from cream.core.execution.split_doubt import levels_doubtful
from cream.core.model.errors import BrokerUnavailable, JournalFailed
from cream.core.model.market import MarketStatus, Quote
from cream.core.ports import Restored
from cream.core.resilience.breaker import Breaker
from cream.core.risk.gate import Gate
from cream.core.risk.greeks import QuotedGreeks
from cream.core.risk.ledger import Ledger
from cream.daemon.account_board import AccountBoard
from cream.daemon.account_history import AccountHistory
from cream.daemon.ack_watch import AckWatch
from cream.daemon.activity_reader import ActivityReader
from cream.daemon.archivist import Archivist, LookUp, RecallingBroker
from cream.daemon.broker_session import BrokerSession
from cream.daemon.cash_watch import CashWatch
from cream.daemon.chains import Chains
from cream.daemon.client_sessions import ClientSessions
from cream.daemon.desk import Desk, DeskChannels, RouterJob
from cream.daemon.exerciser import Exerciser
from cream.daemon.feed_reader import FeedReader
from cream.daemon.flattening import Flattener
from cream.daemon.hub import Hub, QuoteBoard
from cream.daemon.interest import Interest
from cream.daemon.journal_writer import Batch
from cream.daemon.link import BrokerLink
from cream.daemon.market_desk import MarketDesk
from cream.daemon.operations import LiveOperations
from cream.daemon.option_keeper import OptionKeeper
from cream.daemon.order_router import Router
from cream.daemon.overshoots import Overshoots
from cream.daemon.partial_fills import PartialFills
from cream.daemon.portfolio import Portfolio
from cream.daemon.publication import Publisher, touched_by
from cream.daemon.reconciler import Reconciler
from cream.daemon.recovery import begin_run, rebuild
from cream.daemon.roller import Roller, Rolls
from cream.daemon.stop_monitor import StopMonitor
from cream.daemon.supervisor import Supervisor
from cream.daemon.tactic_runner import TacticRunner
from cream.daemon.trading import TradingControl
from cream.daemon.tree import Outside, Tree, TreeSettings
from cream.daemon.valuations import OptionValuations
from cream.daemon.volatilities import HistoricalVolatilities

log = structlog.get_logger(__name__)

# Batches that may wait for one fsync. The writer takes all that wait at once.
_BATCHES = 10_000
# Jobs that may wait for a broker session. No more orders than `constraints.orders.max_open` can be
# open, and each has at most a send and a few cancels waiting.
_JOBS = 100_000


@frozen(kw_only=True)
class _Ground:
    """What all subsystems stand on: the desk, its channels, and what is known of the outside."""

    desk: Desk
    link: BrokerLink
    hub: Hub
    board: QuoteBoard
    accounts: AccountBoard
    portfolio: Portfolio
    publisher: Publisher
    gate: Gate
    valuations: OptionValuations
    batches: trio.MemoryReceiveChannel[Batch]
    jobs: trio.MemoryReceiveChannel[RouterJob]


async def assemble(settings: TreeSettings, outside: Outside) -> Tree:
    """The tree over `outside`, with the journal's book in it. Nothing runs yet.

    Raises: JournalFailed if the journal cannot be read.
    """
    beginning = rebuild(await _restored(outside), outside.trusted)
    ground = _ground(settings, outside, beginning.book)
    rolls = _rolls(settings, outside, ground)
    archivist = None
    if outside.archive is not None:
        archivist = Archivist(ground.desk, outside.archive, settings.archivist)
        ground.desk.on_change(archivist.changed)
        outside = evolve(outside, broker=RecallingBroker(outside.broker, archivist))
    supervisor = Supervisor(outside.draw, settings.intensity)
    breaker = Breaker(outside.broker.name, settings.breaker)
    router = Router(ground.desk, outside.broker, ground.link, settings.router, breaker)
    monitor = _monitor(settings, outside, ground)
    activities = _activities(settings, outside, ground)
    reconciler = _reconciler(settings, outside, ground, activities)
    return Tree(
        settings=settings,
        outside=outside,
        desk=ground.desk,
        link=ground.link,
        router=router,
        session=_session(settings, outside, ground, router, reconciler),
        reconciler=reconciler,
        monitor=monitor,
        feed=_feed(outside, ground),
        supervisor=supervisor,
        operations=_operations(
            settings, outside, ground, supervisor, reconciler, breaker, archivist, rolls
        ),
        partial_fills=_partial_fills(settings, ground),
        option_keeper=_option_keeper(settings, outside, ground),
        overshoots=_overshoots(outside, ground, reconciler),
        roller=Roller(ground.desk, rolls),
        flattener=Flattener(
            ground.desk,
            ground.gate,
            ground.portfolio.view_of,
            outside.sessions,
            settings.mass_cancel_wait,
        ),
        hub=ground.hub,
        batches=ground.batches,
        archivist=archivist,
        activities=activities,
        begin=begin_run(
            beginning,
            version=settings.version,
            config_hash=settings.config_hash,
            environment=settings.environment,
            account_id=outside.account_id,
        ),
    )


def _activities(settings: TreeSettings, outside: Outside, ground: _Ground) -> ActivityReader | None:
    """The reader of the account's history, where the broker keeps one."""
    if settings.activities is None:
        return None
    return ActivityReader(
        ground.desk, outside.broker, ground.link, outside.sessions, settings.activities
    )


def _reconciler(
    settings: TreeSettings, outside: Outside, ground: _Ground, activities: ActivityReader | None
) -> Reconciler:
    """The reconciler: before it compares cash it reads the activities, and they call for it."""
    refresh = None if activities is None else activities.read
    cash = CashWatch(ground.desk, ground.accounts.fetch, refresh)
    reconciler = Reconciler(ground.desk, outside.broker, ground.link, settings.reconciler, cash)
    if activities is not None:
        activities.doubted = reconciler.doubted
    return reconciler


def _closed_to_entries(
    settings: TreeSettings, outside: Outside, book: Book
) -> Callable[[str], str | None]:
    """Why nothing is opened in a symbol: its exchange has halted it, or it was split."""
    if settings.activities is None:
        return outside.halted
    return lambda symbol: outside.halted(symbol) or levels_doubtful(book, symbol)


async def _restored(outside: Outside) -> Restored:
    """What the store has kept.   Raises: JournalFailed."""
    if outside.archive is not None:
        return await outside.archive.restore()
    return Restored(state=None, records=await outside.journal.load())


def _ground(settings: TreeSettings, outside: Outside, book: Book) -> _Ground:
    link, hub = BrokerLink(), Hub(settings.stream_buffer)
    accounts = AccountBoard(outside.broker, lambda: book.fills_booked, settings.account_stale_after)
    board = QuoteBoard()
    rates = settings.rates
    past = HistoricalVolatilities(outside.detail, outside.clock, rates.window_days)
    valuations = OptionValuations(outside.offload, outside.clock, rates, settings.dividends, past)
    valuer = QuotedGreeks(
        rates.rate, settings.dividends, rates.dividend_yield, past.last, rates.implied
    )
    ledger = Ledger(book, outside.market.latest, settings.quote_stale_after, valuer)
    board.listen(ledger.quoted)
    portfolio = Portfolio(
        market=outside.market,
        clock=outside.clock,
        account=accounts.datum,
        trouble=lambda: link.trouble,
        stale_after_seconds=settings.quote_stale_after,
        book=book,
        ledger=ledger,
        sessions=outside.sessions,
        halted=_closed_to_entries(settings, outside, book),
        dividends=settings.dividends,
    )
    tells_alerts = settings.reconciler.on_critical != "log_and_continue"
    publisher = Publisher(book, hub, portfolio.mark, tells_alerts)
    batches_in, batches_out = trio.open_memory_channel[Batch](_BATCHES)
    jobs_in, jobs_out = trio.open_memory_channel[RouterJob](_JOBS)
    desk = Desk(
        book=book,
        clock=outside.clock,
        channels=DeskChannels.to(batches_in, jobs_in),
        published=publisher,
        touch=touched_by,
        on_failure=partial(_distrusted, outside, hub),
    )
    return _Ground(
        desk=desk,
        link=link,
        hub=hub,
        board=board,
        accounts=accounts,
        portfolio=portfolio,
        publisher=publisher,
        gate=Gate(settings.constraints, settings.environment, outside.account_id),
        valuations=valuations,
        batches=batches_out,
        jobs=jobs_out,
    )


def _distrusted(outside: Outside, hub: Hub, _error: JournalFailed) -> None:
    """What could not be committed is published to nobody: followers have to begin anew."""
    outside.distrust()
    hub.break_off()


def _monitor(settings: TreeSettings, outside: Outside, ground: _Ground) -> StopMonitor:
    """The stop monitor, listening to quotes and to the book."""
    monitor = StopMonitor(
        ground.desk,
        ground.gate,
        ground.portfolio.view_of,
        partial(_countable, outside, ground.portfolio),
        settings.protection,
        settings.levels_interval,
        settings.watch_levels,
        outside.market.ensure,
        outside.halted,
        partial(_sees, outside, ground.portfolio),
    )
    ground.board.listen(monitor.quoted)
    ground.desk.on_change(monitor.changed)
    return monitor


def _countable(outside: Outside, portfolio: Portfolio, symbol: str) -> Quote | None:
    """A fresh quote that says at what price `symbol` trades: none in a halt, none from before."""
    quote = portfolio.fresh_quote(symbol)
    if quote is None or outside.detail is None or outside.detail.counts(quote):
        return quote
    return None


def _sees(outside: Outside, portfolio: Portfolio, symbol: str) -> bool:
    """Whether the price of `symbol` is to be seen, as far as there has to be one now."""
    if outside.market.status(outside.clock.now()) is not MarketStatus.OPEN:
        return True
    return outside.halted(symbol) is not None or portfolio.fresh_quote(symbol) is not None


def _partial_fills(settings: TreeSettings, ground: _Ground) -> PartialFills:
    """The timers of partial fills, listening to the book."""
    watch = PartialFills(ground.desk, ground.gate, ground.portfolio.view_of, settings.partial_fills)
    ground.desk.on_change(watch.changed)
    return watch


def _overshoots(outside: Outside, ground: _Ground, reconciler: Reconciler) -> Overshoots:
    """The watch over exits that have closed too much, listening to the book."""
    watch = Overshoots(
        ground.desk,
        ground.gate,
        ground.portfolio.view_of,
        outside.broker,
        reconciler.doubted,
        outside.halted,
    )
    ground.desk.on_change(watch.changed)
    return watch


def _tactics(ground: _Ground, outside: Outside) -> TacticRunner:
    """The runner of tactics, listening to the book."""
    runner = TacticRunner(ground.desk, ground.gate, ground.portfolio.view_of, outside.market.ensure)
    ground.desk.on_change(runner.changed)
    return runner


def _feed(outside: Outside, ground: _Ground) -> FeedReader:
    interest = None if outside.detail is None else Interest(ground.desk, outside.detail)
    return FeedReader(outside.market, ground.board, interest)


def _option_keeper(settings: TreeSettings, outside: Outside, ground: _Ground) -> OptionKeeper:
    return OptionKeeper(
        ground.desk,
        ground.gate,
        ground.portfolio.view_of,
        outside.sessions,
        ground.portfolio.fresh_quote,
        settings.options,
    )


def _rolls(settings: TreeSettings, outside: Outside, ground: _Ground) -> Rolls:
    """What would be rolled, over the chains that everybody is shown."""
    chains = Chains(
        source=outside.chains,
        valuations=ground.valuations,
        clock=outside.clock,
        stale_after_seconds=settings.quote_stale_after,
    )
    portfolio, accounts = ground.portfolio, ground.accounts
    return Rolls(ground.desk, ground.gate, portfolio, accounts, chains, settings.rolling)


def _session(
    settings: TreeSettings,
    outside: Outside,
    ground: _Ground,
    router: Router,
    reconciler: Reconciler,
) -> BrokerSession:
    return BrokerSession(
        ground.desk,
        outside.broker,
        ground.link,
        router,
        _tactics(ground, outside),
        ground.jobs,
        AckWatch(ground.desk, outside.broker, reconciler, settings.ack_timeout),
        sweep=_Sweep(ground.accounts, reconciler),
        doubted=reconciler.doubted,
    )


def _operations(
    settings: TreeSettings,
    outside: Outside,
    ground: _Ground,
    supervisor: Supervisor,
    reconciler: Reconciler,
    breaker: Breaker,
    archivist: Archivist | None,
    rolls: Rolls,
) -> LiveOperations:
    return LiveOperations(
        desk=ground.desk,
        gate=ground.gate,
        market=outside.market,
        portfolio=ground.portfolio,
        accounts=ground.accounts,
        link=ground.link,
        hub=ground.hub,
        board=ground.board,
        prices=MarketDesk(outside.market, ground.board, ground.portfolio, outside.detail),
        publisher=ground.publisher,
        supervisor=supervisor,
        reconciler=reconciler,
        breaker=breaker,
        breakers=outside.breakers,
        exerciser=Exerciser(ground.desk, outside.broker, ground.portfolio.fresh_quote),
        sessions=ClientSessions(ground.desk, settings.client_timeout, settings.on_client_loss),
        trading=TradingControl(
            desk=ground.desk,
            link=ground.link,
            publisher=ground.publisher,
            policy=settings.mass_cancel.policy,
            wait_seconds=settings.mass_cancel_wait,
            reconcile=reconciler.sweep,
        ),
        chains=rolls.chains,
        rolls=rolls,
        history=AccountHistory(ground.desk),
        levers=outside.levers,
        look_up=LookUp(archivist),
    )


class _Sweep:
    """What a new session does before it trades: fresh account figures, and a reconciliation."""

    def __init__(self, accounts: AccountBoard, reconciler: Reconciler) -> None:
        self._accounts = accounts
        self._reconciler = reconciler

    async def __call__(self) -> None:
        """Raises: BrokerUnavailable."""
        try:
            await self._reconciler.catch_up()
            await self._reconciler.sweep()
        except BrokerUnavailable as error:
            log.warning("wiring.sweep_failed", error=str(error))
            raise
