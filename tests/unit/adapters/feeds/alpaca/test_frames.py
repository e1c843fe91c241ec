"""What frames say, against recorded messages; text in is text out."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cream.adapters.feeds.alpaca.frames import (
    BarTold,
    Failed,
    FrameReader,
    Said,
    Subscribed,
)
from cream.core.model.market import Quote
from cream.core.model.ticks import (
    Bar,
    PriceBands,
    StatusChanged,
    Trade,
    TradeCancelled,
    TradeCorrected,
)

DATA = Path(__file__).parents[4] / "data" / "alpaca"
STAMP = "2026-11-23T15:30:00.123456789Z"
STAMP_NS = 1_795_447_800_123_456_789


def recorded(name: str) -> dict[str, Any]:
    """A recorded message; where the record has no time, ours."""
    rows = json.loads((DATA / "alpaca-py-tests" / "stream_frames_stocks.json").read_text())
    return dict(rows[name]) | {"t": STAMP}


def text_reader() -> FrameReader:
    return FrameReader(packed=False, lasts={"SPIP": Decimal("25.42")})


def read(*messages: Any) -> list[Any]:
    return list(text_reader().messages(json.dumps(messages)))


def packed(**fields: Any) -> bytes:
    stamp = msgspec.msgpack.Ext(-1, bytes.fromhex("1fbd280065ef08a7"))
    return msgspec.msgpack.encode([{"t": stamp} | fields])


def test_a_recorded_quote_keeps_every_digit_and_the_nanosecond() -> None:
    (quote,) = read(recorded("quote"))

    assert isinstance(quote, Quote)
    assert (quote.symbol, quote.bid, quote.ask) == ("SPIP", Decimal("25.41"), Decimal("25.43"))
    assert (quote.bid_size, quote.ask_size, quote.last) == (35, 35, Decimal("25.42"))
    assert quote.at_ns == STAMP_NS
    assert quote.at.microsecond == 123_456


@pytest.mark.parametrize("text", ["177.79", "177.790", "0.1", "1e2", "123456789.123456789123", "0"])
def test_a_number_is_read_from_its_text(text: str) -> None:
    """No float comes between, so nothing is rounded and no digit is lost."""
    frame = f'[{{"T":"t","S":"AAPL","p":{text},"s":{text},"t":"{STAMP}"}}]'

    (trade,) = text_reader().messages(frame.encode())

    assert isinstance(trade, Trade)
    assert str(trade.price) == str(Decimal(text))
    assert str(trade.size) == str(Decimal(text))


def test_a_recorded_print_a_bar_and_a_cancel_are_read() -> None:
    trade, bar, cancel = read(recorded("trade"), recorded("bar"), recorded("cancel"))

    assert trade == Trade(
        symbol="AAPL",
        price=Decimal("177.79"),
        size=Decimal(90),
        at_ns=STAMP_NS,
        trade_id="6142",
        exchange="V",
        conditions=("@", "I"),
    )
    assert isinstance(bar, BarTold)
    assert (bar.kind, bar.bar.minutes, bar.bar.vwap) == ("minute", 1, Decimal("177.987562"))
    assert (bar.bar.close, bar.bar.volume, bar.bar.trades) == (Decimal("178.005"), 8547, 66)
    assert isinstance(cancel, TradeCancelled)
    assert (cancel.symbol, cancel.trade_id, cancel.exchange) == ("DJT", "4868", "D")


def test_a_recorded_status_is_read() -> None:
    (status,) = read(recorded("status"))

    assert isinstance(status, StatusChanged)
    assert (status.symbol, status.code, status.message) == ("STRR", "T", "Trading Resumption")
    assert (status.reason_code, status.tape) == ("C11", "C")


def test_bands_and_corrections_are_read_and_imbalances_are_left_out() -> None:
    name = "stream_luld_corrections_imbalance.json"
    rows = json.loads((DATA / "constructed" / name).read_text())

    bands, correction = read(*rows)

    assert isinstance(bands, PriceBands)
    assert (bands.upper, bands.lower) == (Decimal("3.24"), Decimal("2.65"))
    assert isinstance(correction, TradeCorrected)
    assert correction.original_id == "52983525033527"
    assert correction.corrected.price == Decimal("39.1809")
    assert correction.corrected.trade_id == "52983525034326"


def test_days_and_corrected_minutes_say_what_they_are() -> None:
    day, updated = read(recorded("bar") | {"T": "d"}, recorded("bar") | {"T": "u"})

    assert (day.kind, day.bar.minutes) == ("day", 1440)
    assert (updated.kind, updated.bar.minutes) == ("updated", 1)
    assert isinstance(day.bar, Bar)


def test_an_options_print_is_read_from_its_recorded_bytes() -> None:
    name = "option_trade_msgpack_hex.json"
    record = json.loads((DATA / "constructed" / name).read_text())
    reader = FrameReader(packed=True, lasts={})

    (trade,) = reader.messages(bytes.fromhex(record["hex"]))

    assert isinstance(trade, Trade)
    assert trade.symbol == "AAPL  240315C00172500"
    assert (trade.price, trade.size, trade.exchange) == (Decimal("2.84"), 1, "N")
    assert trade.conditions == ("S",)
    assert trade.at_ns == 1_710_164_135_133_122_560


@pytest.mark.parametrize("price", [2.84, 0.1, 3, 1234.5678])
def test_a_float_is_read_by_its_shortest_text(price: float) -> None:
    frame = packed(T="q", S="AAPL240315C00172500", bp=price, bs=1, ap=price, **{"as": 2.0}, c="A")

    (quote,) = FrameReader(packed=True, lasts={}).messages(frame)

    assert isinstance(quote, Quote)
    assert quote.bid == Decimal(repr(price))
    assert (quote.bid_size, quote.ask_size) == (1, 2)


def test_the_ceremony_and_errors_are_read() -> None:
    said, failed, subscribed = read(
        {"T": "success", "msg": "connected"},
        {"T": "error", "code": 406, "msg": "connection limit exceeded"},
        {"T": "subscription", "quotes": ["AAPL"], "trades": [], "news": ["X"]},
    )

    assert said == Said("connected")
    assert failed == Failed(406, "connection limit exceeded")
    assert isinstance(subscribed, Subscribed)
    assert subscribed.channels["quotes"] == {"AAPL"}
    assert subscribed.channels["lulds"] == frozenset()


def test_options_are_confirmed_under_our_names() -> None:
    frame = msgspec.msgpack.encode([{"T": "subscription", "quotes": ["AAPL240315C00172500"]}])

    (subscribed,) = FrameReader(packed=True, lasts={}).messages(frame)

    assert isinstance(subscribed, Subscribed)
    assert subscribed.channels["quotes"] == {"AAPL  240315C00172500"}


@pytest.mark.parametrize(
    "odd",
    [
        {"T": "zz", "S": "AAPL"},
        {"T": "q", "S": "AAPL"},
        {"T": "q", "S": "AAPL", "bp": "x", "bs": 1, "ap": 1, "as": 1, "t": STAMP},
        {"T": "t", "S": "AAPL", "p": 1, "s": 1, "t": "yesterday"},
        {"no": "type"},
        7,
    ],
)
def test_what_cannot_be_read_is_left_out_and_the_rest_counts(odd: Any) -> None:
    reader = text_reader()

    messages = list(reader.messages(json.dumps([odd, recorded("quote")])))

    assert [type(one) for one in messages] == [Quote]
    assert sum(reader.unreadable.values()) == 1


@pytest.mark.parametrize("frame", [b"", b"{", b'{"T":"q"}', b"\xff\xfe", "null", b"[[]]"])
def test_a_frame_that_makes_no_sense_is_left_out(frame: str | bytes) -> None:
    reader = text_reader()

    assert list(reader.messages(frame)) == []
    assert sum(reader.unreadable.values()) == 1


@pytest.mark.parametrize("price", [float("nan"), float("inf")])
def test_floats_that_are_no_numbers_are_not_believed(price: float) -> None:
    frame = packed(T="q", S="AAPL", bp=price, bs=price, ap=price, **{"as": 1})

    assert list(FrameReader(packed=True, lasts={}).messages(frame)) == []


@pytest.mark.parametrize("price", ["1e999999999", "1e-999999999", '"NaN"', '"Infinity"'])
@pytest.mark.parametrize("kind", ["quote", "trade", "bar"])
def test_a_price_that_nobody_can_calculate_with_is_left_out(kind: str, price: str) -> None:
    """A stop that is compared with it would end the watch over all the others."""
    row = recorded(kind)
    field = {"quote": "ap", "trade": "p", "bar": "h"}[kind]
    text = json.dumps([row | {field: "HERE"}, recorded(kind)]).replace('"HERE"', price)
    reader = text_reader()
    assert len(list(reader.messages(text))) == 1
    assert reader.unreadable.total() == 1


@pytest.mark.parametrize("frame", ["[" * 100_000, '[{"T":"q","new":' + "[" * 100_000])
def test_a_frame_nested_without_end_is_left_out(frame: str) -> None:
    reader = text_reader()
    assert list(reader.messages(frame)) == []
    assert reader.unreadable.total() == 1


def test_so_is_one_in_msgpack() -> None:
    reader = FrameReader(packed=True, lasts={})
    assert list(reader.messages(b"\x91" * 100_000)) == []
    assert reader.unreadable.total() == 1
