"""The JSON of orders and verdicts is that of docs/api.md, field by field."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from attrs import evolve

from cream.adapters.server import json_views as views
from cream.core.model.errors import CreamError, FieldProblem
from cream.core.model.order import OrderStatus
from cream.core.model.order_state import standing
from cream.core.model.plan import PositionIntent
from cream.core.operations import CancelResult, PlanResult
from tests.fakes.operations_data import NOW, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import SWING, parsed


def encoded(view: object) -> Any:
    return json.loads(msgspec.json.encode(view))


ORDER_STATE_KEYS = {
    "order_id",
    "client_order_id",
    "broker_order_id",
    "decision_id",
    "plan_id",
    "symbol",
    "side",
    "order_type",
    "order_class",
    "time_in_force",
    "status",
    "requested_quantity",
    "filled_quantity",
    "avg_fill_price",
    "limit_price",
    "stop_price",
    "purpose",
    "parent_order_id",
    "legs",
    "commission",
    "submitted_at",
    "last_update_at",
    "status_message",
}


def test_an_order_shows_exactly_the_fields_of_the_interface() -> None:
    shown = encoded(views.order_view(states.filled_entry()))

    assert set(shown) == ORDER_STATE_KEYS
    assert shown | {"legs": []} == {
        "order_id": "o-entry",
        "client_order_id": "cream-o-entry",
        "broker_order_id": "b-o-entry",
        "decision_id": "d-1",
        "plan_id": "swing-1",
        "symbol": "AAPL",
        "side": "BUY",
        "order_type": "LIMIT",
        "order_class": "BRACKET",
        "time_in_force": "DAY",
        "status": "PARTIALLY_FILLED",
        "requested_quantity": "20",
        "filled_quantity": "10.5",
        "avg_fill_price": "238.41",
        "limit_price": "238.50",
        "stop_price": None,
        "purpose": "ENTRY",
        "parent_order_id": None,
        "legs": [],
        "commission": "0.35",
        "submitted_at": "2026-11-23T15:00:00Z",
        "last_update_at": "2026-11-23T15:00:02Z",
        "status_message": "plan swing-1",
    }


def test_what_is_not_known_yet_is_null_and_not_zero() -> None:
    order = evolve(
        working(states.ENTRY), broker_order_id=None, state=standing(OrderStatus.PENDING_NEW)
    )

    shown = encoded(views.order_view(order))

    assert shown["avg_fill_price"] is None
    assert shown["broker_order_id"] is None


def test_no_decimal_is_written_with_an_exponent() -> None:
    terms = evolve(states.ENTRY, quantity=Decimal("2E+1"), limit_price=Decimal("1E-7"))

    shown = encoded(views.order_view(working(terms)))

    assert shown["requested_quantity"] == "20"
    assert shown["limit_price"] == "0.0000001"


def test_a_bracket_lists_its_children_with_their_own_ids() -> None:
    (leg,) = encoded(views.order_view(states.filled_entry(), [states.stop_child()]))["legs"]

    assert leg["leg_id"] == leg["order_id"] == "o-stop"
    assert leg["purpose"] == "STOP_LOSS"
    assert leg["status"] == "HELD"
    assert leg["stop_price"] == "228.50"
    assert leg["position_intent"] == "sell_to_close"
    assert leg["ratio_qty"] is None


def test_a_spread_lists_its_legs_in_osi_symbols_and_whole_contracts() -> None:
    shown = encoded(views.order_view(states.filled_spread()))
    first, second = shown["legs"]

    assert shown["symbol"] == "AAPL"
    assert first["symbol"] == "AAPL  261218C00240000"
    assert len(first["symbol"]) == 21
    assert (first["leg_id"], first["order_id"]) == ("o-spread.0", None)
    assert (first["side"], first["quantity"], first["filled_quantity"]) == ("BUY", "5", "3")
    assert first["avg_fill_price"] == "5.25"
    assert (second["side"], second["quantity"], second["ratio_qty"]) == ("SELL", "10", -2)
    assert (second["filled_quantity"], second["avg_fill_price"]) == ("0", None)
    assert second["position_intent"] == PositionIntent.SELL_TO_OPEN.value


def test_a_verdict_shows_its_numbers_with_their_unit() -> None:
    shown = encoded(views.verdict_view(states.VERDICT))

    assert shown["ok"] is False
    assert shown["violations"][1] == {
        "code": "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED",
        "severity": "ERROR",
        "message": "Too much of the account in one share",
        "instrument_id": "AAPL",
        "field_path": "decisions[0].size.quantity",
        "observed": "0.107325",
        "limit": "0.10",
        "unit": "RATIO",
        "headroom": "41",
    }
    assert shown["violations"][0]["unit"] == ""
    assert shown["violations"][0]["headroom"] is None
    assert shown["checks"][0]["result"] == "PASS"
    assert shown["suggestions"] == [
        {"decision_id": "d-1", "quantity": "41"},
        {"decision_id": "d-2", "quantity": None},
    ]
    assert shown["left_out"] == ["d-2"]
    assert shown["policy_version"] == "policy-1"
    assert shown["validated_at"] == "2026-11-23T15:00:00Z"


def test_a_planned_order_shows_the_price_that_it_stops_at() -> None:
    """Its own trigger for a stop order, the protection's for an entry."""
    entry, spread, stop = encoded(views.verdict_view(states.VERDICT))["orders"]

    assert (entry["stop_price"], entry["take_profit_price"]) == ("228.50", "253.50")
    assert (stop["stop_price"], stop["limit_price"]) == ("228.50", None)
    assert [leg["quantity"] for leg in spread["legs"]] == ["5", "10"]
    assert set(entry) == {
        "decision_id",
        "symbol",
        "side",
        "quantity",
        "order_type",
        "order_class",
        "limit_price",
        "stop_price",
        "take_profit_price",
        "time_in_force",
        "legs",
    }


