"""An order that was answered and is not mentioned by the stream is asked about in time."""

from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.order import OrderPurpose, OrderStatus
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World, buy


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def timers(settings: TreeSettings) -> TreeSettings:
    reconciler = evolve(
        settings.reconciler,
        interval=3600.0,
        positions_interval=3600.0,
        open_orders_interval=3600.0,
    )
    return evolve(settings, reconciler=reconciler, ack_timeout=3.0)


def look_ups(life: Life) -> list[float]:
    return [one.at for one in life.stubborn.requested("order_by_client_id")]


def started(life: Life) -> int:
    return len(life.stubborn.requested("updates"))


async def test_an_order_that_the_stream_tells_of_is_not_asked_about(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timers) as life:
        await life.submit(buy(limit="230.00"))
        await trio.sleep(60)
        assert (look_ups(life), started(life)) == ([], 1)


async def test_a_fill_that_is_not_told_is_found_and_the_stream_opened_anew(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timers) as life:
        life.broker.fault("drop_updates", {})
        began = trio.current_time()
        await life.submit(buy())
        await life.until(lambda: life.held() == 20, seconds=5)
        assert [at - began for at in look_ups(life)] == pytest.approx([3.0], abs=0.5)
        await life.until(lambda: started(life) == 2)


async def test_an_order_that_only_rests_is_asked_about_a_few_times(
    autojump_clock: MockClock, world: World
) -> None:
    """Nothing has happened to it, so the stream is not found deaf; then the interval takes over."""
    async with world.life(timers) as life:
        life.broker.fault("drop_updates", {})
        began = trio.current_time()
        await life.submit(buy(limit="230.00"))
        await trio.sleep(120)
        assert [at - began for at in look_ups(life)] == pytest.approx([3.0, 6.0, 12.0], abs=0.5)
        assert started(life) == 1
        (entry,) = life.orders(OrderPurpose.ENTRY)
        assert entry.status is OrderStatus.ACCEPTED


async def test_a_cancel_that_was_taken_and_not_done_is_asked_about(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timers) as life:
        await life.submit(buy(limit="230.00"))
        await trio.sleep(1)
        (entry,) = life.orders(OrderPurpose.ENTRY)
        life.stubborn.deaf = frozenset((entry.broker_order_id or "",))
        began = trio.current_time()
        await life.operations.cancel_orders((entry.order_id,), "test", "test")
        await trio.sleep(60)
        assert [at - began for at in look_ups(life)][:3] == pytest.approx([3, 6, 12], abs=0.5)


async def test_a_question_that_fails_is_asked_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timers) as life:
        life.broker.fault("drop_updates", {})
        life.stubborn.fails_once.add("order_by_client_id")
        await life.submit(buy())
        await life.until(lambda: life.held() == 20, seconds=8)
        assert len(look_ups(life)) == 2


async def test_without_a_patience_nobody_asks(autojump_clock: MockClock, world: World) -> None:
    async with world.life(lambda settings: evolve(timers(settings), ack_timeout=None)) as life:
        life.broker.fault("drop_updates", {})
        await life.submit(buy())
        await trio.sleep(60)
        assert look_ups(life) == []
        life.broker.fault("drop_updates", {"on": False})
