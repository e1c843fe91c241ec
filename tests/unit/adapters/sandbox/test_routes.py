"""The endpoints, asked without sockets. What Alpaca's own SDK asks is in tests/conformance."""

from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from tests.unit.adapters.sandbox.lab import FAR, KEYS, NEAR, Lab, lab


async def arm(one: Lab, name: str, **parameters: Any) -> None:
    status, _ = await one.steer("POST", "/faults", {"name": name} | parameters)
    assert status == 200


# Every request -----------------------------------------------------------------------------------


async def test_every_answer_has_an_id_and_the_limits() -> None:
    one = lab()
    client = one.app.test_client()
    answer = await client.get("/v2/account", headers=KEYS)
    assert len(answer.headers["X-Request-ID"]) == 32
    assert answer.headers["X-RateLimit-Limit"] == "200"
    assert answer.headers["X-RateLimit-Remaining"] == "199"
    assert int(answer.headers["X-RateLimit-Reset"]) > 0


@pytest.mark.parametrize("headers", [{}, {"APCA-API-KEY-ID": "a"}])
async def test_without_keys_nobody_is_let_in(headers: dict[str, str]) -> None:
    status, body = await lab().ask("GET", "/v2/account", headers=headers)
    assert (status, body["code"]) == (401, 40110000)


async def test_only_the_configured_keys_are_let_in() -> None:
    one = lab(keys=("PK", "s"))
    assert (await one.ask("GET", "/v2/account"))[0] == 200
    wrong = {"APCA-API-KEY-ID": "PK", "APCA-API-SECRET-KEY": "other"}
    assert (await one.ask("GET", "/v2/account", headers=wrong))[0] == 401


async def test_too_many_requests_are_throttled() -> None:
    one = lab(requests_per_minute=2)
    seen = [(await one.ask("GET", "/v2/clock"))[0] for _ in range(3)]
    assert seen == [200, 200, 429]


@pytest.mark.parametrize(
    ("name", "parameters", "status"),
    [
        ("venue.unreachable", {}, 503),
        ("rest.503_on", {"path": "/v2/clock"}, 503),
        ("rest.flaky", {"status": 500}, 500),
        ("rest.throttle", {}, 429),
        ("auth.revoke", {}, 401),
    ],
)
async def test_each_fault_of_every_endpoint_is_seen(
    name: str, parameters: dict[str, Any], status: int
) -> None:
    one = lab()
    await arm(one, name, **parameters)
    assert (await one.ask("GET", "/v2/clock"))[0] == status


async def test_what_is_not_there_is_said_in_alpacas_form() -> None:
    one = lab()
    assert await one.ask("GET", "/v2/nothing") == (404, {"message": "Not Found"})
    assert (await one.ask("PUT", "/v2/orders"))[0] == 405


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5"])
async def test_a_body_that_is_no_object_is_refused(data: bytes) -> None:
    client = lab().app.test_client()
    answer = await client.post("/v2/orders", data=data, headers=KEYS)
    assert answer.status_code in (400, 422)


async def test_a_defect_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    one = lab()
    monkeypatch.setattr(one.sandbox.exchange, "positions", lambda: 1 / 0)
    assert await one.ask("GET", "/v2/positions") == (
        500,
        {"code": 50010000, "message": "internal server error"},
    )


# Order forms -------------------------------------------------------------------------------------


async def test_a_number_may_be_a_text_or_a_number() -> None:
    one = lab()
    for quantity in ("10", 10, 10.0):
        order = await one.order(qty=quantity, type="limit", limit_price=200.5)
        assert (order["qty"], order["limit_price"]) == ("10", "200.5")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"symbol": None}, 422, 42210000),
        ({"symbol": "not a symbol"}, 422, 42210000),
        ({"side": None}, 422, 42210000),
        ({"side": "hold"}, 422, 42210000),
        ({"type": "iceberg"}, 422, 42210000),
        ({"qty": None}, 422, 42210000),
        ({"qty": "many"}, 422, 40010000),
        ({"qty": True}, 403, 40310000),
        ({"notional": "10"}, 400, 40010000),
        ({"qty": None, "notional": "0.5"}, 422, 40010001),
        ({"symbol": NEAR, "qty": None, "notional": "10"}, 422, 42210000),
        ({"symbol": "ZZZZ", "qty": None, "notional": "10"}, 422, 42210000),
        ({"position_intent": "buy_to_fly"}, 422, 42210000),
        ({"order_class": "mleg"}, 422, 42210000),
        ({"order_class": "mleg", "legs": [5]}, 422, 42210000),
        ({"order_class": "mleg", "legs": [{"symbol": "AAPL"}]}, 422, 42210000),
        ({"order_class": "mleg", "legs": [{"symbol": NEAR}]}, 422, 42210000),
        (
            {
                "order_class": "mleg",
                "legs": [{"symbol": NEAR, "position_intent": "buy_to_open", "ratio_qty": "0.5"}],
            },
            422,
            42210000,
        ),
        ({"symbol": NEAR, "extended_hours": True}, 422, 42210000),
        ({"extended_hours": True}, 422, 42210000),
    ],
)
async def test_a_form_that_makes_no_sense_is_refused(
    fields: dict[str, Any], status: int, code: int
) -> None:
    one = lab()
    if fields.get("qty") is True:
        fields = {"qty": "1000000"}
    found_status, found_code, words = await one.refused(**fields)
    assert (found_status, found_code) == (status, code)
    assert words


