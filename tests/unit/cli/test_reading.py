"""What is there is shown in columns, or in JSON as it came."""

import json
from typing import Any

import pytest

from cream.cli import exits
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, Json

ACTIVE: Json = {"state": "ACTIVE", "causes": []}
PARTS: Json = {
    "subsystems": [
        {"name": "feed_reader", "state": "running", "restarts": 0, "last_error": ""},
        {"name": "reconciler", "state": "backing_off", "restarts": 12, "last_error": "OSError: x"},
    ]
}


def order(number: int, status: str, **others: Any) -> Json:
    return {
        "order_id": f"o-{number}",
        "symbol": "AAPL",
        "side": "BUY",
        "order_type": "LIMIT",
        "requested_quantity": "10",
        "filled_quantity": "0",
        "limit_price": "238.40",
        "stop_price": None,
        "purpose": "ENTRY",
        "status": status,
        **others,
    }


@pytest.fixture
def orders(daemon: FakeDaemon) -> list[Json]:
    statuses = (
        "PENDING_NEW",
        "UNKNOWN_SUBMIT",
        "ACCEPTED",
        "PARTIALLY_FILLED",
        "PENDING_CANCEL",
        "PENDING_REPLACE",
        "HELD",
        "DONE_FOR_DAY",
        "FILLED",
        "CANCELED",
        "REJECTED",
        "EXPIRED",
    )
    shown = [order(number, status) for number, status in enumerate(statuses)]
    daemon.replies["GET /v1/orders"] = (200, {"orders": shown})
    return shown


NOTHING_WRONG = (200, {"clean": True, "alerts": []})
NO_ALARMS = (200, {"alarms": []})


