"""Data REST, from recorded answers."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from cream.adapters.brokers.alpaca.rest import AlpacaRest
from cream.adapters.brokers.alpaca.turnstile import Turnstile
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.alpaca.data_api import MOST_SYMBOLS, DataApi, NoSuchData
from cream.adapters.feeds.alpaca.settings import AlpacaFeedSettings
from cream.core.model.errors import BrokerUnavailable
from cream.core.resilience.budget import RateBudget
from tests.unit.adapters.feeds.alpaca.script import account

DATA = Path(__file__).parents[4] / "data" / "alpaca"
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
OPTION = "AAPL  240126P00050000"

Answer = Callable[[httpx.Request], httpx.Response]


def recorded(*parts: str) -> Any:
    return json.loads(DATA.joinpath(*parts).read_text())


@asynccontextmanager
async def api(answer: Answer) -> AsyncIterator[DataApi]:
    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://data") as client:
        budget = RateBudget(limit=10_000, period_seconds=60)
        rest = AlpacaRest(client, Turnstile(budget), ShiftedClock(NOW), account())
        yield DataApi(rest, AlpacaFeedSettings())


def always(document: Any, status: int = 200) -> Answer:
    return lambda _request: httpx.Response(status, json=document)


async def test_latest_quotes_are_asked_for_where_they_are_and_keep_every_digit() -> None:
    asked: list[tuple[str, str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        asked.append((request.url.path, params["symbols"], params["feed"]))
        text = (
            '{"quotes":{"SYMBOL":{"t":"2026-11-23T15:00:00.123456789Z","ax":"V","ap":238.4100,'
            '"as":2,"bx":"V","bp":238.39,"bs":1,"c":["R"],"z":"C"}}}'
        ).replace("SYMBOL", params["symbols"])
        return httpx.Response(200, content=text)

    async with api(answer) as data:
        found = await data.latest_quotes(["AAPL", OPTION])

    assert asked == [
        ("/v2/stocks/quotes/latest", "AAPL", "iex"),
        ("/v1beta1/options/quotes/latest", "AAPL240126P00050000", "indicative"),
    ]
    quote = found["AAPL"]
    assert (str(quote.bid), str(quote.ask)) == ("238.39", "238.4100")
    assert quote.at_ns is not None
    assert quote.at_ns % 1_000_000_000 == 123_456_789
    assert found[OPTION].symbol == OPTION


async def test_recorded_latest_quotes_of_options_are_read() -> None:
    document = recorded("alpaca-py-tests", "option_latest_quote.json")
    (name,) = document["quotes"]
    async with api(always(document)) as data:
        found = await data.latest_quotes([name])

    assert [one.bid for one in found.values()] == [Decimal(str(document["quotes"][name]["bp"]))]


async def test_one_symbol_that_makes_no_sense_does_not_hide_the_others() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        symbols = request.url.params["symbols"].split(",")
        if "BAD" in symbols:
            return httpx.Response(400, json={"message": "invalid symbol: BAD"})
        quote = {"t": "2026-11-23T15:00:00Z", "ap": 2, "as": 1, "bp": 1, "bs": 1}
        return httpx.Response(200, json={"quotes": dict.fromkeys(symbols, quote)})

    async with api(answer) as data:
        found = await data.latest_quotes(["AAPL", "BAD", "XOM", "SPY"])

    assert sorted(found) == ["AAPL", "SPY", "XOM"]


async def test_many_symbols_are_asked_for_in_parts() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sizes.append(len(request.url.params["symbols"].split(",")))
        return httpx.Response(200, json={"quotes": {}})

    async with api(answer) as data:
        await data.latest_quotes([f"A{chr(65 + n % 26)}{chr(65 + n // 26)}" for n in range(250)])

    assert sizes == [MOST_SYMBOLS, MOST_SYMBOLS, 50]


async def test_a_recorded_snapshot_tells_the_day_and_the_close_before() -> None:
    document = recorded("openapi", "data_stock_snapshots.json")
    whole = next(iter(document.values())) if "AAPL" not in document else document
    async with api(always(whole)) as data:
        days = await data.days(list(whole))

    for name, raw in whole.items():
        if raw is None or "dailyBar" not in raw:
            continue
        assert days[name].high == Decimal(str(raw["dailyBar"]["h"]))
        assert days[name].previous_close == Decimal(str(raw["prevDailyBar"]["c"]))
    assert days


async def test_a_recorded_option_snapshot_has_its_greeks() -> None:
    document = recorded("alpaca-py-tests", "option_snapshot_greeks.json")
    (name,) = document["snapshots"]
    raw = document["snapshots"][name]
    async with api(always(document)) as data:
        found = await data.option_snapshots([name, "AAPL"])

    (one,) = found.values()
    assert one.delta == Decimal(repr(raw["greeks"]["delta"]))
    assert one.implied_volatility == Decimal(repr(raw["impliedVolatility"]))
    assert one.bid == Decimal(repr(raw["latestQuote"]["bp"]))


async def test_what_a_snapshot_does_not_say_is_not_zero() -> None:
    async with api(always({"snapshots": {"AAPL240126P00050000": {}}})) as data:
        found = await data.option_snapshots([OPTION])

    one = found[OPTION]
    assert (one.bid, one.last, one.delta, one.quoted_at) == (None,) * 4


def bars(*minutes: int) -> list[dict[str, Any]]:
    return [
        {"t": f"2026-11-23T14:{n:02}:00Z", "o": 1, "h": 2, "l": 1, "c": 1.5, "v": 10, "n": 3}
        for n in minutes
    ]


async def test_bars_are_the_newest_page_by_page_and_come_oldest_first() -> None:
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        if "page_token" in request.url.params:
            return httpx.Response(200, json={"bars": {"AAPL": bars(10, 5)}})
        document = {"bars": {"AAPL": bars(20, 15)}, "next_page_token": "next"}
        return httpx.Response(200, json=document)

    async with api(answer) as data:
        found = await data.bars("AAPL", 5, 3, NOW)

    assert [bar.at.minute for bar in found] == [10, 15, 20]
    assert all(bar.minutes == 5 for bar in found)
    assert (asked[0]["timeframe"], asked[0]["sort"], asked[0]["limit"]) == ("5Min", "desc", "3")
    assert asked[0]["start"] < "2026-11-17"
    assert asked[1]["page_token"] == "next"


@pytest.mark.parametrize("symbol", ["AAPL", OPTION])
async def test_bars_of_shares_can_be_had_as_if_there_had_been_no_splits(symbol: str) -> None:
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json={"bars": {}})

    async with api(answer) as data:
        await data.bars(symbol, 1440, 5, NOW)
        await data.bars(symbol, 1440, 5, NOW, adjusted=True)

    expected = [None, "split"] if symbol == "AAPL" else [None, None]
    assert [one.get("adjustment") for one in asked] == expected


async def test_recorded_bars_are_read_and_none_are_none() -> None:
    async with api(always(recorded("alpaca-py-tests", "stock_bars_empty.json"))) as data:
        assert await data.bars("AAPL", 1440, 5, NOW) == []
    document = recorded("alpaca-py-tests", "stock_bars_multi.json")
    async with api(always(document | {"next_page_token": None})) as data:
        found = await data.bars("AAPL", 1440, 1_000, NOW)
    assert len(found) == sum(len(rows) for rows in document["bars"].values())


async def test_bars_of_options_have_no_feed() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"bars": {}})

    async with api(answer) as data:
        await data.bars(OPTION, 60, 5, NOW)

    assert asked[0].url.path == "/v1beta1/options/bars"
    assert "feed" not in asked[0].url.params


@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        (403, {"code": 42210000, "message": "subscription does not permit"}, NoSuchData),
        (500, {"message": "no"}, BrokerUnavailable),
        (429, {"message": "too many requests."}, BrokerUnavailable),
        (200, {"bars": 7}, BrokerUnavailable),
    ],
)
async def test_what_is_no_answer_is_told_apart(
    status: int, document: Any, error: type[Exception]
) -> None:
    async with api(always(document, status)) as data:
        with pytest.raises(error):
            await data.bars("AAPL", 1, 5, NOW)


async def test_what_cannot_be_reached_or_read_is_unavailable() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    async with api(broken) as data:
        with pytest.raises(BrokerUnavailable):
            await data.latest_quotes(["AAPL"])
    async with api(lambda _request: httpx.Response(200, content=b"<html>")) as data:
        with pytest.raises(BrokerUnavailable):
            await data.days(["AAPL"])
    async with api(always([])) as data:
        with pytest.raises(BrokerUnavailable):
            await data.days(["AAPL"])


async def test_days_that_are_refused_are_left_out() -> None:
    async with api(always({"message": "no"}, 422)) as data:
        assert await data.days(["AAPL"]) == {}
