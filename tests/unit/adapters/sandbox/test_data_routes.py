import pytest

from cream.adapters.brokers.alpaca.data_models import (
    AlpacaLatestQuotes,
    AlpacaLatestTrades,
    AlpacaSnapshot,
    AlpacaSnapshots,
)
from cream.adapters.brokers.alpaca.document import decode_json, read
from tests.unit.adapters.sandbox.lab import KEYS, NEAR, lab


async def raw(path: str) -> bytes:
    answer = await lab().app.test_client().get(path, headers=KEYS)
    assert answer.status_code == 200
    return bytes(await answer.get_data())


async def test_quotes_are_numbers_and_what_is_not_listed_is_left_out() -> None:
    data = await raw("/v2/stocks/quotes/latest?symbols=AAPL,ZZZZ")
    assert b'"ap":238.41' in data
    quotes = read(AlpacaLatestQuotes, decode_json(data)).quotes
    assert list(quotes) == ["AAPL"]
    assert (str(quotes["AAPL"].bid), str(quotes["AAPL"].ask)) == ("238.39", "238.41")


async def test_options_are_quoted_by_their_compact_symbols() -> None:
    data = await raw(f"/v1beta1/options/quotes/latest?symbols={NEAR}")
    quotes = read(AlpacaLatestQuotes, decode_json(data)).quotes
    assert 0 < quotes[NEAR].bid < quotes[NEAR].ask
    assert quotes[NEAR].extra["c"] == "A"


async def test_the_last_trade_is_the_middle() -> None:
    trades = read(
        AlpacaLatestTrades, decode_json(await raw("/v2/stocks/trades/latest?symbols=AAPL"))
    )
    assert str(trades.trades["AAPL"].price) == "238.40"
    options = decode_json(await raw(f"/v1beta1/options/trades/latest?symbols={NEAR}"))
    assert NEAR in read(AlpacaLatestTrades, options).trades


async def test_snapshots_of_shares_have_no_wrapper_and_those_of_options_do() -> None:
    shares = decode_json(await raw("/v2/stocks/snapshots?symbols=AAPL"))
    assert isinstance(shares, dict)
    assert read(AlpacaSnapshot, shares["AAPL"]).latest_quote is not None
    options = read(
        AlpacaSnapshots, decode_json(await raw(f"/v1beta1/options/snapshots?symbols={NEAR}"))
    )
    assert options.snapshots[NEAR].latest_trade is not None


async def test_one_symbol_has_a_path_of_its_own() -> None:
    one = lab()
    status, body = await one.ask("GET", "/v2/stocks/AAPL/quotes/latest")
    assert (status, body["symbol"], body["quote"]["bp"]) == (200, "AAPL", 238.39)
    assert (await one.ask("GET", "/v2/stocks/ZZZZ/quotes/latest"))[0] == 404


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("symbols=", 400), ("symbols=not a symbol", 422)]
)
async def test_symbols_that_make_no_sense_are_refused(query: str, status: int) -> None:
    assert (await lab().ask("GET", f"/v2/stocks/quotes/latest?{query}"))[0] == status


async def test_only_so_many_symbols_are_answered_at_once() -> None:
    many = ",".join(["AAPL"] * 1_001)
    assert (await lab().ask("GET", f"/v2/stocks/quotes/latest?symbols={many}"))[0] == 400
