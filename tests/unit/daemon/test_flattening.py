"""Everything is closed, and nothing more than that."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.exchange.calendar import SessionMode
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import TradingState
from tests.fakes.world import Life, World, buy, close
from tests.unit.daemon.timed import about

# A Monday's last ten seconds in New York, and half a minute before Tuesday's session.
BEFORE_THE_CLOSE = datetime(2026, 11, 23, 20, 59, 50, tzinfo=UTC)
BEFORE_THE_OPEN = datetime(2026, 11, 24, 14, 29, 30, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_what_rests_for_a_better_price_is_closed_now(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.submit(close("8", limit="250.00"), plan_id="out")
        await life.until(lambda: life.orders(OrderPurpose.EXIT)[0].broker_order_id)

        await life.operations.kill_switch("enough", "me", True)

        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))


async def test_what_an_exit_works_on_already_is_not_closed_twice(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        life.quote("AAPL", "238.39", "238.41", size=5)
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.held() == 15)

        await life.operations.kill_switch("enough", "me", True)
        life.quote("AAPL", "238.39", "238.41", size=500)

        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))
        sold = sum(one.filled for one in life.orders(OrderPurpose.EXIT))
        assert sold == 20
        assert all(one.status is not OrderStatus.REJECTED for one in life.orders())


# The debt ---------------------------------------------------------------------------------------


def owed(life: Life) -> bool:
    return life.tree.desk.book.flatten_owed is not None


async def held(life: Life) -> None:
    await life.submit(buy())
    await life.until(lambda: life.held() == 20)


async def test_a_flattening_is_finished_by_the_next_life(
    autojump_clock: MockClock, world: World
) -> None:
    """Killed when nothing but the intent was durable: no exit had been decided."""
    async with world.life() as life:
        await held(life)
        life.stubborn.deaf_to = 1_000
        life.broker.disconnect(1_000)
        await life.operations.kill_switch("enough", "me", True)
        world.journal = world.journal.crash()
        life.die()
    kinds = [type(one.event).__name__ for one in world.journal.durable]
    assert "OrderIntended" not in kinds[kinds.index("FlattenOwed") :]

    async with world.life() as life:
        assert owed(life)
        await life.until(lambda: life.held() == 0)
        await life.until(lambda: not owed(life))
        assert life.tree.desk.book.trading_state is TradingState.HALTED
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT)) == 20


async def test_outside_trading_hours_it_waits_for_the_session(
    autojump_clock: MockClock, world: World
) -> None:
    """And outlives a crash in the night: closed from 16:00 to 09:30 in New York."""
    world.session, world.start = SessionMode.CALENDAR, BEFORE_THE_CLOSE
    async with world.life() as life:
        await held(life)
        await trio.sleep(20)
        await life.operations.kill_switch("enough", "me", True)
        await trio.sleep(60)
        assert life.orders(OrderPurpose.EXIT) == []
        world.journal = world.journal.crash()
        life.die()

    world.start = BEFORE_THE_OPEN
    began = trio.current_time()
    async with world.life() as life:
        await trio.sleep_until(began + 29.9)
        assert (life.orders(OrderPurpose.EXIT), owed(life)) == ([], True)
        life.quote("AAPL", "238.00", "238.02")
        await life.until(lambda: life.held() == 0)
        first = life.orders(OrderPurpose.EXIT)[0]
        assert (first.intended_at - BEFORE_THE_OPEN).total_seconds() == about(30.0)
        await life.until(lambda: not owed(life))


async def test_an_exit_that_comes_to_nothing_is_sent_again_for_what_is_left(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await held(life)
        life.broker.fault("reject_submit", {"count": 3})

        await life.operations.kill_switch("enough", "me", True)

        await life.until(lambda: life.held() == 0)
        exits = life.orders(OrderPurpose.EXIT)
        # The position is protected again in between, so one of the refusals may be protection's.
        assert {one.status for one in exits[:-1]} == {OrderStatus.REJECTED}
        assert (exits[-1].status, exits[-1].filled) == (OrderStatus.FILLED, 20)
        await life.until(lambda: not owed(life))


async def test_an_operator_who_resumes_calls_it_off(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_THE_CLOSE
    async with world.life() as life:
        await held(life)
        await trio.sleep(20)
        await life.operations.kill_switch("enough", "me", True)
        await life.operations.set_trading_state(TradingState.ACTIVE, "a mistake", "me")
        assert not owed(life)

    world.start = BEFORE_THE_OPEN
    async with world.life() as life:
        await trio.sleep(60)
        assert life.held() == 20
        assert life.orders(OrderPurpose.EXIT) == []


async def test_a_broker_that_confirms_no_cancel_does_not_keep_positions_open(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        entry = buy("1", instrument=Equity("MSFT"), limit="400.00", stop="390.00", target="420.00")
        await life.submit(entry, plan_id="rest")
        await held(life)
        asked = trio.current_time()
        msft = life.orders(OrderPurpose.ENTRY)[0].broker_order_id
        life.stubborn.deaf = frozenset((msft or "",))

        await life.operations.kill_switch("enough", "me", True)

        await life.until(lambda: life.held() == 0)
        assert trio.current_time() - asked == about(10.0)
        assert owed(life)
        life.stubborn.deaf = frozenset()
        await life.until(lambda: not owed(life))


async def test_with_the_journal_gone_it_waits_and_brings_nothing_down(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await held(life)
        life.broker.fault("submit_unavailable", {})
        await life.operations.kill_switch("enough", "me", True)
        await trio.sleep(5)
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.operations.set_trading_state(TradingState.HALTED, "x", "me")

        await trio.sleep(600)

        statuses = life.tree.supervisor.statuses()
        assert {one.restarts for one in statuses if one.name == "flattener"} == {0}
        assert owed(life)
