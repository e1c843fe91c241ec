"""What callers ask for is done once, and told as it is."""

from decimal import Decimal
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.plan import Decision
from cream.core.model.state import TradingState
from tests.fakes.world import World, buy, close


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_what_a_closed_holding_earned_is_still_told(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        bought = life.orders()[0].average_price
        life.quote("AAPL", "240.00", "240.02")
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.held() == 0)

        assert life.operations.positions() == []
        assert life.operations.realized_pnl() == 20 * (Decimal("240.00") - bought)
        assert life.operations.realized_pnl() > 0


# The kill switch --------------------------------------------------------------------------------


def resting(plan_id: str) -> tuple[Decision, str]:
    """An entry far from the market, and the plan it comes in."""
    return buy(limit="200.00", stop="190.00", target="220.00"), plan_id


async def test_the_kill_switch_names_what_it_cancels_and_leaves_protection(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[1]

        report = await life.operations.kill_switch("enough", "me", False)

        assert report.trading_state.state is TradingState.HALTED
        assert entry.order_id in [one.requested_id for one in report.results]
        assert all(one.accepted for one in report.results)
        await life.until(lambda: life.tree.desk.book.order(entry.order_id).status.is_closed)
        assert life.operations.positions()[0].protected_quantity == 20


async def test_the_kill_switch_cancels_even_where_the_journal_is_lost(
    autojump_clock: MockClock, world: World
) -> None:
    """While the journal cannot commit only cancels leave, and these are what is asked for."""
    async with world.life() as life:
        decision, plan_id = resting("rest")
        await life.submit(decision, plan_id=plan_id)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(buy(), plan_id="other")

        report = await life.operations.kill_switch("enough", "me", False)

        assert report.trading_state.state is TradingState.HALTED
        assert entry.order_id in [one.requested_id for one in report.results]
        await trio.sleep(1)
        shown = await life.broker.order_by_client_id(entry.terms.client_order_id)
        assert shown is not None
        assert shown.status is OrderStatus.CANCELED
