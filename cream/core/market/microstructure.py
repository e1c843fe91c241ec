"""What do the last sixty seconds of one symbol look like, at no cost that grows with them?

A print is added to running sums once and taken off them once, when by the exchange's time it is
sixty seconds older than the newest. Prints of one millisecond share an entry, so there is a bound
to what is kept. Who took the initiative follows from the quote before the print: at the ask or
above the middle a buyer, at the bid or below it a seller, in the middle nobody.

Source: quote rule, Hasbrouck, Trading costs and returns for U.S. equities, 2009 (Lee and Ready,
1991, without the tick test).
"""

from collections import OrderedDict, deque
from decimal import Decimal
from enum import Enum

from attrs import define, field, frozen

from cream.core.model.market import Quote
from cream.core.model.money import ZERO
from cream.core.model.ticks import Trade, TradeCancelled, TradeCorrected

WINDOW_MILLISECONDS = 60_000
# From here on a quote says nothing of the moment, though it may still judge an order.
STALE_SECONDS = 1.0
# Prints that can still be taken back one by one; busier minutes forget their oldest.
MAX_NAMED = 10_000

_MILLISECOND = 1_000_000
_SECOND = 1_000_000_000
_BASIS_POINTS = Decimal(10_000)


class Initiative(Enum):
    """Who crossed the spread."""

    BUYER = "BUYER"
    SELLER = "SELLER"
    NOBODY = "NOBODY"


@frozen(kw_only=True)
class Microstructure:
    """One symbol at one moment. None where there is nothing to say it by.

    Units: dollars per share; `spread_bps` hundredths of a percent of the middle; sizes and volumes
    in shares or contracts, volumes of the last sixty seconds; `imbalance` from -1 (only offers) to
    1 (only bids).
    """

    symbol: str
    spread: Decimal | None
    spread_bps: Decimal | None
    mid: Decimal | None
    bid_depth: int | None
    ask_depth: int | None
    imbalance: Decimal | None
    vwap: Decimal | None
    volume: Decimal
    buy_volume: Decimal
    sell_volume: Decimal
    last: Decimal | None
    quote_age_seconds: float | None
    is_stale: bool


@define
class _Bucket:
    """Sums over the prints of one millisecond."""

    millisecond: int
    volume: Decimal = ZERO
    value: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO


@frozen
class _Named:
    """A print that may still be taken back."""

    bucket: _Bucket
    price: Decimal
    size: Decimal
    initiative: Initiative


