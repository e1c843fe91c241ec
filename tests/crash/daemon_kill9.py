"""Does the real daemon lose or double an order when it is killed in the middle of work?

    python -m tests.crash daemon-sqlite daemon-postgresql

The daemon is a process, and so is its venue (the sandbox, through the Alpaca adapter). Agents
submit and cancel over gRPC without a pause until, at a random instant with ten or more calls
unanswered, the daemon is killed with SIGKILL. The next one starts on the same files; then what
every caller was told is held against the venue's own record. Whoever had no answer asks again with
the same id, as an agent would.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from attrs import define, field, frozen

from cream.client import NEVER, CallError, CreamClient, v1
from tests.conformance.sandbox_process import Sandbox, sandbox
from tests.databases import postgres
from tests.integration.daemon import Daemon, configuration

Json = dict[str, Any]

SUBMITTERS: Final = 24
IN_FLIGHT: Final = 10
SQLITE_CYCLES: Final = 50
POSTGRES_CYCLES: Final = 20
KEYS: Final = {"ALPACA_KEY": "PK-crash", "ALPACA_SECRET": "secret"}

# Up to some hundred orders before the kill; and less than one, so that a young life is hit too.
_SHORTEST_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 1.5
_IN_FLIGHT_WAIT_SECONDS: Final = 20.0
_SETTLE_SECONDS: Final = 60.0
_CALL_SECONDS: Final = 30.0
_MUCH: Final = 1_000_000


class Broken(AssertionError):
    """A promise that the daemon has not kept."""


@frozen
class Wish:
    """One order that an agent wants, and whether it takes it back once it has it."""

    client_order_id: str
    takes: bool
    withdraws: bool

    def request(self) -> v1.SubmitOrderRequest:
        """It trades at once, or rests far below the market."""
        limit, stop = (238.50, 228.50) if self.takes else (215.00, 205.00)
        return v1.SubmitOrderRequest(
            client_order_id=self.client_order_id,
            instrument=v1.Instrument(
                instrument_id="AAPL", instrument_type=v1.InstrumentType.EQUITY
            ),
            side=v1.OrderSide.BUY,
            quantity=1,
            order_type=v1.OrderType.LIMIT,
            limit_price=limit,
            time_in_force=v1.TimeInForce.DAY,
            stop_loss_price=str(stop),
            take_profit_price="260.00",
        )


@define
class Told:
    """What callers know. `orders` by client id: our id. `unanswered`: wishes without a reply."""

    orders: dict[str, str] = field(factory=dict)
    refused: dict[str, str] = field(factory=dict)
    withdrawn: set[str] = field(factory=set)
    unanswered: dict[str, Wish] = field(factory=dict)


@define
class Report:
    """What a run of cycles went through."""

    cycles: int = 0
    told: Told = field(factory=Told)
    in_flight: list[int] = field(factory=list)
    venue_orders: int = 0
    fills: int = 0


@define
class Driver:
    """The agents, the killer, and whoever looks at the books afterwards."""

    daemon: Daemon
    venue: Sandbox
    chance: random.Random
    report: Report = field(factory=Report)
    _number: int = 0
    _pending: dict[str, Wish] = field(factory=dict)

    def cycle(self) -> None:
        """Work, kill, start, compare.   Raises: Broken."""
        asyncio.run(self._work_and_kill())
        self.daemon.start()
        self._await_ready()
        asyncio.run(self._ask_again())
        self._compare()
        self.report.cycles += 1

    # Work ---------------------------------------------------------------------------------------

    async def _work_and_kill(self) -> None:
        async with CreamClient("127.0.0.1", self.daemon.grpc_port, retry=NEVER) as client:
            agents = [asyncio.create_task(self._submit_on(client)) for _ in range(SUBMITTERS)]
            await asyncio.sleep(self.chance.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
            deadline = time.monotonic() + _IN_FLIGHT_WAIT_SECONDS
            while len(self._pending) < IN_FLIGHT:
                if time.monotonic() > deadline:
                    raise Broken(f"only {len(self._pending)} calls in flight")
                await asyncio.sleep(0)
            self.report.in_flight.append(len(self._pending))
            self.daemon.kill()
            await asyncio.gather(*agents)

    async def _submit_on(self, client: CreamClient) -> None:
        while await self._submit(client, self._wish()):
            continue

    def _wish(self) -> Wish:
        self._number += 1
        kind = self.chance.random()
        return Wish(f"crash-{self._number}", takes=kind < 0.15, withdraws=kind > 0.3)

    async def _submit(self, client: CreamClient, wish: Wish) -> bool:
        """Whether there was an answer."""
        told = self.report.told
        self._pending[wish.client_order_id] = wish
        try:
            reply = await client.submit_order(wish.request(), timeout=_CALL_SECONDS)
            if reply.error_message:
                told.refused[wish.client_order_id] = reply.error_message
            else:
                told.orders[wish.client_order_id] = reply.order_id
                if wish.withdraws:
                    answer = await client.cancel_order(reply.order_id, timeout=_CALL_SECONDS)
                    if answer.accepted:
                        told.withdrawn.add(wish.client_order_id)
        except CallError:
            if wish.client_order_id not in told.orders:
                told.unanswered[wish.client_order_id] = wish
            return False
        finally:
            self._pending.pop(wish.client_order_id, None)
        return True

    # Afterwards ---------------------------------------------------------------------------------

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _SETTLE_SECONDS
        while self.daemon.http.get("/ready").status_code != 200:
            if time.monotonic() > deadline:
                raise Broken(f"never ready: {self.daemon.http.get('/ready').text}")
            time.sleep(0.05)

    async def _ask_again(self) -> None:
        """Every unanswered wish, with the same id; what comes of it is told like any other."""
        wishes, self.report.told.unanswered = self.report.told.unanswered, {}
        async with CreamClient("127.0.0.1", self.daemon.grpc_port, retry=NEVER) as client:
            answered = await asyncio.gather(
                *(self._submit(client, wish) for wish in wishes.values())
            )
        if not all(answered):
            raise Broken("a call to a daemon that is ready was not answered")

    def _compare(self) -> None:
        """What callers were told, what the daemon has, and what the venue has.   Raises: Broken."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            problems = list(self._problems())
            if not problems:
                return
            if time.monotonic() > deadline:
                raise Broken("\n".join(problems[:20]))
            time.sleep(0.1)

    def _problems(self) -> Iterator[str]:
        """Each thing that is not as promised. What is still under way goes away by itself."""
        told, book = self.report.told, self.venue.book()
        there = {one["client_order_id"]: one for one in book["orders"]}
        here = {one["client_order_id"]: one for one in self.daemon.orders()}
        self.report.venue_orders, self.report.fills = len(book["orders"]), len(book["fills"])
        for name, count in Counter(one["client_order_id"] for one in book["orders"]).items():
            if count > 1:
                yield f"{name} is at the venue {count} times"
        for name, order_id in told.orders.items():
            if name not in here:
                yield f"{name} was acknowledged and is lost here"
            elif here[name]["order_id"] != order_id:
                yield f"{name} was {order_id} and is {here[name]['order_id']}"
            elif name not in there and here[name]["status"] != "REJECTED":
                yield f"{name} is {here[name]['status']} here and is not at the venue"
        for name, one in there.items():
            if name not in here:
                yield f"{name} is at the venue and unknown here"
            elif name not in told.orders:
                yield f"{name} is at the venue and nobody was told of it"
            elif _is_open(one["status"]) != (here[name]["status"] not in _CLOSED_HERE):
                yield f"{name} is {one['status']} there and {here[name]['status']} here"
            elif name in told.withdrawn and _is_open(one["status"]):
                yield f"{name} was withdrawn and works on"
            elif Decimal(one["filled_qty"]) != Decimal(here[name]["filled_quantity"]):
                yield f"{name} has filled {one['filled_qty']} there"
        held = {one["symbol"]: Decimal(one["qty"]) for one in book["positions"]}
        ours = {one["symbol"]: Decimal(one["quantity"]) for one in self.daemon.positions()}
        if held != ours:
            yield f"the venue holds {held}, the daemon has {ours}"


