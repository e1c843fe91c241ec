"""The feed over a scripted stream and scripted REST: what is told, polled, missed and halted."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import structlog
import trio
import trio_websocket
from attrs import define, evolve, field

from cream.adapters.brokers.alpaca.reconnect import Reconnects
from cream.adapters.brokers.alpaca.rest import AlpacaRest
from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.alpaca import feed as subject
from cream.adapters.feeds.alpaca import stream as stream_module
from cream.adapters.feeds.alpaca.data_api import DataApi
from cream.adapters.feeds.alpaca.feed import AlpacaFeed, open_feed
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.core.exchange.calendar import SessionMode
from cream.core.market.health import DISCONNECTED
from cream.core.market.subscriptions import BOOK, Onlooker
from cream.core.model.instrument import Equity, OptionContract, OptionRight
from cream.core.model.market import MarketStatus, Quote
from cream.core.model.plan import Environment
from cream.core.model.ticks import Bar
from cream.core.resilience.backoff import Backoff
from cream.core.resilience.budget import RateBudget
from tests.unit.adapters.feeds.alpaca.script import (
    account,
    let_in,
    said,
    tell,
    until_closed,
)

START = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
CALL = OptionContract("AAPL", date(2026, 12, 18), OptionRight.CALL, Decimal(240))


@define
class Alpaca:
    """Both ends of the script: `socket` tells, `rest` answers."""

    feed: AlpacaFeed
    clock: ShiftedClock
    quotes: list[Quote] = field(factory=list)
    rest: dict[str, dict[str, Any]] = field(factory=dict)
    asked: list[str] = field(factory=list)
    sockets: list[Any] = field(factory=list)
    subscribed: list[list[str]] = field(factory=list)
    down: bool = False

    def quote(self, symbol: str, bid: float, ask: float, ago: float = 0.0) -> dict[str, Any]:
        at = self.clock.now() - timedelta(seconds=ago)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"T": "q", "S": symbol, "bp": bid, "bs": 1, "ap": ask, "as": 2, "t": stamp}

    def status(self, symbol: str, code: str) -> dict[str, Any]:
        return self.quote(symbol, 0, 0) | {"T": "s", "sc": code, "sm": "Trading Halt"}

    async def tell(self, *messages: Any) -> None:
        await self.until(lambda: self.subscribed)
        await tell(self.sockets[-1], *messages)

    async def until(self, condition: Callable[[], object]) -> None:
        with trio.fail_after(20):
            while not condition():  # noqa: ASYNC110 - of both ends of a real socket
                await trio.sleep(0.005)


@asynccontextmanager
async def alpaca(**changes: Any) -> AsyncIterator[Alpaca]:
    fields = {"session": SessionMode.ALWAYS_OPEN, "stale_seconds": 60.0, "poll_seconds": 0.02}
    settings = AlpacaFeedSettings(**(fields | changes))
    clock = ShiftedClock(START)
    world: list[Alpaca] = []

    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        one = world[0]
        socket = await request.accept()
        await let_in(socket)
        heard: set[str] = set()
        one.sockets.append(socket)
        try:
            while True:
                message = await said(socket)
                change = set(message["quotes"])
                heard = heard | change if message["action"] == "subscribe" else heard - change
                await tell(socket, {"T": "subscription", "quotes": sorted(heard)})
                one.subscribed.append(sorted(heard))
        except trio_websocket.ConnectionClosed:
            await until_closed(socket)

    def answer(request: httpx.Request) -> httpx.Response:
        one = world[0]
        if one.down:
            return httpx.Response(500)
        symbols = request.url.params["symbols"].split(",")
        one.asked.extend(symbols)
        found = {symbol: one.rest[symbol] for symbol in symbols if symbol in one.rest}
        key = request.url.path.rsplit("/", 1)[-1]
        return httpx.Response(200, content=json.dumps({"quotes": found, "bars": {}, "k": key}))

    keys = account()
    async with (
        open_feed(settings, keys, Environment.PAPER, clock, lambda: 0.5) as feed,
        httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://d") as client,
        # Ends first: nobody asks by a client that is closed.
        trio.open_nursery() as nursery,
    ):
        server = await nursery.start(trio_websocket.serve_websocket, serve, "127.0.0.1", 0, None)
        budget = RateBudget(limit=100_000, period_seconds=60)
        feed.api = DataApi(AlpacaRest(client, Turnstile(budget), clock, keys), settings)
        feed.stocks.url = f"ws://127.0.0.1:{server.port}/v2/iex"
        feed.stocks.reconnects = Reconnects(Backoff(base=0.01, cap=0.01), 0.0, lambda: 0.5)
        world.append(Alpaca(feed, clock))
        nursery.start_soon(feed.run, world[0].quotes.append)
        yield world[0]
        nursery.cancel_scope.cancel()


async def test_of_a_frame_only_the_newest_quote_of_each_symbol_passes_on() -> None:
    """A burst never keeps a stop waiting behind what is over already."""
    async with alpaca() as one:
        one.feed.follow(BOOK, ["AAPL", "XOM"])
        burst = [one.quote("AAPL", 100 + n / 100, 100.5 + n / 100, 1 - n / 100) for n in range(50)]
        await one.tell(*burst, one.quote("XOM", 50, 50.1))
        await one.until(lambda: len(one.quotes) == 2)

        aapl, xom = one.quotes
        assert (aapl.symbol, aapl.bid, xom.symbol) == ("AAPL", Decimal("100.49"), "XOM")
        assert one.feed.latest("AAPL") == aapl
        assert one.feed.tape.tracker.messages == 51
        assert one.feed.health().is_healthy


async def test_what_is_no_price_is_not_passed_on() -> None:
    async with alpaca() as one:
        one.feed.follow(BOOK, ["AAPL"])
        await one.tell(one.quote("AAPL", 0, 100), one.quote("AAPL", 101, 100))
        await one.tell(one.quote("AAPL", 100, 100.1))
        await one.until(lambda: one.quotes)

        assert [quote.bid for quote in one.quotes] == [100]
        assert dict(one.feed.health().unusable_quotes) == {"one_sided": 1, "crossed": 1}


async def test_prints_halts_bands_and_bars_are_taken_in() -> None:
    bars: list[tuple[Bar, str]] = []
    async with alpaca() as one:
        one.feed.on_bar("test", lambda bar, kind: bars.append((bar, kind)))
        one.feed.follow(BOOK, ["AAPL"])
        stamp = {"t": one.quote("AAPL", 0, 0)["t"], "S": "AAPL"}
        trade = {"T": "t", "p": 100.08, "s": 10, "i": 1, "x": "V"} | stamp
        await one.tell(
            one.quote("AAPL", 100, 100.1, 0.5),
            trade,
            trade | {"i": 2, "s": 5},
            {"T": "x", "i": 2, "x": "V", "p": 1, "s": 5} | stamp,
            {"T": "c", "x": "V", "oi": 1, "ci": 3, "cp": 100.09, "cs": 8} | stamp,
            {"T": "l", "u": 110, "d": 90} | stamp,
            {"T": "b", "o": 1, "h": 2, "l": 1, "c": 2, "v": 3} | stamp,
            one.status("AAPL", "H"),
        )
        await one.until(lambda: bars)

        minute = one.feed.microstructure("AAPL")
        assert minute is not None
        assert (minute.volume, minute.buy_volume, minute.last) == (8, 8, Decimal("100.08"))
        bands = one.feed.bands("AAPL")
        assert bands is not None
        assert (bands.upper, bands.lower) == (110, 90)
        assert bars[0][1] == "minute"
        assert one.feed.halted("AAPL") == "Trading Halt"
        assert one.feed.halted(CALL.symbol) == "Trading Halt"
        assert not one.feed.counts(one.quotes[0])

        await one.tell(one.status("AAPL", "T"), one.quote("AAPL", 60, 60.1))
        await one.until(lambda: one.feed.halted("AAPL") is None)
        await one.until(lambda: one.quotes[-1].bid == 60)
        assert one.feed.counts(one.quotes[-1])
        one.feed.on_bar("test", None)


async def test_a_silent_symbol_is_asked_for_and_its_quote_confirmed() -> None:
    """The stream says nothing because nothing happens: the quote stays fresh."""
    async with alpaca(stale_seconds=0.05) as one:
        one.feed.follow(BOOK, ["AAPL"])
        told = one.quote("AAPL", 100, 100.1)
        one.rest["AAPL"] = told
        await one.tell(told)
        await one.until(lambda: len(one.quotes) >= 3)

        assert all(quote.bid == 100 for quote in one.quotes)
        confirmed = one.quotes[-1]
        assert confirmed.confirmed_at is not None
        assert confirmed.as_of > confirmed.at
        assert one.feed.tape.tracker.gaps == 0


async def test_what_is_only_looked_at_is_read_and_its_silence_is_nobodys_loss() -> None:
    """Hundreds of quiet options would take the requests that stops depend on."""
    async with alpaca(stale_seconds=0.05) as one:
        one.feed.follow(Onlooker(), ["XOM"])
        one.feed.follow(BOOK, ["AAPL"])
        one.rest |= {"AAPL": one.quote("AAPL", 100, 100.1), "XOM": one.quote("XOM", 50, 50.1)}
        await one.tell(one.quote("XOM", 50, 50.1))
        await one.until(lambda: one.asked.count("AAPL") >= 3)

        assert one.quotes[0].symbol == "XOM"
        assert one.subscribed[-1] == ["AAPL", "XOM"]
        assert "XOM" not in one.asked
        assert "XOM" not in one.feed.health().stale_symbols
        one.feed.follow("somebody who needs it", ["XOM"])
        await one.until(lambda: "XOM" in one.asked)


async def test_what_rest_shows_and_the_stream_did_not_tell_is_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stream is connected and mute: it is opened anew."""
    monkeypatch.setattr(stream_module, "DOUBT_SECONDS", 0.02)
    with structlog.testing.capture_logs() as logs:
        async with alpaca(stale_seconds=0.05) as one:
            one.feed.follow(BOOK, ["AAPL"])
            await one.tell(one.quote("AAPL", 100, 100.1, 1.0))
            await one.until(lambda: one.quotes)
            one.rest["AAPL"] = one.quote("AAPL", 90, 90.1)
            await one.until(lambda: one.quotes[-1].bid == 90)
            await one.until(lambda: len(one.sockets) == 2)
            assert one.feed.health().gap_count >= 1
    told = [log["message"] for log in logs if log["event"] == "feed.gap_detected"]
    assert "Data gap detected for symbol AAPL" in told


