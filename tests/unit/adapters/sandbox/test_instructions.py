"""Exercise and do-not-exercise at the sandbox, at Alpaca's own paths."""

from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.adapters.sandbox.faults import FaultName
from tests.unit.adapters.sandbox.lab import FAR, NEAR, Lab, lab

# Friday the 27th is half a day: its options end at 13:00 in New York.
ENDING = "AAPL261127C00200000"
TO_THE_LAST_MORNING = 4 * 86_400


async def instruct(one: Lab, instruction: str, symbol: str = NEAR) -> tuple[int, Any]:
    return await one.ask("POST", f"/v2/positions/{symbol}/{instruction}")


async def held(one: Lab) -> dict[str, str]:
    _, positions = await one.ask("GET", "/v2/positions")
    return {row["symbol"]: row["qty"] for row in positions}


async def non_trades(one: Lab) -> list[tuple[str, str]]:
    _, rows = await one.ask("GET", "/v2/account/activities?category=non_trade_activity")
    return sorted((row["activity_type"], row["qty"]) for row in rows)


async def test_an_exercise_makes_shares_of_all_contracts_that_are_free(
    autojump_clock: MockClock,
) -> None:
    one = lab()
    await one.order(symbol=NEAR, qty="3")
    selling = {"side": "sell", "type": "limit", "limit_price": "90"}
    await one.order(symbol=NEAR, qty="1", **selling)

    assert await instruct(one, "exercise") == (200, "")

    assert await held(one) == {NEAR: "1", "AAPL": "200"}
    assert await non_trades(one) == []
    await trio.sleep(86_400)
    assert await non_trades(one) == [("OPEXC", "-2"), ("OPTRD", "200")]


async def test_a_contract_is_also_known_by_its_id() -> None:
    one = lab()
    await one.order(symbol=NEAR, qty="1")
    _, position = await one.ask("GET", f"/v2/positions/{NEAR}")
    assert await instruct(one, "exercise", position["asset_id"]) == (200, "")
    assert await held(one) == {"AAPL": "100"}


@pytest.mark.parametrize("abstains", [True, False])
async def test_what_is_not_to_be_exercised_expires_though_it_is_in_the_money(
    autojump_clock: MockClock, abstains: bool
) -> None:
    one = lab()
    await one.order(symbol=ENDING, qty="2", type="limit", limit_price="60")
    status, document = await instruct(one, "do-not-exercise", ENDING)
    assert (status, document["code"]) == (422, 42210000)
    await trio.sleep(TO_THE_LAST_MORNING)
    if abstains:
        assert await instruct(one, "do-not-exercise", ENDING) == (200, "")
        assert await held(one) == {ENDING: "2"}

    await trio.sleep(7 * 3_600)
    one.sandbox.exchange.market.set_quote("AAPL", Decimal("238.39"), Decimal("238.41"), 9, 9)
    one.sandbox.exchange.advance()

    assert await held(one) == ({} if abstains else {"AAPL": "200"})
    await trio.sleep(86_400)
    told = [("OPEXP", "-2")] if abstains else [("OPEXC", "-2"), ("OPTRD", "200")]
    assert await non_trades(one) == told


@pytest.mark.parametrize(
    ("symbol", "instruction", "expected"),
    [
        (NEAR, "exercise", (403, 40310000, "no available position for the specified contract")),
        (
            NEAR,
            "do-not-exercise",
            (403, 40310000, "no available position for the specified contract"),
        ),
        (FAR, "exercise", (403, 40310001, "cannot exercise short position")),
        (FAR, "do-not-exercise", (403, 40310001, "cannot submit DNE for short position")),
        ("AAPL", "exercise", (422, 42210000, "invalid symbol")),
        ("no-such-thing", "do-not-exercise", (422, 42210000, "invalid symbol")),
    ],
)
async def test_a_refusal_has_alpacas_status_code_and_words(
    symbol: str, instruction: str, expected: tuple[int, int, str]
) -> None:
    """Of the two legs the short one cannot be exercised, and the long one is being sold."""
    one = lab()
    legs = [
        {"symbol": NEAR, "ratio_qty": "1", "position_intent": "buy_to_open"},
        {"symbol": FAR, "ratio_qty": "1", "position_intent": "sell_to_open"},
    ]
    spread = {"order_class": "mleg", "type": "market", "time_in_force": "day", "qty": "1"}
    assert (await one.ask("POST", "/v2/orders", spread | {"legs": legs}))[0] == 200
    closing = [
        {"symbol": NEAR, "ratio_qty": "1", "position_intent": "sell_to_close"},
        {"symbol": FAR, "ratio_qty": "1", "position_intent": "buy_to_close"},
    ]
    resting = spread | {"type": "limit", "limit_price": "-9", "legs": closing}
    assert (await one.ask("POST", "/v2/orders", resting))[0] == 200

    status, document = await instruct(one, instruction, symbol)

    assert (status, document["code"], document["message"]) == expected


async def test_what_the_account_cannot_carry_is_not_exercised() -> None:
    one = lab(cash=Decimal(5_000))
    await one.order(symbol=NEAR, qty="1")
    status, document = await instruct(one, "exercise")
    assert (status, document["code"]) == (403, 40310000)
    assert await held(one) == {NEAR: "1"}


async def test_an_answer_can_get_lost_though_it_was_done() -> None:
    one = lab()
    await one.order(symbol=NEAR, qty="1")
    fault = {"name": FaultName.POST_ACCEPTED_504.value, "count": 1}
    assert (await one.steer("POST", "/faults", fault))[0] == 200
    assert (await instruct(one, "exercise"))[0] == 504
    assert await held(one) == {"AAPL": "100"}
