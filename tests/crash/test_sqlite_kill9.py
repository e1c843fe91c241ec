"""A real process, a real file, a real `kill -9`: nothing that was acknowledged is lost.

SIGKILL leaves the page cache, so this shows the recovery of a cut-off process, not of a machine
without power. The moments are drawn from a seed, which a failure prints.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from cream.adapters.store.reader import JournalReader
from cream.core.model.plan import Environment
from tests.unit.adapters.store.examples import records

CYCLES = 5

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("sqlite_child.py")

# The child answers some hundreds of commits a second.
MOST_ANSWERS_BEFORE_KILL = 120
# Up to the length of a few commits, so that the kill falls anywhere in one.
LONGEST_DELAY_SECONDS = 0.004


def _killed(path: Path, chance: random.Random) -> tuple[int, Sequence[int]]:
    """One life of the child: what it found, and what it acknowledged before it was killed."""
    seed = str(chance.randrange(2**32))
    command = [sys.executable, str(CHILD), str(path), seed]
    with subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        found = int(child.stdout.readline().removeprefix(b"loaded "))
        answers = [
            int(child.stdout.readline()) for _ in range(chance.randrange(MOST_ANSWERS_BEFORE_KILL))
        ]
        time.sleep(chance.uniform(0, LONGEST_DELAY_SECONDS))
        child.send_signal(signal.SIGKILL)
        # A line is written by one call, so the last one is whole too.
        answers.extend(int(line) for line in child.stdout.read().splitlines())
    assert child.returncode == -signal.SIGKILL
    return found, answers


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.slow
def test_no_acknowledged_record_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Invariant 2. What was not acknowledged may be there, but then whole and in its place."""
    path = tmp_path / "orders.db"
    chance = random.Random(20_260_105)
    acknowledged = 0
    commits = 0

    for cycle in range(CYCLES):
        found, answers = _killed(path, chance)
        assert found >= acknowledged, f"cycle {cycle} began without acknowledged records"
        acknowledged = max([found, *answers])
        commits += len(answers)

        with JournalReader.open(path) as reader:
            kept = list(reader.records(Environment.PAPER, "PA-1"))

        assert len(kept) >= acknowledged, f"cycle {cycle} lost acknowledged records"
        assert kept == records(len(kept))
        driver = sqlite3.connect(path)
        assert driver.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        driver.close()

    assert commits > CYCLES