async def test_after_a_reconnect_what_was_missed_is_asked_for() -> None:
    async with alpaca() as one:
        one.feed.follow(BOOK, ["AAPL", "XOM"])
        await one.tell(one.quote("AAPL", 100, 100.1, 1.0))
        await one.until(lambda: one.quotes)
        one.rest = {"AAPL": one.quote("AAPL", 95, 95.1), "XOM": one.quote("XOM", 50, 50.1)}
        await one.sockets[0].aclose()
        await one.until(lambda: {"AAPL", "XOM"} == {quote.symbol for quote in one.quotes})

        assert one.subscribed[-1] == ["AAPL", "XOM"]
        assert one.feed.tape.tracker.gaps == 2
        assert one.feed.latest("AAPL").bid == 95  # type: ignore[union-attr]


async def test_a_first_quote_is_fetched_for_whoever_waits_for_it() -> None:
    async with alpaca() as one:
        one.rest["AAPL"] = one.quote("AAPL", 100, 100.1)

        await one.feed.ensure(["AAPL", "NOPE"])

        assert one.feed.latest("AAPL") is not None
        assert one.feed.knows(Equity("AAPL"), START)
        assert not one.feed.knows(Equity("NOPE"), START), "Alpaca has no quote of it"
        asked = len(one.asked)
        await one.feed.ensure(["AAPL", "NOPE"])
        assert len(one.asked) == asked, "nor is it asked for again at once"
        await one.until(lambda: one.subscribed and one.subscribed[-1] == ["AAPL", "NOPE"])


