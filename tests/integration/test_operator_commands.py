"""Every command that an operator has works against a running daemon, and `python -m cream` too."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon, running

PLANS = Path(__file__).parents[2] / "examples" / "plans"
SWING = str(PLANS / "equity-swing-long.json")
MODULE = (sys.executable, "-m", "cream")
INSTALLED = (str(Path(sys.executable).parent / "cream"),)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("operator")) as started:
        yield started


def say(
    daemon: Daemon, *arguments: str, program: tuple[str, ...] = MODULE, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*program, *arguments],
        cwd=daemon.folder,
        env={**os.environ, "CREAM_URL": daemon.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.mark.parametrize("program", [MODULE, INSTALLED], ids=["module", "installed"])
def test_the_command_is_there_in_both_forms(daemon: Daemon, program: tuple[str, ...]) -> None:
    assert "ACTIVE" in say(daemon, "status", program=program).stdout
    assert "run" in say(daemon, "--help", program=program).stdout


def test_an_operator_can_do_everything_with_it(daemon: Daemon) -> None:
    """In one life: check, submit, look, cancel, halt, reduce, resume."""
    assert "approved" in say(daemon, "plan", "check", SWING).stdout
    assert daemon.orders() == []
    far = json.loads(Path(SWING).read_text())
    far["plan_id"] = far["decisions"][0]["decision_id"] = "far-below"
    far["decisions"][0] |= {"limit_price": "230.00", "stop_loss_level": "222.00"}
    resting = daemon.folder / "far.json"
    resting.write_text(json.dumps(far))

    say(daemon, "plan", "submit", SWING)
    say(daemon, "plan", "submit", str(resting))

    listed = json.loads(say(daemon, "orders", "--json").stdout)["orders"]
    assert [one["order_id"] for one in listed] == [one["order_id"] for one in daemon.orders()]
    daemon.eventually("the market has filled it", daemon.positions)
    held = json.loads(say(daemon, "positions", "--json").stdout)["positions"]
    assert [one["symbol"] for one in held] == ["AAPL"]
    assert "AAPL" in say(daemon, "positions").stdout

    (entry,) = [
        one
        for one in daemon.orders()
        if one["decision_id"] == "far-below" and one["purpose"] == "ENTRY"
    ]
    say(daemon, "cancel", entry["order_id"])
    daemon.eventually(
        "it is gone",
        lambda: (
            daemon.post("/v1/order-state", {"order_ids": [entry["order_id"]]})["orders"][0][
                "status"
            ]
            == "CANCELED"
        ),
    )

    for command, state in (("reduce", "REDUCING"), ("halt", "HALTED")):
        say(daemon, command, "--reason", "lunch")
        assert daemon.get("/v1/trading-state")["state"] == state
    assert "HALTED" in say(daemon, "status", code=1).stdout
    say(daemon, "resume")
    assert daemon.get("/v1/trading-state")["state"] == "ACTIVE"


def test_the_configuration_can_be_looked_at(daemon: Daemon) -> None:
    name = str(daemon.config_path)

    assert say(daemon, "config", "check", "--config", name).returncode == 0
    assert "http_port" in say(daemon, "config", "show", "--config", name).stdout
    assert json.loads(say(daemon, "config", "schema").stdout)["title"] == "Settings"
