"""What has traded, and what is told of it? Prints, corrections, halts, and the bars that they make.

Every new quote of the market leaves a print at its middle, so that there is a tape; prints of
one's own, late ones and wrong ones come from the control port. Kept is what the REST endpoints
show again, of so many symbols and so far back; the oldest goes first.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import define, evolve, field, frozen

from cream.adapters.sandbox.bars import MINUTE, Bar, Frame, joined, trade_bar
from cream.adapters.sandbox.data_words import (
    bar_json,
    cancel_json,
    correction_json,
    imbalance_json,
    luld_json,
    status_json,
    trade_json,
)
from cream.adapters.sandbox.refusals import not_found, unprocessable
from cream.adapters.sandbox.replies import Json
from cream.core.exchange.market_view import VenueMarket
from cream.core.model.instrument import Instrument
from cream.core.model.market import Quote
from cream.core.options.occ import parse_instrument
from cream.core.ports import Clock

# Prints and quotes of one symbol that can be asked for again.
KEPT_PRINTS = 200
# Minutes of one symbol: two weeks of a market that never closes.
KEPT_MINUTES = 20_160
# Symbols that are remembered: all listed shares, and the options that traded last.
MOST_SYMBOLS = 1_000
# What trades with every quote.
LOT = 100

_DAY = Frame(1, "Day")

Tell = Callable[[str, Instrument, Json], None]


@frozen(kw_only=True)
class Print:
    """One trade."""

    instrument: Instrument
    number: int
    price: Decimal
    size: int
    at: datetime


@define
class Track:
    """What is known of one symbol."""

    instrument: Instrument
    generation: int = 0
    prints: deque[Print] = field(factory=lambda: deque(maxlen=KEPT_PRINTS))
    quotes: deque[Quote] = field(factory=lambda: deque(maxlen=KEPT_PRINTS))
    minutes: deque[Bar] = field(factory=lambda: deque(maxlen=KEPT_MINUTES))
    minute: Bar | None = None
    day: Bar | None = None
    day_before: Bar | None = None


@define
class Tape:
    """All symbols. `tell` hears every message, by channel."""

    market: VenueMarket
    clock: Clock
    began: datetime = field(init=False)
    tell: Tell = field(default=lambda _channel, _instrument, _message: None)
    # Symbols whose prints are told by others; their quotes leave none.
    by_others: set[str] = field(factory=set)
    halted: set[str] = field(factory=set)
    _tracks: dict[str, Track] = field(factory=dict)
    _numbers: int = 0

    def __attrs_post_init__(self) -> None:
        self.began = self.clock.now().replace(second=0, microsecond=0)

    # What happens -------------------------------------------------------------------------------

    def on_quote(self, quote: Quote) -> None:
        """Note a quote; one that is new leaves a print at its middle."""
        track = self._track(quote.symbol)
        generation = self.market.generation(quote.symbol)
        if generation == track.generation:
            return
        track.generation = generation
        track.quotes.append(quote)
        if quote.symbol in self.halted and quote.bid > 0 and not quote.is_crossed:
            self.imbalance(quote.symbol, quote.mid)
        stands = quote.symbol in self.by_others or track.instrument.underlying in self.halted
        if not stands and quote.bid > 0 and not quote.is_crossed:
            self._print(track, quote.mid, LOT, quote.at)

    def print(self, symbol: str, price: Decimal, size: int, ago: timedelta) -> Print:
        """A trade of this price and size, so long ago."""
        return self._print(self._track(symbol), price, size, self.clock.now() - ago)

    def correct(self, symbol: str, number: int, price: Decimal, size: int) -> Print:
        """Put another trade in the place of one.   Raises: Refusal."""
        track, wrong = self._printed(symbol, number)
        self._numbers += 1
        right = evolve(wrong, number=self._numbers, price=price, size=size)
        track.prints[track.prints.index(wrong)] = right
        self.tell("corrections", track.instrument, correction_json(wrong, right, self.clock.now()))
        return right

    def cancel(self, symbol: str, number: int, action: str) -> None:
        """Take a trade back: `C` a cancel, `E` an error.   Raises: Refusal."""
        track, wrong = self._printed(symbol, number)
        track.prints.remove(wrong)
        self.tell("cancelErrors", track.instrument, cancel_json(wrong, action, self.clock.now()))

    def halt(self, symbol: str, reason: str) -> None:
        """Nothing of this share trades, nor of its options, and nothing is quoted."""
        instrument = self._track(symbol).instrument
        self.halted.add(instrument.underlying)
        message = status_json("H", "Trading Halt", reason, self.clock.now())
        self.tell("statuses", instrument, message)

    def resume(self, symbol: str) -> None:
        """It trades again; the first print is the middle of its quote."""
        track = self._track(symbol)
        self.halted.discard(track.instrument.underlying)
        message = status_json("T", "Trading Resumption", "", self.clock.now())
        self.tell("statuses", track.instrument, message)
        quote = self.market.latest(symbol)
        if quote is not None:
            self._print(track, quote.mid, LOT, self.clock.now())

    def limit(self, symbol: str, up: Decimal, down: Decimal) -> None:
        """The prices between which it may trade."""
        message = luld_json(up, down, self.clock.now())
        self.tell("lulds", self._track(symbol).instrument, message)

    def imbalance(self, symbol: str, price: Decimal) -> None:
        """Where a halted share would open again, by the orders that wait."""
        message = imbalance_json(price, self.clock.now())
        self.tell("imbalances", self._track(symbol).instrument, message)

    def advance(self) -> None:
        """End the minutes that are over."""
        now = self.clock.now()
        for track in list(self._tracks.values()):
            if track.minute is not None and now >= track.minute.start + MINUTE:
                self._end_minute(track)

    # What is shown ------------------------------------------------------------------------------

    def known(self, symbol: str) -> Track | None:
        """What is known of a symbol that has been quoted."""
        return self._tracks.get(symbol)

    def last(self, symbol: str) -> Print | None:
        """The last trade."""
        track = self._tracks.get(symbol)
        return track.prints[-1] if track is not None and track.prints else None

    # Inside -------------------------------------------------------------------------------------

    def _track(self, symbol: str) -> Track:
        track = self._tracks.get(symbol)
        if track is not None:
            return track
        if len(self._tracks) >= MOST_SYMBOLS:
            oldest = next(iter(self._tracks))
            del self._tracks[oldest]
        track = Track(parse_instrument(symbol))
        self._tracks[symbol] = track
        return track

    def _printed(self, symbol: str, number: int) -> tuple[Track, Print]:
        track = self._track(symbol)
        for one in track.prints:
            if one.number == number:
                return track, one
        raise not_found(f"there is no print {number} of {symbol}")

    def _print(self, track: Track, price: Decimal, size: int, at: datetime) -> Print:
        if price <= 0 or size < 1:
            raise unprocessable("price and size must be above zero")
        self._numbers += 1
        one = Print(
            instrument=track.instrument, number=self._numbers, price=price, size=size, at=at
        )
        track.prints.append(one)
        self.tell("trades", track.instrument, trade_json(one))
        self._count(track, one)
        return one

    def _count(self, track: Track, one: Print) -> None:
        """Let a print into its bar: the running one, the next, or one that had ended."""
        bar = trade_bar(one.at.replace(second=0, microsecond=0), one.price, one.size)
        if track.minute is not None and bar.start > track.minute.start:
            self._end_minute(track)
        if track.minute is None and track.minutes and bar.start <= track.minutes[-1].start:
            self._amend(track, bar)
        elif track.minute is None:
            track.minute = bar
        elif bar.start < track.minute.start:
            self._amend(track, bar)
        else:
            track.minute = joined(track.minute, bar)
        day = evolve(bar, start=_DAY.start_of(one.at))
        if track.day is None or day.start > track.day.start:
            track.day_before, track.day = track.day, day
        elif day.start == track.day.start:
            track.day = joined(track.day, day)

    def _amend(self, track: Track, late: Bar) -> None:
        for index in range(len(track.minutes) - 1, -1, -1):
            bar = track.minutes[index]
            if bar.start == late.start:
                # A trade that comes late moves all but the close.
                amended = evolve(joined(bar, late), close=bar.close)
                track.minutes[index] = amended
                self.tell("updatedBars", track.instrument, bar_json(amended))
            if bar.start <= late.start:
                return

    def _end_minute(self, track: Track) -> None:
        bar, track.minute = track.minute, None
        assert bar is not None
        track.minutes.append(bar)
        self.tell("bars", track.instrument, bar_json(bar))
        if track.day is not None:
            self.tell("dailyBars", track.instrument, bar_json(track.day))
