"""Each JSON call asks for one thing, in its new or its old form."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cream.adapters.server import requests_json as requests
from cream.core.model.errors import CreamError
from cream.core.model.plan import Environment
from cream.core.model.request import ExecutionParams
from cream.core.model.state import TradingState
from tests.unit.adapters.server.plans import SWING, Json, change, swing


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def problems_of(read: Callable[[bytes], object], value: Any) -> dict[str, str]:
    with pytest.raises(CreamError) as caught:
        read(value if isinstance(value, bytes) else body(value))
    assert caught.value.kind.code == "INVALID_REQUEST"
    return {each.field: each.problem for each in caught.value.problems}


def check(raw: bytes) -> Any:
    return requests.check_request(raw, Environment.PAPER)


def submit(raw: bytes) -> Any:
    return requests.submit_request(raw, Environment.PAPER)


def test_a_check_is_a_plan_and_perhaps_a_portfolio() -> None:
    alone = check(body({"decision_plan": SWING}))
    with_portfolio = check(body({"decision_plan": SWING, "portfolio_state": {"equity": "5"}}))

    assert alone.plan.plan_id == "swing-1"
    assert alone.override is None
    assert with_portfolio.override.equity == 5


def test_a_submit_is_a_plan_and_perhaps_how() -> None:
    alone = submit(body({"decision_plan": SWING}))
    partly = submit(body({"decision_plan": SWING, "execution_params": {"allow_partial": True}}))

    assert alone.params == ExecutionParams()
    assert partly.params.allow_partial


def test_the_older_check_is_read() -> None:
    old = {
        "request_id": "r-1",
        "cycle_id": "cycle-swing-1",
        "risk_policy_id": "default",
        "account_equity": "100000",
        "plan": change(swing(), {"environment": ...}),
    }

    asked = check(body(old))

    assert asked.plan.environment is Environment.PAPER
    assert asked.plan.cycle_id == "cycle-swing-1"
    assert asked.override.equity == 100000
    assert asked.override.positions is None


@pytest.mark.parametrize("word", ["LIVE", "live", "Live"])
def test_the_older_submit_names_its_environment_in_any_case(word: str) -> None:
    old = {"cycle_id": "c-9", "environment": word, "plan": swing()}
    del old["plan"]["environment"]  # type: ignore[attr-defined]
    del old["plan"]["cycle_id"]  # type: ignore[attr-defined]

    asked = submit(body(old))

    assert asked.plan.environment is Environment.LIVE
    assert asked.plan.cycle_id == "c-9"


def test_the_older_submit_without_environment_means_this_engine() -> None:
    plan = change(swing(), {"environment": ...})

    assert submit(body({"plan": plan})).plan.environment is Environment.PAPER


@pytest.mark.parametrize(
    ("read", "value", "field", "words"),
    [
        (check, {}, "decision_plan", "is required"),
        (check, [], "", "must be an object"),
        (check, b"", "", "the body is empty"),
        (check, b"{", "", "not JSON"),
        (check, {"decision_plan": SWING, "plan": SWING}, "plan", "cannot stand beside"),
        (check, {"decision_plan": SWING, "x": 1}, "x", "not a known key"),
        (check, {"plan": SWING, "account_equity": "x"}, "account_equity", "decimal"),
        (
            check,
            {"decision_plan": SWING, "portfolio_state": {}, "account_equity": 1},
            "account_equity",
            "cannot stand beside",
        ),
        (check, {"decision_plan": SWING, "portfolio_state": 5}, "portfolio_state", "an object"),
        (check, {"plan": SWING, "environment": "PAPER"}, "environment", "not a known key"),
        (submit, {"plan": SWING, "environment": "X"}, "environment", "PAPER, LIVE"),
        (submit, {"plan": SWING, "environment": 5}, "environment", "PAPER, LIVE"),
        (submit, {"plan": SWING, "cycle_id": "other"}, "plan.cycle_id", "differs"),
        (submit, {"decision_plan": SWING, "portfolio_state": {}}, "portfolio_state", "not a known"),
        (submit, {"decision_plan": SWING, "execution_params": []}, "execution_params", "object"),
    ],
)
def test_a_plan_body_that_is_wrong_is_named(
    read: Callable[[bytes], object], value: Any, field: str, words: str
) -> None:
    assert words in problems_of(read, value)[field]


def test_ids_are_a_list_of_names() -> None:
    assert requests.order_ids_request(body({"order_ids": ["a", "b", "a"]})) == ("a", "b", "a")
    assert requests.order_ids_request(body({"order_ids": []})) == ()
    cancel = requests.cancel_request(body({"order_ids": ["a"], "reason": "thesis over"}))
    assert (cancel.order_ids, cancel.reason) == (("a",), "thesis over")
    assert requests.cancel_request(body({"order_ids": ["a"]})).reason == "requested"


@pytest.mark.parametrize("read", [requests.order_ids_request, requests.cancel_request])
@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "order_ids"),
        ({"order_ids": "a"}, "order_ids"),
        ({"order_ids": ["a", 5]}, "order_ids[1]"),
        ({"order_ids": [""]}, "order_ids[0]"),
        ({"order_ids": ["a"] * 1001}, "order_ids"),
        ({"order_ids": ["a"], "ids": []}, "ids"),
    ],
)
def test_ids_that_are_wrong_are_named(
    read: Callable[[bytes], object], value: Json, field: str
) -> None:
    assert field in problems_of(read, value)


def test_a_trading_state_has_a_reason_and_perhaps_an_actor() -> None:
    asked = requests.trading_state_request(body({"state": "HALTED", "reason": "news"}))
    forced = requests.trading_state_request(
        body({"state": "ACTIVE", "reason": "clear", "actor": "cli:kim", "force": True})
    )

    assert asked.state is TradingState.HALTED
    assert (asked.reason, asked.actor, asked.force) == ("news", None, False)
    assert (forced.actor, forced.force) == ("cli:kim", True)


def test_the_other_levers_need_a_reason() -> None:
    assert requests.kill_switch_request(body({"reason": "x"})) == ("x", False)
    assert requests.kill_switch_request(body({"reason": "x", "flatten": True})) == ("x", True)
    assert requests.mass_cancel_request(body({"reason": "x"})) == "x"


@pytest.mark.parametrize(
    ("read", "value", "field"),
    [
        (requests.trading_state_request, {"reason": "x"}, "state"),
        (requests.trading_state_request, {"state": "PAUSED", "reason": "x"}, "state"),
        (requests.trading_state_request, {"state": "HALTED"}, "reason"),
        (requests.trading_state_request, {"state": "HALTED", "reason": "  "}, "reason"),
        (requests.trading_state_request, {"state": "HALTED", "reason": "x", "force": 1}, "force"),
        (requests.kill_switch_request, {}, "reason"),
        (requests.kill_switch_request, {"reason": "x", "flatten": "yes"}, "flatten"),
        (requests.kill_switch_request, {"reason": 5}, "reason"),
        (requests.mass_cancel_request, {"reason": "x" * 1001}, "reason"),
        (requests.mass_cancel_request, {"reason": "x", "flatten": True}, "flatten"),
    ],
)
def test_a_lever_that_is_wrong_is_named(
    read: Callable[[bytes], object], value: Json, field: str
) -> None:
    assert field in problems_of(read, value)
