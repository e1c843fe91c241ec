"""`cream run` loads the configuration, sets up the logs, and is the daemon until it ends."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import cream.cli.run
import cream.daemon.root
from cream.cli import exits
from cream.cli.main import main


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the daemon and the logs were started with, instead of starting them."""
    seen: dict[str, Any] = {}

    def run_daemon(loaded: Any, environ: Mapping[str, str]) -> int:
        seen.update(broker=loaded.settings.brokers.active, environ=environ)
        return 74

    def configure(level: str, form: str) -> None:
        seen.update(level=level, form=form)

    monkeypatch.setattr(cream.daemon.root, "run_daemon", run_daemon)
    monkeypatch.setattr(cream.cli.run, "configure", configure)
    return seen


def test_the_exit_code_is_the_daemon_s(directory: Path, started: dict[str, Any]) -> None:
    (directory / "config.yaml").write_text("observability: {logging: {format: pretty}}\n")
    (directory / ".env").write_text("CREAM_LOG=debug\n")

    assert main(["run"]) == 74
    assert (started["level"], started["form"]) == ("debug", "pretty")
    assert started["environ"]["CREAM_LOG"] == "debug"
    assert started["broker"] == "simulated"


def test_a_wrong_configuration_starts_nothing(
    directory: Path, started: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "config.yaml").write_text("server: {http_port: many}\n")

    assert main(["run"]) == exits.CONFIGURATION
    assert "server.http_port" in capsys.readouterr().err
    assert started == {}
