"""What does a daemon cost that has nothing to do?

The real process, with its ports open and a market that stands still. CPU of the process over a
while, in percent of one core; the aim is under one.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.integration.daemon import Daemon, running

SECONDS = 20
# Time for what a start still does after its ports are open.
SETTLE_SECONDS = 3
_TICKS = os.sysconf("SC_CLK_TCK")


def _cpu(daemon: Daemon) -> float:
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _percent(daemon: Daemon) -> float:
    time.sleep(SETTLE_SECONDS)
    before = _cpu(daemon)
    time.sleep(SECONDS)
    return 100 * (_cpu(daemon) - before) / SECONDS


def run() -> Iterator[Mapping[str, object]]:
    """Rows of figures."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as daemon:
        yield {
            "case": "idle, market standing still",
            "percent_of_a_core": round(_percent(daemon), 2),
        }
