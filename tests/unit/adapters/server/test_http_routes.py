"""Plans are judged and placed, orders found, narrowed and cancelled, holdings shown."""

from typing import Any

import pytest
from attrs import evolve

from cream.core.model.order import OrderStatus
from cream.core.model.order_state import standing
from tests.fakes.chains import a_chain
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import REFUSAL, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import SWING, Json, change, spread, swing
from tests.unit.adapters.server.site import (
    call,
    get,
    post,
    refused,
)


async def test_a_check_answers_the_verdict(operations: FakeOperations) -> None:
    body = {"decision_plan": SWING, "portfolio_state": {"equity": "5"}}

    shown = await post(operations, "/v1/check-constraints", body)

    assert shown["ok"] is True
    assert shown["orders"][0]["symbol"] == "AAPL"
    assert shown["validated_at"] == "2026-11-23T15:00:00Z"
    ((plan, override),) = operations.checked
    assert plan.plan_id == "swing-1"
    assert override is not None


async def test_a_refusal_is_an_answer_and_not_an_error(operations: FakeOperations) -> None:
    operations.refusals = (REFUSAL,)

    checked = await post(operations, "/v1/check-constraints", {"decision_plan": SWING})
    submitted = await post(operations, "/v1/submit-orders", {"decision_plan": SWING})

    assert checked["ok"] is False
    assert checked["violations"][0]["code"] == "MISSING_STOP_LOSS"
    assert submitted["ok"] is False
    assert submitted["orders"] == []


async def test_a_submit_places_once_and_answers_again(operations: FakeOperations) -> None:
    body = {"decision_plan": SWING, "execution_params": {"wait_seconds": 0}}

    first = await post(operations, "/v1/submit-orders", body)
    again = await post(operations, "/v1/submit-orders", body)

    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["orders"] == again["orders"]
    assert len(operations.orders_by_id) == 1
    assert first["orders"][0]["status"] == "ACCEPTED"


async def test_the_same_plan_id_with_other_content_is_a_conflict(
    operations: FakeOperations,
) -> None:
    await post(operations, "/v1/submit-orders", {"decision_plan": SWING})

    other = await call(
        operations, "POST", "/v1/submit-orders", {"decision_plan": swing(limit_price="1")}
    )

    await refused(other, 409, "DUPLICATE_ID")


async def test_the_older_bodies_are_accepted(operations: FakeOperations) -> None:
    plan = change(swing(), {"environment": ...})
    old_check = {"request_id": "r", "cycle_id": "cycle-swing-1", "account_equity": "100000"}

    checked = await post(operations, "/v1/check-constraints", {**old_check, "plan": plan})
    old_submit = {"cycle_id": "cycle-swing-1", "environment": "paper", "plan": plan}
    submitted = await post(operations, "/v1/submit-orders", old_submit)

    assert checked["ok"] is True
    assert submitted["environment"] == "PAPER"


PLAN_PATHS = ("/v1/check-constraints", "/v1/submit-orders")

HALF_A_CONTRACT = {"quantity": "1.5", "unit": "CONTRACTS"}

# The table "Bad input" of the walking daemon: what is no answer but an error, and its field.
BAD_INPUT: list[tuple[str, Any, str]] = [
    ("unknown enum", swing(action="HODL"), "action"),
    ("negative size", swing(size={"quantity": "-5", "unit": "SHARES"}), "size.quantity"),
    ("zero size", swing(size={"quantity": 0, "unit": "SHARES"}), "size.quantity"),
    ("10^30 size", swing(size={"quantity": 10**30, "unit": "SHARES"}), "size.quantity"),
    ("1e30 size", swing(size={"quantity": "1e30", "unit": "SHARES"}), "size.quantity"),
    ("NaN text", swing(confidence="NaN"), "confidence"),
    ("infinity text", swing(limit_price="Infinity"), "limit_price"),
    ("fractional contracts", spread(size=HALF_A_CONTRACT), "size.quantity"),
    ("unreadable symbol", swing(instrument_id="???"), "instrument_id"),
    ("bad timestamp", change(swing(), {"timestamp": "soon"}), ""),
    ("unknown key", swing(stop="1"), "stop"),
]  # fmt: skip


@pytest.mark.parametrize("path", PLAN_PATHS)
@pytest.mark.parametrize(
    ("plan", "field"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT]
)
async def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    operations: FakeOperations, path: str, plan: Json, field: str
) -> None:
    reply = await call(operations, "POST", path, {"decision_plan": plan})

    details = await refused(reply, 400, "INVALID_REQUEST")
    expected = f"decision_plan.decisions[0].{field}" if field else "decision_plan.timestamp"
    assert list(details) == [expected]
    assert not operations.submitted
    assert not operations.checked
    assert not operations.orders_by_id


@pytest.mark.parametrize("path", PLAN_PATHS)
@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999999999999999999999"])
async def test_a_number_that_is_none_is_refused(
    operations: FakeOperations, path: str, token: str
) -> None:
    body = '{"decision_plan": {"cycle_id": "c", "environment": "PAPER", "decisions": [{'
    body += f'"instrument_id": "AAPL", "action": "BUY", "confidence": {token},'
    body += '"size": {"quantity": 1, "unit": "SHARES"}}]}}'
    headers = {"content-type": "application/json"}

    reply = await call(operations, "POST", path, data=body, headers=headers)

    details = await refused(reply, 400, "INVALID_REQUEST")
    assert list(details) == ["decision_plan.decisions[0].confidence"]


