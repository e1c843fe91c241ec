"""What a running daemon does when its journal fails: it stops trading, says so, and stays so."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemon import Daemon, configuration, running

PLANS = Path(__file__).parents[2] / "examples" / "plans"
ROOT = Path(__file__).parents[2]
Json = dict[str, Any]

EXIT_JOURNAL = 74
MEBIBYTE = 1024 * 1024


def plan(plan_id: str) -> Json:
    """A plan whose order rests far below the market."""
    plan: Json = json.loads((PLANS / "equity-swing-long.json").read_text())
    plan["plan_id"] = plan_id
    plan["decisions"][0]["limit_price"] = "230.00"
    plan["decisions"][0]["stop_loss_level"] = "222.00"
    return plan


def placed(daemon: Daemon, plan_id: str) -> str:
    """The id of the order that the plan led to."""
    reply = daemon.post("/v1/submit-orders", {"decision_plan": plan(plan_id)})
    assert reply["ok"], reply["violations"]
    return str(reply["orders"][0]["order_id"])


def demand_halted(daemon: Daemon, told: str) -> None:
    """It refuses what increases risk, in every interface that says anything about it."""
    refused = daemon.post("/v1/submit-orders", {"decision_plan": plan("late")}, status=503)
    assert refused["code"] == "PERSISTENCE_UNAVAILABLE"
    assert told in refused["message"]
    state = daemon.get("/v1/trading-state")
    assert state["state"] == "HALTED"
    assert [one["cause"] for one in state["causes"]] == ["persistence"]
    reasons = daemon.get("/ready", status=503)["reasons"]
    assert any(one.startswith("journal:") and told in one for one in reasons)


def test_a_locked_database_halts_trading_until_an_operator_resumes(tmp_path: Path) -> None:
    """The next start finds that the marker is gone, and begins HALTED."""
    with running(tmp_path, persistence={"busy_timeout_ms": 50}) as daemon:
        kept = placed(daemon, "kept")
        other = sqlite3.connect(tmp_path / "orders.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        daemon.post("/v1/submit-orders", {"decision_plan": plan("lost")}, status=503)
        other.close()

        demand_halted(daemon, "another program holds the database")
        daemon.restart()
        state = daemon.get("/v1/trading-state")
        assert [one["cause"] for one in state["causes"]] == ["persistence"]
        entries = [one for one in daemon.orders() if one["purpose"] == "ENTRY"]
        assert [one["order_id"] for one in entries] == [kept]
        daemon.post("/v1/trading-state", {"state": "ACTIVE", "reason": "looked"})
        assert daemon.get("/ready")["ready"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a mebibyte, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a tmpfs; the limit on a file's size is tested below")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_halts_trading(small_disk: Path, tmp_path: Path) -> None:
    with running(tmp_path, persistence={"db_path": str(small_disk / "orders.db")}) as daemon:
        placed(daemon, "kept")
        free = os.statvfs(small_disk)
        # All of it but a page: some kibibytes are left for a WAL that is not allocated yet.
        (small_disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_frsize))

        for number in range(200):
            body = {"decision_plan": plan(f"more-{number}")}
            if daemon.http.post("/v1/submit-orders", json=body).status_code == 503:
                break

        demand_halted(daemon, "full")
        (small_disk / "ballast").unlink()
        demand_halted(daemon, "full")


def test_a_limit_on_the_size_of_files_fails_the_journal_for_good(tmp_path: Path) -> None:
    """A write that the kernel refuses, in a process of its own; nothing acknowledged is lost."""
    command = [sys.executable, __file__, str(tmp_path / "orders.db")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["committed 5", "failed", "failed again", "found 5"]


def demand_no_start(tmp_path: Path, db_path: Path, told: str) -> None:
    config = configuration(tmp_path, persistence={"db_path": str(db_path)})
    daemon = Daemon(tmp_path, config, {})
    daemon.launch()
    assert daemon.process is not None
    assert daemon.process.wait(60) == EXIT_JOURNAL
    assert told in daemon.log_path.read_text()
    daemon.close()


def test_a_place_that_cannot_be_written_is_not_started_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    demand_no_start(tmp_path, tmp_path / "file" / "orders.db", "see that this user may write there")


def test_a_read_only_file_is_not_started_on(small_disk: Path, tmp_path: Path) -> None:
    """On a file system that became read-only, as after an error: not even root may write."""
    (small_disk / "orders.db").write_bytes(b"")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    demand_no_start(tmp_path, small_disk / "orders.db", "see that this user may write there")


def test_a_torn_last_record_is_dropped_and_trading_goes_on(tmp_path: Path) -> None:
    """It was never acknowledged, so nobody misses it."""
    with running(tmp_path) as daemon:
        kept = placed(daemon, "kept")
        daemon.kill()
        with sqlite3.connect(tmp_path / "orders.db") as torn:
            torn.execute(
                "INSERT INTO journal SELECT environment, account, sequence + 1, at_ns, at, kind, "
                "substr(body, 1, 20), hash, 'torn' FROM journal ORDER BY sequence DESC LIMIT 1"
            )
        torn.close()

        daemon.start()

        assert kept in [one["order_id"] for one in daemon.orders()]
        assert daemon.get("/ready")["ready"]
        assert "store.torn_record_dropped" in daemon.log_path.read_text()


async def _meet_the_limit(path: Path) -> None:
    """Commit five records, let no file grow any more, and try again."""
    from cream.adapters.store.opening import open_sqlite_journal
    from cream.core.model.errors import JournalFailed
    from cream.core.model.plan import Environment
    from tests.unit.adapters.store.examples import records

    journal = await open_sqlite_journal(path, Environment.PAPER, "PA-1")
    await journal.commit(records(5))
    sys.stdout.write("committed 5\n")
    size = path.with_name("orders.db-wal").stat().st_size
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    for word in ("failed", "failed again"):
        try:
            await journal.commit(records(500, after=5))
        except JournalFailed:
            sys.stdout.write(f"{word}\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await journal.aclose()
    again = await open_sqlite_journal(path, Environment.PAPER, "PA-1")
    sys.stdout.write(f"found {len(await again.load())}\n")
    await again.aclose()


if __name__ == "__main__":
    import structlog
    import trio

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    trio.run(_meet_the_limit, Path(sys.argv[1]))