async def test_an_oco_takes_its_limit_from_its_target() -> None:
    one = lab()
    await one.order()
    order = await one.order(
        side="sell",
        type="limit",
        order_class="oco",
        take_profit={"limit_price": "253.50"},
        stop_loss={"stop_price": "228.50"},
    )
    assert (order["limit_price"], order["order_class"]) == ("253.5", "oco")


async def test_a_spread_may_leave_its_sides_out() -> None:
    one = lab()
    for symbol, bid, ask in ((NEAR, "4.30", "4.31"), (FAR, "1.23", "1.24")):
        await one.steer("POST", "/quote", {"symbol": symbol, "bid": bid, "ask": ask})
    order = await one.order(
        symbol=None,
        side=None,
        qty="1",
        order_class="mleg",
        legs=[
            {"symbol": NEAR, "ratio_qty": "1", "position_intent": "buy_to_open"},
            {"symbol": FAR, "ratio_qty": "1", "side": "sell", "position_intent": "sell_to_open"},
        ],
    )
    assert [leg["position_intent"] for leg in order["legs"]] == ["buy_to_open", "sell_to_open"]
    assert [leg["side"] for leg in order["legs"]] == ["buy", "sell"]


async def test_a_refusal_carries_its_figures() -> None:
    one = lab()
    await one.order()
    status, body = await one.ask(
        "POST",
        "/v2/orders",
        {"symbol": "AAPL", "qty": "11", "side": "sell", "type": "market", "time_in_force": "day"},
    )
    assert status == 403
    assert (body["available"], body["existing_qty"], body["symbol"]) == ("10", "10", "AAPL")
    poor, answer = await one.ask(
        "POST",
        "/v2/orders",
        {"symbol": "AAPL", "qty": "9000", "side": "buy", "type": "market", "time_in_force": "day"},
    )
    assert (poor, answer["buying_power"]) == (403, "197615.80")
    assert answer["cost_basis"] == "2145600.00"


