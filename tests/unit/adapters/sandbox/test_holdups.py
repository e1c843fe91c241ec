"""Faults that hold something back, over the two ports."""

import pytest
import trio
import trio.testing

from tests.unit.adapters.sandbox.lab import Lab, lab
from tests.unit.adapters.sandbox.test_routes import arm

BRACKET = {
    "order_class": "bracket",
    "take_profit": {"limit_price": "260.00"},
    "stop_loss": {"stop_price": "220.00"},
}


async def held(one: Lab) -> tuple[str, str]:
    _, position = await one.ask("GET", "/v2/positions/AAPL")
    return position["qty"], position["qty_available"]


async def test_of_an_entry_only_half_ever_fills_and_its_exits_wait() -> None:
    one = lab()
    await arm(one, "order.partial_entry_forever", count=1)
    order = await one.order(**BRACKET)
    await one.steer("POST", "/quote", {"symbol": "AAPL", "bid": "230.00", "ask": "230.02"})
    path = f"/v2/orders/{order['id']}"
    _, shown = await one.ask("GET", f"{path}?nested=true")
    assert (shown["status"], shown["filled_qty"]) == ("partially_filled", "5")
    assert [leg["status"] for leg in shown["legs"]] == ["held", "held"]
    assert (await one.ask("DELETE", path))[0] == 204
    assert (await one.ask("GET", path))[1]["status"] == "canceled"
    assert await held(one) == ("5", "5")


async def test_the_next_entry_fills_again() -> None:
    one = lab()
    await arm(one, "order.partial_entry_forever", count=1)
    await one.order()
    await one.order()
    assert await held(one) == ("15", "15")


@pytest.mark.parametrize("fields", [{"qty": "1"}, {"qty": "0.5"}])
async def test_what_has_no_half_fills_as_always(fields: dict[str, str]) -> None:
    one = lab()
    await arm(one, "order.partial_entry_forever")
    await one.order(**fields)
    assert await held(one) == (fields["qty"], fields["qty"])


async def test_half_of_an_order_can_fill_before_it_is_cancelled() -> None:
    one = lab()
    order = await one.order(type="limit", limit_price="200.00")
    await arm(one, "order.partial_then_cancel", count=1)
    path = f"/v2/orders/{order['id']}"
    assert (await one.ask("DELETE", path))[0] == 204
    _, shown = await one.ask("GET", path)
    assert (shown["status"], shown["filled_qty"], shown["filled_avg_price"]) == (
        "canceled",
        "5",
        "200",
    )
    assert (await one.ask("DELETE", path))[0] == 204
    assert await held(one) == ("5", "5")


async def test_shares_can_be_promised_a_while_longer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Number 19: cancelled is not free; whoever sells too early is told what is in the way."""
    one = lab()
    await one.order()
    sale = {"side": "sell", "type": "limit", "limit_price": "250.00"}
    resting = await one.order(**sale)
    await arm(one, "pos.qty_release_lag", seconds=5, count=1)
    assert (await one.ask("DELETE", f"/v2/orders/{resting['id']}"))[0] == 204
    assert (await one.ask("GET", f"/v2/orders/{resting['id']}"))[1]["status"] == "canceled"
    assert await held(one) == ("10", "0")
    body = {"symbol": "AAPL", "qty": "10", "time_in_force": "day"} | sale
    status, refused = await one.ask("POST", "/v2/orders", body)
    assert (status, refused["code"], refused["held_for_orders"]) == (403, 40310000, "10")
    await trio.sleep(5)
    assert await held(one) == ("10", "10")
    await one.order(**sale)


async def test_an_answer_can_be_later_than_what_is_told_of_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    one = lab()
    told: list[float] = []
    one.sandbox.exchange.tell = lambda _: told.append(trio.current_time())
    await arm(one, "ws.early", seconds=2, count=1)
    began = trio.current_time()
    await one.order()
    assert told[0] == began
    assert trio.current_time() == began + 2


async def test_the_brokers_clock_can_be_ahead() -> None:
    one = lab()
    client = one.app.test_client()
    before = (await one.ask("GET", "/v2/clock"))[1]["timestamp"]
    await arm(one, "clock.skew", seconds=3600)
    answer = await client.get("/v2/clock", headers={"APCA-API-KEY-ID": "a"})
    assert "16:00:0" in answer.headers["Date"]
    after = (await one.ask("GET", "/v2/clock"))[1]["timestamp"]
    assert before[:13].endswith("10")
    assert after[:13].endswith("11")
    order = await one.order()
    assert "T16:00:0" in order["created_at"]


async def test_what_happens_but_once_is_a_fault_by_name_too() -> None:
    one = lab()
    await one.order()
    await arm(one, "ca.split", symbol="AAPL", ratio=2)
    assert (await held(one))[0] == "20"
    await arm(one, "ops.liquidate_leg", symbol="AAPL")
    assert (await one.ask("GET", "/v2/positions/AAPL"))[0] == 404


async def test_an_assignment_is_one_as_well() -> None:
    one = lab()
    contract = "AAPL261218C00240000"
    await one.order(symbol=contract, qty="1")
    await arm(one, "opt.assign", symbol=contract)
    assert (await held(one))[0] == "100"


async def test_a_halt_by_name_ends_with_its_fault() -> None:
    one = lab()
    await arm(one, "mkt.halt", symbol="AAPL")
    assert (await one.steer("GET", "/faults"))[1]["armed"] == ["mkt.halt"]
    await one.order()
    assert (await one.ask("GET", "/v2/positions/AAPL"))[0] == 404
    assert (await one.steer("DELETE", "/faults?name=mkt.halt"))[1] == {"armed": []}
    assert (await held(one))[0] == "10"


async def test_what_a_fault_by_name_does_not_take_is_refused() -> None:
    one = lab()
    body = {"name": "opt.assign", "symbol": "AAPL", "seconds": 5}
    status, refused = await one.steer("POST", "/faults", body)
    assert (status, refused["message"]) == (422, "unknown: seconds; opt.assign takes qty, symbol")


async def test_the_rest_of_an_order_can_fill_with_the_next_quote() -> None:
    """As one in ten does on paper accounts."""
    one = lab()
    await arm(one, "order.partial_first", count=1)
    order = await one.order()
    path = f"/v2/orders/{order['id']}"
    assert (await one.ask("GET", path))[1]["status"] == "partially_filled"
    await one.steer("POST", "/quote", {"symbol": "AAPL", "bid": "238.50", "ask": "238.52"})
    _, shown = await one.ask("GET", path)
    assert (shown["status"], shown["filled_avg_price"]) == ("filled", "238.465")
