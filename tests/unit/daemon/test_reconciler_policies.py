"""What follows from a difference is what was configured: at start, later, and for whoever looks."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.execution.reconciliation import Tolerances
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.daemon.measures import measures
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.timed import RESTING


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def configured(**changes: Any) -> Any:
    def change(settings: TreeSettings) -> TreeSettings:
        return evolve(settings, reconciler=evolve(settings.reconciler, **changes))

    return change


def measured(life: Life, name: str) -> float:
    (samples,) = [one[3] for one in measures(life.tree) if one[0] == name]
    ((_, value),) = samples
    return value


async def held(life: Life) -> None:
    await life.submit(buy())
    await life.until(lambda: life.held() == 20)


# At start -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", ["halt", "alert", "log_and_continue"])
@pytest.mark.parametrize("at_start", [True, False])
async def test_a_critical_difference_at_start_does_what_is_configured_for_the_start(
    autojump_clock: MockClock, world: World, later: str, at_start: bool
) -> None:
    """Whatever it would do later: shares were sold while nobody was there to see it."""
    async with world.life() as life:
        await held(life)
    world.sold_by_hand = Decimal(4)

    change = configured(
        on_critical=later, restricts_at_start=at_start, rounds=1, positions_interval=1e6
    )
    async with world.life(change) as life:
        await life.until(lambda: life.held() == 16)
        restricted = Cause.RECONCILIATION in life.tree.desk.book.restrictions
        assert restricted is at_start


async def test_what_a_start_has_restricted_is_lifted_by_the_next_clean_comparison(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await held(life)
    world.sold_by_hand = Decimal(4)

    async with world.life(configured(rounds=1)) as life:
        await life.until(lambda: life.held() == 16)
        assert life.operations.trading_state().state is TradingState.REDUCING
        await life.until(lambda: life.operations.readiness().ready)


# Tolerances ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sold", "left"), [("4", 20), ("5", 15)])
async def test_a_difference_within_the_tolerance_is_let_be(
    autojump_clock: MockClock, world: World, sold: str, left: int
) -> None:
    async with world.life(configured(tolerances=Tolerances(quantity=Decimal(4)))) as life:
        await held(life)
        life.stubborn.sold_by_hand = Decimal(sold)

        await life.tree.reconciler.sweep()

        assert life.held() == left


# For whoever looks --------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "alerts"), [("halt", 1), ("alert", 1), ("log_and_continue", 0)])
async def test_an_alert_is_seen_by_whoever_scrapes_asks_or_listens(
    autojump_clock: MockClock, world: World, policy: str, alerts: int
) -> None:
    async with world.life(configured(on_critical=policy, rounds=1)) as life:
        await held(life)
        life.stubborn.sold_by_hand = Decimal(4)
        heard = []
        async with life.operations.subscribe() as subscription:
            await life.tree.reconciler.sweep()
            with trio.move_on_after(1):
                async for update in subscription:
                    heard += [one.subject for one in update.alerts]

        assert heard == ["AAPL"] * alerts
        assert measured(life, "cream_critical_differences") == alerts
        assert measured(life, "cream_critical_differences_found") == 1
        assert [one.subject for one in life.operations.reconciliation().alerts] == ["AAPL"] * alerts

        await life.tree.reconciler.sweep()

        assert measured(life, "cream_critical_differences") == 0, "ours is now the broker's"
        assert life.operations.reconciliation().alerts == ()


# Orders that the broker does not know any more ----------------------------------------------------


def comparisons(world: World) -> list[e.ReconciliationCompleted]:
    events = [one.event for one in world.journal.durable]
    return [one for one in events if isinstance(one, e.ReconciliationCompleted)]


async def forgotten(life: Life) -> str:
    """An entry that rests, at a broker that then knows nothing of it any more."""
    await life.submit(buy("2", **RESTING))
    (entry,) = life.orders(OrderPurpose.ENTRY)
    await life.until(lambda: life.orders(OrderPurpose.ENTRY)[0].broker_order_id)
    life.stubborn.knows_no_orders = True
    return entry.order_id


async def test_an_order_that_the_broker_has_lost_is_over_once_that_is_proven(
    autojump_clock: MockClock, world: World
) -> None:
    """An account that was reset: its orders are nowhere, and no report will ever end them.

    However young the order is: a stop that is not there protects nobody.
    """
    async with world.life(configured(young=600.0)) as life:
        began = trio.current_time()
        order_id = await forgotten(life)
        await trio.sleep_until(began + 29)
        assert life.tree.desk.book.order(order_id).is_open

        await life.until(lambda: not life.tree.desk.book.order(order_id).is_open, seconds=30)

        order = life.tree.desk.book.order(order_id)
        assert order.status is OrderStatus.CANCELED
        assert "NOT_FOUND_AT_BROKER" in order.reason
        assert trio.current_time() - began >= 30, "30 s of looking for it"
        told = "cream_critical_differences"
        await life.until(lambda: measured(life, told) == 3), "the entry and its two legs"


async def test_a_lost_order_restricts_trading_until_a_comparison_is_clean(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured()) as life:
        await forgotten(life)
        restrictions = life.tree.desk.book.restrictions
        await life.until(lambda: Cause.RECONCILIATION in restrictions, seconds=60)
        assert "not known any more" in restrictions[Cause.RECONCILIATION].reason
        told = [d for r in comparisons(world) for d in r.differences if d.critical]
        assert {one.kind for one in told} == {"MISSING_AT_BROKER"}

        await life.until(lambda: Cause.RECONCILIATION not in restrictions, seconds=60)


async def test_lost_orders_that_come_back_work_again(
    autojump_clock: MockClock, world: World
) -> None:
    """The broker was ill, and its answers worth nothing: what it works must be known here."""
    async with world.life(configured()) as life:
        await held(life)
        await life.until(lambda: life.orders(OrderPurpose.STOP_LOSS))
        life.stubborn.knows_no_orders = True
        before = life.orders(OrderPurpose.STOP_LOSS)
        await life.until(
            lambda: not any(life.tree.desk.book.order(one.order_id).is_open for one in before),
            seconds=60,
        )

        life.stubborn.knows_no_orders = False
        await trio.sleep(120)

        ours = {one.broker_order_id for one in life.orders() if one.is_open}
        theirs = {one.broker_order_id for one in await life.broker.open_orders()}
        assert ours == theirs
        (stop,) = life.orders(OrderPurpose.STOP_LOSS)
        assert stop.status is OrderStatus.HELD
        assert "alive at the broker" in stop.reason


async def test_an_order_that_is_denied_at_start_restricts_trading_at_once(
    autojump_clock: MockClock, world: World
) -> None:
    """Nobody has listened since the last life: what became of it is not known."""
    async with world.life(configured()) as life:
        await life.submit(buy("2", **RESTING))
        await life.until(lambda: life.orders(OrderPurpose.ENTRY)[0].broker_order_id)
    world.knows_no_orders = True
    async with world.life(configured()) as life:
        restrictions = life.tree.desk.book.restrictions
        await life.until(lambda: Cause.RECONCILIATION in restrictions, seconds=1)


async def test_an_order_that_comes_to_light_again_is_not_over(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured()) as life:
        began = trio.current_time()
        order_id = await forgotten(life)
        await trio.sleep_until(began + 20)
        life.stubborn.knows_no_orders = False
        await trio.sleep(10)
        life.stubborn.knows_no_orders = True
        await trio.sleep(25)

        assert life.tree.desk.book.order(order_id).is_open, "the count began anew"


async def test_a_young_order_that_is_shown_but_not_listed_is_no_difference(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(configured(young=60.0)) as life:
        await life.submit(buy("2", **RESTING))
        await life.until(lambda: life.orders(OrderPurpose.ENTRY)[0].broker_order_id)
        life.stubborn.lists_no_orders = True

        await trio.sleep(55)
        assert not any(one.differences for one in comparisons(world))
        await trio.sleep(20)

        told = [d for r in comparisons(world) for d in r.differences]
        assert {(one.kind, one.critical) for one in told} == {("MISSING_AT_BROKER", False)}
        assert life.orders(OrderPurpose.ENTRY)[0].is_open