async def test_an_order_that_could_trade_with_ones_own_is_refused_by_name() -> None:
    one = lab()
    await one.order()
    resting = await one.order(side="sell", qty="5", type="limit", limit_price="250.00")
    status, body = await one.ask(
        "POST",
        "/v2/orders",
        {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"},
    )
    assert (status, body["existing_order_id"]) == (403, resting["id"])
    assert body["reject_reason"] == "opposite side limit order exists"


# Listings ----------------------------------------------------------------------------------------


async def listed(one: Lab, query: str) -> list[str]:
    status, rows = await one.ask("GET", f"/v2/orders?{query}")
    assert status == 200, rows
    return [row["client_order_id"] for row in rows]


async def test_listings_are_narrowed_ordered_and_paged(
    autojump_clock: trio.testing.MockClock,
) -> None:
    one = lab()
    ids, times = [], []
    for number in range(4):
        symbol = "AAPL" if number % 2 else "MSFT"
        order = await one.order(
            client_order_id=f"c-{number}", symbol=symbol, type="limit", limit_price="100.00"
        )
        ids.append(order["id"])
        times.append(order["submitted_at"][:26] + "Z")
        await trio.sleep(1)
    assert await listed(one, "") == ["c-3", "c-2", "c-1", "c-0"]
    assert await listed(one, "direction=asc&limit=2") == ["c-0", "c-1"]
    assert await listed(one, "symbols=MSFT,SPY") == ["c-2", "c-0"]
    assert await listed(one, "side=sell") == []
    assert await listed(one, f"before_order_id={ids[2]}") == ["c-1", "c-0"]
    assert await listed(one, f"after_order_id={ids[2]}") == ["c-3"]
    assert await listed(one, f"direction=asc&after_order_id={ids[1]}") == ["c-2", "c-3"]
    assert await listed(one, "before_order_id=nothing") == []
    assert await listed(one, f"after={times[1]}&until={times[3]}") == ["c-2"]
    assert await listed(one, "until=2026-01-01") == []
    await one.ask("DELETE", f"/v2/orders/{ids[0]}")
    assert await listed(one, "status=closed") == ["c-0"]
    assert len(await listed(one, "status=all")) == 4


async def test_a_page_goes_on_from_an_order_that_has_closed_since() -> None:
    """Whoever pages through open orders must not miss those behind one that filled meanwhile."""
    one = lab()
    ids = [
        (await one.order(client_order_id=f"c-{number}", type="limit", limit_price="100.00"))["id"]
        for number in range(3)
    ]
    await one.ask("DELETE", f"/v2/orders/{ids[1]}")
    assert await listed(one, "") == ["c-2", "c-0"]
    assert await listed(one, f"status=open&before_order_id={ids[1]}") == ["c-0"]
    assert await listed(one, f"status=open&direction=asc&before_order_id={ids[1]}") == ["c-0"]
    assert await listed(one, f"status=open&after_order_id={ids[1]}") == ["c-2"]


@pytest.mark.parametrize(
    "query",
    [
        "status=maybe",
        "limit=0",
        "limit=501",
        "limit=x",
        "before_order_id=a&after_order_id=b",
        "before_order_id=a&until=2026-01-01",
        "after=yesterday",
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(query: str) -> None:
    assert (await lab().ask("GET", f"/v2/orders?{query}"))[0] == 422


async def test_orders_are_cancelled_all_together() -> None:
    one = lab()
    await one.order(type="limit", limit_price="200.00")
    status, rows = await one.ask("DELETE", "/v2/orders")
    assert (status, [row["status"] for row in rows]) == (207, [200])
    assert await listed(one, "") == []


async def test_the_history_is_paged_both_ways() -> None:
    one = lab()
    for number in range(3):
        await one.order(client_order_id=f"c-{number}", qty=str(number + 1))
    path = "/v2/account/activities/FILL"
    _, rows = await one.ask("GET", f"{path}?direction=asc&page_size=2")
    assert [row["qty"] for row in rows] == ["1", "2"]
    _, rest = await one.ask("GET", f"{path}?direction=asc&page_token={rows[-1]['id']}")
    assert [row["qty"] for row in rest] == ["3"]
    _, newest = await one.ask("GET", "/v2/account/activities?page_size=1")
    assert [row["qty"] for row in newest] == ["3"]
    _, none = await one.ask("GET", f"{path}?page_token=nothing")
    _, dividends = await one.ask("GET", "/v2/account/activities/DIV")
    _, later = await one.ask("GET", f"{path}?after=2027-01-01")
    assert (none, dividends, later) == ([], [], [])


# Single orders and positions ---------------------------------------------------------------------


async def test_what_nobody_knows_is_not_found() -> None:
    one = lab()
    for method, path in (
        ("GET", "/v2/orders/nothing"),
        ("DELETE", "/v2/orders/nothing"),
        ("GET", "/v2/orders:by_client_order_id?client_order_id=x"),
        ("GET", "/v2/positions/AAPL"),
        ("GET", "/v2/assets/ZZZZ"),
        ("GET", "/v2/options/contracts/ZZZZ"),
        ("GET", "/v2/options/contracts/AAPL"),
        ("GET", "/v2/options/contracts/not-a-symbol-at-all"),
    ):
        status, body = await one.ask(method, path)
        assert (status, body["code"]) == (404, 40410000)


async def test_an_order_is_replaced_unless_that_makes_no_sense() -> None:
    one = lab()
    order = await one.order(type="limit", limit_price="200.00")
    path = f"/v2/orders/{order['id']}"
    status, new = await one.ask(
        "PATCH", path, {"limit_price": "201.00", "time_in_force": "gtc", "qty": 5}
    )
    assert (status, new["replaces"], new["time_in_force"]) == (200, order["id"], "gtc")
    assert (await one.ask("PATCH", path, {"limit_price": "202.00"}))[0] == 422
    assert (await one.ask("PATCH", f"/v2/orders/{new['id']}", {}))[0] == 422


async def test_positions_are_closed_by_quantity_share_and_altogether() -> None:
    one = lab()
    await one.order()
    _, part = await one.ask("DELETE", "/v2/positions/AAPL?qty=3")
    assert (part["qty"], part["side"]) == ("3", "sell")
    await one.order(side="sell", qty="7", type="limit", limit_price="300.00")
    status, rows = await one.ask("DELETE", "/v2/positions")
    assert (status, [row["status"] for row in rows]) == (207, [403])
    _, rows = await one.ask("DELETE", "/v2/positions?cancel_orders=true")
    assert [row["status"] for row in rows] == [200]


async def test_a_short_position_shows_what_would_cover_it() -> None:
    one = lab()
    await one.order(side="sell")
    _, held = await one.ask("GET", "/v2/positions/AAPL")
    assert (held["qty"], held["side"], held["qty_available"]) == ("-10", "short", "-10")


async def test_clock_calendar_and_contracts_answer() -> None:
    one = lab()
    _, clock = await one.ask("GET", "/v2/clock")
    assert clock["is_open"]
    _, days = await one.ask("GET", "/v2/calendar?start=2026-11-25&end=2026-11-27")
    assert [day["date"] for day in days] == ["2026-11-25", "2026-11-27"]
    assert (await one.ask("GET", "/v2/calendar?start=soon"))[0] == 422
    base = "/v2/options/contracts?underlying_symbols=AAPL"
    _, week = await one.ask("GET", f"{base}&limit=10000")
    assert {row["expiration_date"] for row in week["option_contracts"]} == {"2026-11-27"}
    _, narrow = await one.ask(
        "GET",
        f"{base}&expiration_date=2026-12-18&type=call&strike_price_gte=240&strike_price_lte=250",
    )
    assert [row["strike_price"] for row in narrow["option_contracts"]] == ["240", "245", "250"]
    assert (await one.ask("GET", f"{base}&limit=x"))[0] == 422
    assert (await one.ask("GET", f"{base}&strike_price_gte=x"))[0] == 422
    _, other = await one.ask("GET", "/v2/options/contracts?underlying_symbols=ZZZZ")
    assert other["option_contracts"] == []


# The control port --------------------------------------------------------------------------------


async def test_faults_are_listed_and_switched_off_by_name() -> None:
    one = lab()
    await arm(one, "ws.mute_updates")
    await arm(one, "rest.flaky", p=0.5)
    _, shown = await one.steer("GET", "/faults")
    assert shown["armed"] == ["rest.flaky", "ws.mute_updates"]
    assert "ws.ghost_session" in shown["known"]
    _, left = await one.steer("DELETE", "/faults?name=rest.flaky")
    assert left == {"armed": ["ws.mute_updates"]}
    assert (await one.steer("DELETE", "/faults?name=x"))[0] == 422
    assert (await one.steer("DELETE", "/faults"))[1] == {"armed": []}
    assert (await one.steer("POST", "/faults", {"name": "x"}))[0] == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"symbol": "AAPL"},
        {"symbol": "AAPL", "bid": "x", "ask": 1},
        {"symbol": "AAPL", "bid": 1, "ask": 1, "bid_size": 0.5},
        {"symbol": "ZZZZ", "bid": 1, "ask": 2},
    ],
)
async def test_a_quote_that_makes_no_sense_is_refused(body: dict[str, Any]) -> None:
    assert (await lab().steer("POST", "/quote", body))[0] == 422


