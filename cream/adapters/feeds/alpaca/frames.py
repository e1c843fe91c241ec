"""What does a frame of a data stream say? Bytes to model types, with no number changed.

Shares come as JSON, whose numbers are read from their text; options come as msgpack, whose floats
are read by their shortest text. Times keep their nanoseconds. A message that cannot be read, or of
a kind that nobody knows, is left out and counted; the rest of its frame counts.

Source: docs.alpaca.markets, Real-time Stock Data and Real-time Option Data, 2025-09; the timestamp
extension of the msgpack specification.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import structlog
from attrs import define, field, frozen

from cream.adapters.brokers.alpaca.document import SchemaMismatch
from cream.adapters.feeds.alpaca import wire as w
from cream.adapters.feeds.alpaca.times import read_text_ns, read_timestamp_ns
from cream.core.market.tape import moment
from cream.core.model.market import Quote
from cream.core.model.money import is_within_reason
from cream.core.model.ticks import (
    Bar,
    PriceBands,
    StatusChanged,
    Trade,
    TradeCancelled,
    TradeCorrected,
)
from cream.core.options.occ import parse_instrument

log = structlog.get_logger(__name__)

# Names of options that are kept in our spelling; more are not subscribed at one time.
_MAX_NAMES = 20_000
# How much of a message that cannot be read is logged, and of how many.
_SHOWN, _MOST_SHOWN = 300, 100


@frozen
class Said:
    """A step of the ceremony went well: `connected`, `authenticated`."""

    message: str


@frozen
class Failed:
    """One of Alpaca's errors."""

    code: int
    message: str


@frozen
class Subscribed:
    """All that is subscribed now, by channel."""

    channels: Mapping[str, frozenset[str]]


@frozen(kw_only=True)
class BarTold:
    """A bar: of a minute that ended, of one that is corrected, or of the day so far."""

    bar: Bar
    kind: str


Message = (
    Quote
    | Trade
    | BarTold
    | StatusChanged
    | PriceBands
    | TradeCancelled
    | TradeCorrected
    | Said
    | Failed
    | Subscribed
)

_KINDS = {w.WireBar: "minute", w.UpdatedBar: "updated", w.DailyBar: "day"}
_DAY = 1440

# What the decoder raises for what is no message: lists within lists without end among it.
_NOT_READ = (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError)


