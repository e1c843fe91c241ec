"""What does the feed amount to now? Every tick goes through here, and comes out as a price or not.

The tape keeps one state per symbol: the newest quote that a price can be taken from, the last sale,
the sums of the last minute, the halts. It says which symbols that someone needs have fallen silent
while the market is open, and takes in what a question over REST answers about them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from attrs import define, evolve, field, frozen

from cream.core.market.halts import HaltBoard
from cream.core.market.health import FeedHealth, HealthLimits, HealthTracker
from cream.core.market.microstructure import Microstructure, microstructure, quote_ns
from cream.core.market.quote_filter import AHEAD_NS, FilterLimits, QuoteFilter, Unusable
from cream.core.market.trade_window import TradeWindow
from cream.core.model.instrument import OptionContract
from cream.core.model.market import MarketStatus, Quote
from cream.core.model.ticks import StatusChanged, Trade, TradeCancelled, TradeCorrected
from cream.core.options.occ import parse_instrument

# Sale conditions of prints that are no last sale: out of sequence, averaged, late, of another
# settlement, odd lots, extended hours. Source: CTA and UTP, sale conditions, last-sale eligibility.
NO_LAST_SALE = frozenset("BCGHIMNPQRTUVWZ479")
# Those that are no trade of this minute at all: volume that was counted or agreed elsewhere.
NO_VOLUME = frozenset("MQ9")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND


@frozen(kw_only=True)
class TapeLimits:
    """Units: seconds. A quote that is `max_confirmed_age` old is not believed again because a
    question is answered with it.
    """

    stale_seconds: float = 3.0
    max_confirmed_age_seconds: float = 60.0
    quotes: FilterLimits = field(factory=FilterLimits)
    health: HealthLimits = field(factory=HealthLimits)


@define(eq=False)
class _Symbol:
    """What is kept of one symbol. Times are monotonic seconds."""

    filter: QuoteFilter
    underlying: str
    window: TradeWindow = field(factory=TradeWindow)
    quote: Quote | None = None
    newest_ns: int = 0
    seen_at: float = float("-inf")


@define(eq=False)
class Tape:
    """The ticks of one feed. `status_of` says where in its day the market stands at a moment."""

    status_of: Callable[[datetime], MarketStatus]
    limits: TapeLimits = field(factory=TapeLimits)
    halts: HaltBoard = field(factory=HaltBoard)
    lasts: dict[str, Decimal] = field(factory=dict)
    tracker: HealthTracker = field(init=False)
    unusable: Counter[Unusable] = field(factory=Counter)
    _symbols: dict[str, _Symbol] = field(factory=dict)
    _needed: dict[str, float] = field(factory=dict)
    _minute: int = -1
    _status: MarketStatus = MarketStatus.CLOSED

    def __attrs_post_init__(self) -> None:
        self.tracker = HealthTracker(self.limits.health)

    # What comes in ------------------------------------------------------------------------------

    def quoted(self, quote: Quote, wall_ns: int, monotonic: float) -> bool:
        """Take in a quote; whether a price can be taken from it."""
        symbol = quote.symbol
        state = self._symbols.get(symbol) or self._added(symbol)
        at_ns = quote.at_ns if quote.at_ns is not None else quote_ns(quote)
        status = self._status_at(at_ns)
        why = state.filter.judge(quote, at_ns, wall_ns, monotonic, status)
        if why is not None:
            self.unusable[why] += 1
            return False
        state.quote = quote
        state.newest_ns = at_ns
        state.seen_at = monotonic
        return True

    def traded(self, trade: Trade, wall_ns: int) -> bool:
        """Take in a print; whether it is a last sale.

        Prints off the session, far from the market and from the future are none. One of tomorrow
        would make every other of today too old, and would end a halt.
        """
        if trade.at_ns > wall_ns + AHEAD_NS:
            return False
        state = self._symbols.get(trade.symbol) or self._added(trade.symbol)
        conditions = trade.conditions
        if trade.price <= 0 or self._status_at(trade.at_ns) is MarketStatus.CLOSED:
            return False
        if self._is_outlier(state, trade.price):
            return False
        if not NO_VOLUME.intersection(conditions):
            state.window.add(trade, state.quote)
        if NO_LAST_SALE.intersection(conditions):
            return False
        if self.halts.printed(trade):
            self._reopened(trade.symbol)
        self.lasts[trade.symbol] = trade.price
        return True

    def cancelled(self, cancelled: TradeCancelled) -> None:
        """Take a print back."""
        state = self._symbols.get(cancelled.symbol)
        if state is not None:
            state.window.cancel(cancelled)

    def corrected(self, correction: TradeCorrected) -> None:
        """Put a print in another's place."""
        state = self._symbols.get(correction.symbol)
        if state is not None:
            state.window.correct(correction)

    def status_changed(self, status: StatusChanged) -> bool:
        """Take in a halt or its end; whether anything changed."""
        changed = self.halts.changed(status)
        if changed and self.halts.why(status.symbol) is None:
            self._reopened(status.symbol)
        return changed

    def confirmed(self, quote: Quote, wall_ns: int, monotonic: float) -> tuple[Quote | None, bool]:
        """Take in a quote that was asked for: the one to go by, and whether a gap shows by it.

        A newer one than the stream told was missed. The same one still stands, unless it is so old
        that it says nothing.
        """
        state = self._symbols.get(quote.symbol) or self._added(quote.symbol)
        before = state.quote
        at_ns = quote_ns(quote)
        if before is None or at_ns > state.newest_ns:
            usable = self.quoted(quote, wall_ns, monotonic)
            return (quote if usable else None), before is not None and usable
        oldest = wall_ns - int(self.limits.max_confirmed_age_seconds * _SECOND)
        if state.newest_ns < oldest:
            return None, False
        state.seen_at = monotonic
        state.quote = evolve(before, confirmed_at=moment(wall_ns))
        return state.quote, False

    def need(self, symbols: Collection[str], monotonic: float) -> None:
        """These are needed from now on; silence of others is nobody's business."""
        self._needed = {one: self._needed.get(one, monotonic) for one in symbols}

    def missed(self, symbols: Collection[str], wall_ns: int, monotonic: float) -> tuple[str, ...]:
        """The feed was away: the needed ones among `symbols` that have a gap now, in order."""
        if not self._is_live(wall_ns):
            return ()
        gaps = tuple(sorted(one for one in symbols if one in self._needed))
        for _ in gaps:
            self.tracker.gap(monotonic)
        return gaps

    def forget(self, symbols: Collection[str]) -> None:
        """Nobody needs these any more: what is kept of them goes."""
        for symbol in symbols:
            self._symbols.pop(symbol, None)
            self.lasts.pop(symbol, None)

    # What it says -------------------------------------------------------------------------------

    def latest(self, symbol: str) -> Quote | None:
        """The newest quote that a price can be taken from, however old."""
        state = self._symbols.get(symbol)
        return state.quote if state is not None else None

    def halted(self, symbol: str) -> str | None:
        """Why `symbol`, or what it is an option on, is not traded now; None where it is."""
        why = self.halts.why(symbol)
        if why is not None:
            return why
        underlying = self._underlying(symbol)
        return self.halts.why(underlying) if underlying != symbol else None

    def counts(self, quote: Quote) -> bool:
        """Whether `quote` says at what price its symbol trades: not in a halt, not from before."""
        at_ns, underlying = quote_ns(quote), self._underlying(quote.symbol)
        return self.halts.counts(quote.symbol, at_ns) and self.halts.counts(underlying, at_ns)

    def stale(self, wall_ns: int, monotonic: float) -> Iterator[str]:
        """Needed symbols that are silent although they should not be."""
        if not self._is_live(wall_ns):
            return
        oldest = monotonic - self.limits.stale_seconds
        for symbol, since in self._needed.items():
            state = self._symbols.get(symbol)
            seen = since if state is None else max(since, state.seen_at)
            if seen < oldest and self.halted(symbol) is None:
                yield symbol

    def silent_for(self, symbol: str, monotonic: float) -> float | None:
        """How long nothing usable was told of `symbol`; None where nothing ever was."""
        state = self._symbols.get(symbol)
        if state is None or state.quote is None:
            return None
        return monotonic - state.seen_at

    def microstructure(self, symbol: str, now_ns: int) -> Microstructure | None:
        """The symbol's last minute; None where nothing was ever told of it."""
        state = self._symbols.get(symbol)
        if state is None:
            return None
        last = self.lasts.get(symbol)
        return microstructure(symbol, state.quote, last, state.window, now_ns)

    def health(self, wall_ns: int, monotonic: float, *, disconnected: bool = False) -> FeedHealth:
        """How the feed does."""
        return self.tracker.health(
            monotonic,
            is_open=self._status_at(wall_ns) is MarketStatus.OPEN,
            symbols=len(self._needed),
            stale=sorted(self.stale(wall_ns, monotonic)),
            halted=self.halts.symbols,
            unusable=sorted((why.value, count) for why, count in self.unusable.items()),
            disconnected=disconnected,
        )

    @property
    def symbols(self) -> Mapping[str, object]:
        """Everything that something was told of."""
        return self._symbols

    def _is_live(self, wall_ns: int) -> bool:
        """Whether quotes have to come: in the session, not around it."""
        return self._status_at(wall_ns) is MarketStatus.OPEN

    def _status_at(self, at_ns: int) -> MarketStatus:
        minute = at_ns // _MINUTE
        if minute != self._minute:
            self._status = self.status_of(moment(at_ns))
            self._minute = minute
        return self._status

    def _is_outlier(self, state: _Symbol, price: Decimal) -> bool:
        quote = state.quote
        if quote is None or state.filter.is_option:
            return False
        twice, around = price + price, quote.bid + quote.ask
        return abs(twice - around) > self.limits.quotes.max_jump * around

    def _reopened(self, symbol: str) -> None:
        for one in self._symbols.values():
            if one.underlying == symbol:
                one.filter.begin_anew()

    def _underlying(self, symbol: str) -> str:
        state = self._symbols.get(symbol)
        return state.underlying if state is not None else _underlying_of(symbol)[0]

    def _added(self, symbol: str) -> _Symbol:
        underlying, is_option = _underlying_of(symbol)
        judge = QuoteFilter(self.limits.quotes, is_option=is_option)
        state = self._symbols[symbol] = _Symbol(judge, underlying)
        return state


def moment(nanoseconds: int) -> datetime:
    """The moment in UTC, cut to the microsecond that Python can hold."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _underlying_of(symbol: str) -> tuple[str, bool]:
    """What a symbol is priced by, and whether it is an option."""
    try:
        instrument = parse_instrument(symbol)
    except ValueError:
        return symbol, False
    return instrument.underlying, isinstance(instrument, OptionContract)
