"""How does Alpaca's market data write things? Keys of one letter, and numbers as numbers.

A moment is a `Stamp`, which becomes a text in JSON and a timestamp of its own in msgpack, to the
nanosecond in both.

Source: Alpaca Market Data API v2 and v1beta1, OpenAPI document 1.1, 2026-06; docs.alpaca.markets,
Real-time Stock Data and Real-time Option Data, 2025-09.
"""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from cream.adapters.sandbox.bars import Bar
from cream.adapters.sandbox.replies import Json
from cream.core.model.instrument import Instrument, OptionContract
from cream.core.model.market import Quote

_EXCHANGE = "V"
_TAPE = "C"
# msgpack's own extension type for moments: 30 bits of nanoseconds before 34 of seconds.
_MOMENT = -1
_SECONDS_BITS = 34


class Traded(Protocol):
    """What a trade has."""

    @property
    def instrument(self) -> Instrument:
        """What was traded."""
        ...

    @property
    def number(self) -> int:
        """Its number on the tape."""
        ...

    @property
    def price(self) -> Decimal:
        """Per share."""
        ...

    @property
    def size(self) -> int:
        """Shares or contracts."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...


class Stamp:
    """A moment, and the nanoseconds (0 to 999) that a datetime cannot carry.

    Not an attrs class: the encoders would write its fields instead of asking for its form.
    """

    def __init__(self, at: datetime, nanos: int = 0) -> None:
        self.at = at
        self.nanos = nanos

    def __str__(self) -> str:
        """RFC 3339 with nine places, in UTC."""
        return f"{self.at:%Y-%m-%dT%H:%M:%S}.{self.at.microsecond:06d}{self.nanos:03d}Z"

    def packed(self) -> msgspec.msgpack.Ext:
        """As msgpack writes it."""
        seconds = int(self.at.timestamp())
        nanos = self.at.microsecond * 1_000 + self.nanos
        return msgspec.msgpack.Ext(_MOMENT, (nanos << _SECONDS_BITS | seconds).to_bytes(8))


def _text_hook(value: object) -> object:
    return str(value)


def _packed_hook(value: object) -> object:
    return value.packed() if isinstance(value, Stamp) else str(value)


NUMBERS = msgspec.json.Encoder(decimal_format="number", enc_hook=_text_hook)
PACKED = msgspec.msgpack.Encoder(decimal_format="number", enc_hook=_packed_hook)


def quote_json(instrument: Instrument, quote: Quote) -> Json:
    """A quote. Options have one condition and no tape."""
    common: Json = {
        "t": Stamp(quote.at),
        "ax": _EXCHANGE,
        "ap": quote.ask,
        "as": quote.ask_size,
        "bx": _EXCHANGE,
        "bp": quote.bid,
        "bs": quote.bid_size,
    }
    option = isinstance(instrument, OptionContract)
    return common | ({"c": "A"} if option else {"c": ["R"], "z": _TAPE})


def trade_json(one: Traded) -> Json:
    """A trade. Options have one condition, no number and no tape."""
    common: Json = {
        "t": Stamp(one.at, one.number % 1_000),
        "x": _EXCHANGE,
        "p": one.price,
        "s": one.size,
    }
    option = isinstance(one.instrument, OptionContract)
    return common | ({"c": "I"} if option else {"c": ["@"], "i": one.number, "z": _TAPE})


def correction_json(wrong: Traded, right: Traded, now: datetime) -> Json:
    """One trade in the place of another."""
    return {
        "t": Stamp(now),
        "x": _EXCHANGE,
        "oi": wrong.number,
        "op": wrong.price,
        "os": wrong.size,
        "oc": ["@"],
        "ci": right.number,
        "cp": right.price,
        "cs": right.size,
        "cc": ["@"],
        "z": _TAPE,
    }


def cancel_json(wrong: Traded, action: str, now: datetime) -> Json:
    """A trade that is taken back."""
    return {
        "t": Stamp(now),
        "i": wrong.number,
        "x": _EXCHANGE,
        "p": wrong.price,
        "s": wrong.size,
        "a": action,
        "z": _TAPE,
    }


def status_json(code: str, words: str, reason: str, now: datetime) -> Json:
    """A halt, or its end."""
    return {"t": Stamp(now), "sc": code, "sm": words, "rc": reason, "rm": "", "z": _TAPE}


def luld_json(up: Decimal, down: Decimal, now: datetime) -> Json:
    """The prices between which a share may trade."""
    return {"t": Stamp(now), "u": up, "d": down, "i": "B", "z": _TAPE}


def imbalance_json(price: Decimal, now: datetime) -> Json:
    """At which price the orders that wait in a halt would trade."""
    return {"t": Stamp(now), "p": price, "z": _TAPE}


def bar_json(bar: Bar) -> Json:
    """A bar."""
    return {
        "t": Stamp(bar.start),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
        "n": bar.trades,
        "vw": bar.vwap,
    }
