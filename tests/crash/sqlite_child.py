"""The victim of test_sqlite_kill9.py: commits without end, and prints what was acknowledged.

    python sqlite_child.py FILE SEED

First it prints "loaded N": the last sequence it found. Then, for each commit that returned, the
last sequence in it. It ends only by being killed.
"""

import os
import random
import sys
from pathlib import Path

import structlog
import trio

from cream.adapters.store.opening import open_sqlite_journal
from cream.core.model.plan import Environment
from tests.unit.adapters.store.examples import records

# A commit of the most records takes several pages, so a kill can hit the middle of one.
MOST_RECORDS = 60


async def main(path: Path, chance: random.Random) -> None:
    journal = await open_sqlite_journal(path, Environment.PAPER, "PA-1")
    last = len(await journal.load())
    os.write(1, f"loaded {last}\n".encode())
    while True:
        group = records(chance.randint(1, MOST_RECORDS), after=last)
        await journal.commit(group)
        last = group[-1].sequence
        # One system call: the line is there whole or not at all.
        os.write(1, f"{last}\n".encode())


if __name__ == "__main__":
    # The answers have standard output to themselves.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    trio.run(main, Path(sys.argv[1]), random.Random(int(sys.argv[2])))