def result(*statuses: OrderStatus) -> PlanResult:
    orders = tuple(
        evolve(
            working(evolve(states.ENTRY, order_id=f"o-{n}")),
            state=standing(status),
            reason="no cash",
        )
        for n, status in enumerate(statuses)
    )
    verdict = evolve(states.VERDICT, ok=True)
    return PlanResult(plan=parsed(SWING), verdict=verdict, orders=orders, acknowledged_at=NOW)


def test_a_submit_says_what_went_wrong_after_the_gate() -> None:
    answer = result(OrderStatus.REJECTED, OrderStatus.UNKNOWN_SUBMIT, OrderStatus.ACCEPTED)

    shown = encoded(views.submit_view(answer, [(), (), [states.stop_child()]]))

    assert shown["cycle_id"] == "cycle-swing-1"
    assert shown["environment"] == "PAPER"
    assert shown["ok"] is True
    assert shown["repeated"] is False
    assert shown["ack_time"] == "2026-11-23T15:00:00Z"
    assert [len(one["legs"]) for one in shown["orders"]] == [0, 0, 1]
    assert [(one["code"], one["order_id"]) for one in shown["errors"]] == [
        ("ORDER_REJECTED", "o-0"),
        ("SUBMIT_UNKNOWN", "o-1"),
    ]
    assert shown["errors"][0]["message"] == "no cash"
    assert shown["errors"][0]["instrument_id"] == "AAPL"
    assert not any(one["retryable"] for one in shown["errors"])


@pytest.mark.parametrize("accepted", [True, False])
def test_a_cancel_says_what_became_of_the_order(accepted: bool) -> None:
    order = evolve(working(states.ENTRY), state=standing(OrderStatus.PENDING_CANCEL))
    code, message = ("", "") if accepted else ("ORDER_NOT_CANCELABLE", "closed")

    shown = encoded(
        views.cancel_view(
            CancelResult(
                requested_id="b-o-entry",
                order=order,
                accepted=accepted,
                code=code,
                message=message,
            )
        )
    )

    assert shown["order_id"] == "o-entry"
    assert shown["requested_id"] == "b-o-entry"
    assert shown["status"] == "PENDING_CANCEL"
    assert shown["error"] == (None if accepted else {"code": code, "message": message})


def test_a_cancel_of_nothing_names_the_id_that_was_asked_for() -> None:
    shown = encoded(
        views.cancel_view(
            CancelResult(
                requested_id="x", order=None, accepted=False, code="NOT_FOUND", message="none"
            )
        )
    )

    assert (shown["order_id"], shown["status"]) == ("x", None)


def test_every_error_has_the_one_shape() -> None:
    error = CreamError("INVALID_REQUEST", "a: is required", FieldProblem("a", "is required"))

    assert encoded(views.error_view(error)) == {
        "code": "INVALID_REQUEST",
        "message": "a: is required",
        "grpc_code": 3,
        "details": [{"field": "a", "problem": "is required"}],
    }
