"""Each gRPC request asks for one thing, or every field at fault is named at once."""

from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from cream.adapters.server import wire_requests as requests
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.model.request import ExecutionParams
from cream.core.model.state import TradingState
from cream.wire import control_pb2, execution_pb2
from tests.unit.adapters.server.plans import SWING
from tests.unit.adapters.server.wire_plans import instrument_message, plan_message

PLAN = plan_message(SWING)


def problems_of(read: Any, *arguments: Any, **more: Any) -> dict[str, str]:
    with pytest.raises(CreamError) as caught:
        read(*arguments, **more)
    assert caught.value.kind.code == "INVALID_REQUEST"
    return {each.field: each.problem for each in caught.value.problems}


def test_a_check_without_account_is_judged_on_the_engines_own() -> None:
    asked = requests.check_request(execution_pb2.CheckConstraintsRequest(decision_plan=PLAN))

    assert asked.plan.plan_id == "swing-1"
    assert asked.override is None


def test_positions_without_account_are_no_what_if() -> None:
    """They are read together with account_state (the contract's comment)."""
    message = execution_pb2.CheckConstraintsRequest(decision_plan=PLAN, positions=[held()])

    assert requests.check_request(message).override is None


def held(**fields: Any) -> execution_pb2.Position:
    given = {"instrument": instrument_message("AAPL"), "quantity": -20, "avg_entry_price": 238.41}
    return execution_pb2.Position(**{**given, **fields})


def test_an_account_that_is_given_is_used_as_far_as_it_is_filled_in() -> None:
    """Older clients send the account with its equity and leave the rest zero."""
    old = execution_pb2.CheckConstraintsRequest(
        decision_plan=PLAN, account_state=execution_pb2.AccountState(equity=100_000.0)
    )
    new = execution_pb2.CheckConstraintsRequest(
        decision_plan=PLAN,
        account_state=execution_pb2.AccountState(
            equity=1.0, exact_equity="100000.01", exact_buying_power="0", cash="-5"
        ),
        positions=[held(), held(exact_quantity="0.5", exact_avg_entry_price="1.005")],
    )

    partly = requests.check_request(old).override
    wholly = requests.check_request(new).override

    assert partly is not None
    assert (partly.equity, partly.buying_power, partly.positions) == (100_000, None, None)
    assert wholly is not None
    assert (wholly.equity, wholly.buying_power, wholly.cash) == (Decimal("100000.01"), 0, -5)
    assert wholly.positions is not None
    assert [one.quantity for one in wholly.positions] == [-20, Decimal("0.5")]
    assert wholly.positions[1].average_price == Decimal("1.005")


def test_a_check_that_is_wrong_is_named() -> None:
    option = instrument_message("AAPL  261218C00240000")
    message = execution_pb2.CheckConstraintsRequest(
        account_state=execution_pb2.AccountState(equity=nan, exact_buying_power="x", cash="1e20"),
        positions=[
            held(avg_entry_price=-1.0),
            held(instrument=option, exact_quantity="0.5"),
            execution_pb2.Position(quantity=1),
        ],
    )

    assert set(problems_of(requests.check_request, message)) == {
        "decision_plan",
        "account_state.equity",
        "account_state.exact_buying_power",
        "account_state.cash",
        "positions[0].avg_entry_price",
        "positions[1].exact_quantity",
        "positions[2].instrument",
    }


def test_a_submit_is_a_plan_and_perhaps_how() -> None:
    alone = requests.submit_request(execution_pb2.SubmitOrdersRequest(decision_plan=PLAN))
    params = execution_pb2.ExecutionParams(allow_partial=True, wait_seconds=0.0)
    partly = requests.submit_request(
        execution_pb2.SubmitOrdersRequest(decision_plan=PLAN, execution_params=params)
    )

    assert alone.params == ExecutionParams()
    assert partly.params == ExecutionParams(allow_partial=True, wait_seconds=0.0)


@pytest.mark.parametrize("seconds", [-1.0, 61.0, nan, inf])
def test_a_wait_out_of_its_bounds_is_named(seconds: float) -> None:
    message = execution_pb2.SubmitOrdersRequest(
        decision_plan=PLAN, execution_params=execution_pb2.ExecutionParams(wait_seconds=seconds)
    )

    assert list(problems_of(requests.submit_request, message)) == ["execution_params.wait_seconds"]


def single(**fields: Any) -> execution_pb2.SubmitOrderRequest:
    given: dict[str, Any] = {
        "instrument": instrument_message("AAPL"),
        "side": "ORDER_SIDE_BUY",
        "quantity": 20,
        "order_type": "ORDER_TYPE_LIMIT",
        "limit_price": 238.5,
        "client_order_id": "mine-1",
    }
    return execution_pb2.SubmitOrderRequest(**{**given, **fields})


def test_a_single_order_is_read() -> None:
    order = requests.single_order(
        single(stop_loss_price="228.50", take_profit_price="253.50", cycle_id="c-1")
    )

    assert order.client_order_id == "mine-1"
    assert order.cycle_id == "c-1"
    assert order.instrument == Equity("AAPL")
    assert (order.side, order.quantity) == (Side.BUY, 20)
    assert order.order_type is OrderType.LIMIT
    assert order.time_in_force is TimeInForce.DAY
    assert order.limit_price == Decimal("238.5")
    assert (order.stop_loss, order.take_profit) == (Decimal("228.50"), Decimal("253.50"))


