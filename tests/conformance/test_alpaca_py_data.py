"""Alpaca's own Python SDK parses the sandbox's market data: streams, bars, trades, chains."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from alpaca.common.enums import Sort
from alpaca.data.historical import OptionHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.live import OptionDataStream, StockDataStream
from alpaca.data.requests import (
    OptionBarsRequest,
    OptionChainRequest,
    OptionTradesRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from tests.conformance.sandbox_process import Sandbox, sandbox

KEYS = ("PK-test", "secret")
NEAR = "AAPL261218C00240000"
START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def venue() -> Iterator[Sandbox]:
    with sandbox("--requests-per-minute", "100000", "--session", "calendar") as one:
        one.quote("AAPL", "238.39", "238.41")
        yield one


@pytest.fixture
def shares(venue: Sandbox) -> StockHistoricalDataClient:
    return StockHistoricalDataClient(*KEYS, url_override=venue.url)


@pytest.fixture
def options(venue: Sandbox) -> OptionHistoricalDataClient:
    return OptionHistoricalDataClient(*KEYS, url_override=venue.url)


@pytest.mark.parametrize(
    ("frame", "count"),
    [
        (TimeFrame.Minute, 30),
        (TimeFrame(5, TimeFrameUnit.Minute), 6),
        (TimeFrame.Hour, 1),
        (TimeFrame.Day, 1),
    ],
)
def test_bars_of_every_frame_are_parsed(
    shares: StockHistoricalDataClient, frame: TimeFrame, count: int
) -> None:
    """Half an hour of trading lies before the sandbox's start, at 10:00 in New York."""
    request = StockBarsRequest(
        symbol_or_symbols="AAPL",
        timeframe=frame,
        start=datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
        end=START,
    )
    bars = shares.get_stock_bars(request)["AAPL"]
    assert len(bars) == count
    assert all(one.low <= one.open <= one.high and one.low <= one.close for one in bars)
    assert all(one.low <= one.vwap <= one.high and one.volume > 0 for one in bars)


def test_the_newest_bars_come_first_if_asked_for_and_pages_join(
    shares: StockHistoricalDataClient,
) -> None:
    """The SDK follows page tokens by itself: 600 bars of two shares take several pages."""

    def bars(sort: Sort, limit: int | None) -> list[Any]:
        request = StockBarsRequest(
            symbol_or_symbols=["MSFT", "SPY"],
            timeframe=TimeFrame.Day,
            start=datetime(2025, 10, 1, tzinfo=UTC),
            end=START,
            sort=sort,
            limit=limit,
        )
        found = shares.get_stock_bars(request)
        return [(one.symbol, one.timestamp) for symbol in found.data for one in found[symbol]]

    every = bars(Sort.ASC, None)
    assert len(every) == len(set(every)) > 500
    newest = bars(Sort.DESC, 3)
    assert newest == [one for one in reversed(every) if one[0] == "MSFT"][:3]


def test_latest_bars_trades_and_snapshots_are_parsed(shares: StockHistoricalDataClient) -> None:
    latest: Any = shares.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))
    assert START - timedelta(minutes=2) <= latest["AAPL"].timestamp
    trade: Any = shares.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))
    assert (trade["AAPL"].price, trade["AAPL"].size) == (238.4, 100)
    found: Any = shares.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="AAPL"))
    snapshot = found["AAPL"]
    assert snapshot.daily_bar.timestamp == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert snapshot.previous_daily_bar.timestamp == datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert snapshot.minute_bar.volume > 0


def test_trades_and_quotes_of_the_past_are_parsed(
    shares: StockHistoricalDataClient, venue: Sandbox
) -> None:
    for cents in range(5):
        venue.quote("XOM", f"116.0{cents}", f"116.0{cents + 2}")
    trades = shares.get_stock_trades(
        StockTradesRequest(symbol_or_symbols="XOM", start=START, limit=3)
    )["XOM"]
    assert [one.price for one in trades] == [116.0, 116.01, 116.02]
    quotes = shares.get_stock_quotes(
        StockQuotesRequest(symbol_or_symbols="XOM", start=START, sort=Sort.DESC, limit=2)
    )["XOM"]
    assert [one.bid_price for one in quotes] == [116.04, 116.03]


def test_a_chain_with_greeks_is_parsed(options: OptionHistoricalDataClient) -> None:
    chain: Any = options.get_option_chain(
        OptionChainRequest(underlying_symbol="AAPL", expiration_date=date(2026, 12, 18))
    )
    assert len(chain) == 82
    near = chain[NEAR]
    assert 0.4 < near.greeks.delta < 0.6
    assert near.greeks.theta < 0 < near.greeks.gamma
    assert 0.1 < near.implied_volatility < 0.3
    assert near.latest_quote.bid_price < near.latest_quote.ask_price


