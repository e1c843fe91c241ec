"""What does the daemon do under load while its broker misbehaves at random?

Three processes: the sandbox, the daemon, and this one, which submits and cancels orders, switches
faults on, and looks: at how many messages wait, at how much memory the daemon has, and in the end,
once all faults are off, at whether daemon and venue agree.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx
from attrs import define, field, frozen

from tests.conformance.sandbox_process import Sandbox, sandbox
from tests.integration.daemon import Daemon, running
from tests.soak.workload import PRICES, SYMBOLS, Asked, Workload

# Options that are read besides: four quotes a tick and share, so that the sandbox's clock need not
# tick faster than a timer can.
OPTIONS = ("261218C{:08d}", "261218P{:08d}", "270115C{:08d}")
# Plans that are under way at one time: a broker that hangs must not slow the load down.
CALLERS = 24
# Orders that may rest at one time; the oldest is cancelled for each new one.
MOST_RESTING = 40
FAULT_EVERY_SECONDS = 5.0
# One of the faults keeps all quotes back for two seconds, in some 2 % of the time and at worst 4 %:
# the market is that much faster, so that as many as were asked for reach the daemon on average.
KEPT_BACK = 0.04
# So often a symbol goes so far that the exits of what is held of it fill.
MOVE_EVERY_SECONDS = 2.0
LOOK_EVERY_SECONDS = 1.0
# Once all faults are off: so long until both sides must agree.
SETTLE_SECONDS = 90.0
# The daemon tells a rate of the last minute: the first minute of it is not whole.
MINUTE_OF_LOOKS = 60
# Queues of the desk hold this many at most; more than that would not be bounded.
MOST_WAITING = 1_024.0
# Closed orders stay in memory for so long (an hour by default), so that a run of minutes reaches
# its plateau within the first two.
KEPT_SECONDS = 20
KEYS = {"ALPACA_KEY": "PK-soak", "ALPACA_SECRET": "secret"}
CLOSED = frozenset(("filled", "canceled", "expired", "replaced", "rejected"))
# What an order is that is not over: asked for one by one, since all that ever closed are thousands.
OPEN = (
    "PENDING_NEW",
    "UNKNOWN_SUBMIT",
    "ACCEPTED",
    "PARTIALLY_FILLED",
    "PENDING_CANCEL",
    "PENDING_REPLACE",
    "HELD",
    "DONE_FOR_DAY",
)
_PAGE_KIB = 4
# What a verdict says besides, and refuses nothing for.
MILD = ("INFO", "WARNING")

# What can go wrong for a while. Faults after which a person has to act (keys revoked) are not here.
FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "ws.drop_event", "p": 0.3, "for_seconds": 3},
    {"name": "ws.duplicate", "times": 2, "for_seconds": 3},
    {"name": "ws.shuffle", "for_seconds": 2},
    {"name": "ws.null_data", "for_seconds": 2},
    {"name": "ws.unknown_event", "count": 2},
    {"name": "ws.cut_silently", "count": 1},
    {"name": "ws.mute_updates", "for_seconds": 4},
    {"name": "rest.flaky", "p": 0.1, "for_seconds": 3},
    {"name": "rest.post_accept_then_504", "count": 2},
    {"name": "rest.post_lost_504", "count": 1},
    {"name": "rest.hang_after_commit", "seconds": 1, "count": 2},
    {"name": "rest.lookup_lag", "seconds": 2, "count": 3},
    {"name": "rest.throttle", "for_seconds": 1},
    {"name": "rest.spurious_403", "count": 1},
    {"name": "order.stick_pending_cancel", "seconds": 2, "count": 3},
    {"name": "order.fill_before_cancel", "count": 1},
    {"name": "ws.mute_data", "for_seconds": 2},
    {"name": "data.zero_side", "for_seconds": 2},
    {"name": "data.wide", "for_seconds": 1},
)


@frozen(kw_only=True)
class SoakSettings:
    """How long, how much, and from which seed.   Units: seconds; a second."""

    seconds: float
    quotes: float
    orders: float
    seed: int = 1


@define
class Findings:
    """What a run has shown. Memory in KiB and orders that are open, one figure a look."""

    submitted: int = 0
    refused: Counter[str] = field(factory=Counter)
    failed: int = 0
    cancelled: int = 0
    faults: list[str] = field(factory=list)
    most_waiting: dict[str, float] = field(factory=dict)
    memory: list[int] = field(factory=list)
    open_orders: list[int] = field(factory=list)
    rates: list[float] = field(factory=list)
    problems: list[str] = field(factory=list)

    def growth(self) -> float:
        """How much more memory the last quarter of the looks shows than the third, on average.

        A fraction. By the middle everything that is kept for a while has been kept for that long.
        """
        third, last = quarters(self.memory)[2:]
        return last / third - 1

    def quotes(self) -> float:
        """Quotes a second that reached the daemon, on average, once a minute has passed."""
        return fmean(self.rates[MINUTE_OF_LOOKS:] or self.rates or [0.0])


def quarters(figures: list[int]) -> list[float]:
    """The average of each quarter of the looks."""
    quarter = max(1, len(figures) // 4)
    ends = [len(figures) - quarter * back for back in (4, 3, 2, 1, 0)]
    parts = [figures[max(0, at) : to] or figures for at, to in pairwise(ends)]
    return [fmean(part) for part in parts]


def soak(settings: SoakSettings, folder: Path) -> Findings:
    """Run it to the end.   Raises: AssertionError where the daemon does not start or has ended."""
    rate = settings.quotes * (1 + KEPT_BACK) / len(read_symbols())
    market: tuple[str, ...] = ("--requests-per-minute", "1000000", "--cash", "10000000")
    brokers = {
        "active": "alpaca",
        "alpaca": {
            "api_key": "${ALPACA_KEY}",
            "api_secret": "${ALPACA_SECRET}",
            "requests_per_minute": 100_000,
        },
    }
    market += ("--seed", str(settings.seed), "--tick-rate", str(rate))
    # The daemon lives in true time and believes fresh quotes only.
    with sandbox(*market, clock_start=None) as venue:
        brokers["alpaca"]["base_url"] = venue.url  # type: ignore[index]
        with running(folder, KEYS, brokers=brokers, **_changes()) as daemon:
            return _Run(settings, venue, daemon).go()


def read_symbols() -> list[str]:
    """Shares, and options on them near the money, in the form of the tape."""
    options = [
        share + form.format(round(PRICES[share] / 5) * 5_000)
        for share in SYMBOLS
        for form in OPTIONS
    ]
    return [*SYMBOLS, *options]


def _changes() -> dict[str, Any]:
    """Limits that a stream of small orders does not reach; a journal that is written to disk."""
    quotes = {"session": "always_open", "symbols": read_symbols(), "requests_per_minute": 100_000}
    return {
        "feeds": {"alpaca": quotes},
        "persistence": {"closed_orders_secs": KEPT_SECONDS, "snapshot_interval_secs": KEPT_SECONDS},
        "constraints": {
            "per_instrument": {"max_notional": 10_000_000, "max_units": 1_000_000},
            "losses": {"max_daily_loss_pct": None, "max_drawdown_pct": None},
        },
    }


@frozen(kw_only=True)
class _Answer:
    """What became of one plan."""

    asked: Asked
    failed: bool = False
    refused: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()


@define
class _Run:
    """One run, from its first order to the last comparison."""

    settings: SoakSettings
    venue: Sandbox
    daemon: Daemon
    findings: Findings = field(factory=Findings)
    _chance: random.Random = field(init=False)
    _work: Workload = field(init=False)
    _resting: list[str] = field(factory=list)
    _asked: dict["Future[_Answer]", None] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(self.settings.seed)
        self._work = Workload(random.Random(f"{self.settings.seed} work"))

    def go(self) -> Findings:
        began = due = time.monotonic()
        number, pause = 0, 1 / self.settings.orders
        beside = [
            _Beside(began + FAULT_EVERY_SECONDS, FAULT_EVERY_SECONDS, self._spoil),
            _Beside(began, LOOK_EVERY_SECONDS, self._look),
            _Beside(began + MOVE_EVERY_SECONDS, MOVE_EVERY_SECONDS, self._move),
        ]
        with ThreadPoolExecutor(CALLERS) as pool:
            while (now := time.monotonic()) < began + self.settings.seconds:
                for one in beside:
                    one.if_due(now)
                self._collect(most=CALLERS)
                number += 1
                asked = self._work.next(number, now)
                self._asked[pool.submit(self._post, asked)] = None
                due += pause
                # What was late is made up for, but at no more than twice the rate.
                time.sleep(max(pause / 2, due - time.monotonic()))
            self._collect(most=0)
        self.venue.clear()
        self._settle()
        return self.findings

    def _move(self) -> None:
        for symbol, price in self._work.moved().items():
            self.venue.quote(symbol, f"{price - 0.01:.2f}", f"{price + 0.01:.2f}")

    def _spoil(self) -> None:
        fault = self._chance.choice(FAULTS)
        self.venue.fault(**fault)
        self.findings.faults.append(fault["name"])

    def _look(self) -> None:
        assert self.daemon.process is not None
        assert self.daemon.process.poll() is None, "the daemon has ended"
        statm = Path(f"/proc/{self.daemon.pid}/statm").read_text().split()
        self.findings.memory.append(int(statm[1]) * _PAGE_KIB)
        self._work.looked(self._holdings(), time.monotonic())
        open_orders = 0
        for name, value in self._metrics():
            if name.startswith("cream_orders_open"):
                open_orders += int(value)
            elif name.startswith("cream_channel_depth"):
                most = self.findings.most_waiting
                most[name] = max(value, most.get(name, 0.0))
            elif name == "cream_feed_messages_per_second":
                # Every quote of the sandbox leaves a print: half of the messages are quotes.
                self.findings.rates.append(value / 2)
        self.findings.open_orders.append(open_orders)

    def _metrics(self) -> Iterator[tuple[str, float]]:
        for line in self.daemon.http.get("/metrics").text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                yield name, float(value)

    def _holdings(self) -> dict[str, int]:
        return {row["symbol"]: int(float(row["quantity"])) for row in self.daemon.positions()}

    def _post(self, asked: Asked) -> "_Answer":
        """Submit one decision. Runs in a thread of the pool."""
        decision = dict(asked.decision)
        try:
            if asked.closes:
                held = self._holdings().get(asked.symbol, 0)
                if held < 1:
                    return _Answer(asked=asked, refused=("NOTHING_TO_CLOSE",))
                decision["size"] = {"quantity": str(held), "unit": "SHARES"}
            plan = {
                "plan_id": f"plan-{decision['decision_id']}",
                "cycle_id": "soak",
                "environment": "PAPER",
                "risk_manager_approved": True,
                "critic_approved": True,
                "decisions": [decision],
            }
            answer = self.daemon.http.post("/v1/submit-orders", json={"decision_plan": plan})
        except httpx.TransportError:
            return _Answer(asked=asked, failed=True)
        body = answer.json()
        if answer.status_code != 200 or not body["ok"]:
            return _Answer(asked=asked, refused=_why(body))
        orders = tuple(one["order_id"] for one in body["orders"])
        return _Answer(asked=asked, resting=orders if asked.rests else ())

    def _collect(self, most: int) -> None:
        """Wait until at most so many are under way, and note what has come back."""
        while len(self._asked) > most:
            done, _ = wait(self._asked, return_when=FIRST_COMPLETED)
            for one in done:
                del self._asked[one]
                answer = one.result()
                self.findings.submitted += 1
                self.findings.failed += answer.failed
                self.findings.refused.update(answer.refused)
                if answer.failed or answer.refused:
                    self._work.came_to_nothing(answer.asked)
                self._resting += answer.resting
        if len(self._resting) > MOST_RESTING:
            gone = self._resting[:-MOST_RESTING]
            del self._resting[:-MOST_RESTING]
            asked = {"order_ids": gone, "reason": "soak"}
            self.daemon.http.post("/v1/cancel-orders", json=asked)
            self.findings.cancelled += len(gone)

    # In the end ---------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Both sides must agree within a while of quiet; what they still differ in is noted."""
        deadline = time.monotonic() + SETTLE_SECONDS
        differences = self._differences()
        while differences and time.monotonic() < deadline:
            time.sleep(1.0)
            # On a busy machine a comparison can take longer than anybody waits for it.
            with suppress(httpx.TimeoutException):
                self.daemon.http.post("/v1/reconciliation", json={})
            differences = self._differences()
        self.findings.problems += differences
        self.findings.problems += self._placed_twice()
        for name, most in self.findings.most_waiting.items():
            if most > MOST_WAITING:
                self.findings.problems.append(f"{name} held {most} messages")

    def _differences(self) -> list[str]:
        book = self.venue.book(open_only=True)
        theirs = {row["symbol"]: float(row["qty"]) for row in book["positions"]}
        ours = {row["symbol"]: float(row["quantity"]) for row in self.daemon.positions()}
        found = [
            f"{symbol}: {ours.get(symbol)} here, {theirs.get(symbol)} there"
            for symbol in sorted(theirs | ours)
            if theirs.get(symbol, 0.0) != ours.get(symbol, 0.0)
        ]
        rows = _orders_of(book)
        working = {row["id"] for row in rows if row["status"] not in CLOSED}
        orders = [row for status in OPEN for row in self._orders(status)]
        known = {row["broker_order_id"] for row in orders}
        found += [f"{one} works at the venue alone" for one in sorted(working - known)]
        found += [
            f"{row['order_id']} has no answer"
            for row in orders
            if row["status"] == "UNKNOWN_SUBMIT"
        ]
        return found

    def _orders(self, status: str) -> list[dict[str, Any]]:
        return list(self.daemon.get(f"/v1/orders?status={status}")["orders"])

    def _placed_twice(self) -> list[str]:
        names = Counter(row["client_order_id"] for row in _orders_of(self.venue.book()))
        return [f"{one} was placed twice" for one, count in sorted(names.items()) if count > 1]


def _orders_of(book: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for order in book["orders"] for one in (order, *(order["legs"] or ()))]


@define
class _Beside:
    """Something that is done beside the orders, every so often."""

    due: float
    every: float
    does: Callable[[], None]

    def if_due(self, now: float) -> None:
        if now >= self.due:
            self.due = now + self.every
            self.does()


def _why(body: dict[str, Any]) -> tuple[str, ...]:
    """The first reason of a refusal: each plan is counted once."""
    found = [one["code"] for one in body.get("violations", ()) if one["severity"] not in MILD]
    return (str((found or [body.get("code", body)])[0]),)
