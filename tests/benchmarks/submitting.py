"""Which daemon do the durable benchmarks submit to, and how hard?

The whole tree in one process over the venue in memory and a real SQLite journal, on a disk whose
syncs can be made to take longer, and with Python tuned as for the daemon itself.
"""

import gc
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, evolve, frozen

from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.garbage import collect_seldom, keep_what_is_there
from cream.adapters.offload import give_way_quickly
from cream.adapters.store.opening import open_sqlite_journal
from cream.adapters.store.threaded_journal import ThreadedJournal
from cream.core.execution.events import Record
from cream.core.model.plan import Decision, DecisionPlan, Environment, Guard
from cream.core.model.request import ExecutionParams
from cream.daemon.journal_writer import GroupCommit
from cream.daemon.settings import Settings
from cream.daemon.tree import Outside, Tree
from cream.daemon.tree_settings import tree_settings
from cream.daemon.wiring import assemble
from tests.fakes.world import START, buy, plan_of


def bracket() -> Decision:
    """An entry with two exits at the venue, to rest far below the market."""
    return buy("1", limit="215.00", stop="205.00", target="260.00")


def plain() -> Decision:
    """A limit order for the day and nothing with it: its stop is watched here."""
    guard = Guard(stop_limit_price=Decimal("204.00"))
    return buy("1", limit="215.00", stop="205.00", target=None, guard=guard)


@define
class Commits:
    """How many commits there were, and of how many records."""

    commits: int = 0
    records: int = 0

    def __call__(self, commit: GroupCommit) -> None:
        """Take in a commit. One without records is no sync."""
        self.commits += bool(commit.records)
        self.records += commit.records


@define(eq=False)
class Target:
    """The daemon that is submitted to, and what its journal did."""

    tree: Tree
    commits: Commits


@frozen(kw_only=True)
class Load:
    """What so many submitters got. Units: milliseconds of CPU for an order; orders a second.

    In the row, `of_a_core` is how much of the time the process had a core, `starved` how much of it
    the event loop waited for one that others had: rates are those of an idle machine where that is
    next to nothing.
    """

    row: dict[str, Any]
    cpu_ms: float
    rate: float
    syncs_per_order: float


async def submitted(
    target: Target, submitters: int, each: int, name: str = "", decision: Decision | None = None
) -> Load:
    """`each` plans in a row from every one of `submitters`, each awaited until acknowledged."""
    one = decision or bracket()
    plans = [
        [plan_of(one, plan_id=f"{name}-{submitters}-{number}-{turn}") for turn in range(each)]
        for number in range(submitters)
    ]
    took: list[float] = []
    orders, commits = submitters * each, target.commits.commits
    cpu, wall, starved = time.process_time(), time.perf_counter(), _starved_seconds()
    async with trio.open_nursery() as nursery:
        for own in plans:
            nursery.start_soon(_submit, target.tree, own, took)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    starved = _starved_seconds() - starved
    syncs = (target.commits.commits - commits) / orders
    return Load(
        row={
            **times(took),
            "cpu_ms_per_order": round(cpu / orders * 1e3, 2),
            "orders_per_s": round(orders / wall),
            "syncs_per_order": round(syncs, 2),
            "of_a_core": round(cpu / wall, 2),
            "starved": round(starved / wall, 2),
        },
        cpu_ms=cpu / orders * 1e3,
        rate=orders / wall,
        syncs_per_order=syncs,
    )


def _starved_seconds() -> float:
    """How long this thread could have run and others had the cores; zero where nobody says."""
    try:
        waited = Path("/proc/thread-self/schedstat").read_text().split()[1]
    except OSError:
        return 0.0
    return int(waited) / 1e9


async def _submit(tree: Tree, plans: Sequence[DecisionPlan], took: list[float]) -> None:
    for plan in plans:
        began = time.perf_counter()
        result = await tree.operations.submit_plan(plan, ExecutionParams(wait_seconds=30))
        took.append(time.perf_counter() - began)
        assert result.verdict.ok, result.verdict.violations
        assert all(one.broker_order_id for one in result.orders), "acknowledged by the venue"


async def emptied(target: Target) -> None:
    """Take everything off the book."""
    report = await target.tree.operations.mass_cancel("the next begins with an empty book", "bench")
    assert report.complete


def times(took: list[float]) -> dict[str, Any]:
    """The median and the 99th percentile."""
    cuts = statistics.quantiles(took, n=100)
    return {"p50_ms": round(cuts[49] * 1e3, 2), "p99_ms": round(cuts[98] * 1e3, 2)}


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
async def daemon(folder: Path, slower: float) -> AsyncIterator[Target]:
    """The daemon on a disk whose syncs take `slower` seconds more."""
    clock = ShiftedClock(START)
    market = SyntheticMarket(evolve(SyntheticSettings(), tick_rate=0), clock)
    venue = evolve(SimulatedSettings(), db_path=":memory:", cash=Decimal(10**8))
    broker = SimulatedBroker.open(venue, market, clock)
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
    settings = tree_settings(_unhurried(), "bench", "bench")
    tree = await assemble(settings, outside)
    tree.committed = commits = Commits()
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(market.move)
            await nursery.start(broker.run)
            await nursery.start(partial(tree.run, ()))
            # Increases are let through once there is a session at the broker.
            await tree.recovered.wait()
            keep_what_is_there()
            yield Target(tree, commits)
            tree.stop()
            await tree.ended.wait()
            nursery.cancel_scope.cancel()
    finally:
        gc.unfreeze()
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


@contextmanager
def tuned_as_the_daemon() -> Iterator[None]:
    """What `run_daemon` asks of Python before anything else, within the block."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    give_way_quickly()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)
