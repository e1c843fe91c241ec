"""Does the journal lose anything when the power fails? Many runs of its own code on such a disk.

    python -m tests.crash.power [RUNS] [FIRST_SEED]

Each run writes groups of records until the power fails at a drawn operation, or until a sync
fails (every third run) and the power after that; then a new life finds the disk, writes on, loses
its power too, and a last one reads everything. What was acknowledged must be there, and whatever
is there must be exactly what was written.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import structlog
from attrs import define

from cream.adapters.store import migrate
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import (
    SqliteFile,
    demand_durability,
    engine_over,
    told_as_journal_failed,
)
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from tests.crash.apsw_driver import Driver
from tests.crash.disk import Disk, DiskVfs
from tests.unit.adapters.store.examples import records

FULL_RUNS: Final = 1_000
GROUPS: Final = 30
MOST_RECORDS: Final = 12
# A faultless life takes about 450 operations; nearly all lives are cut short.
LAST_OPERATION: Final = 450
_PATH: Final = Path("/orders.db")

Weaken = Callable[[Driver], object]


class Lost(AssertionError):
    """Something acknowledged is gone, or something that was never written is there."""


@define
class Outcome:
    """What a run went through."""

    seed: int
    acknowledged: int = 0
    cut_short: int = 0
    syncs_failed: int = 0


def run(seed: int, weaken: Weaken = lambda _driver: None) -> Outcome:
    """One disk through two power failures.   Raises: Lost."""
    chance = random.Random(seed)
    disk = Disk(random.Random(f"{seed}/disk"))
    outcome = Outcome(seed)
    name = f"disk-{seed}"
    vfs = DiskVfs(disk, name)
    try:
        for life in range(2):
            at = chance.randint(1, LAST_OPERATION)
            disk.operations = 0
            if seed % 3 == 0 and life == 0:
                disk.sync_fails_at = at
            else:
                disk.power_fails_at = at
            _live(disk, name, chance, outcome, weaken)
            disk.lose_power()
            _check(disk, name, outcome)
    finally:
        vfs.unregister()
    return outcome


def _live(disk: Disk, vfs: str, chance: random.Random, outcome: Outcome, weaken: Weaken) -> None:
    """Write until all groups are in or the journal fails; it is not asked again after that."""
    log: JournalLog | None = None
    failed_before = disk.syncs_failed
    try:
        log = _opened(vfs, weaken)
        last = len(log.load())
        for _ in range(GROUPS):
            group = records(chance.randint(1, MOST_RECORDS), after=last)
            log.append(group)
            last = outcome.acknowledged = group[-1].sequence
    except JournalFailed:
        outcome.cut_short += 1
        if log is not None:
            _demand_silence(disk, log)
    outcome.syncs_failed += disk.syncs_failed - failed_before
    disk.is_dead = True
    if log is not None:
        log.close()


def _demand_silence(disk: Disk, log: JournalLog) -> None:
    """A journal that failed touches the disk no more, even if the disk would work again."""
    before = disk.operations
    try:
        log.append(records(1))
    except JournalFailed:
        if disk.operations == before:
            return
    raise Lost("a journal that had failed was written to")


def _check(disk: Disk, vfs: str, outcome: Outcome) -> None:
    try:
        log = _opened(vfs, lambda _driver: None)
        found = list(log.load())
        sound = log._database.driver.execute("PRAGMA integrity_check").fetchall()
        log.close()
    except JournalFailed as error:
        raise Lost(f"seed {outcome.seed}: the journal cannot be read: {error}") from error
    if sound != [("ok",)]:
        raise Lost(f"seed {outcome.seed}: the database is damaged: {sound}")
    if len(found) < outcome.acknowledged:
        lost = outcome.acknowledged - len(found)
        raise Lost(f"seed {outcome.seed}: {lost} acknowledged records are gone")
    if found != records(len(found)):
        raise Lost(f"seed {outcome.seed}: there is what was never written")


def _opened(vfs: str, weaken: Weaken) -> JournalLog:
    """The journal on the disk, opened as the daemon opens it.   Raises: JournalFailed."""
    with told_as_journal_failed("the disk cannot be used"):
        driver = Driver(str(_PATH), vfs)
        try:
            demand_durability(cast(Any, driver))
            weaken(driver)
            engine = engine_over(cast(Any, driver))
            with engine.begin() as connection:
                migrate.upgrade(connection)
        except BaseException:
            driver.close()
            raise
    file = SqliteFile(_PATH, cast(Any, driver), engine, os.open(os.devnull, os.O_RDONLY))
    return JournalLog(file, Environment.PAPER, "PA-1")


def main(arguments: list[str]) -> int:
    """Run many and report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    # What a finaliser meets on a dead disk was reported where it happened.
    sys.unraisablehook = lambda _unraisable: None
    count = int(arguments[0]) if arguments else FULL_RUNS
    first = int(arguments[1]) if len(arguments) > 1 else 0
    began = time.process_time()
    outcomes, lost = [], 0
    for seed in range(first, first + count):
        try:
            outcomes.append(run(seed))
        except Lost as error:
            lost += 1
            sys.stdout.write(f"LOST: {error}\n")
    sys.stdout.write(
        f"{count} runs of two lives from seed {first}: "
        f"{sum(one.acknowledged for one in outcomes)} records acknowledged, "
        f"{sum(one.cut_short for one in outcomes)} lives cut short, "
        f"{sum(one.syncs_failed for one in outcomes)} failed syncs, {lost} runs with losses, "
        f"{time.process_time() - began:.0f} s of CPU\n"
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
