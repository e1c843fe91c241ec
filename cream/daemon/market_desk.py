"""What does a caller see of the market? Quotes, days, bars and the last minute, as they come.

Whoever follows symbols is a consumer of the feed for as long as it does, and never holds anything
up: of what it has not read yet it gets the newest.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import trio
from attrs import define, field, frozen

from cream.core.market.bars import DAY_MINUTES, BarJoiner
from cream.core.market.subscriptions import Onlooker
from cream.core.market.views import FeedView, SymbolView
from cream.core.model.errors import BrokerUnavailable, CreamError, FieldProblem
from cream.core.model.instrument import OptionContract
from cream.core.model.market import Quote
from cream.core.model.ticks import Bar, DayStatistics
from cream.core.options.occ import parse_instrument
from cream.core.ports import MarketData, MarketDetail
from cream.daemon.hub import NOTHING_DERIVED, QuoteBoard
from cream.daemon.portfolio import Portfolio

# Bars of one symbol and timeframe in an answer: a session of five minutes, and some.
BARS_SHOWN = 100
# Each series is a request of its own to a feed that answers some hundred in a minute.
MOST_SERIES = 60
_AT_ONE_TIME = 4


@frozen
class MarketDesk:
    """The market as callers see it. Without `detail` there are quotes and nothing else."""

    market: MarketData
    board: QuoteBoard
    portfolio: Portfolio
    detail: MarketDetail | None = None

    async def symbols(
        self, symbols: Sequence[str], timeframes: Sequence[int]
    ) -> Sequence[SymbolView]:
        """All that is known of each now.   Raises: CreamError."""
        if len(symbols) * len(timeframes) > MOST_SERIES:
            text = f"symbols times timeframes may be {MOST_SERIES} at one time"
            raise CreamError("INVALID_REQUEST", text, FieldProblem("bar_timeframes", text))
        await self.market.ensure(symbols)
        detail = self.detail
        if detail is None:
            return [SymbolView(symbol=one, quote=self.market.latest(one)) for one in symbols]
        try:
            days = await detail.days(symbols) if symbols else {}
            bars = await self._series(detail, symbols, timeframes)
        except BrokerUnavailable as error:
            raise CreamError("NOT_READY", str(error)) from None
        return [self._view(detail, one, days.get(one), bars.get(one, ())) for one in symbols]

    def _view(
        self, detail: MarketDetail, symbol: str, day: DayStatistics | None, bars: Sequence[Bar]
    ) -> SymbolView:
        return SymbolView(
            symbol=symbol,
            quote=self.market.latest(symbol),
            halted=detail.halted(symbol),
            day=day,
            microstructure=detail.microstructure(symbol),
            bars=tuple(bars),
        )

    async def _series(
        self, detail: MarketDetail, symbols: Sequence[str], timeframes: Sequence[int]
    ) -> dict[str, list[Bar]]:
        """The newest bars of each symbol, by timeframe and then by time."""
        series: dict[tuple[str, int], Sequence[Bar]] = {}
        failed: list[BrokerUnavailable] = []
        limiter = trio.CapacityLimiter(_AT_ONE_TIME)

        async def fetch(symbol: str, minutes: int) -> None:
            async with limiter:
                try:
                    series[symbol, minutes] = await detail.bars(symbol, minutes, BARS_SHOWN)
                except BrokerUnavailable as error:
                    failed.append(error)

        async with trio.open_nursery() as nursery:
            for symbol in symbols:
                for minutes in timeframes:
                    nursery.start_soon(fetch, symbol, minutes)
        if failed:
            raise failed[0]
        return {
            symbol: [bar for minutes in timeframes for bar in series[symbol, minutes]]
            for symbol in symbols
        }

    @asynccontextmanager
    async def quotes(self, symbols: Sequence[str]) -> AsyncIterator[AsyncIterator[Quote]]:
        """Quotes of `symbols` as they come, the latest first."""
        derived = _options_of(symbols) if self.detail is None else NOTHING_DERIVED
        with self._followed(symbols):
            async with self.board.read(symbols, self.market.latest, derived) as reader:
                yield reader

    @asynccontextmanager
    async def bars(
        self, symbols: Sequence[str], timeframes: Sequence[int]
    ) -> AsyncIterator[AsyncIterator[Bar]]:
        """Bars of `symbols` as they end."""
        reader = _BarReader(frozenset(symbols), tuple(timeframes))
        if self.detail is None:
            yield reader
            return
        with self._followed(symbols):
            self.detail.on_bar(reader, reader.take_in)
            try:
                yield reader
            finally:
                self.detail.on_bar(reader, None)

    @contextmanager
    def _followed(self, symbols: Sequence[str]) -> Iterator[None]:
        """Be a consumer of these shares, and look on at these options.

        There can be hundreds, most of them quiet: asking after each silence of theirs would take
        the requests that stops depend on.
        """
        if self.detail is None:
            yield
            return
        options = [one for some in _options_of(symbols).values() for one in some]
        consumer, onlooker = object(), Onlooker()
        self.detail.follow(consumer, set(symbols).difference(options))
        self.detail.follow(onlooker, options)
        try:
            yield
        finally:
            self.detail.follow(consumer, ())
            self.detail.follow(onlooker, ())

    def health(self) -> FeedView:
        """How the feed does."""
        last, board = self.board.last_at, self.board
        age = trio.current_time() - last if last is not None else None
        if self.detail is not None:
            health = self.detail.health()
            return FeedView(
                provider=self.market.name,
                healthy=health.is_healthy,
                last_message_age_seconds=health.last_message_age_seconds,
                messages=board.count,
                stale_symbols=health.stale_symbols,
                issues=health.issues,
                health=health,
            )
        stale = tuple(self.portfolio.stale_symbols())
        issues = ("feed_stale",) if last is None or stale else ()
        return FeedView(
            provider=self.market.name,
            healthy=not issues,
            last_message_age_seconds=age,
            messages=board.count,
            stale_symbols=stale,
            issues=issues,
        )


def _options_of(symbols: Sequence[str]) -> dict[str, list[str]]:
    """The options among them, by underlying. The simulated market derives their quotes from it."""
    found: dict[str, list[str]] = {}
    for symbol in symbols:
        instrument = parse_instrument(symbol)
        if isinstance(instrument, OptionContract):
            found.setdefault(instrument.underlying, []).append(symbol)
    return found


@define(eq=False)
class _BarReader:
    """The newest unread bar of each symbol and timeframe, as an endless iterator.

    Cancellation: a bar is either returned or still waiting.
    """

    symbols: frozenset[str]
    timeframes: tuple[int, ...]
    waiting: dict[tuple[str, int], Bar] = field(factory=dict)
    arrived: trio.Event = field(factory=trio.Event)
    _joiners: dict[tuple[str, int], BarJoiner] = field(factory=dict)

    def take_in(self, bar: Bar, kind: str) -> None:
        if bar.symbol not in self.symbols:
            return
        for minutes in self.timeframes:
            if (kind == "day") is not (minutes == DAY_MINUTES):
                continue
            done: Bar | None = bar
            if minutes not in (1, DAY_MINUTES):
                key = (bar.symbol, minutes)
                done = self._joiners.setdefault(key, BarJoiner(minutes)).add(bar)
            if done is not None:
                self.waiting[bar.symbol, minutes] = done
                self.arrived.set()

    def __aiter__(self) -> "_BarReader":
        return self

    async def __anext__(self) -> Bar:
        await trio.lowlevel.checkpoint()
        while not self.waiting:
            self.arrived = trio.Event()
            await self.arrived.wait()
        return self.waiting.pop(next(iter(self.waiting)))
