"""The power fails while the schema is brought up to date: nothing is lost, the next start goes on.

At every operation of the disk, one after the other: before a write, between a write and its sync,
in a sync that is torn, and after it.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from cream.adapters.store import migrate
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import SqliteFile, demand_durability, engine_over
from cream.core.model.plan import Environment
from tests.crash.apsw_driver import Driver
from tests.crash.disk import Disk, DiskVfs
from tests.unit.adapters.store.examples import records

FIRST = "0001"
RECORDS = 40
PATH = Path("/orders.db")

# A cursor that is dropped on a dead disk says so once more when it is collected.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def opened(disk: Disk, name: str) -> Iterator[tuple[Driver, Engine]]:
    vfs = DiskVfs(disk, name)
    driver = Driver(str(PATH), name)
    try:
        demand_durability(cast(Any, driver))
        yield driver, engine_over(cast(Any, driver))
    finally:
        driver.close()
        vfs.unregister()


def log_over(driver: Driver, engine: Engine) -> JournalLog:
    file = SqliteFile(PATH, cast(Any, driver), engine, os.open(os.devnull, os.O_RDONLY))
    return JournalLog(file, Environment.PAPER, "PA-1")


def written() -> list[Any]:
    """The rows of a journal."""
    with opened(Disk(random.Random(0)), "rows") as (driver, engine):
        with engine.begin() as connection:
            migrate.upgrade(connection)
        log_over(driver, engine).append(records(RECORDS))
        return driver.execute("SELECT * FROM journal").fetchall()


@pytest.fixture
def old_disk() -> Disk:
    """A disk with a journal of the first schema; that of its rows has not changed since."""
    rows = written()
    disk = Disk(random.Random(1))
    with opened(disk, "old") as (driver, engine):
        with engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", "cream.adapters.store:migrations")
            command.upgrade(config, FIRST)
        places = ", ".join("?" for _ in rows[0])
        driver.executemany(f"INSERT INTO journal VALUES ({places})", rows)
        driver.commit()
    disk.lose_power()
    return disk


def test_an_upgrade_may_lose_power_at_every_operation_of_the_disk(old_disk: Disk) -> None:
    interrupted, versions = 0, set()
    for at in range(1, 10_000):
        disk = old_disk.copy(random.Random(at))
        disk.power_fails_at = at
        try:
            with opened(disk, f"upgrade-{at}") as (_, engine), engine.begin() as connection:
                migrate.upgrade(connection)
        except Exception:  # whichever layer meets the dead disk
            if not disk.is_dead:
                raise
        if not disk.is_dead:
            break
        interrupted += 1
        disk.lose_power()

        with opened(disk, f"next-{at}") as (driver, engine):
            with engine.begin() as connection:
                found = migrate.version_of(connection)
                versions.add(found)
                assert found in (FIRST, migrate.SCHEMA_VERSION), "half of an upgrade is none"
                assert migrate.upgrade(connection) is (found == FIRST)
            log = log_over(driver, engine)
            assert list(log.load()) == records(RECORDS)
            log.append(records(1, after=RECORDS))
    assert interrupted > 20
    assert versions == {FIRST, migrate.SCHEMA_VERSION}
