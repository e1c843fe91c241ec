"""How does the sandbox open its two ports, serve and close?

Hypercorn's Trio worker lets one malformed connection end the nursery that serves them all; here
each connection has a barrier around it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import structlog
import trio
from attrs import frozen
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import wrap_app
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, create_app
from cream.adapters.sandbox.bar_files import replay
from cream.adapters.sandbox.bars import Bar
from cream.adapters.sandbox.broadcast import Broadcast
from cream.adapters.sandbox.charging import FeeMode
from cream.adapters.sandbox.control import ControlRoutes
from cream.adapters.sandbox.data_plans import PLUS, DataPlan
from cream.adapters.sandbox.data_routes import DataRoutes
from cream.adapters.sandbox.data_shown import Shown
from cream.adapters.sandbox.data_stream import DataBroadcast, DataStreamRoutes
from cream.adapters.sandbox.exchange import Exchange
from cream.adapters.sandbox.faults import FaultName, Faults
from cream.adapters.sandbox.history import History
from cream.adapters.sandbox.history_routes import HistoryRoutes
from cream.adapters.sandbox.limits import RateLimits
from cream.adapters.sandbox.market import SandboxMarket
from cream.adapters.sandbox.reference_routes import ReferenceRoutes
from cream.adapters.sandbox.stream_routes import SEVER, StreamRoutes
from cream.adapters.sandbox.tape import Tape
from cream.adapters.sandbox.trading_routes import TradingRoutes
from cream.adapters.sandbox.words import Draws, account_number
from cream.core.ports import Clock

log = structlog.get_logger(__name__)

NO_BARS: Mapping[str, list[Bar]] = {}
CLOSE_SECONDS = 1.0
_BACKLOG = 100


@frozen
class SkewedClock:
    """The time that the account goes by: `inner`, unless a fault has it run ahead."""

    inner: Clock
    faults: Faults

    def now(self) -> datetime:
        """The current moment, in UTC."""
        ahead = self.faults.peek(FaultName.CLOCK_SKEW)
        return self.inner.now() + timedelta(seconds=0.0 if ahead is None else ahead.seconds)


@frozen(kw_only=True)
class SandboxSettings:
    """What can be set of a sandbox. Port 0 takes any that is free."""

    port: int = 0
    control_port: int = 0
    host: str = "127.0.0.1"
    seed: int = 1
    cash: Decimal = Decimal(100_000)
    requests_per_minute: int = 200
    keys: tuple[str, str] | None = None
    plan: DataPlan = PLUS
    fees: FeeMode = FeeMode.PAPER


@frozen
class Opened:
    """A sandbox that serves: its ports, and itself."""

    port: int
    control_port: int
    sandbox: Sandbox


def make_sandbox(
    settings: SandboxSettings,
    market: SandboxMarket,
    clock: Clock,
    monotonic: Callable[[], float] = trio.current_time,
    symbols: Sequence[str] = (),
    given: Mapping[str, list[Bar]] = NO_BARS,
) -> Sandbox:
    """A new account in `market`. `symbols` have a past: of `given` bars, or of the seed."""
    faults = Faults(monotonic, Draws(settings.seed))
    clock = SkewedClock(clock, faults)
    exchange = Exchange(
        market,
        clock,
        faults,
        cash=settings.cash,
        account_number=account_number(settings.seed),
        fees=settings.fees,
    )
    broadcast = Broadcast(faults)
    exchange.tell = broadcast.tell
    limits = RateLimits(settings.requests_per_minute, monotonic, lambda: clock.now().timestamp())
    tape = Tape(market, clock)
    tape.by_others.update(given)
    market.listen(tape.on_quote)
    quotes = ((symbol, market.latest(symbol)) for symbol in symbols)
    prices = {symbol: quote.mid for symbol, quote in quotes if quote is not None}
    history = History(tape, market.sessions, prices, settings.seed, given)
    shown = Shown(market, faults)
    return Sandbox(
        exchange, broadcast, faults, limits, tape, history, shown, settings.keys, settings.plan
    )


async def serve_sandbox(
    settings: SandboxSettings,
    market: SandboxMarket,
    clock: Clock,
    symbols: tuple[str, ...],
    given: Mapping[str, list[Bar]] = NO_BARS,
    *,
    task_status: trio.TaskStatus[Opened] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Be an Alpaca until cancelled. `started()` comes once both ports serve.

    `given` are bars of a file: those before the clock are history, the others move the market.

    Raises: OSError where a port cannot be opened.
    Cancellation: connections are closed at once.
    """
    sandbox = make_sandbox(settings, market, clock, symbols=symbols, given=given)
    app = create_app(sandbox)
    TradingRoutes(sandbox).register(app)
    ReferenceRoutes(sandbox, symbols).register(app)
    DataRoutes(sandbox).register(app)
    HistoryRoutes(sandbox).register(app)
    data = DataBroadcast(sandbox)
    DataStreamRoutes(sandbox, market, data).register(app)
    StreamRoutes(sandbox).register(app)
    control = ControlRoutes(sandbox).app()
    async with trio.open_nursery() as nursery:
        await nursery.start(sandbox.exchange.run)
        await nursery.start(data.run)
        nursery.start_soon(replay, given, sandbox.tape, market, clock)
        port = await nursery.start(partial(_serve, app, settings.host, settings.port))
        control_port = await nursery.start(
            partial(_serve, control, settings.host, settings.control_port)
        )
        task_status.started(Opened(port, control_port, sandbox))
        await trio.sleep_forever()


class _Connection(TCPServer):
    """One connection, behind its barrier.   Owns: the stream."""

    async def run(self) -> None:
        """Serve the connection to its end, however it ends."""
        try:
            await super().run()
        except* Exception as errors:  # noqa: BLE001 - barrier: a client ends only its connection
            log.warning("sandbox.connection_dropped", error=repr(errors.exceptions[0])[:300])
        finally:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await trio.aclose_forcefully(self.stream)


async def _serve(
    app: QuartTrio,
    host: str,
    port: int,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    config = Config()
    config.accesslog = config.errorlog = None
    config.include_server_header = False
    # The date is the sandbox's own: its clock may have been set.
    config.include_date_header = False
    config.websocket_ping_interval = None
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    state: dict[str, Any] = {}
    lifespan = Lifespan(wrapped, config, state)
    context = WorkerContext(None)
    try:
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG)
    except OSError as error:
        why = error.strerror or str(error)
        message = f"cannot listen on port {port} of {host}: {why}; free it, or choose another"
        raise OSError(message) from error

    async def connection(stream: Any) -> None:
        with trio.CancelScope() as scope:
            own = state | {SEVER: scope.cancel}
            await _Connection(wrapped, config, context, own, stream).run()

    async with trio.open_nursery() as nursery:
        await nursery.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        task_status.started(int(listeners[0].socket.getsockname()[1]))
        await trio.serve_listeners(connection, listeners, handler_nursery=nursery)
