"""What does it cost to submit an order durably: validated, journalled with a sync, sent, answered?

The whole tree in one process (see `submitting`), next to the bare sync of the same disk in the same
run. Aim: 64 submitters get at least 8 times the orders per second of one, since they share syncs.
How many times they can get depends on the disk: one submitter waits for a sync with every order, 64
are bound by the CPU of an order. So the same is measured with some milliseconds more in every sync,
which is what other disks take; and of each kind of order it is said from which sync on 8 times is
possible at all: where (CPU at 1 + syncs an order x sync) / CPU at 64 is 8. A ratio is only called
met where it was measured, by the rates and by the medians. How much of the time others had the
cores is said beside it: what 64 get is then less than the CPU of an order explains, and one hardly
notices. And the cost of an order must not grow with how many there are.
"""

import math
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
import trio

from cream.adapters.store.opening import open_sqlite_journal
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Decision, Environment
from cream.daemon import journal_writer
from cream.daemon.journal_writer import Batch
from tests.benchmarks.submitting import (
    Commits,
    Load,
    bracket,
    daemon,
    emptied,
    plain,
    submitted,
    times,
    tuned_as_the_daemon,
)
from tests.unit.adapters.store.examples import records

AIM = 8
ORDERS_ALONE = 100
SUBMITTERS = 64
ORDERS_EACH = 8
COMMITS_EACH = 100
SYNCS = 200
# What every sync takes longer in the runs that say so: a good disk of a server, one of a hosted
# machine, and a slow one. The measured disk itself comes first.
SLOWER_SECONDS = (0.0, 0.001, 0.004, 0.015)
# So many plans are open when a load begins; each is an entry with two exits.
OPEN_PLANS = (33, 333, 3_333)
PAGE = bytes(4096)

Row = dict[str, Any]


