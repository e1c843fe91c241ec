"""What does the simulated market quote? A seeded random walk, or prices moved by hand.

Shares are quoted always, options of those shares on demand, derived from the quote of their
underlying. The market lives by itself (`move`), as a market does; a feed session (`run`) only
listens to it, and the simulated venue does the same.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import trio
from attrs import evolve, frozen

from cream.adapters.feeds.random_walk import RandomWalk, first_quote
from cream.adapters.feeds.settings import HIGHEST_PRICE, SyntheticSettings
from cream.core.exchange.calendar import Sessions
from cream.core.exchange.option_market import OptionMarket
from cream.core.model.errors import CreamError, FieldProblem
from cream.core.model.instrument import Equity, Instrument, OptionContract
from cream.core.model.market import MarketStatus, Quote
from cream.core.options.occ import expires_at, parse_instrument
from cream.core.ports import Clock

# How often quotes that only move by hand are stamped anew: well within any sensible age limit.
RESTAMP_SECONDS = 0.5
# Ticks that are late by no more than this are made up for, one after the other, so that a busy
# moment does not lower the rate; what was missed in a longer one is given up.
MOST_LATE_SECONDS = 2.0
# Options that are published with every quote of their underlying. An engine watches what it holds
# and what it is about to trade; beyond this number they are still quoted, but only on demand.
MAX_FOLLOWED_OPTIONS = 2_000
# Derived quotes and parsed symbols that are kept; beyond this they are computed again.
_MAX_CACHED = 5_000

Listener = Callable[[Quote], None]


@frozen
class _Derived:
    """An option's quote and the quote of the underlying that it was derived from."""

    source: Quote
    quote: Quote | None


@frozen
class _ByHand:
    """An option's quote that was set by hand; it holds until the underlying moves."""

    quote: Quote
    underlying_generation: int


