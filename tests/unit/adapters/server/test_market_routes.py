"""GET /v1/market: what is known of some symbols."""

from decimal import Decimal
from typing import Any

import pytest

from cream.core.market.microstructure import microstructure
from cream.core.market.trade_window import TradeWindow
from cream.core.market.views import SymbolView
from cream.core.model.ticks import Bar, DayStatistics
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, a_quote
from tests.unit.adapters.server.site import application


async def get(operations: FakeOperations, query: str, status: int = 200) -> Any:
    answer = await application(operations).test_client().get(f"/v1/market{query}")
    assert answer.status_code == status
    return await answer.get_json()


async def test_a_symbol_shows_all_that_is_known_of_it(operations: FakeOperations) -> None:
    operations.offers_bars = True
    bar = Bar(
        symbol="AAPL",
        at=NOW,
        minutes=5,
        open=Decimal("1.5"),
        high=Decimal(2),
        low=Decimal(1),
        close=Decimal(2),
        volume=Decimal(10),
        vwap=Decimal(1) / 3,
    )
    operations.known_symbols["AAPL"] = SymbolView(
        symbol="AAPL",
        quote=a_quote(),
        halted="Trading Halt: LUDP",
        day=DayStatistics(symbol="AAPL", open=Decimal("237.5"), previous_close=Decimal(235)),
        microstructure=microstructure("AAPL", a_quote(), None, TradeWindow(), 0),
        bars=(bar,),
    )

    shown = await get(operations, "?symbols=AAPL,XOM&timeframes=5")

    assert (shown["market_status"], len(shown["symbols"])) == ("OPEN", 2)
    aapl, xom = shown["symbols"]
    assert (aapl["quote"]["bid"], aapl["halted"]) == ("238.39", "Trading Halt: LUDP")
    assert (aapl["day"]["open"], aapl["day"]["high"]) == ("237.5", None)
    assert (aapl["microstructure"]["spread"], aapl["microstructure"]["vwap"]) == ("0.02", None)
    assert (aapl["bars"][0]["open"], aapl["bars"][0]["vwap"]) == ("1.5", "0.3333333333")
    assert xom == {
        "symbol": "XOM",
        "quote": None,
        "halted": None,
        "day": None,
        "microstructure": None,
        "bars": [],
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "symbols"),
        ("?symbols=?", "symbols[0]"),
        ("?symbols=AAPL&symbols=XOM", "symbols"),
        ("?symbols=AAPL&timeframes=7", "timeframes[0]"),
        ("?symbols=AAPL&timeframes=5,x", "timeframes[1]"),
        ("?symbols=AAPL&color=red", "color"),
    ],
)
async def test_what_is_wrong_in_a_query_is_named(
    operations: FakeOperations, query: str, field: str
) -> None:
    operations.offers_bars = True
    answer = await get(operations, query, 400)
    assert [one["field"] for one in answer["details"]] == [field]


async def test_a_market_without_bars_says_so(operations: FakeOperations) -> None:
    answer = await get(operations, "?symbols=AAPL&timeframes=5", 501)
    assert [one["field"] for one in answer["details"]] == ["timeframes"]
