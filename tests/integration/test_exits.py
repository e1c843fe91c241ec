"""Exits pass when increases do not, and the shares that protection holds are released for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemon import Daemon, running

PLANS = Path(__file__).parents[2] / "examples" / "plans"
Json = dict[str, Any]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that holds 20 shares of AAPL behind a bracket."""
    with running(tmp_path) as started:
        swing = json.loads((PLANS / "equity-swing-long.json").read_text())
        started.post("/v1/submit-orders", {"decision_plan": swing})
        started.eventually("the entry fills", started.positions)
        yield started


def exit_plan(plan_id: str, quantity: str, **changes: Any) -> Json:
    swing = json.loads((PLANS / "equity-swing-long.json").read_text())
    decision = {
        **swing["decisions"][0],
        "decision_id": f"{plan_id}-aapl",
        "action": "CLOSE",
        "direction": "FLAT",
        "size": {"quantity": quantity, "unit": "SHARES"},
        "limit_price": None,
        "stop_loss_level": "0",
        "take_profit_level": "0",
        **changes,
    }
    return {**swing, "plan_id": plan_id, "cycle_id": plan_id, "decisions": [decision]}


def held(daemon: Daemon) -> str:
    positions = daemon.positions()
    return str(positions[0]["quantity"]) if positions else "0"


def test_an_exit_passes_while_halted(daemon: Daemon) -> None:
    daemon.post("/v1/trading-state", {"state": "HALTED", "reason": "test"})

    reply = daemon.post("/v1/submit-orders", {"decision_plan": exit_plan("out-1", "20")})

    assert reply["ok"], reply
    daemon.eventually("flat", lambda: held(daemon) == "0")


def test_an_increase_is_refused_while_halted(daemon: Daemon) -> None:
    daemon.post("/v1/trading-state", {"state": "HALTED", "reason": "test"})
    short = json.loads((PLANS / "short-entry.json").read_text())

    reply = daemon.post("/v1/submit-orders", {"decision_plan": short})

    assert not reply["ok"]
    assert any(one["code"].startswith("TRADING_") for one in reply["violations"])


def test_after_a_partial_exit_the_rest_is_protected_again(daemon: Daemon) -> None:
    daemon.post("/v1/submit-orders", {"decision_plan": exit_plan("out-2", "5")})
    daemon.eventually("five are sold", lambda: held(daemon) == "15")

    def guards() -> list[Json]:
        return [
            one
            for one in daemon.orders()
            if one["purpose"] == "STOP_LOSS"
            and one["status"] in ("HELD", "ACCEPTED")
            and one["requested_quantity"] == "15"
        ]

    daemon.eventually("a stop for fifteen works", guards)
    assert daemon.positions()[0]["protected_quantity"] == "15"


def test_an_exit_that_does_not_fill_leaves_the_position_protected(daemon: Daemon) -> None:
    reply = daemon.post(
        "/v1/submit-orders", {"decision_plan": exit_plan("out-3", "20", limit_price="260.00")}
    )
    exit_id = reply["orders"][0]["order_id"]
    daemon.post("/v1/cancel-orders", {"order_ids": [exit_id]})

    def guarded() -> bool:
        stops = [
            one
            for one in daemon.orders()
            if one["purpose"] == "STOP_LOSS" and one["status"] in ("HELD", "ACCEPTED")
        ]
        return sum(int(one["requested_quantity"]) for one in stops) == 20

    daemon.eventually("the stop is back", guarded)
    assert held(daemon) == "20"


def test_a_gap_through_the_stop_closes_the_position(daemon: Daemon) -> None:
    daemon.quote("AAPL", "220.00", "220.02")

    daemon.eventually("flat", lambda: held(daemon) == "0")

    stop = next(
        one for one in daemon.orders() if one["status"] == "FILLED" and one["side"] == "SELL"
    )
    assert stop["avg_fill_price"] == "220.00"


def test_more_than_is_held_cannot_be_trimmed(daemon: Daemon) -> None:
    trim = exit_plan("out-4", "25", action="SELL", direction="LONG")

    reply = daemon.post("/v1/submit-orders", {"decision_plan": trim})

    violation = next(one for one in reply["violations"] if one["code"] == "POSITION_MISMATCH")
    assert not reply["ok"]
    assert violation["headroom"] == "20"
