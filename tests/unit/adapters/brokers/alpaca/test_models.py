"""Every recorded payload is read, and no number of it is changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cream.adapters.brokers.alpaca import data_models as d
from cream.adapters.brokers.alpaca import models as m
from cream.adapters.brokers.alpaca.document import decode_json, read, read_list
from tests.unit.adapters.brokers.alpaca.payloads import (
    FOLDER,
    as_texts,
    lost,
    payload,
    rendered,
)

SDK, SPEC, OURS = "alpaca-py-tests/", "openapi/", "constructed/"

ONE: dict[str, type[Any]] = {
    **{
        f"{SDK}{name}.json": m.AlpacaOrder
        for name in (
            "order_market_submit",
            "order_limit_submit",
            "order_by_id",
            "order_by_client_id",
            "order_replace_response",
            "order_with_position_intent",
            "position_close_qty",
        )
    },
    **{
        f"{SPEC}{name}OrderResponse.json": m.AlpacaOrder
        for name in ("Crypto", "Equity", "IPO", "MultilegOptions", "Option")
    },
    f"{OURS}oto_nested.json": m.AlpacaOrder,
    f"{OURS}oco_nested.json": m.AlpacaOrder,
    f"{SDK}account_legacy_with_pdt.json": m.AlpacaAccount,
    f"{SPEC}account_spec_example.json": m.AlpacaAccount,
    f"{SPEC}clock.json": m.AlpacaClock,
    f"{SDK}asset.json": m.AlpacaAsset,
    f"{SDK}option_contract.json": m.AlpacaContract,
    f"{SDK}option_contracts.json": m.AlpacaContractPage,
    f"{SDK}option_bars.json": d.AlpacaBars,
    f"{SDK}stock_bars_multi.json": d.AlpacaBars,
    f"{SDK}stock_bars_empty.json": d.AlpacaBars,
    f"{SDK}stock_latest_bars.json": d.AlpacaLatestBars,
    f"{SDK}option_trades.json": d.AlpacaTrades,
    f"{SDK}stock_trades_multi.json": d.AlpacaTrades,
    f"{SDK}option_latest_trade.json": d.AlpacaLatestTrades,
    f"{SDK}stock_latest_trade.json": d.AlpacaLatestTrades,
    f"{SDK}option_latest_quote.json": d.AlpacaLatestQuotes,
    f"{SDK}stock_latest_quote.json": d.AlpacaLatestQuotes,
    f"{SDK}stock_quotes_multi.json": d.AlpacaQuotes,
    f"{SDK}option_chain.json": d.AlpacaSnapshots,
    f"{SDK}option_snapshot_greeks.json": d.AlpacaSnapshots,
    f"{SDK}option_snapshot_quote_only.json": d.AlpacaSnapshots,
}
LISTS: dict[str, type[Any]] = {
    f"{SDK}orders_list.json": m.AlpacaOrder,
    f"{SDK}positions_list.json": m.AlpacaPosition,
    f"{SDK}assets_list.json": m.AlpacaAsset,
    f"{SDK}orders_cancel_all_207.json": m.AlpacaBulkResult,
    f"{SDK}positions_close_all_207.json": m.AlpacaBulkResult,
}
# Examples under the name that the document gives them.
NAMED: dict[str, type[Any]] = {
    f"{SPEC}data_option_bars.json": d.AlpacaBars,
    f"{SPEC}data_stock_bars.json": d.AlpacaBars,
    f"{SPEC}data_stock_bars_latest.json": d.AlpacaLatestBars,
    f"{SPEC}data_option_trades.json": d.AlpacaTrades,
    f"{SPEC}data_stock_trades_latest.json": d.AlpacaLatestTrades,
    f"{SPEC}data_option_quotes_latest.json": d.AlpacaLatestQuotes,
    f"{SPEC}data_stock_quotes_latest.json": d.AlpacaLatestQuotes,
    f"{SPEC}data_option_snapshots.json": d.AlpacaSnapshots,
    f"{SPEC}data_option_chain.json": d.AlpacaSnapshots,
}
# Objects whose values, by any key, are what the model reads.
BY_KEY: dict[str, type[Any]] = {
    f"{OURS}bracket_nested_timeline.json": m.AlpacaOrder,
    f"{SDK}stock_snapshot.json": d.AlpacaSnapshot,
    f"{SPEC}data_stock_snapshot_single.json": d.AlpacaSnapshot,
}


def every() -> list[str]:
    found = (path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.json"))
    return sorted(name for name in found if name != "MANIFEST.json")


def check(name: str, reader: Callable[[Any], Any], part: Callable[[Any], Any]) -> None:
    shown = rendered(reader(part(decode_json(payload(name)))))
    assert lost(part(as_texts(name)), shown) == []


def whole(document: Any) -> Any:
    return document


def test_the_manifest_lists_every_payload_with_its_licence() -> None:
    rows = json.loads(payload("MANIFEST.json"))
    assert sorted(row["file"] for row in rows) == every()
    assert all(row["licence"] for row in rows)


@pytest.mark.parametrize("name", every())
def test_no_number_of_a_payload_is_changed_by_decoding(name: str) -> None:
    assert rendered(decode_json(payload(name))) == as_texts(name)


@pytest.mark.parametrize("name", ONE)
def test_a_payload_is_read_with_every_number_as_it_was_written(name: str) -> None:
    check(name, lambda raw: read(ONE[name], raw), whole)


@pytest.mark.parametrize("name", NAMED)
def test_an_example_is_read_with_every_number_as_it_was_written(name: str) -> None:
    (key,) = as_texts(name)
    check(name, lambda raw: read(NAMED[name], raw), lambda document: document[key])


@pytest.mark.parametrize("symbol", as_texts(f"{SPEC}data_stock_snapshots.json")["snapshots"])
def test_a_snapshot_of_several_is_read_with_every_number_as_it_was_written(symbol: str) -> None:
    name = f"{SPEC}data_stock_snapshots.json"
    check(name, lambda raw: read(d.AlpacaSnapshot, raw), lambda doc: doc["snapshots"][symbol])


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_with_every_number_as_it_was_written(name: str) -> None:
    check(name, lambda raw: read_list(LISTS[name], raw), whole)


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in BY_KEY for key in as_texts(name)]
)
def test_each_part_is_read_with_every_number_as_it_was_written(name: str, key: str) -> None:
    check(name, lambda raw: read(BY_KEY[name], raw), lambda document: document[key])


def test_an_account_without_the_day_trade_fields_is_read() -> None:
    """They left Alpaca's answers in July 2026."""
    raw = as_texts(f"{SPEC}account_spec_example.json")
    for name in ("pattern_day_trader", "daytrade_count", "daytrading_buying_power"):
        raw.pop(name, None)
    raw["options_trading_level"] = 3
    assert read(m.AlpacaAccount, raw).daytrade_count is None
