"""How does Alpaca's market look through the MarketData port?

Streams tell, the tape judges, and what can be priced by is published: of each symbol only the
newest quote of a frame, so that a burst never keeps a stop waiting behind what is over already.
Where a needed symbol falls silent in the session, REST is asked for it; what REST shows and the
stream did not tell is a gap, and the stream is opened anew.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
import trio
from attrs import define, field

from cream.adapters.brokers.alpaca.endpoints import Endpoints, endpoints
from cream.adapters.brokers.alpaca.reconnect import Reconnects
from cream.adapters.brokers.alpaca.rest import AlpacaRest, http_client
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.adapters.feeds.alpaca.data_api import DataApi, NoSuchData, is_option
from cream.adapters.feeds.alpaca.frames import BarTold, FrameReader, Message
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.adapters.feeds.alpaca.stream import DataStream, own_name
from cream.core.exchange.calendar import Sessions
from cream.core.market.health import FeedHealth
from cream.core.market.microstructure import Microstructure
from cream.core.market.subscriptions import Onlooker, Subscriptions
from cream.core.market.tape import Tape
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import MarketStatus, Quote
from cream.core.model.plan import Environment
from cream.core.model.ticks import (
    Bar,
    DayStatistics,
    OptionSnapshot,
    PriceBands,
    StatusChanged,
    Trade,
    TradeCancelled,
    TradeCorrected,
)
from cream.core.options.occ import expires_at
from cream.core.ports import Clock
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.budget import Priority, RateBudget

log = structlog.get_logger(__name__)

STOCK_CHANNELS = (
    "quotes",
    "trades",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
)
OPTION_CHANNELS = ("quotes", "trades")

# Who waits for a first quote, a plan that is judged, waits no longer than this.
FIRST_QUOTE_SECONDS = 2.0
# A symbol that Alpaca did not know is asked for again after this.
ABSENT_SECONDS = 60.0
# Symbols that Alpaca did not know are remembered up to this number.
_MAX_ABSENT = 10_000
_LEASES_EVERY = 10.0
_MINUTE = 60.0
_CONFIGURED = "settings"


def _nobody(_quote: Quote) -> None:
    """Between two sessions of the reader nobody listens."""


@define(eq=False)
class AlpacaFeed:
    """The MarketData and MarketDetail ports over Alpaca. Made by `open_feed`."""

    settings: AlpacaFeedSettings
    api: DataApi
    clock: Clock
    sessions: Sessions
    tape: Tape
    stocks: DataStream
    options: DataStream
    subscriptions: Subscriptions
    _publish: Callable[[Quote], None] = _nobody
    _bar_listeners: dict[object, Callable[[Bar, str], None]] = field(factory=dict)
    _bands: dict[str, PriceBands] = field(factory=dict)
    _absent: dict[str, float] = field(factory=dict)

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return f"alpaca-{self.settings.feed}"

    # What it reads ------------------------------------------------------------------------------

    async def run(self, publish: Callable[[Quote], None]) -> None:
        """Be connected and ask where nothing is told, until cancelled."""
        self._publish = publish
        self.follow(_CONFIGURED, [own_name(one) for one in self.settings.symbols])
        self._apply()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.stocks.run, _StreamSink(self, self.stocks, nursery))
                nursery.start_soon(self.options.run, _StreamSink(self, self.options, nursery))
                nursery.start_soon(self._poll_the_silent)
                nursery.start_soon(self._end_leases)
        finally:
            self._publish = _nobody

    def follow(self, consumer: object, symbols: Collection[str]) -> None:
        """From now on `consumer` needs exactly these. Does not wait."""
        changed = self.subscriptions.follow(consumer, symbols)
        # What is read already may be needed only now.
        if changed or not isinstance(consumer, Onlooker):
            self._apply()

    async def ensure(self, symbols: Sequence[str]) -> None:
        """Read these for a while, and see that each has had a quote, if Alpaca has one soon."""
        now = trio.current_time()
        if self.subscriptions.lease(symbols, now):
            self._apply()
        bare = [
            one
            for one in dict.fromkeys(symbols)
            if self.tape.latest(one) is None and self._absent.get(one, now) <= now
        ]
        if not bare:
            await trio.lowlevel.checkpoint()
            return
        with trio.move_on_after(FIRST_QUOTE_SECONDS):
            try:
                found = await self.api.latest_quotes(bare, Priority.CLOSE)
            except BrokerUnavailable as error:
                log.warning("alpaca.first_quotes_missing", error=str(error), symbols=bare)
                return
            self._take_answers(found)
            for symbol in bare:
                if symbol not in found:
                    self._note_absent(symbol)

    def _note_absent(self, symbol: str) -> None:
        self._absent.pop(symbol, None)
        self._absent[symbol] = trio.current_time() + ABSENT_SECONDS
        if len(self._absent) > _MAX_ABSENT:
            del self._absent[next(iter(self._absent))]

    # What it says -------------------------------------------------------------------------------

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        """Whether it can still trade, as far as is known: Alpaca has not said that it has none."""
        if isinstance(instrument, OptionContract) and now >= expires_at(instrument):
            return False
        until = self._absent.get(instrument.symbol)
        return until is None or until <= trio.current_time()

    def status(self, now: datetime) -> MarketStatus:
        """Where in its day the market stands."""
        return self.sessions.status_at(now)

    def latest(self, symbol: str) -> Quote | None:
        """The last quote that a price can be taken from, however old."""
        return self.tape.latest(symbol)

    def halted(self, symbol: str) -> str | None:
        """Why it is not traded now; None where it is."""
        return self.tape.halted(symbol)

    def counts(self, quote: Quote) -> bool:
        """Whether `quote` says at what price its symbol trades now."""
        return self.tape.counts(quote)

    def bands(self, symbol: str) -> PriceBands | None:
        """Limit up and limit down, where they were told."""
        return self._bands.get(symbol)

    def microstructure(self, symbol: str) -> Microstructure | None:
        """The symbol's last minute."""
        return self.tape.microstructure(symbol, self._wall_ns())

    def health(self) -> FeedHealth:
        """How the feed does."""
        streams = [one for one in (self.stocks, self.options) if one.wanted]
        away = any(not one.connected for one in streams)
        return self.tape.health(self._wall_ns(), trio.current_time(), disconnected=away)

    async def days(self, symbols: Sequence[str]) -> Mapping[str, DayStatistics]:
        """The day so far of each.   Raises: BrokerUnavailable."""
        return await self.api.days(symbols)

    async def option_snapshots(self, symbols: Sequence[str]) -> Mapping[str, OptionSnapshot]:
        """Quotes, volatility and Greeks of contracts.   Raises: BrokerUnavailable."""
        return await self.api.option_snapshots(symbols)

    async def bars(
        self, symbol: str, minutes: int, count: int, *, adjusted: bool = False
    ) -> Sequence[Bar]:
        """The newest `count` bars, oldest first; none of what Alpaca has none of.

        Raises: BrokerUnavailable.
        """
        try:
            return await self.api.bars(symbol, minutes, count, self.clock.now(), adjusted)
        except NoSuchData as error:
            log.info("alpaca.bars_refused", symbol=symbol, error=str(error))
            return ()

    def on_bar(self, key: object, listener: Callable[[Bar, str], None] | None) -> None:
        """Tell `listener` of every bar and its kind (minute, updated, day); None ends that."""
        if listener is None:
            self._bar_listeners.pop(key, None)
        else:
            self._bar_listeners[key] = listener

    # Inside -------------------------------------------------------------------------------------

    def _wall_ns(self) -> int:
        return int(self.clock.now().timestamp() * 1_000_000) * 1_000

    def _apply(self) -> None:
        """Let the streams read what is needed, and the tape forget what is not."""
        symbols = list(self.subscriptions)
        chosen = {one for one in symbols if is_option(one)}
        self.options.want(one for one in symbols if one in chosen)
        self.stocks.want(one for one in symbols if one not in chosen)
        self.tape.need(self.subscriptions.followed, trio.current_time())

    def take_in(self, messages: list[Message]) -> None:
        """A frame's messages: each to the tape, the newest usable quote of each symbol out."""
        wall_ns, now = self._wall_ns(), trio.current_time()
        tape = self.tape
        fresh: dict[str, Quote] = {}
        newest_ns = 0
        for message in messages:
            try:
                if type(message) is Quote:
                    if tape.quoted(message, wall_ns, now):
                        fresh[message.symbol] = message
                    newest_ns = max(newest_ns, message.at_ns or 0)
                else:
                    self._take_in_other(message, wall_ns)
            except ArithmeticError as error:
                log.warning("alpaca.tick_absurd", error=repr(error), tick=repr(message)[:300])
        late = (wall_ns - newest_ns) / 1e9 if newest_ns else None
        tape.tracker.arrived(now, late, len(messages))
        for quote in fresh.values():
            self._publish(quote)

    def _take_in_other(self, message: Message, wall_ns: int) -> None:
        match message:
            case Trade():
                self.tape.traded(message, wall_ns)
            case TradeCancelled():
                self.tape.cancelled(message)
            case TradeCorrected():
                self.tape.corrected(message)
            case StatusChanged():
                if self.tape.status_changed(message):
                    self._tell_halt(message)
            case PriceBands():
                self._bands[message.symbol] = message
            case BarTold(bar=bar, kind=kind):
                for listener in list(self._bar_listeners.values()):
                    listener(bar, kind)
            case _:
                pass

    def _tell_halt(self, status: StatusChanged) -> None:
        why = self.tape.halts.why(status.symbol)
        if why is None:
            log.warning("feed.trading_resumed", symbol=status.symbol)
        else:
            log.warning("feed.trading_halted", symbol=status.symbol, why=why)

    async def recover(self, symbols: Collection[str], away_seconds: float) -> None:
        """After an interruption: name the gaps, and ask for what was missed."""
        now = trio.current_time()
        for symbol in self.tape.missed(symbols, self._wall_ns(), now):
            _tell_gap(symbol, away_seconds)
        wanted = [one for one in symbols if self.subscriptions.reads(one)]
        await self._ask(wanted)

    async def _poll_the_silent(self) -> None:
        """Ask for what is needed and not told."""
        while True:
            await trio.sleep(self.settings.poll_seconds)
            silent = list(self.tape.stale(self._wall_ns(), trio.current_time()))
            if silent:
                await self._ask(silent)

    async def _ask(self, symbols: Sequence[str]) -> None:
        try:
            found = await self.api.latest_quotes(symbols, Priority.PROTECTIVE)
        except BrokerUnavailable as error:
            log.warning("alpaca.quotes_not_polled", error=str(error), symbols=len(symbols))
            return
        self._take_answers(found)

    def _take_answers(self, found: Mapping[str, Quote]) -> None:
        for symbol, quote in found.items():
            now = trio.current_time()
            since = self.tape.silent_for(symbol, now)
            usable, is_gap = self.tape.confirmed(quote, self._wall_ns(), now)
            if is_gap and since is not None and since > self.settings.stale_seconds:
                self.tape.tracker.gap(now)
                _tell_gap(symbol, since)
                (self.options if is_option(symbol) else self.stocks).doubt()
            if usable is not None:
                self._publish(usable)

    async def _end_leases(self) -> None:
        while True:
            await trio.sleep(_LEASES_EVERY)
            ended = self.subscriptions.expire(trio.current_time())
            kept = set(self.subscriptions)
            self.tape.forget([one for one in self.tape.symbols if one not in kept])
            if ended:
                self._apply()


