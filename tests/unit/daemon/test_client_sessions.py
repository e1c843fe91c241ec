"""The dead man's switch: to the moment, over a crash, and never for one who is still there."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.promise import OnLoss
from cream.core.model.state import TradingState
from tests.fakes.timeline import MILLISECOND
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.timed import RESTING, about


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def entry_under(life: Life, session_id: str) -> str:
    plan_id = f"plan-{session_id or 'none'}"
    result = await life.submit(buy("2", **RESTING), plan_id=plan_id, session_id=session_id)
    return result.orders[0].order_id


def status(life: Life, order_id: str) -> OrderStatus:
    return life.tree.desk.book.order(order_id).status


async def test_a_client_that_falls_silent_loses_its_entries_to_the_moment(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        promised = await life.operations.heartbeat("agent", 20.0, None, "local")
        assert (promised.timeout_seconds, promised.on_loss) == (20.0, OnLoss.CANCEL_ENTRIES)
        mine = await entry_under(life, "agent")
        others = await entry_under(life, "")
        for _ in range(5):
            await trio.sleep(19.0)
            await life.operations.heartbeat("agent", 20.0, None, "local")
        last = trio.current_time()

        await trio.sleep_until(last + 20.0 - MILLISECOND)
        assert status(life, mine) is OrderStatus.ACCEPTED
        await life.until(lambda: status(life, mine) is OrderStatus.CANCELED)
        ((asked,),) = life.stubborn.asked.values()
        assert asked == about(last + 20.0)
        assert status(life, others) is OrderStatus.ACCEPTED


async def test_protection_of_a_silent_client_stays(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.operations.heartbeat("agent", 5.0, None, "local")
        await life.submit(buy(), session_id="agent")
        await life.until(lambda: life.held() == 20)
        await trio.sleep(60)

        assert life.tree.desk.book.client_sessions == {}
        assert any(one.is_open for one in life.orders(OrderPurpose.STOP_LOSS))
        assert life.held() == 20


async def test_trading_is_reduced_where_that_is_agreed(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.operations.heartbeat("agent", 5.0, OnLoss.REDUCE, "local")
        await trio.sleep(5.1)

        assert life.operations.trading_state().state is TradingState.REDUCING
        await life.operations.set_trading_state(TradingState.ACTIVE, "it is back", "me")


async def test_who_leaves_in_order_loses_nothing(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await life.operations.heartbeat("agent", 5.0, None, "local")
        mine = await entry_under(life, "agent")
        assert await life.operations.close_session("agent")
        assert not await life.operations.close_session("agent")
        await trio.sleep(60)

        assert status(life, mine) is OrderStatus.ACCEPTED
        with pytest.raises(CreamError) as refused:
            await entry_under(life, "agent-2")
        assert refused.value.kind.code == "NOT_FOUND"


async def test_a_session_outlives_a_crash_with_the_whole_of_its_time(
    autojump_clock: MockClock, world: World
) -> None:
    """The client could not reach the daemon that was dead; it could not know either."""
    async with world.life() as life:
        await life.operations.heartbeat("agent", 20.0, None, "local")
        mine = await entry_under(life, "agent")
        await trio.sleep(15.0)
        world.journal = world.journal.crash()
        life.die()

    async with world.life() as life:
        began = trio.current_time()
        await trio.sleep_until(began + 20.0 - MILLISECOND)
        assert status(life, mine) is OrderStatus.ACCEPTED
        await life.until(lambda: status(life, mine) is OrderStatus.CANCELED)


async def test_a_sign_that_comes_while_the_journal_is_slow_counts_from_its_arrival(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.operations.heartbeat("agent", 10.0, None, "local")
        mine = await entry_under(life, "agent")
        world.journal.delay_seconds = 9.0
        await trio.sleep(9.5)
        await life.operations.heartbeat("agent", 10.0, OnLoss.REDUCE, "local")
        world.journal.delay_seconds = 0.0

        await trio.sleep(5.0)
        assert status(life, mine) is OrderStatus.ACCEPTED
        assert "agent" in life.tree.desk.book.client_sessions


async def test_without_a_journal_the_entries_of_a_silent_client_are_cancelled_all_the_same(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.operations.heartbeat("agent", 5.0, None, "local")
        mine = await entry_under(life, "agent")
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await entry_under(life, "")
        await trio.sleep(6.0)

        await life.until(lambda: status(life, mine) is OrderStatus.CANCELED)
