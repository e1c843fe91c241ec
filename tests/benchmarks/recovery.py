"""How long does a start take with a long history, and what does a closed order cost in memory?

Aims: 100,000 journalled orders, 500 of them open: under 3 s from exec to READY, and no memory for
those that have closed and left it.
"""

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog
import trio
from attrs import evolve

from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.sqlite_file import open_for_writing
from cream.adapters.store.threaded_journal import ORDERS_A_JOB
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.memory import Archived, forget, state_of, superfluous
from cream.core.model.broker import Accepted
from cream.core.model.instrument import Equity
from cream.core.model.order import (
    OrderClass,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
)
from cream.core.model.plan import Environment, TimeInForce
from cream.daemon.archivist import ArchivistSettings
from tests.integration.daemon import Daemon, configuration

AIM_SECONDS = 3.0
ORDERS = 100_000
OPEN = 500
ROUNDS = 3
# Orders, each of four records, that have come since the last snapshot when the next is due.
TAIL = ArchivistSettings().snapshot_records // 4
# The clock of the daemon's configuration; the history lies before it.
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Rows: the start, memory, and look-ups of what has left it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    orders = 5_000 if quick else ORDERS
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        began = time.perf_counter()
        trio.run(_history, folder, orders)
        build = time.perf_counter() - began
        structlog.reset_defaults()
        rounds = [_start(folder) for _ in range(ROUNDS)]
        small = folder / "small"
        small.mkdir()
        trio.run(_history, small, OPEN)
        without = _start(small)
        behind = folder / "behind"
        behind.mkdir()
        trio.run(_history, behind, OPEN, TAIL)
        tailed = _start(behind)
    starts = sorted(one["seconds"] for one in rounds)
    memory = min(one["mb"] for one in rounds)
    grown = (memory - without["mb"]) * 1e6 / max(1, orders - OPEN)
    return [
        {"what": "history", "orders": orders, "open": OPEN, "written_in_s": round(build, 1)},
        {
            "what": "exec to READY=1",
            "best_s": round(starts[0], 2),
            "median_s": round(starts[len(starts) // 2], 2),
            "aim_s": AIM_SECONDS,
            "cpu_s": min(one["cpu"] for one in rounds),
            "with_the_open_ones_alone_s": round(without["seconds"], 2),
            "as_far_behind_its_snapshot_as_can_be_s": round(tailed["seconds"], 2),
            "its_cpu_s": tailed["cpu"],
        },
        {
            "what": "resident memory after the start",
            "mb": round(memory, 1),
            "with_the_open_ones_alone_mb": round(without["mb"], 1),
            "bytes_per_closed_order": round(grown),
        },
        {
            "what": "look-ups over HTTP",
            "one_archived_ms": round(min(one["one_ms"] for one in rounds), 1),
            "newest_100_ms": round(min(one["newest_ms"] for one in rounds), 1),
        },
    ]


async def _history(folder: Path, orders: int, tail: int = 0) -> None:
    """A journal with so many orders, its archive and snapshot, and a venue that has the open ones.

    `tail` more orders have come and gone since the snapshot. The daemon that lived through it has
    just been killed.
    """
    clock = ShiftedClock(NOW - timedelta(hours=1))
    market = SyntheticMarket(evolve(SyntheticSettings(), tick_rate=0), clock)
    settings = evolve(SimulatedSettings(), db_path=str(folder / "venue.db"))
    broker = SimulatedBroker.open(settings, market, clock)
    account_id = (await broker.account()).account_id
    database = open_for_writing(folder / "orders.db", 1_000)
    log = JournalLog.over(database, Environment.PAPER, account_id)
    book = Book()
    for first in range(0, orders - OPEN, ORDERS_A_JOB):
        count = min(ORDERS_A_JOB, orders - OPEN - first)
        _commit(log, book, [one for at in range(count) for one in _closed(first + at)])
        archived = superfluous(book, NOW)
        log.keep(archived, book.sequence)
        forget(book, archived)
    opened: list[e.Event] = []
    for number in range(orders - OPEN, orders):
        terms = _terms(number)
        outcome = await broker.submit(terms)
        assert isinstance(outcome, Accepted), outcome
        opened += _opened(terms, outcome.order.broker_order_id, clock.now())
    _commit(log, book, opened)
    log.keep_snapshot(state_of(book))
    assert superfluous(book, NOW) == Archived()
    for number in range(orders, orders + tail):
        _commit(log, book, list(_closed(number)))
    log.close()
    broker.close()
    (folder / "orders.db.trusted").touch()


def _commit(log: JournalLog, book: Book, happened: list[e.Event]) -> None:
    first = book.sequence + 1
    records = [e.Record(first + at, event) for at, event in enumerate(happened)]
    log.append(records)
    for record in records:
        book.apply(record)


def _terms(number: int) -> OrderTerms:
    return OrderTerms(
        order_id=f"o-{number}",
        client_order_id=f"cream-{number}",
        plan_id=f"p-{number}",
        cycle_id=f"c-{number}",
        decision_id="d",
        instrument=Equity("AAPL"),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        order_class=OrderClass.SIMPLE,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
        purpose=OrderPurpose.ENTRY,
        limit_price=Decimal("100.00"),
    )


def _opened(terms: OrderTerms, broker_id: str, at: datetime) -> Iterator[e.Event]:
    yield e.PlanJudged(
        at=at,
        plan_id=terms.plan_id,
        cycle_id=terms.cycle_id,
        content_hash="0" * 64,
        ok=True,
        order_ids=(terms.order_id,),
        left_out=(),
        violations=(),
        policy_version="bench",
    )
    yield e.OrderIntended(at=at, terms=terms, reason=f"plan {terms.plan_id}")
    yield e.OrderAcknowledged(
        at=at,
        order_id=terms.order_id,
        broker_order_id=broker_id,
        status=OrderStatus.ACCEPTED,
        broker_updated_at=at,
    )


def _closed(number: int) -> Iterator[e.Event]:
    at = NOW - timedelta(days=30) + timedelta(seconds=10 * number)
    terms = _terms(number)
    yield from _opened(terms, f"b-{number}", at)
    yield e.OrderProgressed(
        at=at, order_id=terms.order_id, status=OrderStatus.CANCELED, reason="operator"
    )


def _start(folder: Path) -> dict[str, float]:
    """One start on the history, and how the daemon is after it; then it is killed."""
    path = str(folder / "notify")
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(120)
        daemon = Daemon(folder, configuration(folder), {"NOTIFY_SOCKET": path})
        began = time.perf_counter()
        daemon.start()
        while not notify.recv(4096).startswith(b"READY=1"):
            continue
        seconds = time.perf_counter() - began
    # Its name ends with the last bracket; after that come user and system time, the 12th and 13th.
    times = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    cpu = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    pages = int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[1])
    asked = time.perf_counter()
    (found,) = daemon.post("/v1/order-state", {"order_ids": ["b-17"]})["orders"] or [None]
    one = time.perf_counter() - asked
    assert found is None or found["status"] == "CANCELED"
    asked = time.perf_counter()
    assert len(daemon.get("/v1/orders?limit=100")["orders"]) == 100
    newest = time.perf_counter() - asked
    daemon.kill()
    daemon.close()
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return {
        "seconds": seconds,
        "cpu": cpu,
        "mb": megabytes,
        "one_ms": one * 1e3,
        "newest_ms": newest * 1e3,
    }
