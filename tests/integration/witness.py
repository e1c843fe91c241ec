"""What a daemon holds, so that a test can say that nothing changed, and what it costs."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.integration.daemon import Daemon

Json = dict[str, Any]

# The record that a plan was judged, for whoever asks later why it was refused.
JUDGEMENT = "PlanJudged"


def state_of(daemon: Daemon) -> Json:
    """Orders, positions, money, trading state, and how many facts the journal holds."""
    portfolio = daemon.get("/v1/portfolio")
    account = portfolio["account"]
    return {
        "orders": daemon.orders(),
        "positions": daemon.positions(),
        "working": portfolio["working_orders"],
        "cash": (account["cash"], account["equity"], account["buying_power"]),
        "trading_state": daemon.get("/v1/trading-state"),
        "facts": journal_length(daemon, without=JUDGEMENT),
        "subsystems": {
            one["name"]: (one["state"], one["restarts"])
            for one in daemon.get("/v1/supervision")["subsystems"]
        },
    }


def journal_length(daemon: Daemon, without: str = "") -> int:
    """How many entries the daemon's journal has, read beside it."""
    address = f"file:{daemon.folder / 'orders.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        count = "SELECT count(*) FROM journal WHERE kind <> ?"
        row = connection.execute(count, (without,)).fetchone()
    return int(row[0])


def resident_bytes(daemon: Daemon) -> int:
    """The daemon's memory that is in RAM."""
    text = Path(f"/proc/{daemon.pid}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def complaints(daemon: Daemon, since: int = 0) -> list[Json]:
    """The log's lines at error level or with a traceback, and those that are none, from `since`."""
    found: list[Json] = []
    for line in daemon.log_path.read_bytes()[since:].splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            found.append({"unreadable": line.decode(errors="replace")})
            continue
        if entry["level"] in ("error", "critical") or "exception" in entry:
            found.append(entry)
    return found
