"""What traded in the last sixty seconds of one symbol, at no cost that grows with it?

A print is added to running sums once and taken off them once, when by the exchange's time it is
sixty seconds older than the newest. Who took the initiative follows from the quote before the
print: at the ask or above the middle a buyer, at the bid or below it a seller, in the middle
nobody.

Prints are rows of machine numbers, in billionths: a busy minute holds hundreds of thousands of
them, and as objects of Python's each took twenty times the memory, which such a coming and going
tears to pieces (ADR 0034).

Source: quote rule, Hasbrouck, Trading costs and returns for U.S. equities, 2009 (Lee and Ready,
1991, without the tick test).
"""

from array import array
from bisect import bisect_right
from decimal import Decimal
from enum import Enum

from attrs import define, field

from cream.core.model.market import Quote
from cream.core.model.money import trim
from cream.core.model.ticks import Trade, TradeCancelled, TradeCorrected

WINDOW_MILLISECONDS = 60_000
# Prints of one symbol that are kept; in a minute with more, the oldest leave early.
MAX_PRINTS = 500_000
# A late print moves every younger one, some 0.1 ms for so many; one that is behind more is not
# counted. Off-exchange prints come up to ten seconds late: at 6,500 a second that is within.
MAX_YOUNGER = 65_536

_MILLISECOND = 1_000_000
# Prices and sizes are whole numbers of billionths, cut off there: no venue prints finer ones.
_BILLION = Decimal(1_000_000_000)
_PLACES = 9
# No print has a price or size that does not fit. One that says so is nobody's print.
_MOST = Decimal(2**63 - 1) / _BILLION
# Rows that have left are cut off in one go once they are so many, and half of all.
_CUT_FROM = 1_024
_NAMELESS = 0


class Initiative(Enum):
    """Who crossed the spread."""

    BUYER = "BUYER"
    SELLER = "SELLER"
    NOBODY = "NOBODY"


# As a row says it.
_BUYER, _SELLER, _NOBODY = 1, -1, 0
_CODES = {Initiative.BUYER: _BUYER, Initiative.SELLER: _SELLER, Initiative.NOBODY: _NOBODY}


def _numbers() -> "array[int]":
    return array("q")


@define(eq=False)
class _Rows:
    """Prints by time: five columns of 64-bit numbers. Those before `first` have left."""

    milliseconds: "array[int]" = field(factory=_numbers)
    prices: "array[int]" = field(factory=_numbers)
    sizes: "array[int]" = field(factory=_numbers)
    takers: "array[int]" = field(factory=_numbers)
    names: "array[int]" = field(factory=_numbers)
    first: int = 0

    def __len__(self) -> int:
        return len(self.milliseconds) - self.first

    def add(self, millisecond: int, price: int, size: int, taker: int, name: int) -> None:
        times = self.milliseconds
        if not times or times[-1] <= millisecond:
            times.append(millisecond)
            self.prices.append(price)
            self.sizes.append(size)
            self.takers.append(taker)
            self.names.append(name)
            return
        place = bisect_right(times, millisecond, self.first)
        row = (millisecond, price, size, taker, name)
        for column, number in zip(self._columns(), row, strict=True):
            column.insert(place, number)

    def are_many_after(self, millisecond: int) -> bool:
        """Whether more prints than may be moved are younger."""
        return len(self) > MAX_YOUNGER and self.milliseconds[-MAX_YOUNGER - 1] > millisecond

    def find(self, name: int) -> int | None:
        """Where the print of that name is. Seldom asked for: it goes through all of them."""
        try:
            return self.names.index(name, self.first)
        except ValueError:
            return None

    def cut(self) -> None:
        """Give back the memory of what has left, now and then."""
        if self.first >= _CUT_FROM and 2 * self.first >= len(self.milliseconds):
            for column in self._columns():
                del column[: self.first]
            self.first = 0

    def _columns(self) -> "tuple[array[int], ...]":
        return self.milliseconds, self.prices, self.sizes, self.takers, self.names


