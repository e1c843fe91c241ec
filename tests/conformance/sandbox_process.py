"""A sandbox in a process of its own, as anyone would start it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from attrs import frozen

# A Monday morning in New York: options of the test data expire weeks later.
CLOCK_START = "2026-11-23T15:00:00Z"
STOP_SECONDS = 30

_LINE = re.compile(r"API on (http://\S+:\d+), control on (http://\S+:\d+), account (PA\w+)")


@frozen
class Sandbox:
    """Where it is, and its control port as a client."""

    url: str
    account: str
    control: httpx.Client

    @property
    def stream_url(self) -> str:
        return self.url.replace("http://", "ws://") + "/stream"

    def quote(self, symbol: str, bid: str, ask: str) -> None:
        self._posted("/quote", {"symbol": symbol, "bid": bid, "ask": ask})

    def fault(self, name: str, **parameters: Any) -> None:
        self._posted("/faults", {"name": name} | parameters)

    def clear(self) -> None:
        assert self.control.delete("/faults").status_code == 200

    def book(self, *, open_only: bool = False) -> dict[str, Any]:
        params = {"open": "true"} if open_only else {}
        return dict(self.control.get("/book", params=params).json())

    def _posted(self, path: str, body: dict[str, Any]) -> None:
        answer = self.control.post(path, json=body)
        assert answer.status_code == 200, answer.text


@contextmanager
def sandbox(*options: str, clock_start: str | None = CLOCK_START) -> Iterator[Sandbox]:
    """A sandbox whose market is moved by hand. Without a start its clock is the true one."""
    command = [sys.executable, "-m", "cream", "sandbox", "--port", "0", "--control-port", "0"]
    command += ["--tick-rate", "0", *options]
    if clock_start is not None:
        command += ["--clock-start", clock_start]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = _LINE.search(line)
        assert match is not None, line
        with httpx.Client(base_url=match[2], timeout=30) as control:
            yield Sandbox(match[1], match[3], control)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