def test_bars_and_trades_of_options_are_parsed(
    options: OptionHistoricalDataClient, venue: Sandbox
) -> None:
    venue.quote(NEAR, "4.30", "4.32")
    trades = options.get_option_trades(OptionTradesRequest(symbol_or_symbols=NEAR, start=START))
    assert trades[NEAR][-1].price == 4.31
    bars = options.get_option_bars(
        OptionBarsRequest(symbol_or_symbols=NEAR, timeframe=TimeFrame.Day, start=START.date())
    )
    assert bars[NEAR][-1].close == 4.31


class _Heard:
    """What a stream has told, by kind."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Any]] = {}
        self.changed = threading.Condition()

    def noting(self, kind: str) -> Callable[[Any], Any]:
        async def note(message: Any) -> None:
            with self.changed:
                self.messages.setdefault(kind, []).append(message)
                self.changed.notify_all()

        return note

    def first(self, kind: str) -> Any:
        with self.changed:
            assert self.changed.wait_for(lambda: self.messages.get(kind), 60), kind
            return self.messages[kind][0]


@contextmanager
def running(stream: Any) -> Iterator[None]:
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stream.stop()
        thread.join(30)


def test_a_stream_of_shares_tells_trades_corrections_halts_and_quotes(venue: Sandbox) -> None:
    heard = _Heard()
    stream = StockDataStream(*KEYS, url_override=venue.url.replace("http", "ws") + "/v2/sip")
    stream.subscribe_quotes(heard.noting("quote"), "AAPL")
    stream.subscribe_trades(heard.noting("trade"), "AAPL")
    stream.subscribe_trading_statuses(heard.noting("status"), "AAPL")
    stream.register_trade_corrections(heard.noting("correction"))
    stream.register_trade_cancels(heard.noting("cancel"))
    with running(stream):
        heard.first("quote")
        printed = venue.control.post("/print", json={"symbol": "AAPL", "price": 240, "size": 7})
        number = printed.json()["id"]
        trade = heard.first("trade")
        assert (trade.id, trade.price, trade.size) == (number, 240, 7)
        fixed = {"symbol": "AAPL", "id": number, "price": 241, "size": 8}
        number = venue.control.post("/correction", json=fixed).json()["id"]
        correction = heard.first("correction")
        assert (correction.original_price, correction.corrected_price) == (240, 241)
        venue.control.post("/correction", json={"symbol": "AAPL", "id": number, "action": "C"})
        assert heard.first("cancel").price == 241
        venue.control.post("/halt", json={"symbol": "AAPL"})
        assert (heard.first("status").status_code, heard.first("status").reason_code) == (
            "H",
            "LUDP",
        )
        venue.control.post("/resume", json={"symbol": "AAPL"})


def test_a_stream_of_options_tells_trades_in_msgpack(venue: Sandbox) -> None:
    heard = _Heard()
    stream = OptionDataStream(*KEYS, url_override=venue.url.replace("http", "ws") + "/v1beta1/opra")
    stream.subscribe_quotes(heard.noting("quote"), NEAR)
    stream.subscribe_trades(heard.noting("trade"), NEAR)
    with running(stream):
        heard.first("quote")
        venue.quote(NEAR, "5.00", "5.02")
        trade = heard.first("trade")
        assert (trade.symbol, trade.price, trade.conditions) == (NEAR, 5.01, "I")


def test_bars_of_a_file_are_history_and_then_the_market(tmp_path: Any) -> None:
    """Two minutes lie before the clock's start, and the next begins three seconds after it."""
    rows = ["symbol,timestamp,open,high,low,close,volume"]
    for minute, price in enumerate((10, 11, 12)):
        at = START - timedelta(minutes=2) + timedelta(minutes=minute, seconds=3 * (minute == 2))
        rows.append(f"ACME,{at.isoformat()},{price},{price}.50,{price}.00,{price}.25,400")
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(rows))
    heard = _Heard()
    with sandbox("--bars", str(path)) as one:
        shares = StockHistoricalDataClient(*KEYS, url_override=one.url)
        request = StockBarsRequest(
            symbol_or_symbols="ACME",
            timeframe=TimeFrame.Minute,
            start=START - timedelta(minutes=5),
            end=START,
        )
        assert [bar.close for bar in shares.get_stock_bars(request)["ACME"]] == [10.25, 11.25]
        url = one.url.replace("http", "ws") + "/v2/iex"
        stream = StockDataStream(*KEYS, url_override=url)
        stream.subscribe_trades(heard.noting("trade"), "ACME")
        with running(stream):
            trade = heard.first("trade")
            assert trade.size == 100
            assert 12 <= trade.price <= 12.5