@define(eq=False)
class TradeWindow:
    """The prints of one symbol's last sixty seconds, as sums."""

    _rows: _Rows = field(factory=_Rows)
    # In billionths; the value, a product, in billionths of them.
    _volume: int = 0
    _value: int = 0
    _bought: int = 0
    _sold: int = 0

    @property
    def volume(self) -> Decimal:
        """Shares or contracts."""
        return _decimal(self._volume)

    @property
    def bought(self) -> Decimal:
        """Those for which a buyer took the initiative."""
        return _decimal(self._bought)

    @property
    def sold(self) -> Decimal:
        """Those for which a seller did."""
        return _decimal(self._sold)

    @property
    def vwap(self) -> Decimal | None:
        """The average price by volume. Units: dollars."""
        if not self._volume:
            return None
        return trim((Decimal(self._value) / Decimal(self._volume)).scaleb(-_PLACES))

    def add(self, trade: Trade, quote: Quote | None) -> None:
        """Take in a print; `quote` is the one that stood before it.

        A print that comes late is put where it belongs; one that is older than the window, or
        behind too many others, is none of its business.
        """
        millisecond = trade.at_ns // _MILLISECOND
        rows = self._rows
        newest = rows.milliseconds[-1] if len(rows) else millisecond
        if millisecond <= newest - WINDOW_MILLISECONDS or not _is_print(trade):
            return
        if millisecond < newest and rows.are_many_after(millisecond):
            return
        price, size = int(trade.price * _BILLION), int(trade.size * _BILLION)
        self.expire(millisecond)
        if len(rows) >= MAX_PRINTS:
            self._leave()
        taker = _CODES[initiative(trade.price, quote)]
        rows.add(millisecond, price, size, taker, _name(trade.exchange, trade.trade_id))
        self._count(price, size, taker)

    def cancel(self, cancelled: TradeCancelled) -> None:
        """Take a print back, if it is still in the window."""
        self._put_instead(cancelled.exchange, cancelled.trade_id, 0, 0, _NAMELESS)

    def correct(self, correction: TradeCorrected) -> None:
        """Put a print in another's place; when it happened and who caused it stay as they were."""
        right = correction.corrected
        if _is_print(right):
            price, size = int(right.price * _BILLION), int(right.size * _BILLION)
            name = _name(right.exchange, right.trade_id)
            self._put_instead(correction.exchange, correction.original_id, price, size, name)

    def expire(self, millisecond: int) -> None:
        """Forget what is sixty seconds older than that."""
        oldest = millisecond - WINDOW_MILLISECONDS
        rows = self._rows
        times, count = rows.milliseconds, len(rows.milliseconds)
        while rows.first < count and times[rows.first] <= oldest:
            self._leave()
        rows.cut()

    def _leave(self) -> None:
        rows, at = self._rows, self._rows.first
        self._count(rows.prices[at], -rows.sizes[at], rows.takers[at])
        rows.first += 1

    def _put_instead(
        self, exchange: str, trade_id: str, price: int, size: int, renamed: int
    ) -> None:
        rows, name = self._rows, _name(exchange, trade_id)
        at = None if name == _NAMELESS else rows.find(name)
        if at is None:
            return
        self._count(rows.prices[at], -rows.sizes[at], rows.takers[at])
        self._count(price, size, rows.takers[at])
        rows.prices[at], rows.sizes[at], rows.names[at] = price, size, renamed

    def _count(self, price: int, size: int, taker: int) -> None:
        self._volume += size
        self._value += price * size
        if taker == _BUYER:
            self._bought += size
        elif taker == _SELLER:
            self._sold += size


def initiative(price: Decimal, quote: Quote | None) -> Initiative:
    """Who crossed the spread for a print at `price`."""
    if quote is None or quote.is_crossed:
        return Initiative.NOBODY
    twice, around = price + price, quote.bid + quote.ask
    if twice == around:
        return Initiative.NOBODY
    return Initiative.BUYER if twice > around else Initiative.SELLER


def _is_print(trade: Trade) -> bool:
    """Whether anything can have traded so, and its numbers fit into a row.

    Asked before they are made whole numbers of: 1e999990 is one with a million digits.
    """
    price, size = trade.price, trade.size
    return price.is_finite() and size.is_finite() and 0 < price <= _MOST and 0 <= size <= _MOST


def _name(exchange: str, trade_id: str) -> int:
    """A number for the name of a print: two of half a million share one once in 10^8 minutes."""
    return hash((exchange, trade_id)) or 1 if trade_id else _NAMELESS


def _decimal(billionths: int) -> Decimal:
    whole, rest = divmod(billionths, 10**_PLACES)
    return Decimal(billionths).scaleb(-_PLACES).normalize() if rest else Decimal(whole)