@pytest.mark.parametrize(
    ("kind", "prices"),
    [
        ("MARKET", {"limit_price": None}),
        ("MARKET", {"limit_price": 0.0}),
        ("STOP", {"limit_price": None, "stop_price": "228"}),
        ("STOP_LIMIT", {"stop_price": "228"}),
        ("TRAILING_STOP", {"limit_price": None, "trail_price": "5"}),
        ("TRAILING_STOP", {"limit_price": None, "trail_percent": "1.5"}),
    ],
)
def test_every_type_has_the_prices_it_needs(kind: str, prices: dict[str, Any]) -> None:
    order = requests.single_order(single(order_type=f"ORDER_TYPE_{kind}", **prices))

    assert order.order_type is OrderType(kind)
    if kind in ("MARKET", "STOP", "TRAILING_STOP"):
        assert order.limit_price is None


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"client_order_id": ""}, "client_order_id"),
        ({"client_order_id": "x" * 129}, "client_order_id"),
        ({"cycle_id": " x"}, "cycle_id"),
        ({"instrument": None}, "instrument"),
        ({"side": 0}, "side"),
        ({"side": 9}, "side"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"order_type": 0}, "order_type"),
        ({"order_type": 99}, "order_type"),
        ({"time_in_force": 99}, "time_in_force"),
        ({"limit_price": None}, "limit_price"),
        ({"limit_price": nan}, "limit_price"),
        ({"limit_price": -1.0}, "limit_price"),
        ({"limit_price": 0.0}, "limit_price"),
        ({"order_type": "ORDER_TYPE_MARKET"}, "limit_price"),
        ({"stop_price": "228"}, "stop_price"),
        ({"order_type": "ORDER_TYPE_STOP_LIMIT"}, "stop_price"),
        ({"stop_loss_price": "cheap"}, "stop_loss_price"),
        ({"take_profit_price": "0"}, "take_profit_price"),
        ({"trail_price": "5"}, "trail_price"),
        ({"order_type": "ORDER_TYPE_TRAILING_STOP", "limit_price": None}, "trail_price"),
        (
            {
                "order_type": "ORDER_TYPE_TRAILING_STOP",
                "limit_price": None,
                "trail_price": "1",
                "trail_percent": "1",
            },
            "trail_price",
        ),
    ],
)
def test_a_single_order_that_is_wrong_is_named(fields: dict[str, Any], path: str) -> None:
    assert list(problems_of(requests.single_order, single(**fields))) == [path]


def test_everything_wrong_with_an_order_is_named_at_once() -> None:
    found = problems_of(requests.single_order, execution_pb2.SubmitOrderRequest())

    assert set(found) == {"client_order_id", "instrument", "side", "quantity", "order_type"}


def test_ids_are_names() -> None:
    assert requests.order_id("o-1") == "o-1"
    assert requests.some_ids(["a", "b"]) == ("a", "b")
    assert "order_id" in problems_of(requests.order_id, "")
    assert "order_ids[1]" in problems_of(requests.some_ids, ["a", ""])
    assert "order_ids" in problems_of(requests.some_ids, ["a"] * 1001)


def test_symbols_are_canonical_and_each_once() -> None:
    texts = ["AAPL", "AAPL261218C00240000", "AAPL  261218C00240000"]

    assert requests.symbols(texts, required=True) == ("AAPL", "AAPL  261218C00240000")
    assert requests.symbols([], required=False) == ()
    assert "symbols" in problems_of(requests.symbols, [], required=True)
    assert "symbols[0]" in problems_of(requests.symbols, ["?"], required=False)
    assert "symbols" in problems_of(requests.symbols, ["AAPL"] * 501, required=False)


def test_a_trading_state_has_a_reason_and_perhaps_an_actor() -> None:
    message = control_pb2.SetTradingStateRequest(state="TRADING_STATE_HALTED", reason="news")
    alone = requests.trading_state_request(message)
    message.actor, message.force = "kim", True
    named = requests.trading_state_request(message)

    assert (alone.state, alone.reason, alone.actor) == (TradingState.HALTED, "news", None)
    assert (named.actor, named.force) == ("kim", True)


def test_a_lever_that_is_wrong_is_named() -> None:
    message = control_pb2.SetTradingStateRequest(actor="")

    found = problems_of(requests.trading_state_request, message)

    assert set(found) == {"state", "reason", "actor"}
    assert requests.reason("x") == "x"
    assert "reason" in problems_of(requests.reason, " ")
    assert "reason" in problems_of(requests.reason, "x" * 1001)


def test_limits_that_come_with_a_check_are_read() -> None:
    message = execution_pb2.CheckConstraintsRequest(
        decision_plan=PLAN, constraints=execution_pb2.RiskConstraints(max_shares=5)
    )

    asked = requests.check_request(message).asked

    assert asked is not None
    assert asked.max_shares == 5
    assert (
        requests.check_request(execution_pb2.CheckConstraintsRequest(decision_plan=PLAN)).asked
        is None
    )