_CLOSED_HERE: Final = ("FILLED", "CANCELED", "REJECTED", "EXPIRED")


def _is_open(status: str) -> bool:
    return status not in ("filled", "canceled", "rejected", "expired", "replaced")


def settings(venue: Sandbox, persistence: Mapping[str, Any]) -> Json:
    """Limits that stand in nobody's way, short waits, and a store that tidies up all the time."""
    return {
        "brokers": {
            "active": "alpaca",
            "alpaca": {
                "api_key": "${ALPACA_KEY}",
                "api_secret": "${ALPACA_SECRET}",
                "base_url": venue.url,
                "requests_per_minute": 100_000,
            },
        },
        "constraints": {
            "per_instrument": {"max_notional": 1e8, "max_units": _MUCH, "max_equity_pct": 1},
            "portfolio": {"max_gross_notional": 1e9, "max_net_notional": 1e9},
            "orders": {"max_open": 100_000},
            "rate": {"plans_per_second": 10_000, "orders_per_minute": _MUCH},
        },
        "reconciliation": {"absence_probes": 2, "absence_seconds": 0.5},
        "persistence": {"snapshot_interval_secs": 1, "closed_orders_secs": 5, **persistence},
    }


@contextmanager
def driver(folder: Path, persistence: Mapping[str, Any], seed: int) -> Iterator[Driver]:
    """A daemon at a venue of its own, ready to be killed."""
    options = ("--requests-per-minute", "1000000", "--cash", "100000000", "--seed", str(seed))
    # The daemon believes fresh quotes only, and lives in true time.
    with sandbox(*options, clock_start=None) as venue:
        config = configuration(folder, **settings(venue, persistence))
        config["brokers"].pop("simulated")
        daemon = Daemon(folder, config, KEYS)
        try:
            yield Driver(daemon.start(), venue, random.Random(seed))
        finally:
            daemon.close()


def run(folder: Path, persistence: Mapping[str, Any], cycles: int, seed: int) -> Report:
    """So many cycles.   Raises: Broken."""
    with driver(folder, persistence, seed) as one:
        for _ in range(cycles):
            one.cycle()
        return one.report


def main(database: str, cycles: int, seed: int = 1) -> int:
    """Run and report; not 0 when something was lost or doubled."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            if database == "sqlite":
                report = run(folder, {"db_path": str(folder / "orders.db")}, cycles, seed)
            else:
                with postgres.running() as server:
                    report = run(folder, {"database_url": server.url("postgres")}, cycles, seed)
        except postgres.NoServer as error:
            sys.stdout.write(f"skipped: {error}\n")
            return 0
        except Broken as error:
            sys.stdout.write(f"BROKEN, seed {seed}: {error}\n")
            return 1
    told = report.told
    why = Counter(text.partition("]")[0].lstrip("[") for text in told.refused.values())
    sys.stdout.write(
        f"{database}: {report.cycles} times kill -9 with {min(report.in_flight)} to "
        f"{max(report.in_flight)} calls in flight; {len(told.orders)} orders acknowledged, "
        f"{len(told.withdrawn)} withdrawn, {len(told.refused)} refused {dict(why)}, "
        f"{report.venue_orders} and "
        f"{report.fills} fills at the venue; 0 lost, 0 doubled; "
        f"{time.monotonic() - began:.0f} s\n"
    )
    return 0
