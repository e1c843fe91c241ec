"""The commands and the process as an operator meets them."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from cream.adapters.logs import level_of
from tests.integration.daemon import Daemon, configuration

ROOT = Path(__file__).parents[2]


def cream(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cream", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", [("run",), ("config", "check"), ("config", "show")])
def test_a_wrong_configuration_exits_78_and_names_every_line(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(
        "server:\n  http_port: 50051\n  grpc_port: 50051\nconstraints:\n  portfolio:\n"
        "    max_levrage: 2\nsafety:\n  heartbeat_interval_ms: 0\n"
    )

    done = cream(*command, folder=tmp_path)

    assert done.returncode == 78
    for expected in ("max_levrage", "did you mean max_leverage", "heartbeat_interval_ms", ":6:"):
        assert expected in done.stderr


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_clock_that_cannot_be_kept_is_a_configuration_that_is_wrong(
    start: str, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(f"brokers: {{simulated: {{clock_start: '{start}'}}}}\n")

    done = cream("run", folder=tmp_path)

    assert done.returncode == 78
    assert "brokers.simulated.clock_start: must be from 1970 to 2199" in done.stderr


def test_live_with_the_simulated_broker_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("environment: {mode: LIVE}\n")

    done = cream("run", folder=tmp_path)

    assert done.returncode == 78
    assert "environment.mode" in done.stderr


def test_an_address_that_others_can_reach_needs_tls_and_a_token(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("server: {bind_address: 0.0.0.0}\n")

    done = cream("run", folder=tmp_path)

    assert done.returncode == 78
    assert "server.tls" in done.stderr
    assert "server.token_hashes" in done.stderr


def test_the_configuration_that_users_have_today_loads(tmp_path: Path) -> None:
    """The keys and shape of the older engine's example; its variables need not be set."""
    (tmp_path / "config.yaml").write_text(
        "server: {http_port: 50051, grpc_port: 50053}\n"
        'brokers: {alpaca: {api_key: "${ALPACA_KEY}", api_secret: "${ALPACA_SECRET}"}}\n'
        "constraints:\n"
        "  per_instrument: {max_notional: 50000, max_units: 1000}\n"
        "  portfolio: {max_gross_notional: 500000, max_leverage: 2.0}\n"
        'persistence: {enabled: true, db_path: "./data/orders.db", snapshot_interval_secs: 60}\n'
        "recovery: {enabled: true, auto_resolve_orphans: true, sync_positions: true}\n"
        "reconciliation: {enabled: true, interval_secs: 300, protection_window_secs: 1800}\n"
        "safety: {enabled: true, grace_period_seconds: 30, heartbeat_interval_ms: 30000}\n"
    )

    done = cream("config", "check", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "persistence" not in done.stdout, "every key of this section has its effect"


def test_systemd_is_told_when_the_daemon_serves_and_when_it_stops(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(60)
        daemon = Daemon(
            tmp_path,
            configuration(tmp_path),
            {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"},
        )
        daemon.start()
        try:
            assert notify.recv(4096).startswith(b"READY=1\nSTATUS=serving")
            assert notify.recv(4096) == b"WATCHDOG=1"
            assert daemon.stop() == 0
            said = notify.recv(4096)
            while said == b"WATCHDOG=1":
                said = notify.recv(4096)
            assert said == b"STOPPING=1"
        finally:
            daemon.close()


def test_a_port_that_is_taken_ends_the_daemon_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = configuration(tmp_path, server={"http_port": port})
        daemon = Daemon(tmp_path, config, {})
        daemon.launch()
        assert daemon.process is not None
        try:
            assert daemon.process.wait(30) == 70
        finally:
            daemon.close()
        log = (tmp_path / "daemon.log").read_text()
        assert f"server.http_port: cannot listen on port {port} of 127.0.0.1: Address alr" in log
        assert '"exception"' not in log
        assert "Traceback" not in log


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({}, "info"),
        ({"CREAM_LOG": "debug"}, "debug"),
        ({"RUST_LOG": "warn"}, "warn"),
        ({"RUST_LOG": "hyper=debug,error"}, "error"),
        ({"CREAM_LOG": "error", "RUST_LOG": "debug"}, "error"),
        ({"CREAM_LOG": "nonsense"}, "info"),
    ],
)
def test_the_log_level_is_taken_from_the_environment(environ: dict[str, str], level: str) -> None:
    assert level_of("info", environ) == level


@pytest.mark.parametrize(
    ("environ", "quiet"),
    [
        ({"RUST_LOG": "info"}, False),
        ({"RUST_LOG": "error"}, True),
        ({"CREAM_LOG": "error", "RUST_LOG": "debug"}, True),
        ({"CREAM_LOG": "info", "RUST_LOG": "error"}, False),
    ],
)
def test_a_daemon_logs_as_its_environment_says(
    environ: dict[str, str], quiet: bool, tmp_path: Path
) -> None:
    """It ends at once, for its port is taken; by then it has said what it says at info."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = configuration(tmp_path, server={"http_port": taken.getsockname()[1]})
        daemon = Daemon(tmp_path, config, {})
        daemon.environ.pop("RUST_LOG", None)
        daemon.environ |= environ
        daemon.launch()
        assert daemon.process is not None
        daemon.process.wait(60)

    said = daemon.log_path.read_text()
    assert ('"level": "info"' not in said) == quiet
    assert '"level": "error"' in said or '"level": "critical"' in said


def test_the_schema_is_the_one_for_editors_and_takes_the_documented_file(tmp_path: Path) -> None:
    done = cream("config", "schema", folder=tmp_path)

    schema = json.loads(done.stdout)
    assert done.returncode == 0
    assert schema == json.loads((ROOT / "docs" / "config.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load((ROOT / "config.yaml").read_text()), schema)


def test_a_start_says_where_it_listens(tmp_path: Path) -> None:
    """As `make run` starts it, but for the ports."""
    config = configuration(tmp_path, observability={"logging": {"format": "pretty"}})
    daemon = Daemon(tmp_path, config, {})
    daemon.launch()
    try:
        daemon.eventually(
            "it says its ports",
            lambda: re.search(
                r"daemon_ready.*http_port=\d+|http_port=\d+.*daemon_ready",
                daemon.log_path.read_text(),
            ),
            tries=1000,
        )
        assert re.search(r"grpc_port=\d+", daemon.log_path.read_text())
    finally:
        daemon.close()


def test_no_lock_file_names_a_registry() -> None:
    files = [*(ROOT / "requirements").iterdir(), ROOT / "pyproject.toml"]

    for file in files:
        assert not re.search(r"://|--index-url|--find-links|--extra-index", file.read_text())
    pinned = (ROOT / "requirements" / "run.txt").read_text()
    assert pinned.count("==") <= pinned.count("--hash=sha256:")
