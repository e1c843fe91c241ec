"""The operator's levers on the running process: a signal, the commands, both interfaces."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.agents import ask
from tests.integration.daemon import Daemon, Json, running

PLAN = Path(__file__).parents[2] / "examples" / "plans" / "equity-swing-long.json"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path) as started:
        yield started


def cream(daemon: Daemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cream", *arguments, "--url", daemon.url, "--json"],
        cwd=daemon.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def cause(daemon: Daemon) -> Json:
    (only,) = daemon.get("/v1/trading-state")["causes"]
    return dict(only)


def halted(daemon: Daemon) -> bool:
    return bool(daemon.get("/v1/trading-state")["state"] == "HALTED")


def test_sigusr1_is_the_kill_switch_and_outlives_a_kill(daemon: Daemon) -> None:
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGUSR1)
    daemon.eventually("it is halted", lambda: halted(daemon))
    before = cause(daemon)
    assert (before["cause"], before["actor"], before["reason"]) == ("operator", "signal", "SIGUSR1")

    daemon.restart()

    assert cause(daemon) == before
    only = ["operator: HALTED, SIGUSR1"]
    daemon.eventually(
        "what the kill switch owed is paid", lambda: daemon.get("/ready", 503)["reasons"] == only
    )


def test_the_commands_halt_close_and_resume(daemon: Daemon) -> None:
    daemon.post("/v1/submit-orders", {"decision_plan": json.loads(PLAN.read_text())})
    daemon.eventually("it is held", daemon.positions)

    killed = cream(daemon, "kill", "--reason", "enough", "--flatten", "submit")

    assert (killed.returncode, json.loads(killed.stdout)["state"]) == (0, "HALTED")
    daemon.eventually("nothing is held", lambda: not daemon.positions())
    mass = cream(daemon, "mass-cancel", "--reason", "test")
    assert (mass.returncode, json.loads(mass.stdout)["complete"]) == (0, True)
    resumed = cream(daemon, "resume", "--reason", "looked")
    assert (resumed.returncode, json.loads(resumed.stdout)["state"]) == (0, "ACTIVE")


def test_an_agent_pulls_the_same_lever_over_grpc(daemon: Daemon) -> None:
    state = ask(daemon.grpc_port, lambda client: client.kill_switch("enough", flatten=False))

    assert state.state.name == "TRADING_STATE_HALTED"
    assert cause(daemon)["reason"] == "enough"


def test_sighup_reads_the_limits_again(daemon: Daemon) -> None:
    """And a file that is wrong leaves those in force that were."""
    plan = json.loads(PLAN.read_text())

    def verdict() -> Json:
        return daemon.post("/v1/check-constraints", {"decision_plan": plan})

    def reloaded(text: str, event: str) -> None:
        seen = daemon.log_path.read_text().count(event)
        daemon.config_path.write_text(text)
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGHUP)
        daemon.eventually(event, lambda: daemon.log_path.read_text().count(event) > seen)

    first = verdict()
    assert first["ok"]
    config = daemon.config_path.read_text()
    reloaded(
        config + "constraints: {per_instrument: {max_notional: 1}}\n", "reloading.limits_in_force"
    )
    second = verdict()
    assert not second["ok"]
    assert second["policy_version"] != first["policy_version"]
    reloaded("constraints: {per_instrument: 5}\n", "reloading.configuration_wrong")
    assert verdict()["policy_version"] == second["policy_version"]
    reloaded(config, "reloading.limits_in_force")
    assert verdict()["policy_version"] == first["policy_version"]


def test_an_agent_that_falls_silent_loses_its_entries(daemon: Daemon) -> None:
    """Kept over gRPC, submitted under it over JSON."""
    beat = ask(daemon.grpc_port, lambda client: client.heartbeat("agent", timeout_seconds=1.0))
    assert beat.timeout_seconds == 1.0
    body = {"session_id": "agent", "timeout_seconds": 2, "on_loss": "cancel_entries"}
    assert daemon.post("/v1/heartbeat", body) == body
    plan = json.loads(PLAN.read_text())
    plan["decisions"][0]["limit_price"] = "229.00"
    placed = daemon.post(
        "/v1/submit-orders",
        {"decision_plan": plan, "execution_params": {"session_id": "agent"}},
    )
    (entry,) = placed["orders"]

    def cancelled() -> bool:
        return any(
            one["order_id"] == entry["order_id"] and one["status"] == "CANCELED"
            for one in daemon.orders()
        )

    daemon.eventually("its entry is cancelled", cancelled)
