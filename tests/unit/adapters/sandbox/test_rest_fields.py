"""What Alpaca's answers have, and its questions take, one by one."""

from typing import Any

import pytest

from tests.unit.adapters.sandbox.lab import NEAR, Lab, lab


async def rows(one: Lab, path: str) -> list[dict[str, Any]]:
    status, found = await one.ask("GET", path)
    assert status == 200
    return list(found)


async def test_quantity_and_dollars_together_are_a_bad_request() -> None:
    assert (await lab().refused(notional="100"))[:2] == (400, 40010000)


async def test_a_trailing_stop_shows_how_far_the_price_has_been() -> None:
    """`hwm` moves with the best price, and the stop behind it; neither moves back."""
    one = lab()
    await one.order()
    stop = await one.order(side="sell", type="trailing_stop", trail_price="2")
    assert stop["hwm"] == "238.39"
    for bid in ("240.00", "239.00"):
        await one.steer("POST", "/quote", {"symbol": "AAPL", "bid": bid, "ask": "240.50"})
    _, shown = await one.ask("GET", f"/v2/orders/{stop['id']}")
    assert (shown["hwm"], shown["stop_price"], shown["trail_price"]) == ("240", "238", "2")
    assert (await one.order())["hwm"] is None


@pytest.mark.parametrize("name", ["trail_price", "trail_percent"])
async def test_a_trail_that_is_replaced_is_shown(name: str) -> None:
    """The answer told of the old one, and the order kept the new one."""
    one = lab()
    await one.order()
    stop = await one.order(side="sell", type="trailing_stop", **{name: "2"})
    _, replaced = await one.ask("PATCH", f"/v2/orders/{stop['id']}", {"trail": "3"})
    assert replaced[name] == "3"
    assert (await one.ask("GET", f"/v2/orders/{stop['id']}"))[1][name] == "2"


async def test_trading_and_market_data_are_counted_apart() -> None:
    one = lab(requests_per_minute=1)
    quotes = "/v2/stocks/quotes/latest?symbols=AAPL"
    assert [(await one.ask("GET", path))[0] for path in ("/v2/clock", quotes)] == [200, 200]
    assert await one.ask("GET", quotes) == (429, {"message": "too many requests."})
    status, body = await one.ask("GET", "/v2/clock")
    assert (status, body["code"]) == (429, 42910000)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 6),
        ("?status=active&asset_class=us_equity&exchange=NASDAQ", 6),
        ("?status=inactive", 0),
        ("?asset_class=crypto", 0),
        ("?exchange=NYSE", 0),
        ("?attributes=has_options,ipo", 6),
        ("?attributes=ipo", 0),
    ],
)
async def test_assets_are_those_that_fit(query: str, count: int) -> None:
    assert len(await rows(lab(), f"/v2/assets{query}")) == count


async def test_contracts_that_are_over_are_not_listed() -> None:
    _, page = await lab().ask("GET", "/v2/options/contracts?status=inactive")
    assert page == {"option_contracts": [], "next_page_token": None}


async def test_orders_are_listed_by_the_class_of_their_asset() -> None:
    one = lab()
    share, option = await one.order(), await one.order(symbol=NEAR, qty="1")

    async def listed(query: str) -> list[str]:
        return [row["id"] for row in await rows(one, f"/v2/orders?status=all&{query}")]

    assert await listed("asset_class=us_equity") == [share["id"]]
    assert await listed("asset_class=us_option") == [option["id"]]
    assert await listed("asset_class=us_option,us_equity") == [option["id"], share["id"]]
    assert await listed("asset_class=crypto") == []


async def test_the_history_is_that_of_an_order_or_of_a_day() -> None:
    one = lab()
    first, second = await one.order(), await one.order()

    async def told(query: str) -> list[str]:
        return [row["order_id"] for row in await rows(one, f"/v2/account/activities/FILL?{query}")]

    assert await told(f"order_id={first['id']}") == [first["id"]]
    assert await told("order_id=nobody") == []
    assert await told("date=2026-11-23") == [second["id"], first["id"]]
    assert await told("date=2026-11-22") == []
    assert (await one.ask("GET", "/v2/account/activities?date=yesterday"))[0] == 422


async def test_what_is_configured_is_shown_again() -> None:
    one = lab()
    path = "/v2/account/configurations"
    status, shown = await one.ask("PATCH", path, {"no_shorting": True, "dtbp_check": "both"})
    assert (status, shown["no_shorting"], "dtbp_check" in shown) == (200, True, False)
    assert (await one.ask("GET", path))[1] == shown
    assert (await one.ask("PATCH", path, {"no_shorting": "perhaps"}))[0] == 422


async def test_the_account_has_what_alpacas_has() -> None:
    _, account = await lab().ask("GET", "/v2/account")
    assert account["effective_buying_power"] == account["buying_power"]
    assert (account["balance_asof"], account["crypto_tier"]) == ("2026-11-23", 1)
    assert "pattern_day_trader" not in account