@define
class TradeWindow:
    """The prints of one symbol's last sixty seconds, as sums."""

    volume: Decimal = ZERO
    value: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    _buckets: deque[_Bucket] = field(factory=deque)
    _named: OrderedDict[tuple[str, str], _Named] = field(factory=OrderedDict)

    @property
    def vwap(self) -> Decimal | None:
        """The average price by volume."""
        return self.value / self.volume if self.volume else None

    def add(self, trade: Trade, quote: Quote | None) -> None:
        """Take in a print; `quote` is the one that stood before it.

        A print that comes late is put where it belongs; one that is older than the window is none
        of its business.
        """
        millisecond = trade.at_ns // _MILLISECOND
        newest = self._buckets[-1].millisecond if self._buckets else millisecond
        if millisecond <= newest - WINDOW_MILLISECONDS:
            return
        self.expire(millisecond)
        who = initiative(trade.price, quote)
        bucket = self._bucket(millisecond)
        self._count(bucket, trade.price, trade.size, who)
        if trade.trade_id:
            named = _Named(bucket, trade.price, trade.size, who)
            self._named[trade.exchange, trade.trade_id] = named
            if len(self._named) > MAX_NAMED:
                self._named.popitem(last=False)

    def cancel(self, cancelled: TradeCancelled) -> None:
        """Take a print back, if it is still in the window."""
        self._take_back(cancelled.exchange, cancelled.trade_id)

    def correct(self, correction: TradeCorrected) -> None:
        """Put a print in another's place; when it happened and who caused it stay as they were."""
        named = self._take_back(correction.exchange, correction.original_id)
        if named is None:
            return
        right = correction.corrected
        self._count(named.bucket, right.price, right.size, named.initiative)
        if right.trade_id:
            instead = _Named(named.bucket, right.price, right.size, named.initiative)
            self._named[right.exchange, right.trade_id] = instead

    def expire(self, millisecond: int) -> None:
        """Forget what is sixty seconds older than that."""
        oldest = millisecond - WINDOW_MILLISECONDS
        buckets = self._buckets
        while buckets and buckets[0].millisecond <= oldest:
            gone = buckets.popleft()
            self.volume -= gone.volume
            self.value -= gone.value
            self.bought -= gone.bought
            self.sold -= gone.sold
        named = self._named
        while named and next(iter(named.values())).bucket.millisecond <= oldest:
            named.popitem(last=False)

    def _bucket(self, millisecond: int) -> _Bucket:
        buckets = self._buckets
        if not buckets or buckets[-1].millisecond < millisecond:
            buckets.append(_Bucket(millisecond))
            return buckets[-1]
        place = len(buckets)
        while place and buckets[place - 1].millisecond > millisecond:
            place -= 1
        if place and buckets[place - 1].millisecond == millisecond:
            return buckets[place - 1]
        bucket = _Bucket(millisecond)
        buckets.insert(place, bucket)
        return bucket

    def _take_back(self, exchange: str, trade_id: str) -> _Named | None:
        named = self._named.pop((exchange, trade_id), None)
        # What has left the window was taken off with its bucket; its name may outlive it.
        if named is None or not self._buckets:
            return None
        if named.bucket.millisecond < self._buckets[0].millisecond:
            return None
        self._count(named.bucket, named.price, -named.size, named.initiative)
        return named

    def _count(self, bucket: _Bucket, price: Decimal, size: Decimal, who: Initiative) -> None:
        value = price * size
        if bucket.volume:
            bucket.volume += size
            bucket.value += value
        else:
            # Nearly always the only print of its millisecond: its own numbers will do, where sums
            # would be new ones, of which there are hundreds of thousands in a busy minute.
            bucket.volume, bucket.value = size, value
        self.volume += size
        self.value += value
        if who is Initiative.BUYER:
            bucket.bought = bucket.bought + size if bucket.bought else size
            self.bought += size
        elif who is Initiative.SELLER:
            bucket.sold = bucket.sold + size if bucket.sold else size
            self.sold += size


def initiative(price: Decimal, quote: Quote | None) -> Initiative:
    """Who crossed the spread for a print at `price`."""
    if quote is None or quote.is_crossed:
        return Initiative.NOBODY
    twice, around = price + price, quote.bid + quote.ask
    if twice == around:
        return Initiative.NOBODY
    return Initiative.BUYER if twice > around else Initiative.SELLER


def microstructure(
    symbol: str, quote: Quote | None, last: Decimal | None, window: TradeWindow, now_ns: int
) -> Microstructure:
    """The symbol as it is at `now_ns`."""
    window.expire(now_ns // _MILLISECOND)
    age = None if quote is None else max(0, now_ns - quote_ns(quote)) / _SECOND
    depth = None if quote is None else quote.bid_size + quote.ask_size
    spread = None if quote is None else quote.ask - quote.bid
    return Microstructure(
        symbol=symbol,
        spread=spread,
        spread_bps=None if quote is None or spread is None else _in_bps(spread, quote.mid),
        mid=None if quote is None else quote.mid,
        bid_depth=None if quote is None else quote.bid_size,
        ask_depth=None if quote is None else quote.ask_size,
        imbalance=(
            Decimal(quote.bid_size - quote.ask_size) / depth
            if quote is not None and depth
            else None
        ),
        vwap=window.vwap,
        volume=window.volume,
        buy_volume=window.bought,
        sell_volume=window.sold,
        last=last,
        quote_age_seconds=age,
        is_stale=age is None or age > STALE_SECONDS,
    )


def quote_ns(quote: Quote) -> int:
    """When the exchange said so. Units: nanoseconds since 1970, UTC."""
    if quote.at_ns is not None:
        return quote.at_ns
    return int(quote.at.timestamp() * 1_000_000) * 1_000


def _in_bps(spread: Decimal, mid: Decimal) -> Decimal | None:
    return spread / mid * _BASIS_POINTS if mid > 0 else None