async def test_duplicate_decision_ids_are_refused(operations: FakeOperations) -> None:
    plan = swing()
    plan["decisions"] *= 2

    reply = await call(operations, "POST", "/v1/submit-orders", {"decision_plan": plan})

    details = await refused(reply, 400, "INVALID_REQUEST")
    assert list(details) == ["decision_plan.decisions[1].decision_id"]


async def test_a_tactic_of_a_later_version_is_named(operations: FakeOperations) -> None:
    body = {"decision_plan": swing(execution_tactic="VWAP")}

    reply = await call(operations, "POST", "/v1/submit-orders", body)

    await refused(reply, 400, "TACTIC_UNAVAILABLE")


async def test_orders_are_all_orders_each_once(operations: FakeOperations) -> None:
    operations.put(states.filled_entry(), states.stop_child(), states.filled_spread())

    shown = (await get(operations, "/v1/orders"))["orders"]

    assert [one["order_id"] for one in shown] == ["o-entry", "o-stop", "o-spread"]
    assert shown[0]["legs"] == []
    assert shown[1]["parent_order_id"] == "o-entry"
    assert len(shown[2]["legs"]) == 2


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("status=HELD", ["o-stop"]),
        ("status=FILLED", []),
        ("limit=2", ["o-stop", "o-spread"]),
        ("limit=0", []),
        ("limit=99", ["o-entry", "o-stop", "o-spread"]),
        ("status=ACCEPTED&limit=1", ["o-spread"]),
    ],
)
async def test_orders_can_be_narrowed(
    operations: FakeOperations, query: str, ids: list[str]
) -> None:
    operations.put(states.filled_entry(), states.stop_child(), states.filled_spread())

    shown = (await get(operations, f"/v1/orders?{query}"))["orders"]

    assert [one["order_id"] for one in shown] == ids


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("status=DONE", ["status"]),
        ("limit=-1", ["limit"]),
        ("limit=x&state=FILLED", ["limit", "state"]),
        ("limit=1&limit=2", ["limit"]),
    ],
)
async def test_a_query_that_is_wrong_is_named(
    operations: FakeOperations, query: str, fields: list[str]
) -> None:
    reply = await call(operations, "GET", f"/v1/orders?{query}")

    assert sorted(await refused(reply, 400, "INVALID_REQUEST")) == fields


async def test_an_order_is_found_by_any_of_its_ids_with_its_children(
    operations: FakeOperations,
) -> None:
    operations.put(states.filled_entry(), states.stop_child())
    ids = ["b-o-entry", "nobody", "cream-o-stop", "o-entry"]

    shown = await post(operations, "/v1/order-state", {"order_ids": ids})

    assert [one["order_id"] for one in shown["orders"]] == ["o-entry", "o-stop", "o-entry"]
    assert [leg["order_id"] for leg in shown["orders"][0]["legs"]] == ["o-stop"]
    assert shown["not_found"] == ["nobody"]


async def test_a_cancel_answers_for_each_id(operations: FakeOperations) -> None:
    closed = evolve(working(states.STOP), state=standing(OrderStatus.FILLED))
    operations.put(working(states.ENTRY), closed)
    body = {"order_ids": ["cream-o-entry", "o-stop", "nobody"], "reason": "thesis over"}

    results = (await post(operations, "/v1/cancel-orders", body))["results"]

    assert [one["accepted"] for one in results] == [True, False, False]
    assert [one["status"] for one in results] == ["PENDING_CANCEL", "FILLED", None]
    codes = [one["error"] and one["error"]["code"] for one in results]
    assert codes == [None, "ORDER_NOT_CANCELABLE", "NOT_FOUND"]
    assert operations.commands == [("cancel", tuple(body["order_ids"]), "thesis over", "local")]


async def test_positions_and_the_portfolio_are_shown(operations: FakeOperations) -> None:
    operations.position_views = [states.held()]

    positions = await get(operations, "/v1/positions")
    portfolio = await get(operations, "/v1/portfolio")

    assert positions["positions"] == portfolio["positions"]
    assert portfolio["account"]["account_id"] == "SIM-1"


async def test_a_chain_is_asked_for_by_a_query(operations: FakeOperations) -> None:
    operations.chain = a_chain()

    shown = await get(operations, "/v1/option-chain?underlying=AAPL&type=call&limit=2")

    assert [one["strike"] for one in shown["options"]] == ["240", "200"]
    assert shown["options"][0]["expiration"] == "2026-12-18"
    assert shown["underlying_price"] == "238.40"
    (asked,) = operations.chains_asked
    assert (asked.underlying, asked.limit) == ("AAPL", 2)


async def test_a_chain_that_cannot_be_meant_names_its_parameters(
    operations: FakeOperations,
) -> None:
    wrong = await call(operations, "GET", "/v1/option-chain?limit=none&min_strike=x")
    unknown = await call(operations, "GET", "/v1/option-chain?underlying=ZZZZ")

    assert set(await refused(wrong, 400, "INVALID_REQUEST")) == {
        "underlying",
        "limit",
        "min_strike",
    }
    await refused(unknown, 404, "NOT_FOUND")
