"""The README's tour works: every command in it is run, as it stands there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon, running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"```sh (tour|tour-restart)\n(.*?)```", re.DOTALL)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """The daemon of `make run`, but on free ports and with files of its own."""
    with running(tmp_path, brokers={"simulated": {"clock_start": None}}) as started:
        yield started


def run(daemon: Daemon, command: str) -> str:
    """One line of the tour, in a shell at the root of the project."""
    command = command.replace("http://127.0.0.1:50051", daemon.url)
    command = command.replace("examples/agent.py", f"examples/agent.py --port {daemon.grpc_port}")
    environ = {
        **os.environ,
        "CREAM_URL": daemon.url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def lines() -> list[tuple[str, str]]:
    return [
        (kind, line)
        for kind, block in BLOCK.findall(README)
        for line in block.strip().splitlines()
        if line and not line.startswith("#")
    ]


def test_the_tour_does_what_it_says(daemon: Daemon) -> None:
    said: list[str] = []
    for kind, line in lines():
        if kind == "tour-restart":
            daemon.restart()
            continue
        said.append(run(daemon, line))
    text = "\n".join(said)

    for expected in ("approved", "accepted", "FILLED", "STOP_LOSS", "HALTED", "refused", "ACTIVE"):
        assert expected in text
    assert re.search(r"AAPL +SELL +STOP .*FILLED", text), text
    assert not re.search(r"AAPL .*228\.50 .*253\.50", said[-1])


def test_the_tour_has_the_steps_that_matter() -> None:
    commands = " ".join(line for _, line in lines())

    for step in ("plan submit", "watch", "simulation/quote", "pkill -9", "halt", "resume"):
        assert step in commands
