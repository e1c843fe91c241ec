"""What is at stake already, kept up to date instead of added up for each question?

The ledger follows a book and a market. A change of the book or a price works out anew what there is
on that one underlying; the sums take the differences when somebody asks for them: what a judgement
costs does not depend on how much is held, and what a quote costs does not either. Whatever it gives
out is a snapshot that never changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from heapq import heapify, heappop, heappush
from typing import TypeVar

from attrs import define, evolve, field

from cream.core.execution.book import Book
from cream.core.model.market import Datum, Known, Quote, Stale, Unknown
from cream.core.model.money import ZERO
from cream.core.model.order import Order
from cream.core.risk.exposure import Exposure, exposure_of, exposure_of_share
from cream.core.risk.greeks import QuotedGreeks, Valuer
from cream.core.risk.prices import Prices, read
from cream.core.risk.tally import Tally

T = TypeVar("T")

_NOTHING = Exposure(lines={})
# The heap of ages may hold this many times more entries than there are symbols before it is built
# anew: often enough to stay small, rarely enough to cost nothing.
_OUTDATED = 4
_SMALL = 64


@define(eq=False)
class Ledger:
    """The exposure of `book` in the market that `latest` shows.

    `quoted` is to be told of every quote, in the task that owns the book; `exposure` looks whether
    the book has changed. Units: `stale_after` in seconds.
    """

    book: Book
    latest: Callable[[str], Quote | None]
    stale_after: float
    valuer: Valuer = field(factory=QuotedGreeks)
    _whole: Exposure = field(default=_NOTHING, init=False)
    _parts: dict[str, Exposure] = field(factory=dict, init=False)
    # Parts that are in the sums, of underlyings whose part is another one by now.
    _outdated: dict[str, Exposure] = field(factory=dict, init=False)
    _seen: int = field(default=0, init=False)
    # By underlying on which there are only shares: the sums of its orders.
    _tallies: dict[str, Tally] = field(factory=dict, init=False)
    # By underlying: every symbol that the book has had there, and every symbol whose quote counts.
    _symbols: dict[str, dict[str, None]] = field(factory=dict, init=False)
    _reads: dict[str, set[str]] = field(factory=dict, init=False)
    # By symbol: the underlyings that count on its quote, and that quote.
    _readers: dict[str, set[str]] = field(factory=dict, init=False)
    _quotes: dict[str, Quote | None] = field(factory=dict, init=False)
    # Symbols whose quotes must be fresh, with how many underlyings need them to be; oldest first.
    _priced: dict[str, int] = field(factory=dict, init=False)
    _ages: list[tuple[datetime, str]] = field(factory=list, init=False)

    def quoted(self, quote: Quote) -> None:
        """Take in a quote. Costs nothing where nothing is held or works in its symbol."""
        readers = self._readers.get(quote.symbol)
        if readers is None:
            return
        before = self._quotes.get(quote.symbol)
        self._quotes[quote.symbol] = quote
        self._stamp(quote)
        if before is None or before.bid != quote.bid or before.ask != quote.ask:
            for underlying in tuple(readers):
                self._rebuild(underlying)

    def follow(self) -> None:
        """Take in what has changed in the book."""
        if self.book.sequence == self._seen:
            return
        orders = self._changed_orders()
        changed: dict[str, None] = {}
        for symbol, (sequence, underlying) in reversed(self.book.touched.items()):
            if sequence <= self._seen:
                break
            self._symbols.setdefault(underlying, {})[symbol] = None
            changed[underlying] = None
        self._seen = self.book.sequence
        for underlying in changed:
            self._keep_tally(underlying, None if orders is None else orders.get(underlying, {}))
            self._rebuild(underlying)

    def _changed_orders(self) -> Mapping[str, Mapping[str, Order]] | None:
        """By underlying and id, the orders that have changed; None if there were too many."""
        lately = self.book.lately
        if len(lately) == lately.maxlen and lately[0][0] > self._seen:
            return None
        changed: dict[str, dict[str, Order]] = {}
        for sequence, order in reversed(lately):
            if sequence <= self._seen:
                break
            on = changed.setdefault(order.terms.instrument.underlying, {})
            on.setdefault(order.order_id, order)
        return changed

    def _keep_tally(self, underlying: str, orders: Mapping[str, Order] | None) -> None:
        """Take in `orders`, or all; where there are options, nothing is kept but everything."""
        if self._symbols[underlying].keys() != {underlying}:
            self._tallies.pop(underlying, None)
            return
        tally = self._tallies.get(underlying)
        if tally is None or orders is None:
            self._tallies[underlying] = Tally.of(self.book.open_on(underlying))
        else:
            tally.take(reversed(list(orders.values())))

    def exposure(self, now: datetime) -> Exposure:
        """What is at stake at `now`, with a doubt for each quote that has grown old."""
        self.follow()
        self._settle()
        if not self._whole.doubts and not self._is_stale(now):
            return self._whole
        # Not every market tells of every quote: before one is doubted it is looked up.
        for symbol in tuple(self._quotes):
            quote = self.latest(symbol)
            if quote is not None and quote is not self._quotes.get(symbol):
                self.quoted(quote)
        self._settle()
        old = []
        for symbol in self._priced:
            quote = self._quotes.get(symbol)
            if quote is None:
                continue
            age = (now - quote.as_of).total_seconds()
            reading = read(symbol, Stale(quote, age))
            # What has no price at all is doubted for that already.
            if age > self.stale_after and reading.quote is not None and reading.doubt is not None:
                old.append(reading.doubt)
        return evolve(self._whole, doubts=(*self._whole.doubts, *old)) if old else self._whole

    def _is_stale(self, now: datetime) -> bool:
        """Whether the oldest quote that counts is too old; drops what is outdated on the way."""
        while self._ages:
            at, symbol = self._ages[0]
            quote = self._quotes.get(symbol)
            if symbol in self._priced and quote is not None and quote.as_of == at:
                return (now - at).total_seconds() > self.stale_after
            heappop(self._ages)
        return False

    def _stamp(self, quote: Quote) -> None:
        if quote.symbol not in self._priced:
            return
        heappush(self._ages, (quote.as_of, quote.symbol))
        if len(self._ages) > _SMALL + _OUTDATED * len(self._priced):
            known = (self._quotes.get(symbol) for symbol in self._priced)
            self._ages = [(one.as_of, one.symbol) for one in known if one is not None]
            heapify(self._ages)

    def _rebuild(self, underlying: str) -> None:
        """Work out anew what there is on `underlying`."""
        read: set[str] = set()
        part = self._part(underlying, Prices(partial(self._quote_for, read), self.valuer))
        before = self._parts.get(underlying, _NOTHING)
        self._outdated.setdefault(underlying, before)
        self._parts[underlying] = part
        self._read_by(underlying, read)
        self._count(before.priced, -1)
        self._count(part.priced, 1)

    def _quote_for(self, read: set[str], symbol: str) -> Datum[Quote]:
        """The quote that counts, which is then among what was `read`."""
        read.add(symbol)
        if symbol not in self._readers:
            self._quotes[symbol] = self.latest(symbol)
        quote = self._quotes.get(symbol)
        return Unknown("no quote has come") if quote is None else Known(quote)

    def _settle(self) -> None:
        """Let the sums take every difference since they were last asked for."""
        if not self._outdated:
            return
        changes = [(before, self._parts[name]) for name, before in self._outdated.items()]
        self._outdated.clear()
        self._whole = _exchanged(self._whole, changes)

    def _part(self, underlying: str, prices: Prices) -> Exposure:
        """From the kept sums where they tell all there is, otherwise by adding everything up."""
        book, symbols = self.book, self._symbols.get(underlying, {})
        tally = self._tallies.get(underlying)
        if tally is not None:
            position = book.positions.get(underlying)
            if tally.stands_alone(ZERO if position is None else position.quantity):
                return exposure_of_share(position, tally, prices)
        return exposure_of(
            [book.positions[symbol] for symbol in symbols if symbol in book.positions],
            [order for symbol in symbols for order in book.open_on(symbol)],
            prices,
        )

    def _read_by(self, underlying: str, read: set[str]) -> None:
        """From now on `underlying` counts on the quotes of `read`, and on no others."""
        for symbol in self._reads.get(underlying, set()) - read:
            readers = self._readers[symbol]
            readers.discard(underlying)
            if not readers:
                del self._readers[symbol]
                self._quotes.pop(symbol, None)
        for symbol in read:
            self._readers.setdefault(symbol, set()).add(underlying)
        self._reads[underlying] = read

    def _count(self, symbols: Iterable[str], by: int) -> None:
        for symbol in symbols:
            count = self._priced.get(symbol, 0) + by
            if count > 0:
                self._priced[symbol] = count
                quote = self._quotes.get(symbol)
                if by > 0 and quote is not None:
                    self._stamp(quote)
            else:
                self._priced.pop(symbol, None)


def _exchanged(whole: Exposure, changes: Sequence[tuple[Exposure, Exposure]]) -> Exposure:
    """`whole`, with the second of each pair in place of the first."""
    gross, net_held, reserved = whole.gross, whole.net_held, whole.reserved
    long_working, short_working = whole.long_working, whole.short_working
    in_options, lean = whole.in_options, whole.lean
    open_orders, occupied = whole.open_orders, whole.occupied
    for before, part in changes:
        gross += part.gross - before.gross
        net_held += part.net_held - before.net_held
        reserved += part.reserved - before.reserved
        long_working += part.long_working - before.long_working
        short_working += part.short_working - before.short_working
        in_options += part.in_options - before.in_options
        open_orders += part.open_orders - before.open_orders
        occupied += part.occupied - before.occupied
        if before.lean is not part.lean:
            lean = lean.minus(before.lean).plus(part.lean)

    return Exposure(
        lines=_merged(whole, changes, lambda one: one.lines),
        gross=gross,
        net_held=net_held,
        long_working=long_working,
        short_working=short_working,
        spread_value=_merged(whole, changes, lambda one: one.spread_value),
        contracts=_merged(whole, changes, lambda one: one.contracts),
        option_positions=_merged(whole, changes, lambda one: one.option_positions),
        held_options=_merged(whole, changes, lambda one: one.held_options),
        stakes=_merged(whole, changes, lambda one: one.stakes),
        in_options=in_options,
        leans=_merged(whole, changes, lambda one: one.leans),
        lean=lean,
        reserved=reserved,
        open_orders=open_orders,
        occupied=occupied,
        doubts=_told(whole, changes, lambda one: one.doubts),
        unvalued=_told(whole, changes, lambda one: one.unvalued),
    )


# Closures would be made, with their annotations, at every call: these are asked with every order.


def _merged(
    whole: Exposure,
    changes: Sequence[tuple[Exposure, Exposure]],
    read: Callable[[Exposure], Mapping[str, T]],
) -> Mapping[str, T]:
    """One of its maps, with what the second of each pair has in place of the first's."""
    pairs = [(read(one), read(other)) for one, other in changes]
    if not any(before or part for before, part in pairs):
        return read(whole)
    merged = dict(read(whole))
    for before, part in pairs:
        for name in before:
            merged.pop(name, None)
        merged.update(part)
    return merged


def _told(
    whole: Exposure,
    changes: Sequence[tuple[Exposure, Exposure]],
    read: Callable[[Exposure], tuple[str, ...]],
) -> tuple[str, ...]:
    """One of its lists, with what the second of each pair has in place of the first's."""
    if not any(read(one) or read(other) for one, other in changes):
        return read(whole)
    gone = {each for one, _ in changes for each in read(one)}
    kept = tuple(each for each in read(whole) if each not in gone) if gone else read(whole)
    return kept + tuple(each for _, other in changes for each in read(other))
