from decimal import Decimal
from typing import Any

import pytest

from cream.adapters.sandbox.data_plans import BASIC
from tests.unit.adapters.sandbox.lab import NEAR, Lab, lab


async def pages(one: Lab, path: str, name: str) -> list[Any]:
    """Every row of every page, with its symbol."""
    rows: list[Any] = []
    token = ""
    for _ in range(1_000):
        status, body = await one.ask("GET", f"{path}&page_token={token}")
        assert status == 200, body
        found = body[name]
        if isinstance(found, list):
            found = {body["symbol"]: found}
        rows += [(symbol, row) for symbol, some in found.items() for row in some]
        token = body["next_page_token"]
        if token is None:
            return rows
    raise AssertionError("it never ends")


@pytest.mark.parametrize("sort", ["asc", "desc"])
async def test_pages_join_without_a_gap_and_without_a_row_twice(sort: str) -> None:
    one = lab()
    query = f"symbols=MSFT,AAPL&timeframe=1Hour&start=2026-11-20&sort={sort}"
    whole = await pages(one, f"/v2/stocks/bars?{query}&limit=10000", "bars")
    parts = await pages(one, f"/v2/stocks/bars?{query}&limit=7", "bars")
    assert parts == whole
    assert len(whole) > 100
    times = [row["t"] for symbol, row in whole if symbol == "AAPL"]
    assert times == sorted(times, reverse=sort == "desc")
    assert [symbol for symbol, _ in whole] == sorted(symbol for symbol, _ in whole)


@pytest.mark.parametrize("sort", ["asc", "desc"])
async def test_trades_of_one_moment_stand_on_different_pages_once_each(
    sort: str, autojump_clock: Any
) -> None:
    """The mock clock stands still: all are of the same moment."""
    one = lab()
    for cents in range(10, 20):
        one.sandbox.exchange.market.set_quote("XOM", Decimal(f"1.{cents}"), Decimal(2), 1, 1)
    rows = await pages(one, f"/v2/stocks/trades?symbols=XOM&limit=3&sort={sort}", "trades")
    numbers = [row["i"] for _, row in rows]
    assert len(numbers) == 10
    assert numbers == sorted(numbers, reverse=sort == "desc")


async def test_one_symbol_has_paths_of_its_own() -> None:
    one = lab()
    one.sandbox.exchange.market.set_quote("AAPL", Decimal(5), Decimal(6), 1, 1)
    for name in ("bars", "trades", "quotes"):
        status, body = await one.ask("GET", f"/v2/stocks/AAPL/{name}")
        assert (status, body["symbol"]) == (200, "AAPL")
        assert body[name], name


async def test_a_minute_that_is_running_is_no_bar_and_a_day_is() -> None:
    one = lab()
    one.sandbox.exchange.market.set_quote(NEAR, Decimal(5), Decimal(6), 1, 1)
    path = f"/v1beta1/options/bars?symbols={NEAR}"
    assert (await one.ask("GET", f"{path}&timeframe=1Min"))[1]["bars"] == {}
    _, body = await one.ask("GET", f"{path}&timeframe=1Day")
    assert body["bars"][NEAR][0]["c"] == 5.5
    _, body = await one.ask("GET", f"/v1beta1/options/trades?symbols={NEAR}")
    assert body["trades"][NEAR][0]["c"] == "I"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "symbols=AAPL&limit=0",
        "symbols=AAPL&limit=10001",
        "symbols=AAPL&sort=up",
        "symbols=AAPL&timeframe=1Year",
        "symbols=AAPL&page_token=nonsense",
        "symbols=AAPL&page_token=QXxCfEM=",
    ],
)
async def test_what_makes_no_sense_is_refused(query: str) -> None:
    assert (await lab().ask("GET", f"/v2/stocks/bars?{query}"))[0] == 400


EMBARGOED = (
    403,
    {"code": 42210000, "message": "subscription does not permit querying recent SIP data"},
)


async def test_a_basic_plan_reads_the_consolidated_tape_a_quarter_of_an_hour_later() -> None:
    """By default it is that tape, and then the end is what may be read; IEX has no embargo."""
    one = lab(plan=BASIC)
    bars = "/v2/stocks/bars?symbols=AAPL&start=2026-11-23T14:30:00Z"
    old, recent = "2026-11-23T14:45:00Z", "2026-11-23T14:45:01Z"

    status, shown = await one.ask("GET", bars)
    assert status == 200
    assert max(row["t"] for row in shown["bars"]["AAPL"]) <= old
    assert (await one.ask("GET", f"{bars}&end={old}&feed=sip"))[0] == 200
    assert await one.ask("GET", f"{bars}&end={recent}&feed=sip") == EMBARGOED
    assert await one.ask("GET", f"{bars}&end={recent}") == EMBARGOED
    assert (await one.ask("GET", f"{bars}&end={recent}&feed=iex"))[0] == 200
    assert (await lab().ask("GET", f"{bars}&end={recent}&feed=sip"))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v2/stocks/quotes/latest?symbols=AAPL",
        "/v2/stocks/AAPL/trades/latest?",
        "/v2/stocks/snapshots?symbols=AAPL",
    ],
)
async def test_a_basic_plan_does_not_read_what_is_on_that_tape_now(path: str) -> None:
    one = lab(plan=BASIC)
    assert await one.ask("GET", f"{path}&feed=sip") == EMBARGOED
    assert (await one.ask("GET", f"{path}&feed=iex"))[0] == 200
    assert (await one.ask("GET", path))[0] == 200
    assert (await lab().ask("GET", f"{path}&feed=sip"))[0] == 200
