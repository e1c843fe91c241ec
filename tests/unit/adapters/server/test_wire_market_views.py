"""Quotes, bars and snapshots on the wire."""

from decimal import Decimal

import attrs
from attrs import evolve

from cream.adapters.server import wire_market_views as views
from cream.adapters.server.market_views import market_view
from cream.adapters.server.wire_values import wire_instant
from cream.core.market.microstructure import microstructure
from cream.core.market.trade_window import TradeWindow
from cream.core.market.views import SymbolView
from cream.core.model.market import MarketStatus
from cream.core.model.plan import Environment
from cream.core.model.ticks import Bar, DayStatistics
from cream.wire import common_pb2
from tests.fakes.operations_data import NOW, a_quote
from tests.unit.adapters.server.both import as_json

BAR = Bar(
    symbol="AAPL",
    at=NOW,
    minutes=5,
    open=Decimal("238.1"),
    high=Decimal("239"),
    low=Decimal("238"),
    close=Decimal("238.5"),
    volume=Decimal("8547.5"),
    trades=66,
    vwap=Decimal("238.25"),
)
DAY = DayStatistics(
    symbol="AAPL",
    open=Decimal("237"),
    high=Decimal("240"),
    low=Decimal("236.5"),
    volume=Decimal(1_000_000),
    previous_close=Decimal("235"),
)


def test_a_snapshot_is_as_new_as_its_newest_quote() -> None:
    quote = a_quote()
    known, unknown = SymbolView(symbol="AAPL", quote=quote), SymbolView(symbol="XOM", quote=None)

    some = views.snapshot_message([known, unknown], Environment.PAPER, MarketStatus.OPEN, NOW)
    none = views.snapshot_message([], Environment.LIVE, MarketStatus.AFTER_HOURS, NOW)

    assert some.as_of == wire_instant(quote.at)
    assert some.environment == common_pb2.ENVIRONMENT_PAPER
    assert some.symbols[0].quote.bid == float(Decimal("238.39"))
    assert some.symbols[0].as_of == wire_instant(quote.at)
    assert not some.symbols[1].HasField("quote")
    assert some.market_status == common_pb2.MARKET_STATUS_OPEN
    assert some.symbols[1].market_status == common_pb2.MARKET_STATUS_OPEN
    assert none.market_status == common_pb2.MARKET_STATUS_AFTER_HOURS
    assert none.as_of == wire_instant(NOW)


def test_a_symbol_shows_its_day_and_its_bars() -> None:
    view = SymbolView(symbol="AAPL", quote=a_quote(), day=DAY, bars=(BAR,))

    (shown,) = views.snapshot_message([view], Environment.PAPER, MarketStatus.OPEN, NOW).symbols

    assert (shown.open, shown.day_high, shown.day_low) == (237, 240, 236.5)
    assert (shown.prev_close, shown.quote.volume) == (235, 1_000_000)
    (bar,) = shown.bars
    assert (bar.timeframe_minutes, bar.close, bar.volume) == (5, 238.5, 8547)
    assert (bar.vwap, bar.trade_count) == (238.25, 66)
    assert bar.timestamp == wire_instant(NOW)


def test_a_symbol_shows_its_halt_and_its_last_minute_as_json_does() -> None:
    minute = microstructure("AAPL", a_quote(), None, TradeWindow(), 0)
    view = SymbolView(symbol="AAPL", quote=a_quote(), halted="LUDP", microstructure=minute)
    bare = SymbolView(symbol="XOM", quote=None)

    shown, other = views.snapshot_message(
        [view, bare], Environment.PAPER, MarketStatus.OPEN, NOW
    ).symbols

    assert shown.halted == "LUDP"
    (expected, _) = market_view([view, bare], MarketStatus.OPEN, NOW).symbols
    assert expected.microstructure is not None
    assert as_json(shown.microstructure) == attrs.asdict(expected.microstructure)
    assert (shown.microstructure.spread, shown.microstructure.HasField("vwap")) == ("0.02", False)
    assert not other.HasField("halted")
    assert not other.HasField("microstructure")


def test_what_a_bar_does_not_say_is_not_there() -> None:
    bar = views.bar_message(evolve(BAR, vwap=None, trades=None))

    assert not bar.HasField("vwap")
    assert not bar.HasField("trade_count")


def test_a_quote_keeps_its_nanosecond_and_sizes_fit_the_wire() -> None:
    quote = evolve(a_quote(), at_ns=1_795_447_800_123_456_789, bid_size=2**40)

    shown = views.quote_message(quote)

    assert (shown.timestamp.seconds, shown.timestamp.nanos) == (1_795_447_800, 123_456_789)
    assert shown.bid_size == 2**31 - 1