async def test_what_was_not_known_is_asked_for_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "ABSENT_SECONDS", 0.0)
    monkeypatch.setattr(subject, "_MAX_ABSENT", 1)
    async with alpaca() as one:
        await one.feed.ensure(["NOPE", "NADA"])
        assert one.feed.knows(Equity("NOPE"), START)
        one.rest["NOPE"] = one.quote("NOPE", 1, 1.01)
        await one.feed.ensure(["NOPE"])
        assert one.feed.latest("NOPE") is not None


async def test_while_rest_is_down_nothing_is_concluded() -> None:
    async with alpaca(stale_seconds=0.05) as one:
        one.down = True
        await one.feed.ensure(["AAPL"])
        one.feed.follow(BOOK, ["AAPL"])
        await one.tell(one.quote("AAPL", 100, 100.1))
        await one.until(lambda: one.quotes)
        await one.until(lambda: one.feed.health().stale_symbols == ("AAPL",))

        assert one.feed.knows(Equity("AAPL"), START)
        assert not one.feed.health().is_healthy


async def test_an_option_that_has_expired_is_not_known() -> None:
    async with alpaca() as one:
        assert one.feed.knows(CALL, START)
        assert not one.feed.knows(CALL, START + timedelta(days=30))


async def test_a_stream_that_is_wanted_and_away_is_an_issue() -> None:
    async with alpaca() as one:
        assert one.feed.health().is_healthy
        one.feed.options.url = "ws://127.0.0.1:9/v1beta1/indicative"
        one.feed.follow(BOOK, [CALL.symbol])
        assert DISCONNECTED in one.feed.health().issues
        assert one.feed.status(START) is MarketStatus.OPEN
        assert one.feed.name == "alpaca-iex"