def test_status_tells_the_readiness_the_state_and_the_subsystems(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /ready"] = (200, {"ready": True, "reasons": []})
    daemon.replies["GET /v1/trading-state"] = (200, ACTIVE)
    daemon.replies["GET /v1/supervision"] = (200, PARTS)
    daemon.replies["GET /v1/reconciliation"] = NOTHING_WRONG
    daemon.replies["GET /v1/options/alarms"] = NO_ALARMS

    assert main(["status"]) == exits.DONE
    assert capsys.readouterr().out == (
        "ready, ACTIVE\n"
        "SUBSYSTEM    STATE        RESTARTS  LAST ERROR\n"
        "feed_reader  running             0\n"
        "reconciler   backing_off        12  OSError: x\n"
    )


def test_not_being_ready_is_told_with_every_reason_and_its_exit_code(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = ["broker: no session", "operator: HALTED, x"]
    daemon.replies["GET /ready"] = (503, {"ready": False, "reasons": reasons})
    daemon.replies["GET /v1/trading-state"] = (200, {"state": "HALTED", "causes": []})
    daemon.replies["GET /v1/supervision"] = (200, PARTS)
    daemon.replies["GET /v1/reconciliation"] = NOTHING_WRONG
    daemon.replies["GET /v1/options/alarms"] = NO_ALARMS

    assert main(["status"]) == exits.REFUSED
    shown = capsys.readouterr().out
    assert shown.startswith("not ready, HALTED\n  broker: no session\n  operator: HALTED, x\n")

    assert main(["status", "--json"]) == exits.REFUSED
    content = json.loads(capsys.readouterr().out)
    told = {"ready": False, "reasons": reasons, "state": "HALTED", "causes": [], "alerts": []}
    assert content == told | PARTS | {"option_alarms": []}


def test_status_tells_what_somebody_has_to_look_at(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /ready"] = (200, {"ready": True, "reasons": []})
    daemon.replies["GET /v1/trading-state"] = (200, ACTIVE)
    daemon.replies["GET /v1/supervision"] = (200, PARTS)
    alert = {"kind": "POSITION_QUANTITY", "subject": "AAPL", "ours": "100", "theirs": "70"}
    daemon.replies["GET /v1/reconciliation"] = (200, {"clean": False, "alerts": [alert]})
    alarm = {"kind": "orphan_leg", "symbol": "X", "message": "1 of X is alone", "since": "noon"}
    daemon.replies["GET /v1/options/alarms"] = (200, {"alarms": [alarm]})

    assert main(["status"]) == exits.DONE
    line = "  ALERT POSITION_QUANTITY in AAPL: we have 100, the broker has 70\n"
    line += "  ALARM orphan_leg: 1 of X is alone (since noon)\n"
    assert capsys.readouterr().out.startswith("ready, ACTIVE\n" + line)


COMPARED: Json = {
    "completed_at": "2026-11-23T15:05:00Z",
    "layer": "full",
    "clean": False,
    "differences": [
        {
            "kind": "POSITION_QUANTITY",
            "subject": "AAPL",
            "ours": "100",
            "theirs": "70",
            "critical": True,
        }
    ],
    "unanswered": ["o-2"],
    "guessed": [],
}


def test_what_differs_from_the_broker_is_told_with_its_exit_code(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /v1/reconciliation"] = (200, COMPARED)

    assert main(["reconcile"]) == exits.REFUSED
    assert capsys.readouterr().out == (
        "last compared: full at 2026-11-23T15:05:00Z\n"
        "DIFFERENCE         IN    OURS  THE BROKER'S  CRITICAL\n"
        "POSITION_QUANTITY  AAPL   100            70  True\n"
        "may be at the broker: o-2\n"
    )


def test_a_comparison_can_be_asked_for_now(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = {**COMPARED, "clean": True, "differences": [], "unanswered": []}
    daemon.replies["POST /v1/reconciliation"] = (200, nothing)

    assert main(["reconcile", "--now", "--json"]) == exits.DONE
    assert json.loads(capsys.readouterr().out) == nothing


def test_what_was_never_compared_is_not_clean(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    never = {**COMPARED, "completed_at": None, "layer": None, "differences": [], "unanswered": []}
    daemon.replies["GET /v1/reconciliation"] = (200, never)

    assert main(["reconcile"]) == exits.REFUSED
    assert capsys.readouterr().out == "last compared: never\n"


def test_orders_are_all_shown_each_in_its_line(
    orders: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["orders"]) == exits.DONE

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        *("ORDER", "SYMBOL", "SIDE", "TYPE", "QTY", "FILLED", "LIMIT", "STOP", "FOR", "STATUS")
    ]
    assert lines[1].split() == [
        *("o-0", "AAPL", "BUY", "LIMIT", "10", "0", "238.40", "-", "ENTRY", "PENDING_NEW")
    ]
    assert len(lines) == 1 + len(orders)


def test_open_orders_are_those_that_can_still_trade(
    orders: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["orders", "--open", "--json"]) == exits.DONE

    shown = json.loads(capsys.readouterr().out)["orders"]
    assert shown == orders[:8]


def test_no_orders_are_headings_only(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /v1/orders"] = (200, {"orders": []})

    assert main(["orders"]) == exits.DONE
    assert capsys.readouterr().out.splitlines()[1:] == []


def test_positions_are_shown_with_their_protection(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    position = {
        "symbol": "AAPL",
        "quantity": "-20",
        "avg_entry_price": "238.41",
        "market_value": None,
        "unrealized_pnl": None,
        "realized_pnl": "0",
        "cost_basis": "-4768.20",
        "stop_price": "245.00",
        "take_profit_price": None,
        "protected_quantity": "20",
    }
    daemon.replies["GET /v1/positions"] = (200, {"positions": [position]})

    assert main(["positions"]) == exits.DONE
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split() == ["AAPL", "-20", "238.41", "-", "-", "245.00", "-", "20"]

    assert main(["positions", "--json"]) == exits.DONE
    assert json.loads(capsys.readouterr().out) == {"positions": [position]}
