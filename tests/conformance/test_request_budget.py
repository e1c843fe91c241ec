"""A storm of entries takes nothing from cancels and stops: of the budget, or of the connections.

The whole daemon over the real adapter at the sandbox, with a budget that a burst can drain. Moments
are the venue's own, in simulated time.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import trio
from trio.testing import MockClock

from cream.core.model.instrument import Equity
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import Decision, Guard
from cream.core.model.state import TradingState
from cream.core.resilience.budget import RESERVED_ABOVE, Priority
from tests.conformance.alpaca_world import AlpacaLife, life
from tests.fakes.world import buy

REQUESTS = 60
# For the venue to be told, to do it and to say so. A request more takes the budget a second, so
# what had to wait for an entry's turn would be later by far.
AT_ONCE = 0.5
STORM = 50
TRAIL = Guard(trail_price=Decimal("4.00"))


def entry(symbol: str, limit: str, stop: str, target: str, name: str) -> Decision:
    return buy(
        "1", instrument=Equity(symbol), limit=limit, stop=stop, target=target, decision_id=name
    )


def left(one: AlpacaLife) -> float:
    """What is left of the budget."""
    broker: Any = one.broker
    return float(broker.api.rest.turnstile.budget.available(trio.current_time()))


def waiting(one: AlpacaLife) -> list[str]:
    """Entries that the storm has brought and the budget has not let out."""
    entries = one.orders(OrderPurpose.ENTRY)
    return [order.order_id for order in entries if order.status is OrderStatus.PENDING_NEW]


def moments(one: AlpacaLife, symbol: str, field: str) -> Iterator[datetime]:
    """When something happened to the orders in this symbol, by the venue's clock."""
    for order in one.at_venue():
        if order["symbol"] == symbol and order[field] is not None:
            yield datetime.fromisoformat(order[field].replace("Z", "+00:00"))


async def prepared(one: AlpacaLife) -> None:
    """A position whose stop has moved away from the broker's, entries that rest, a full budget."""
    await one.submit(buy(guard=TRAIL), plan_id="held")
    await one.until(lambda: one.held() == 20)
    one.quote("AAPL", "246.00", "246.02")
    rests = [entry("SPY", "600.00", "580.00", "640.00", f"r{n}") for n in range(5)]
    await one.submit(*rests, plan_id="rests")
    await one.until(lambda: len(list(moments(one, "SPY", "submitted_at"))) == 5)
    await trio.sleep(60)


async def storm(one: AlpacaLife) -> None:
    many = [entry("XOM", "116.10", "110.00", "130.00", f"s{n}") for n in range(STORM)]
    verdict = (await one.submit(*many, plan_id="storm")).verdict
    assert verdict is not None
    assert verdict.ok, verdict.violations


async def levers_are_pulled(one: AlpacaLife) -> datetime:
    """The market falls through the stop, and an operator cancels everything. The moment of it."""
    now = one.tree.desk.clock.now()
    one.quote("AAPL", "240.00", "240.02")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.operations.mass_cancel, "enough", "me")
        await one.until(lambda: one.held() == 0)
        resting = [order for order in one.orders(OrderPurpose.ENTRY) if is_resting(order)]
        await one.until(
            lambda: not any(one.tree.desk.book.order(order.order_id).is_open for order in resting)
        )
    return now


def is_resting(order: Any) -> bool:
    return bool(order.terms.instrument.symbol == "SPY")


def latest(one: AlpacaLife, since: datetime) -> float:
    """How long it took until the exit and all the cancels had reached the venue, in seconds."""
    (fired,) = [order for order in one.at_venue() if order["side"] == "sell" and is_market(order)]
    sold = datetime.fromisoformat(fired["submitted_at"].replace("Z", "+00:00"))
    cancelled = list(moments(one, "SPY", "canceled_at"))
    assert len(cancelled) == 5
    return max((at - since).total_seconds() for at in (sold, *cancelled))


def is_market(order: Any) -> bool:
    return bool(order["symbol"] == "AAPL" and order["type"] == "market")


async def test_cancels_and_stops_leave_at_once_though_entries_have_drained_the_budget(
    autojump_clock: MockClock,
) -> None:
    async with life(requests_per_minute=REQUESTS) as one:
        await prepared(one)
        await storm(one)
        spare = RESERVED_ABOVE[Priority.OPEN] * REQUESTS + 1
        await one.until(lambda: left(one) < spare and waiting(one))

        since = await levers_are_pulled(one)

        assert latest(one, since) <= AT_ONCE


async def test_cancels_and_stops_leave_at_once_though_entries_hang_in_every_line(
    autojump_clock: MockClock,
) -> None:
    """The venue takes the entries and says nothing for seconds; the budget is not the limit."""
    async with life() as one:
        await prepared(one)
        one.fault("rest.hang_after_commit", count=STORM, seconds=8)
        await storm(one)
        await one.until(lambda: list(moments(one, "XOM", "submitted_at")))
        one.sandbox.faults.clear()

        since = await levers_are_pulled(one)

        assert latest(one, since) <= AT_ONCE


async def test_entries_that_we_hold_back_ourselves_cast_no_doubt_on_the_broker(
    autojump_clock: MockClock,
) -> None:
    """Neither the watchdog nor the breaker takes our own patience for the broker's silence."""
    async with life(requests_per_minute=REQUESTS, queue_timeout_seconds=1.0) as one:
        await prepared(one)
        states: set[str] = set()
        await storm(one)
        with trio.move_on_after(20):
            while True:
                states.add(one.tree.link.state.value)
                await one.tree.desk.wait_change()

        refused = [o for o in one.orders(OrderPurpose.ENTRY) if o.status is OrderStatus.REJECTED]
        assert refused, "the budget held some back for longer than they could wait"
        assert all("BROKER_UNAVAILABLE" in order.reason for order in refused)
        assert all("request budget" in order.reason for order in refused)
        assert states == {"CONNECTED"}


async def test_no_entry_leaves_once_trading_is_halted_however_long_it_has_waited(
    autojump_clock: MockClock,
) -> None:
    """It was allowed when it began to wait for its turn."""
    async with life() as one:
        one.fault("rest.hang_after_commit", count=STORM, seconds=2)
        await storm(one)
        await one.until(lambda: list(moments(one, "XOM", "submitted_at")) and waiting(one))
        await trio.sleep(1)

        await one.operations.set_trading_state(TradingState.HALTED, "enough", "me")

        there = len(list(moments(one, "XOM", "submitted_at")))
        assert there < STORM
        await trio.sleep(20)
        assert len(list(moments(one, "XOM", "submitted_at"))) == there
        refused = [o for o in one.orders(OrderPurpose.ENTRY) if o.status is OrderStatus.REJECTED]
        assert len(refused) == STORM - there
        assert {order.reason.partition("]")[0] for order in refused} == {"[TRADING_HALTED"}


async def test_an_exit_that_the_budget_holds_back_is_never_given_up(
    autojump_clock: MockClock,
) -> None:
    """Longer than any order waits in the line: it is the same exit that leaves in the end."""
    async with life(requests_per_minute=REQUESTS, queue_timeout_seconds=2.0) as one:
        await prepared(one)
        broker: Any = one.broker
        broker.api.rest.turnstile.throttled(15)
        began = trio.current_time()

        one.quote("AAPL", "240.00", "240.02")
        await one.until(lambda: one.held() == 0)

        assert trio.current_time() - began >= 15
        assert len(one.orders(OrderPurpose.EXIT)) == 1
