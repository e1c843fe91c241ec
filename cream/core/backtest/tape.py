"""What is known of the market at each moment of a backtest? Only what has happened by then.

A quote is the latest price that has been reached: no spread is made up, `Dealing` knows what a
trade gives away. Nothing is offered between bars. How much of a bar's volume can be had is there
once for buyers and once for sellers, however often the price moves within the bar.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from attrs import define, field

from cream.core.backtest.path import MarketBar
from cream.core.exchange.calendar import Sessions
from cream.core.model.instrument import Equity, Instrument
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.options.occ import expires_at


@define(eq=False)
class Tape:
    """The market of a backtest. `listed` are the symbols that have bars.

    Units: `participation` is the part of a bar's volume that can be had.
    """

    sessions: Sessions
    listed: Collection[str]
    participation: Decimal
    now: datetime
    _prices: dict[str, Decimal] = field(factory=dict, init=False)
    _running: dict[str, MarketBar] = field(factory=dict, init=False)
    _ended: dict[str, datetime] = field(factory=dict, init=False)
    _bars: dict[str, int] = field(factory=dict, init=False)

    def open(self, bar: MarketBar) -> None:
        """A bar begins: its first price is known, and its volume can be had."""
        self._running[bar.symbol] = bar
        self._prices[bar.symbol] = bar.prices.open
        self._bars[bar.symbol] = self._bars.get(bar.symbol, 0) + 1

    def move(self, symbol: str, price: Decimal) -> None:
        """Within its bar the price goes to `price`."""
        self._prices[symbol] = price

    def close(self, symbol: str) -> None:
        """The bar is over: its last price is known, and nothing is offered at it any more."""
        self._ended[symbol] = self._running.pop(symbol).ends_at

    @property
    def is_idle(self) -> bool:
        """Whether no bar is running."""
        return not self._running

    def running(self, symbol: str) -> MarketBar | None:
        """The bar of `symbol` that has begun and not ended."""
        return self._running.get(symbol)

    # What the venue asks ------------------------------------------------------------------------

    def latest(self, symbol: str) -> Quote | None:
        """The latest price as a quote; None before the first bar."""
        price = self._prices.get(symbol)
        if price is None:
            return None
        bar = self._running.get(symbol)
        size = int(bar.volume * self.participation) if bar is not None else 0
        return Quote(
            symbol=symbol,
            bid=price,
            ask=price,
            bid_size=size,
            ask_size=size,
            at=self.now if self._is_fresh(symbol) else self._ended[symbol],
            last=price,
        )

    def generation(self, symbol: str) -> int:
        """The number of the bar: its volume is there once."""
        return self._bars.get(symbol, 0)

    def knows(self, instrument: Instrument, now: datetime) -> bool:
        """Whether there are bars for it. An option needs those of its underlying too: what it ends
        with follows from them.
        """
        if instrument.symbol not in self.listed:
            return False
        if isinstance(instrument, Equity):
            return True
        return instrument.underlying in self.listed and now < expires_at(instrument)

    # What the gate and the protection ask -------------------------------------------------------

    def judged(self, symbol: str) -> Datum[Quote]:
        """The quote, with its age judged."""
        quote = self.latest(symbol)
        if quote is None:
            listed = symbol in self.listed
            return Unknown("no bar has begun yet" if listed else "there are no bars of it")
        if self._is_fresh(symbol):
            return Known(quote)
        return Stale(quote, (self.now - quote.at).total_seconds())

    def fresh(self, symbol: str) -> Quote | None:
        """The quote, if it is young enough to act on."""
        match self.judged(symbol):
            case Known(quote):
                return quote
            case _:
                return None

    def _is_fresh(self, symbol: str) -> bool:
        """The last close stands for the market until a whole session has passed without a bar."""
        if symbol in self._running:
            return True
        return self.now < self.sessions.next_session(self._ended[symbol]).closes_at
