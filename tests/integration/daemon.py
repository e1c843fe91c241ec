"""A real daemon for tests: its own process, its own files, real ports on loopback."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

# Starting takes under two seconds on an idle machine; CI is not idle.
START_SECONDS = 60
STOP_SECONDS = 30

# What time it is in tests that trade the example plans: their options expire on 2026-12-18.
PLANS_CLOCK = "2026-11-23T15:00:00Z"

Json = dict[str, Any]


def configuration(folder: Path, **changes: Mapping[str, Any]) -> Json:
    """The configuration of a test daemon: free ports, files in `folder`, a market moved by hand."""
    base: Json = {
        "server": {"http_port": 0, "grpc_port": 0},
        "brokers": {"simulated": {"db_path": str(folder / "venue.db"), "clock_start": PLANS_CLOCK}},
        "feeds": {"synthetic": {"tick_rate": 0, "seed": 1}},
        "persistence": {"db_path": str(folder / "orders.db")},
        "observability": {"logging": {"format": "json"}},
    }
    for section, values in changes.items():
        merge(base.setdefault(section, {}), values)
    return base


def merge(base: Json, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


class Daemon:
    """A running daemon process. `http` is a client of its JSON API."""

    def __init__(self, folder: Path, config: Json, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.config_path = folder / "config.yaml"
        self.config_path.write_text(yaml.safe_dump(config))
        self.log_path = folder / "daemon.log"
        self.environ = {**os.environ, "CREAM_ENV": "PAPER", **environ}
        self.environ.pop("CREAM_LOG", None)
        self.process: subprocess.Popen[bytes] | None = None
        self.http_port = self.grpc_port = 0
        self.http = httpx.Client()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> "Daemon":
        """Start and wait until it says that both ports serve."""
        seen = self.log_path.stat().st_size if self.log_path.exists() else 0
        self.launch()
        ready = self._wait_for_event("root.daemon_ready", seen)
        self.http_port, self.grpc_port = ready["http_port"], ready["grpc_port"]
        self.http.close()
        self.http = httpx.Client(base_url=self.url, timeout=20)
        return self

    def launch(self) -> None:
        """Start the process and wait for nothing."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cream", "run", "--config", str(self.config_path)],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.environ,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def _wait_for_event(self, name: str, seen: int) -> Json:
        assert self.process is not None
        with self.log_path.open("rb") as log:
            log.seek(seen)
            # Polling a file that another process writes: there is nothing to wait on.
            for _ in range(START_SECONDS * 50):
                for line in log:
                    if name.encode() in line:
                        return dict(json.loads(line))
                if self.process.poll() is not None:
                    break
                try:
                    self.process.wait(0.02)
                except subprocess.TimeoutExpired:
                    continue
        raise AssertionError(f"the daemon did not start:\n{self.log_path.read_text()[-4000:]}")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def restart(self) -> "Daemon":
        """Kill and start again on the same files."""
        self.kill()
        return self.start()

    def close(self) -> None:
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.stop()

    # What tests say to it -----------------------------------------------------------------------

    def post(self, path: str, body: object, status: int = 200) -> Json:
        reply = self.http.post(path, json=body)
        assert reply.status_code == status, f"{reply.status_code}: {reply.text}"
        return dict(reply.json())

    def get(self, path: str, status: int = 200) -> Json:
        reply = self.http.get(path)
        assert reply.status_code == status, f"{reply.status_code}: {reply.text}"
        return dict(reply.json())

    def quote(self, symbol: str, bid: str, ask: str) -> Json:
        return self.post("/v1/simulation/quote", {"symbol": symbol, "bid": bid, "ask": ask})

    def orders(self) -> list[Json]:
        return list(self.get("/v1/orders")["orders"])

    def positions(self) -> list[Json]:
        return list(self.get("/v1/positions")["positions"])

    def eventually(self, what: str, condition: Any, tries: int = 200) -> Any:
        """The first truthy value of `condition()`; tries go on for at least ten seconds."""
        for _ in range(tries):
            value = condition()
            if value:
                return value
            assert self.process is not None
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the daemon ended:\n{self.log_path.read_text()[-4000:]}")
        raise AssertionError(f"never: {what}\n{self.log_path.read_text()[-3000:]}")


@contextmanager
def running(
    folder: Path, environ: Mapping[str, str] | None = None, **changes: Mapping[str, Any]
) -> Iterator[Daemon]:
    """A daemon over `folder`, stopped in the end."""
    daemon = Daemon(folder, configuration(folder, **changes), environ or {})
    try:
        yield daemon.start()
    finally:
        daemon.close()
