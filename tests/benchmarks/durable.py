"""What does it cost to submit an order durably: validated, journalled with a sync, sent, answered?

The whole tree in one process over the venue in memory and a real SQLite journal, next to the bare
sync of the same disk in the same run. Aim: 64 submitters get at least 8 times the orders per second
of one, since they share syncs. Where a sync costs less than the CPU of an order there is little to
share: so the same is measured with some milliseconds more in every sync, of one and of many, which
is what other disks take. And the cost of an order must not grow with how many there are.
"""

import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import trio
from attrs import evolve, frozen

from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.store.opening import open_sqlite_journal
from cream.adapters.store.threaded_journal import ThreadedJournal
from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment
from cream.core.model.request import ExecutionParams
from cream.daemon import journal_writer
from cream.daemon.journal_writer import Batch, GroupCommit
from cream.daemon.settings import Settings
from cream.daemon.tree import Outside, Tree
from cream.daemon.tree_settings import tree_settings
from cream.daemon.wiring import assemble
from tests.fakes.world import START, buy, plan_of
from tests.unit.adapters.store.examples import records

ORDERS_ALONE = 100
SUBMITTERS = 64
ORDERS_EACH = 8
COMMITS_EACH = 100
SYNCS = 200
# What every sync takes longer in the run that says so: a disk of a hosted machine, and a slow one.
SLOWER_SECONDS = (0.004, 0.015)
# So many plans are open when a load begins; each is an entry with two exits.
OPEN_PLANS = (33, 333, 3_333)
PAGE = bytes(4096)


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Rows: the bare sync, one submitter, and many."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    part = 5 if quick else 1
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        syncs = _syncs(folder)
        journals = [
            trio.run(_journal, folder, submitters, COMMITS_EACH // part)
            for submitters in (1, SUBMITTERS)
        ]
        alone, each = ORDERS_ALONE // part, ORDERS_EACH // part
        plain = trio.run(_measure, folder, alone, each, 0.0)
        slower = [
            row for more in SLOWER_SECONDS for row in trio.run(_measure, folder, alone, each, more)
        ]
        grown = trio.run(_grow, folder, [plans // part for plans in OPEN_PLANS], each)
    structlog.reset_defaults()
    grouped = journals[1]["commits_per_s"] / journals[0]["commits_per_s"]
    return [
        syncs,
        *journals,
        {"what": "journal alone, 64 to 1", "ratio": round(grouped, 1)},
        *plain,
        *slower,
        *grown,
    ]


def _syncs(folder: Path) -> dict[str, Any]:
    """A page appended and synced, as a commit of one order at least has to."""
    took = []
    with (folder / "bare").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(PAGE)
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return {"what": "bare fsync of a page", **_times(took)}


class _Counted:
    """How many commits there were, and of how many records."""

    def __init__(self) -> None:
        self.commits = 0
        self.records = 0

    def __call__(self, commit: GroupCommit) -> None:
        self.commits += 1
        self.records += commit.records


async def _journal(folder: Path, submitters: int, each: int) -> dict[str, Any]:
    """The journal alone, through its writer: two records at a time, `each` times in a row."""
    counted = _Counted()
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
        **_times(took),
        "commits_per_s": round(submitters * each / wall),
        "records_per_sync": round(counted.records / counted.commits, 1),
    }


def _fail(error: JournalFailed) -> None:
    raise error


async def _measure(folder: Path, alone: int, each: int, slower: float) -> list[dict[str, Any]]:
    """Rows of one submitter and of many, on a disk whose syncs take `slower` seconds more."""
    disk = f", syncs {slower * 1e3:g} ms slower" if slower else ""
    rows = []
    async with _daemon(folder, slower) as tree:
        await _load(tree, 1, 20)
        await _emptied(tree)
        for submitters, orders in ((1, alone), (SUBMITTERS, each)):
            row = await _load(tree, submitters, orders)
            what = f"submit to acknowledged, {submitters} submitters{disk}"
            rows.append({"what": what, **row})
            await _emptied(tree)
    ratio = rows[1]["orders_per_s"] / rows[0]["orders_per_s"]
    return [*rows, {"what": f"throughput, 64 to 1{disk}", "ratio": round(ratio, 1)}]


async def _grow(folder: Path, steps: Sequence[int], each: int) -> list[dict[str, Any]]:
    """What an order costs beside ever more that are open."""
    rows = []
    async with _daemon(folder, 0.0) as tree:
        book = tree.desk.book
        for step, plans in enumerate(steps):
            short = max(0, plans - sum(1 for _ in book.open_orders()) // 3)
            if short:
                await _load(tree, SUBMITTERS, -(-short // SUBMITTERS), name=f"fill-{step}")
            working = sum(1 for _ in book.open_orders())
            row = await _load(tree, SUBMITTERS, each, name=f"step-{step}")
            rows.append({"what": f"64 submitters beside {working} open orders", **row})
    return rows


async def _emptied(tree: Tree) -> None:
    report = await tree.operations.mass_cancel("the next load begins with an empty book", "bench")
    assert report.complete


async def _load(tree: Tree, submitters: int, each: int, name: str = "") -> dict[str, Any]:
    took: list[float] = []
    cpu, wall = time.process_time(), time.perf_counter()
    async with trio.open_nursery() as nursery:
        for number in range(submitters):
            nursery.start_soon(_submit, tree, f"{name}-{submitters}-{number}", each, took)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    orders = submitters * each
    return {
        **_times(took),
        "cpu_ms_per_order": round(cpu / orders * 1e3, 2),
        "orders_per_s": round(orders / wall),
    }


async def _submit(tree: Tree, name: str, count: int, took: list[float]) -> None:
    """Brackets that rest far below the market."""
    for number in range(count):
        decision = buy("1", limit="215.00", stop="205.00", target="260.00")
        plan = plan_of(decision, plan_id=f"{name}-{number}")
        began = time.perf_counter()
        result = await tree.operations.submit_plan(plan, ExecutionParams(wait_seconds=30))
        took.append(time.perf_counter() - began)
        assert result.verdict.ok, result.verdict.violations


@frozen
class _SlowDisk:
    """The journal on a disk whose syncs take so much longer. Units: seconds."""

    journal: ThreadedJournal
    slower: float

    async def commit(self, records: Sequence[Record]) -> None:
        """As the journal, later."""
        await self.journal.commit(records)
        if self.slower:
            await trio.sleep(self.slower)

    async def load(self) -> Sequence[Record]:
        """As the journal."""
        return await self.journal.load()

    async def aclose(self) -> None:
        """As the journal."""
        await self.journal.aclose()


@asynccontextmanager
async def _daemon(folder: Path, slower: float) -> AsyncIterator[Tree]:
    clock = ShiftedClock(START)
    market = SyntheticMarket(evolve(SyntheticSettings(), tick_rate=0), clock)
    settings = evolve(SimulatedSettings(), db_path=":memory:", cash=Decimal(10**8))
    broker = SimulatedBroker.open(settings, market, clock)
    account = await broker.account()
    folder = Path(tempfile.mkdtemp(dir=folder))
    journal = await open_sqlite_journal(folder / "orders.db", Environment.PAPER, account.account_id)
    outside = Outside(
        account_id=account.account_id,
        clock=clock,
        broker=broker,
        market=market,
        journal=_SlowDisk(journal, slower),
        archive=journal,
        draw=random.Random(1).random,
    )
    plain = tree_settings(_unhurried(), "bench", "bench")
    tree = await assemble(plain, outside)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(market.move)
            await nursery.start(broker.run)
            await nursery.start(partial(tree.run, ()))
            yield tree
            tree.stop()
            await tree.ended.wait()
            nursery.cancel_scope.cancel()
    finally:
        await journal.aclose()
        broker.close()


def _unhurried() -> Settings:
    """The defaults, with room for as many plans as come."""
    settings = Settings()
    limits = settings.constraints
    rate = evolve(limits.rate, plans_per_second=100_000, orders_per_minute=1_000_000)
    orders = evolve(limits.orders, max_open=100_000)
    much = Decimal(10**9)
    instrument = evolve(limits.per_instrument, max_notional=much, max_units=10**6)
    portfolio = evolve(limits.portfolio, max_gross_notional=much, max_net_notional=much)
    wide = evolve(limits, rate=rate, orders=orders, per_instrument=instrument, portfolio=portfolio)
    return evolve(settings, constraints=wide)


def _times(took: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(took, n=100)
    return {"p50_ms": round(cuts[49] * 1e3, 2), "p99_ms": round(cuts[98] * 1e3, 2)}