async def test_leases_run_out_and_what_nobody_needs_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "_LEASES_EVERY", 0.01)
    async with alpaca() as one:
        one.feed.subscriptions.lease_seconds = 0.2
        one.rest["AAPL"] = one.quote("AAPL", 100, 100.1)
        await one.feed.ensure(["AAPL"])
        await one.until(lambda: one.feed.latest("AAPL") is None)
        await one.until(lambda: not one.feed.stocks.wanted)


async def test_symbols_of_the_settings_are_read_from_the_start() -> None:
    async with alpaca(symbols=("SPY",)) as one:
        await one.until(lambda: one.subscribed == [["SPY"]])


async def test_options_of_the_settings_may_be_written_as_alpaca_writes_them() -> None:
    """Ticks come under our own spelling: under the other one they would be polled for ever."""
    async with alpaca(symbols=("AAPL261218C00240000",)) as one:
        await one.until(lambda: one.feed.options.wanted)
        assert one.feed.options.wanted == {CALL.symbol}
        assert set(one.feed.subscriptions.followed) == {CALL.symbol}


async def test_bars_and_snapshots_are_asked_of_rest() -> None:
    async with alpaca() as one:
        assert await one.feed.bars("AAPL", 5, 10) == []
        assert await one.feed.days([]) == {}
        assert await one.feed.option_snapshots([]) == {}


def test_a_poll_that_keeps_nothing_fresh_is_refused() -> None:
    settings = evolve(AlpacaFeedSettings(), poll_seconds=100.0)
    assert [name for name, _ in settings.problems()] == ["poll_seconds"]
