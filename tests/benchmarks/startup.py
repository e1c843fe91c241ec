"""How long does a start take, and how much memory does an idle daemon use?

Aims on an idle machine: import and start to READY under 1.5 s, resident memory under 120 MB.
"""

import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.integration.daemon import Daemon, configuration

AIM_SECONDS = 1.5
AIM_MEGABYTES = 120
ROUNDS = 5
# Long enough for the first quotes, reconciliations and garbage collections to have passed.
IDLE_SECONDS = 3.0


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Rows: the best and median start of several, and memory when idle."""
    rounds = 2 if quick else ROUNDS
    starts = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            seconds, _ = _start(Path(folder), number)
            starts.append(seconds)
        _, memory = _start(Path(folder), rounds, idle=IDLE_SECONDS)
    starts.sort()
    return [
        {
            "what": "exec to READY=1",
            "best_s": round(starts[0], 2),
            "median_s": round(starts[len(starts) // 2], 2),
            "aim_s": AIM_SECONDS,
        },
        {"what": "resident memory, idle", "mb": round(memory, 1), "aim_mb": AIM_MEGABYTES},
    ]


def _start(folder: Path, number: int, idle: float = 0) -> tuple[float, float]:
    """Seconds from exec to READY=1 on the notify socket, and megabytes after `idle` seconds."""
    home = folder / str(number)
    home.mkdir()
    path = str(home / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(60)
        daemon = Daemon(home, configuration(home), {"NOTIFY_SOCKET": path})
        began = time.perf_counter()
        daemon.launch()
        while not notify.recv(4096).startswith(b"READY=1"):
            continue
        seconds = time.perf_counter() - began
    time.sleep(idle)
    memory = _resident_megabytes(daemon.pid)
    daemon.close()
    return seconds, memory


def _resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
