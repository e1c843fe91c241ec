"""kill -9 and start again: the same orders, positions and trading state."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemon import Daemon, configuration, running

PLANS = Path(__file__).parents[2] / "examples" / "plans"
Json = dict[str, Any]

# What may differ between two looks at the same order: nothing that was decided.
VOLATILE = ("last_update_at",)


def plan(name: str) -> Json:
    return dict(json.loads((PLANS / f"{name}.json").read_text()))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path) as started:
        yield started


def lasting(orders: list[Json]) -> list[Json]:
    return [{k: v for k, v in one.items() if k not in VOLATILE} for one in orders]


def settled(daemon: Daemon) -> list[Json]:
    def entry_filled() -> bool:
        return any(
            one["purpose"] == "ENTRY" and one["status"] == "FILLED" for one in daemon.orders()
        )

    daemon.eventually("the entry fills", entry_filled)
    return daemon.orders()


def test_a_killed_daemon_comes_back_as_it_was(daemon: Daemon) -> None:
    daemon.post("/v1/submit-orders", {"decision_plan": plan("equity-swing-long")})
    before = settled(daemon)
    held = daemon.positions()

    daemon.restart()

    assert lasting(daemon.orders()) == lasting(before)
    assert daemon.positions()[0]["quantity"] == held[0]["quantity"]
    assert daemon.positions()[0]["protected_quantity"] == held[0]["protected_quantity"]
    assert daemon.get("/ready")["ready"]


def test_a_halt_survives_and_only_an_operator_lifts_it(daemon: Daemon) -> None:
    daemon.post("/v1/trading-state", {"state": "HALTED", "reason": "x", "actor": "me"})

    daemon.restart()

    state = daemon.get("/v1/trading-state")
    assert state["state"] == "HALTED"
    assert [(one["cause"], one["reason"], one["actor"]) for one in state["causes"]] == [
        ("operator", "x", "me")
    ]
    assert daemon.get("/ready", status=503)["reasons"]
    daemon.post("/v1/trading-state", {"state": "ACTIVE", "reason": "back"})
    assert daemon.get("/ready")["ready"]


def test_fills_of_the_time_away_are_found_again(daemon: Daemon) -> None:
    """The venue goes on without us: what traded there meanwhile is booked at the next start."""
    resting = plan("equity-swing-long")
    resting["decisions"][0]["limit_price"] = "230.00"
    resting["decisions"][0]["stop_loss_level"] = "222.00"
    daemon.post("/v1/submit-orders", {"decision_plan": resting})
    assert daemon.positions() == []

    daemon.restart()
    daemon.quote("AAPL", "229.90", "229.95")

    assert settled(daemon)[0]["avg_fill_price"] == "229.95"


def test_stopping_in_order_exits_with_zero(daemon: Daemon) -> None:
    assert daemon.stop() == 0


def test_a_second_daemon_on_the_same_files_does_not_start(daemon: Daemon) -> None:
    folder = daemon.folder / "other"
    folder.mkdir()
    config = configuration(folder, persistence={"db_path": str(daemon.folder / "orders.db")})
    other = Daemon(folder, config, {})

    with pytest.raises(AssertionError, match="did not start"):
        other.start()
    assert other.process is not None
    assert other.process.wait(10) == 74
    other.close()