@define(eq=False)
class _StreamSink:
    """What one stream tells the feed. Recovery runs beside the stream, not in its way."""

    feed: AlpacaFeed
    stream: DataStream
    nursery: trio.Nursery

    def told(self, messages: list[Message]) -> None:
        self.feed.take_in(messages)

    def live(self, away_seconds: float | None) -> None:
        if away_seconds is not None:
            self.nursery.start_soon(self.feed.recover, self.stream.wanted, away_seconds)


def _tell_gap(symbol: str, seconds: float) -> None:
    log.warning(
        "feed.gap_detected",
        message=f"Data gap detected for symbol {symbol}",
        symbol=symbol,
        seconds=round(seconds, 3),
    )


@asynccontextmanager
async def open_feed(
    settings: AlpacaFeedSettings,
    account: AlpacaSettings,
    environment: Environment,
    clock: Clock,
    draw: Callable[[], float],
) -> AsyncIterator[AlpacaFeed]:
    """The feed; nothing is connected before `run`.   Owns: the HTTP client, closed in the end."""
    where = endpoints(account, environment)
    async with http_client(account, where.data) as client:
        budget = RateBudget(limit=settings.requests_per_minute, period_seconds=_MINUTE)
        rest = AlpacaRest(client, Turnstile(budget), clock, account)
        sessions = Sessions(settings.session)
        tape = Tape(sessions.status_at, settings.tape_limits)
        yield AlpacaFeed(
            settings=settings,
            api=DataApi(rest, settings),
            clock=clock,
            sessions=sessions,
            tape=tape,
            stocks=_stream(settings, account, where, draw, tape, clock, options=False),
            options=_stream(settings, account, where, draw, tape, clock, options=True),
            subscriptions=Subscriptions(settings.lease_seconds),
        )


def _stream(
    settings: AlpacaFeedSettings,
    account: AlpacaSettings,
    where: Endpoints,
    draw: Callable[[], float],
    tape: Tape,
    clock: Clock,
    *,
    options: bool,
) -> DataStream:
    path = f"/v1beta1/{settings.option_feed}" if options else f"/v2/{settings.feed}"
    backoff = Backoff(base=settings.reconnect_delay_ms / 1000, cap=account.reconnect_cap_seconds)
    return DataStream(
        name="option stream" if options else "stock stream",
        url=where.data_stream + path,
        settings=account,
        reader=FrameReader(packed=options, lasts=tape.lasts),
        channels=OPTION_CHANNELS if options else STOCK_CHANNELS,
        reconnects=Reconnects(backoff, account.ghost_session_seconds, draw),
        silence_seconds=settings.silence_seconds,
        must_speak=lambda: tape.status_of(clock.now()) is MarketStatus.OPEN,
    )