def run(quick: bool = False) -> list[Row]:
    """Rows: the bare sync, the journal alone, each kind of order on each disk, and a full book."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    part = 5 if quick else 1
    alone, each = ORDERS_ALONE // part, ORDERS_EACH // part
    kinds = {"bracket": bracket(), "plain limit order": plain()}
    with tuned_as_the_daemon(), tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        rows = [_load(), _syncs(folder), *_journals(folder, COMMITS_EACH // part)]
        for kind, decision in kinds.items():
            rows += _on_each_disk(folder, kind, decision, alone, each)
        rows += trio.run(_grow, folder, [plans // part for plans in OPEN_PLANS], each)
    structlog.reset_defaults()
    return [*rows, _load()]


def _load() -> Row:
    """Who else wants this machine: beside others, rates and ratios say little of the daemon."""
    cores = len(os.sched_getaffinity(0))
    return {"what": "load of this machine", "processes": os.getloadavg()[0], "cores": cores}


def _syncs(folder: Path) -> Row:
    """A page appended and synced, as a commit of one order at least has to."""
    took = []
    with (folder / "bare").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(PAGE)
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return {"what": "bare fsync of a page", **times(took)}


def _journals(folder: Path, each: int) -> list[Row]:
    rows = [trio.run(_journal, folder, submitters, each) for submitters in (1, SUBMITTERS)]
    ratio = rows[1]["commits_per_s"] / rows[0]["commits_per_s"]
    return [*rows, _judged("journal alone", ratio)]


async def _journal(folder: Path, submitters: int, each: int) -> Row:
    """The journal alone, through its writer: two records at a time, `each` times in a row."""
    counted = Commits()
    journal = await open_sqlite_journal(folder / "alone.db", Environment.PAPER, str(submitters))
    sender, receiver = trio.open_memory_channel[Batch](math.inf)
    upcoming = records(2 * submitters * each)[::-1]
    took: list[float] = []

    async def submit() -> None:
        for _ in range(each):
            began, done = time.perf_counter(), trio.Event()
            pair = (upcoming.pop(), upcoming.pop())
            sender.send_nowait(Batch(records=pair, committed=done.set, failed=_fail))
            await done.wait()
            took.append(time.perf_counter() - began)

    wall = time.perf_counter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal_writer.run, receiver, journal, counted)
        async with trio.open_nursery() as submitting:
            for _ in range(submitters):
                submitting.start_soon(submit)
        sender.close()
    wall = time.perf_counter() - wall
    await journal.aclose()
    return {
        "what": f"journal alone, {submitters} submitters",
        **times(took),
        "commits_per_s": round(submitters * each / wall),
        "records_per_sync": round(counted.records / counted.commits, 1),
    }


def _fail(error: JournalFailed) -> None:
    raise error


def _on_each_disk(folder: Path, kind: str, decision: Decision, alone: int, each: int) -> list[Row]:
    """Rows of one submitter and of many, on this disk and on slower ones, and the bound."""
    rows: list[Row] = []
    costs: list[tuple[Load, Load]] = []
    for slower in SLOWER_SECONDS:
        disk = f"{kind}, syncs {slower * 1e3:g} ms slower" if slower else f"{kind}, this disk"
        one, many = trio.run(_measure, folder, slower, decision, alone, each)
        costs.append((one, many))
        rows.append({"what": f"{disk}, 1 submitter", **one.row})
        rows.append({"what": f"{disk}, {SUBMITTERS} submitters", **many.row})
        rows.append(_judged(disk, min(many.rate / one.rate, _of_medians(one, many))))
    return [*rows, _bound(kind, costs)]


async def _measure(
    folder: Path, slower: float, decision: Decision, alone: int, each: int
) -> tuple[Load, Load]:
    async with daemon(folder, slower) as target:
        await submitted(target, 1, 20, "warm", decision)
        await emptied(target)
        one = await submitted(target, 1, alone, "one", decision)
        await emptied(target)
        many = await submitted(target, SUBMITTERS, each, "many", decision)
        await emptied(target)
    return one, many


def _of_medians(one: Load, many: Load) -> float:
    """The ratio by the median orders: a disk that stood still once must make none look better."""
    medians = float(one.row["p50_ms"]), float(many.row["p50_ms"])
    return SUBMITTERS * medians[0] / medians[1]


def _judged(what: str, ratio: float) -> Row:
    """A ratio, rounded so that it never looks better than it is, and whether it is the aim."""
    return {
        "what": f"{what}: {SUBMITTERS} to 1",
        "ratio": math.floor(ratio * 10) / 10,
        "aim": AIM,
        "met": "yes" if ratio >= AIM else "NO",
    }


def _bound(kind: str, costs: Sequence[tuple[Load, Load]]) -> Row:
    """The sync from which on the CPU of an order leaves room for the aim: below it, it cannot be.

    From the medians over all disks, as what an order costs does not depend on them.
    """
    cpu_one = _median([one.cpu_ms for one, _ in costs])
    cpu_many = _median([many.cpu_ms for _, many in costs])
    syncs = _median([one.syncs_per_order for one, _ in costs])
    return {
        "what": f"{kind}: {AIM} times is possible from this sync on",
        "ms": round(max(0.0, (AIM * cpu_many - cpu_one) / syncs), 2),
        "cpu_ms_at_1": round(cpu_one, 2),
        f"cpu_ms_at_{SUBMITTERS}": round(cpu_many, 2),
        "syncs_per_order_at_1": round(syncs, 2),
    }


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


async def _grow(folder: Path, steps: Sequence[int], each: int) -> list[Row]:
    """What an order costs beside ever more that are open."""
    rows = []
    async with daemon(folder, 0.0) as target:
        book = target.tree.desk.book
        for step, plans in enumerate(steps):
            short = max(0, plans - sum(1 for _ in book.open_orders()) // 3)
            if short:
                await submitted(target, SUBMITTERS, -(-short // SUBMITTERS), f"fill-{step}")
            working = sum(1 for _ in book.open_orders())
            load = await submitted(target, SUBMITTERS, each, f"step-{step}")
            rows.append({"what": f"64 submitters beside {working} open orders", **load.row})
    return rows
