"""`cream run --broker alpaca`, the real process, at a real sandbox."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cream.client import NotFound
from tests.conformance.sandbox_process import Sandbox, sandbox
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running

PLAN = Path(__file__).parents[2] / "examples" / "plans" / "equity-swing-long.json"
# The sandbox's market never closes, and its quotes are as old as they look.
ALWAYS_OPEN = {"alpaca": {"session": "always_open"}}
KEYS = {"ALPACA_KEY": "PK-run", "ALPACA_SECRET": "secret"}


def alpaca(one: Sandbox) -> dict[str, Any]:
    return {
        "active": "alpaca",
        "alpaca": {
            "api_key": "${ALPACA_KEY}",
            "api_secret": "${ALPACA_SECRET}",
            "base_url": one.url,
        },
    }


def submit(daemon: Daemon) -> dict[str, Any]:
    return dict(daemon.post("/v1/submit-orders", {"decision_plan": json.loads(PLAN.read_text())}))


def orders(daemon: Daemon) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = daemon.get("/v1/orders")["orders"]
    return rows


def test_a_plan_is_placed_once_and_found_again_after_kill_9(tmp_path: Path) -> None:
    with (
        sandbox(clock_start=None) as one,
        running(tmp_path, KEYS, brokers=alpaca(one), feeds=ALWAYS_OPEN) as daemon,
    ):
        assert submit(daemon)["ok"]
        (bracket,) = one.book()["orders"]
        assert (bracket["order_class"], bracket["status"]) == ("bracket", "filled")
        assert len(bracket["legs"]) == 2

        daemon.kill()
        daemon.start()

        assert submit(daemon)["ok"]
        assert len(one.book()["orders"]) == 1
        assert sorted(row["status"] for row in orders(daemon)) == ["ACCEPTED", "FILLED", "HELD"]


def test_the_simulations_levers_are_not_there_with_a_real_broker(tmp_path: Path) -> None:
    with (
        sandbox(clock_start=None) as one,
        running(tmp_path, KEYS, brokers=alpaca(one), feeds=ALWAYS_OPEN) as daemon,
    ):
        answer = daemon.http.post("/v1/simulation/disconnect", json={"seconds": 1})
        assert answer.status_code == 404
        with pytest.raises(NotFound):
            ask(daemon.grpc_port, lambda client: client.disconnect(1))


@pytest.mark.parametrize(
    ("environ", "alpaca_section", "code", "words"),
    [
        (
            {"ALPACA_KEY": "", "ALPACA_SECRET": ""},
            "",
            78,
            "Missing required environment variables: ALPACA_KEY, ALPACA_SECRET",
        ),
        (KEYS | {"ALPACA_KEY": "AK-live"}, "", 78, "is a LIVE key"),
        (KEYS, ", base_url: 'https://api.alpaca.markets'", 78, "must be paper-api"),
        (KEYS, ", base_url: 'http://127.0.0.1:9'", 69, "Alpaca cannot be reached"),
    ],
)
def test_what_does_not_fit_stops_the_start(
    tmp_path: Path, environ: dict[str, str], alpaca_section: str, code: int, words: str
) -> None:
    (tmp_path / "config.yaml").write_text(
        "server: {http_port: 0, grpc_port: 0}\n"
        "persistence: {db_path: orders.db}\n"
        "brokers: {alpaca: {api_key: '${ALPACA_KEY}', api_secret: '${ALPACA_SECRET}'"
        f"{alpaca_section}}}}}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "cream", "run", "--broker", "alpaca"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