async def test_the_book_is_what_the_venue_really_holds() -> None:
    one = lab()
    await arm(one, "venue.outage")
    await one.order()
    _, book = await one.steer("GET", "/book")
    assert [row["qty"] for row in book["positions"]] == ["10"]
    assert [row["status"] for row in book["orders"]] == ["filled"]
    assert book["faults"] == ["venue.outage"]
    assert len(book["fills"]) == 1
    resting = await one.order(type="limit", limit_price="100.00")
    _, rest = await one.steer("GET", "/book?open=true")
    assert [row["id"] for row in rest["orders"]] == [resting["id"]]
    assert (rest["positions"][0]["qty"], rest["fills"]) == ("10", [])


async def test_stale_positions_are_those_of_before() -> None:
    one = lab()
    assert await one.ask("GET", "/v2/positions") == (200, [])
    await arm(one, "rest.stale_positions", seconds=60)
    await one.order()
    assert await one.ask("GET", "/v2/positions") == (200, [])


async def test_shares_of_a_cancelled_order_can_be_held_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    one = lab()
    await one.order()
    order = await one.order(side="sell", type="limit", limit_price="300.00")
    await arm(one, "order.stick_pending_cancel", seconds=60)
    assert (await one.ask("DELETE", f"/v2/orders/{order['id']}"))[0] == 204
    _, shown = await one.ask("GET", f"/v2/orders/{order['id']}")
    assert shown["status"] == "pending_cancel"
    _, held = await one.ask("GET", "/v2/positions/AAPL")
    assert held["qty_available"] == "0"
    await trio.sleep(61)
    one.sandbox.exchange.advance()
    _, shown = await one.ask("GET", f"/v2/orders/{order['id']}")
    assert shown["status"] == "canceled"


async def test_an_imbalance_is_told_of_what_is_listed() -> None:
    one, told = lab(), list[tuple[str, str, Any]]()
    one.sandbox.tape.tell = lambda channel, instrument, message: told.append(
        (channel, instrument.symbol, message["p"])
    )
    asked = {"symbol": "AAPL", "price": "240.5"}
    assert await one.steer("POST", "/imbalance", asked) == (200, {})
    assert told == [("imbalances", "AAPL", Decimal("240.5"))]
    assert (await one.steer("POST", "/imbalance", {"symbol": "NOPE", "price": 1}))[0] == 404
    assert (await one.steer("POST", "/imbalance", {"symbol": "AAPL"}))[0] == 422