@define
class FrameReader:
    """Reads the frames of one stream. `lasts` has the last sale of each symbol, for its quotes."""

    packed: bool
    lasts: Mapping[str, Decimal]
    unreadable: Counter[str] = field(factory=Counter)
    _names: dict[str, str] = field(factory=dict)
    _whole: Any = field(init=False)
    _parts: Any = field(init=False)
    _one: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        codec: Any = msgspec.msgpack if self.packed else msgspec.json
        message: Any = w.PackedMessage if self.packed else w.TextMessage
        self._whole = codec.Decoder(list[message])
        self._parts = codec.Decoder(list[msgspec.Raw])
        self._one = codec.Decoder(message)

    def messages(self, frame: str | bytes) -> Iterator[Message]:
        """Everything in the frame that can be read."""
        for raw in self._decoded(frame):
            try:
                yield self._message(raw)
            except (SchemaMismatch, ArithmeticError, ValueError) as error:
                self._left_out(type(raw).__name__, str(error), raw)

    def _decoded(self, frame: str | bytes) -> Any:
        try:
            return self._whole.decode(frame)
        except _NOT_READ:
            return self._salvaged(frame)

    def _salvaged(self, frame: str | bytes) -> list[Any]:
        """The messages of a frame that can be read one by one."""
        try:
            parts = self._parts.decode(frame)
        except _NOT_READ as error:
            self._left_out("frame", str(error), frame)
            return []
        found = []
        for part in parts:
            try:
                found.append(self._one.decode(part))
            except _NOT_READ as error:
                self._left_out("message", str(error), bytes(part))
        return found

    def _message(self, raw: Any) -> Message:
        kind = type(raw)
        if kind is w.WireQuote or kind is w.PackedQuote:
            return self._quote(raw)
        if kind is w.WireTrade or kind is w.PackedTrade:
            return self._trade(raw)
        return self._rare(raw)

    def _quote(self, raw: Any) -> Quote:
        symbol = self._names.get(raw.S) or self._name(raw.S)
        nanoseconds = self._ns(raw.t)
        bid, ask = raw.bp, raw.ap
        if not (is_within_reason(bid) and is_within_reason(ask)):
            raise SchemaMismatch("$", "has a price beyond reason")
        return Quote(
            symbol=symbol,
            bid=bid,
            ask=ask,
            bid_size=int(raw.bs),
            ask_size=int(raw.ask_size),
            at=moment(nanoseconds),
            last=self.lasts.get(symbol),
            at_ns=nanoseconds,
        )

    def _trade(self, raw: Any) -> Trade:
        conditions = raw.c
        return Trade(
            symbol=self._names.get(raw.S) or self._name(raw.S),
            price=_sound(raw.p),
            size=_sound(raw.s),
            at_ns=self._ns(raw.t),
            trade_id=str(raw.i),
            exchange=raw.x,
            conditions=_conditions(conditions),
        )

    def _rare(self, raw: Any) -> Message:
        match raw:
            case w.WireBar():
                return BarTold(bar=_bar(raw), kind=_KINDS[type(raw)])
            case w.Status():
                return StatusChanged(
                    symbol=raw.S,
                    code=raw.sc,
                    message=raw.sm,
                    reason_code=raw.rc,
                    reason=raw.rm,
                    at_ns=self._ns(raw.t),
                    tape=raw.z,
                )
            case w.Bands():
                return PriceBands(
                    symbol=raw.S, upper=_sound(raw.u), lower=_sound(raw.d), at_ns=self._ns(raw.t)
                )
            case w.Cancel():
                return TradeCancelled(
                    symbol=raw.S, trade_id=str(raw.i), exchange=raw.x, at_ns=self._ns(raw.t)
                )
            case w.Correction():
                return TradeCorrected(
                    symbol=raw.S,
                    original_id=str(raw.oi),
                    exchange=raw.x,
                    corrected=Trade(
                        symbol=raw.S,
                        price=_sound(raw.cp),
                        size=_sound(raw.cs),
                        at_ns=self._ns(raw.t),
                        trade_id=str(raw.ci),
                        exchange=raw.x,
                        conditions=_conditions(raw.cc),
                    ),
                )
            case w.Success():
                return Said(raw.msg)
            case w.Error():
                return Failed(raw.code, raw.msg)
            case _:
                return self._subscribed(raw)

    def _subscribed(self, raw: w.Subscription) -> Subscribed:
        channels: dict[str, frozenset[str]] = {}
        for channel in raw.__struct_fields__:
            channels[channel] = frozenset(self._name(one) for one in getattr(raw, channel))
        return Subscribed(channels)

    def _ns(self, raw: Any) -> int:
        return read_timestamp_ns(raw.code, raw.data) if self.packed else read_text_ns(raw)

    def _name(self, symbol: str) -> str:
        """Our spelling: options are padded."""
        if len(self._names) >= _MAX_NAMES:
            self._names.clear()
        name = symbol
        with suppress(ValueError):
            name = parse_instrument(symbol).symbol
        self._names[symbol] = name
        return name

    def _left_out(self, kind: str, why: str, shown: object) -> None:
        self.unreadable[kind] += 1
        if self.unreadable[kind] <= _MOST_SHOWN:
            log.warning("alpaca.tick_unreadable", kind=kind, why=why, shown=repr(shown)[:_SHOWN])


def _conditions(raw: list[str] | str | None) -> tuple[str, ...]:
    if raw is None:
        return ()
    return (raw,) if isinstance(raw, str) else tuple(raw)


def _sound(number: Decimal) -> Decimal:
    """The number.   Raises: SchemaMismatch for one that nobody could calculate with."""
    if not is_within_reason(number):
        raise SchemaMismatch("$", f"{number} is beyond reason")
    return number


def _bar(raw: w.WireBar) -> Bar:
    return Bar(
        symbol=raw.S,
        at=moment(read_text_ns(raw.t)),
        minutes=_DAY if isinstance(raw, w.DailyBar) else 1,
        open=_sound(raw.o),
        high=_sound(raw.h),
        low=_sound(raw.l),
        close=_sound(raw.c),
        volume=_sound(raw.v),
        trades=None if raw.n is None else int(raw.n),
        vwap=None if raw.vw is None else _sound(raw.vw),
    )