class SyntheticMarket:
    """A market of a few shares and all options on them."""

    def __init__(self, settings: SyntheticSettings, clock: Clock) -> None:
        self.sessions = Sessions(settings.session)
        self._clock = clock
        self._tick_rate = settings.tick_rate
        self._options = OptionMarket(settings.option_volatility_of, float(settings.risk_free_rate))
        self._walks: dict[str, RandomWalk] = {}
        self._quotes: dict[str, Quote] = {}
        self._generations: dict[str, int] = {}
        now = clock.now()
        for symbol, price in settings.price_by_symbol().items():
            volatility = float(settings.volatility)
            self._walks[symbol] = RandomWalk(symbol, price, volatility, settings.seed)
            self._quotes[symbol] = first_quote(symbol, price, now)
            self._generations[symbol] = 1
        self._followed: dict[str, dict[str, None]] = {}
        self._contracts: dict[str, OptionContract | None] = {}
        self._derived: dict[str, _Derived] = {}
        self._by_hand: dict[str, _ByHand] = {}
        self._listeners: dict[object, Listener] = {}
        self._frozen = False

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return "synthetic"

    # What moves it ------------------------------------------------------------------------------

    async def move(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the market, until cancelled: tick, or stamp quotes that only move by hand.

        Outside the session nothing moves, and quotes grow old. A tick that is a moment late is made
        up for; after a longer standstill the market goes on from where it was.
        """
        seconds = 1 / self._tick_rate if self._tick_rate else RESTAMP_SECONDS
        task_status.started()
        due = trio.current_time()
        while True:
            due += seconds
            if due < trio.current_time() - MOST_LATE_SECONDS:
                due = trio.current_time() + seconds
            await trio.sleep_until(due)
            now = self._clock.now()
            if self._frozen or not self.sessions.is_open(now):
                continue
            for symbol in self._quotes:
                if self._tick_rate:
                    self._replace(self._walks[symbol].step(seconds, now))
                else:
                    self._quotes[symbol] = evolve(self._quotes[symbol], at=now)
                self._publish(symbol)

    def set_quote(
        self, symbol: str, bid: Decimal, ask: Decimal, bid_size: int, ask_size: int
    ) -> Quote:
        """Move the market by hand; a random walk goes on from the new price.

        An option's quote holds until its underlying moves.

        Raises: CreamError NOT_FOUND for a symbol that is not listed, INVALID_REQUEST for prices
        and sizes that no market has. Crossed quotes are allowed: markets have those.
        """
        _check_quote(bid, ask, bid_size, ask_size)
        known = symbol in self._quotes
        contract = None if known else self._contract(symbol)
        if not known and (contract is None or self.latest(contract.symbol) is None):
            raise CreamError("NOT_FOUND", f"the simulated market does not list {symbol}")
        quote = Quote(
            symbol=contract.symbol if contract is not None else symbol,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            at=self._clock.now(),
        )
        if contract is None:
            self._walks[symbol].move_to(quote.mid)
            self._replace(quote)
            self._publish(symbol)
        else:
            self._generations[quote.symbol] = self._generations.get(quote.symbol, 0) + 1
            generation = self._generations[contract.underlying]
            self._by_hand[quote.symbol] = _ByHand(quote, generation)
            self._tell(quote)
        return quote

    def freeze(self, frozen: bool) -> None:
        """Stop, or start again, every quote that is not set by hand: prices stand and grow old."""
        self._frozen = frozen

    # What listens to it -------------------------------------------------------------------------

    async def run(self, publish: Listener) -> None:
        """One feed session: every current quote, then every new one, until cancelled."""
        key = object()
        self._listeners[key] = publish
        try:
            for symbol in list(self._quotes):
                publish(self._quotes[symbol])
                for option in list(self._followed.get(symbol, ())):
                    quote = self.latest(option)
                    if quote is not None:
                        publish(quote)
            await trio.sleep_forever()
        finally:
            del self._listeners[key]

    def listen(self, listener: Listener) -> None:
        """Hand every quote to `listener` from now on, for as long as the market lives."""
        self._listeners[object()] = listener

    async def ensure(self, symbols: Sequence[str]) -> None:
        """Publish these options with every quote of their underlying. Shares always are.

        Symbols that are not listed are passed over: `knows` says what is.
        """
        await trio.lowlevel.checkpoint()
        for symbol in symbols:
            contract = self._contract(symbol)
            if contract is None or self.latest(contract.symbol) is None:
                continue
            followed = self._followed.setdefault(contract.underlying, {})
            total = sum(len(options) for options in self._followed.values())
            if contract.symbol not in followed and total < MAX_FOLLOWED_OPTIONS:
                followed[contract.symbol] = None
                self._publish_option(contract.symbol)

    # What it says -------------------------------------------------------------------------------

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        """Whether it is listed: a share that is quoted, or a live option on one."""
        if isinstance(instrument, Equity):
            return instrument.symbol in self._quotes
        return instrument.underlying in self._quotes and now < expires_at(instrument)

    def status(self, now: datetime) -> MarketStatus:
        """Where in its day the market stands: always open, or by New York's calendar."""
        return self.sessions.status_at(now)

    def latest(self, symbol: str) -> Quote | None:
        """The last quote of `symbol`, however old; of an option, with its underlying's time."""
        quote = self._quotes.get(symbol)
        if quote is not None:
            return quote
        contract = self._contract(symbol)
        if contract is None or contract.underlying not in self._quotes:
            return None
        source, padded = self._quotes[contract.underlying], contract.symbol
        derived = self._derived.get(padded)
        if derived is None or derived.source is not source:
            derived = _Derived(source, self._options.quote(contract, source))
            if len(self._derived) >= _MAX_CACHED:
                self._derived.clear()
            self._derived[padded] = derived
        by_hand = self._by_hand.get(padded)
        if by_hand is not None and derived.quote is not None:
            if by_hand.underlying_generation == self._generations[contract.underlying]:
                return evolve(by_hand.quote, at=max(source.at, by_hand.quote.at))
            del self._by_hand[padded]
        return derived.quote

    def generation(self, symbol: str) -> int:
        """How many quotes `symbol` has had. One that is only stamped anew is not another one."""
        own = self._generations.get(symbol, 0)
        if symbol in self._quotes:
            return own
        contract = self._contract(symbol)
        if contract is None:
            return 0
        underlying = self._generations.get(contract.underlying, 0)
        return self._generations.get(contract.symbol, 0) + underlying

    # Inside -------------------------------------------------------------------------------------

    def _replace(self, quote: Quote) -> None:
        self._quotes[quote.symbol] = quote
        self._generations[quote.symbol] += 1

    def _publish(self, symbol: str) -> None:
        """The underlying first, then the options that follow it."""
        self._tell(self._quotes[symbol])
        for option in list(self._followed.get(symbol, ())):
            self._publish_option(option)

    def _publish_option(self, symbol: str) -> None:
        quote = self.latest(symbol)
        if quote is not None:
            self._tell(quote)
            return
        contract = self._contract(symbol)
        if contract is not None:
            self._followed[contract.underlying].pop(symbol, None)

    def _tell(self, quote: Quote) -> None:
        for listener in list(self._listeners.values()):
            listener(quote)

    def _contract(self, symbol: str) -> OptionContract | None:
        """The contract that `symbol` names, padded or compact; None for anything else."""
        if symbol not in self._contracts:
            if len(self._contracts) >= _MAX_CACHED:
                self._contracts.clear()
            self._contracts[symbol] = _option(symbol)
        return self._contracts[symbol]


def _option(symbol: str) -> OptionContract | None:
    try:
        instrument = parse_instrument(symbol)
    except ValueError:
        return None
    return instrument if isinstance(instrument, OptionContract) else None


def _check_quote(bid: Decimal, ask: Decimal, bid_size: int, ask_size: int) -> None:
    problems = [
        FieldProblem(name, f"must be from 0 to {HIGHEST_PRICE}")
        for name, price in (("bid", bid), ("ask", ask))
        if not price.is_finite() or not 0 <= price <= HIGHEST_PRICE
    ]
    problems += [
        FieldProblem(name, "must not be below 0")
        for name, size in (("bid_size", bid_size), ("ask_size", ask_size))
        if size < 0
    ]
    if problems:
        raise CreamError("INVALID_REQUEST", "the market cannot be moved there", *problems)
