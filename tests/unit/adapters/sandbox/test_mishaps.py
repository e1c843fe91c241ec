from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from cream.adapters.sandbox.faults import Armed, FaultName
from tests.unit.adapters.sandbox.lab import NEAR, Lab, lab

EXITS = {
    "order_class": "bracket",
    "take_profit": {"limit_price": "253.5"},
    "stop_loss": {"stop_price": "180.5"},
}


def heard(one: Lab) -> list[Any]:
    frames: list[Any] = []
    one.sandbox.exchange.tell = frames.append
    return frames


def arm(one: Lab, name: FaultName) -> None:
    one.sandbox.faults.arm(Armed(name=name, count=1))


async def replaced(one: Lab) -> tuple[Any, Any]:
    """Old and new order, as they are after a PATCH."""
    old = await one.order(type="limit", limit_price="200")
    status, new = await one.ask("PATCH", f"/v2/orders/{old['id']}", {"limit_price": "201"})
    assert status == 200
    return (
        (await one.ask("GET", f"/v2/orders/{old['id']}"))[1],
        (await one.ask("GET", f"/v2/orders/{new['id']}"))[1],
    )


async def test_a_replacement_is_taken_and_then_rejected() -> None:
    one = lab()
    arm(one, FaultName.REPLACE_REJECT)
    old, new = await replaced(one)
    assert (old["status"], new["status"]) == ("replaced", "rejected")
    assert old["replaced_by"] == new["id"]


async def test_an_order_fills_while_it_is_replaced() -> None:
    one = lab()
    arm(one, FaultName.FILL_DURING_REPLACE)
    frames = heard(one)
    old, new = await replaced(one)
    assert (old["status"], old["filled_qty"], new["status"]) == ("filled", "10", "rejected")
    assert (old["replaced_by"], new["replaces"]) == (None, old["id"])
    assert [one["event"] for one in frames][-3:] == ["fill", "new", "rejected"]


async def test_an_exit_gets_another_id() -> None:
    one = lab()
    arm(one, FaultName.LEG_SWAP)
    order = await one.order(**EXITS)
    _, shown = await one.ask("GET", f"/v2/orders/{order['id']}?nested=true")
    before = {leg["id"] for leg in order["legs"]}
    after = {leg["id"]: leg for leg in shown["legs"]}
    (new,) = set(after) - before
    assert after[new]["replaces"] in before


async def test_both_exits_fill() -> None:
    one = lab()
    await one.order(**EXITS)
    arm(one, FaultName.DOUBLE_FILL)
    frames = heard(one)
    await one.steer("POST", "/quote", {"symbol": "AAPL", "bid": "253.6", "ask": "253.62"})
    _, position = await one.ask("GET", "/v2/positions/AAPL")
    assert position["qty"] == "-10"
    assert [one["event"] for one in frames] == ["fill", "fill"]


async def test_what_has_filled_in_part_expires() -> None:
    one = lab()
    arm(one, FaultName.EXPIRE_PARTIAL)
    body = {"symbol": "AAPL", "bid": "238.39", "ask": "238.41", "ask_size": 4}
    await one.steer("POST", "/quote", body)
    order = await one.order(type="limit", limit_price="238.41")
    _, shown = await one.ask("GET", f"/v2/orders/{order['id']}")
    assert (shown["status"], shown["filled_qty"]) == ("expired", "4")


async def test_options_become_shares_and_the_history_says_so_a_day_later(
    autojump_clock: trio.testing.MockClock,
) -> None:
    one = lab()
    await one.order(symbol=NEAR, qty="2")
    assert (await one.steer("POST", "/assign", {"symbol": NEAR, "qty": 3}))[0] == 422
    assert (await one.steer("POST", "/assign", {"symbol": NEAR, "qty": 1}))[0] == 200
    _, positions = await one.ask("GET", "/v2/positions")
    assert {held["symbol"]: held["qty"] for held in positions} == {"AAPL": "100", NEAR: "1"}
    kinds = "activity_types=OPEXC,OPASN,OPEXP,OPTRD"
    assert (await one.ask("GET", f"/v2/account/activities?{kinds}"))[1] == []
    await trio.sleep(24 * 3_600)
    _, rows = await one.ask("GET", f"/v2/account/activities?{kinds}")
    assert sorted(row["activity_type"] for row in rows) == ["OPEXC", "OPTRD"]
    _, every = await one.ask("GET", "/v2/account/activities")
    assert sorted(row["activity_type"] for row in every) == ["FILL", "OPEXC", "OPTRD"]


@pytest.mark.parametrize(("strike", "shares"), [("00200000", "100"), ("00300000", None)])
async def test_at_their_end_options_are_exercised_or_expire(
    autojump_clock: trio.testing.MockClock, strike: str, shares: str | None
) -> None:
    """A cent in the money is enough. The account has the cash for a hundred shares."""
    one = lab()
    symbol = f"AAPL261127C{strike}"
    await one.order(symbol=symbol, qty="1", type="limit", limit_price="60")
    await trio.sleep(6 * 86_400)
    one.sandbox.exchange.market.set_quote("AAPL", Decimal("238.39"), Decimal("238.41"), 9, 9)
    one.sandbox.exchange.advance()
    _, positions = await one.ask("GET", "/v2/positions")
    assert {held["symbol"]: held["qty"] for held in positions} == (
        {"AAPL": shares} if shares is not None else {}
    )
    await trio.sleep(2 * 86_400)
    _, rows = await one.ask("GET", "/v2/account/activities?category=non_trade_activity")
    kinds = sorted(row["activity_type"] for row in rows if row["activity_type"] != "FILL")
    assert kinds == (["OPEXC", "OPTRD"] if shares is not None else ["OPEXP"])


async def test_the_broker_closes_a_holding_unasked() -> None:
    one = lab()
    await one.order()
    status, order = await one.steer("POST", "/liquidate", {"symbol": "AAPL"})
    assert (status, order["side"], order["qty"]) == (200, "sell", "10")
    assert (await one.steer("POST", "/liquidate", {"symbol": "AAPL"}))[0] == 404


async def test_a_split_makes_more_shares_of_the_same_money_and_leaves_orders_alone() -> None:
    one = lab()
    await one.order()
    status, before = await one.ask("GET", "/v2/positions/AAPL")
    assert status == 200
    assert (await one.steer("POST", "/split", {"symbol": "AAPL", "ratio": 2}))[0] == 200
    _, after = await one.ask("GET", "/v2/positions/AAPL")
    assert (before["qty"], after["qty"]) == ("10", "20")
    assert Decimal(after["cost_basis"]) == Decimal(before["cost_basis"])
    assert Decimal(after["current_price"]) * 2 == Decimal(before["current_price"])
    assert (await one.steer("POST", "/split", {"symbol": "MSFT", "ratio": 2}))[0] == 422
    assert (await one.steer("POST", "/split", {"symbol": "AAPL", "ratio": 0}))[0] == 422
