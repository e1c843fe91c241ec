"""The operator's levers: durable before they are acknowledged, and never one step too far."""

from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.risk.decisions import restrict
from cream.daemon.tree import TreeSettings
from tests.fakes.builders import order_terms
from tests.fakes.world import World, buy, close
from tests.unit.daemon.timed import RESTING, about, resting, timed


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def unreconciled(settings: TreeSettings) -> TreeSettings:
    """Differences are not settled by taking the broker's figures over."""
    reconciler = evolve(settings.reconciler, sync_positions=False, interval=1_000_000.0)
    return evolve(timed(settings), reconciler=reconciler)


def kinds(world: World) -> list[str]:
    return [type(one.event).__name__ for one in world.journal.durable]


@pytest.mark.parametrize("lever", ["kill", "halt", "resume"])
async def test_a_state_is_durable_before_it_is_acknowledged(
    autojump_clock: MockClock, world: World, lever: str
) -> None:
    async with world.life() as life:
        operations = life.operations
        if lever == "resume":
            await operations.set_trading_state(TradingState.REDUCING, "x", "me")
        world.journal.delay_seconds = 2.0
        before, asked = len(world.journal.durable), trio.current_time()
        match lever:
            case "kill":
                await operations.kill_switch("enough", "me", True)
            case "halt":
                await operations.set_trading_state(TradingState.HALTED, "wait", "me")
            case _:
                await operations.set_trading_state(TradingState.ACTIVE, "go", "me")

        assert trio.current_time() - asked >= 2.0
        written = kinds(world)[before:]
        expected = {
            "kill": ["TradingRestricted", "MassCancelOwed", "FlattenOwed"],
            "halt": ["TradingRestricted"],
            "resume": ["RestrictionLifted"],
        }
        assert [one for one in written if one in expected[lever]] == expected[lever]
        world.journal.delay_seconds = 0.0


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
async def test_a_state_outlives_a_crash_right_after_its_acknowledgement(
    autojump_clock: MockClock, world: World, state: TradingState
) -> None:
    async with world.life() as life:
        await life.operations.set_trading_state(state, "wait", "me")
        world.journal = world.journal.crash()
        life.die()

    async with world.life() as life:
        view = life.operations.trading_state()
        assert view.state is state
        (cause,) = view.restrictions
        assert (cause.cause, cause.reason, cause.actor) == (Cause.OPERATOR, "wait", "me")


async def test_a_kill_switch_that_cannot_be_recorded_cancels_and_says_so(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        order = await resting(life)
        world.journal.fail_next_commit()

        with pytest.raises(CreamError) as refused:
            await life.operations.kill_switch("enough", "me", True)

        assert refused.value.kind.code == "PERSISTENCE_UNAVAILABLE"
        assert life.tree.desk.book.trading_state is TradingState.HALTED
        await life.until(lambda: not life.tree.desk.book.order(order.order_id).is_open)


async def test_without_a_journal_cancels_leave_though_an_exit_and_a_tactic_wait(
    autojump_clock: MockClock, world: World
) -> None:
    """Neither may end the session, which the cancels need."""
    async with world.life(timed) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        order = await resting(life)
        worked = buy(
            "2", tactic="TWAP", tactic_params={"duration_minutes": 6, "slice_interval_seconds": 60}
        )
        await life.submit(worked, plan_id="twap")
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(close("20"), plan_id="out")
        life.tree.supervisor.interrupt("broker_session")
        await trio.sleep(400.0)

        assert life.tree.link.session_up
        results = await life.operations.cancel_orders([order.order_id], "test", "me")
        assert results[0].accepted
        await life.until(lambda: not life.tree.desk.book.order(order.order_id).is_open)
        restarts = {one.name: one.restarts for one in life.tree.supervisor.statuses()}
        assert restarts["broker_session"] == 1
        assert sum(restarts.values()) == 1


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
async def test_exits_and_protection_pass_in_every_state(
    autojump_clock: MockClock, world: World, state: TradingState
) -> None:
    async with world.life() as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        await life.operations.set_trading_state(state, "wait", "me")
        refused = await life.submit(buy(**RESTING), plan_id="more")
        assert not refused.verdict.ok

        await life.submit(close("5"), plan_id="out")

        await life.until(lambda: life.held() == 15)
        await life.until(
            lambda: any(
                one.is_open and one.terms.quantity == 15
                for one in life.orders(OrderPurpose.STOP_LOSS)
            )
        )
        life.quote("AAPL", "228.00", "228.02")
        await life.until(lambda: life.held() == 0)


async def test_an_operator_resumes_only_when_the_broker_agrees_or_by_force(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(unreconciled) as life:
        await life.operations.set_trading_state(TradingState.HALTED, "wait", "me")
        # The venue holds what we never heard of.
        life.broker.fault("drop_updates", {})
        terms = evolve(order_terms("stranger", "7"), client_order_id="by-hand")
        await life.broker.submit(terms)
        life.stubborn.forgetful = True

        with pytest.raises(CreamError) as refused:
            await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me")

        assert refused.value.kind.code == "STATE_NOT_CLEARED"
        assert "AAPL" in refused.value.message
        assert life.tree.desk.book.trading_state is TradingState.HALTED
        view = await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me", force=True)
        assert view.state is TradingState.ACTIVE


async def test_a_broker_that_cannot_be_asked_lets_nobody_resume_but_by_force(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await life.operations.set_trading_state(TradingState.HALTED, "wait", "me")
        life.stubborn.fall_silent()
        asked = trio.current_time()

        with pytest.raises(CreamError, match="cannot be asked"):
            await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me")

        assert trio.current_time() - asked == about(10.0)
        await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me", force=True)
        assert Cause.OPERATOR not in life.tree.desk.book.restrictions
        life.stubborn.speak()


async def test_what_restricts_for_another_reason_is_named(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        desk = life.tree.desk
        await desk.do(restrict(Cause.LOSS_LIMIT, TradingState.HALTED, "lost", "gate"))
        await life.operations.set_trading_state(TradingState.HALTED, "wait", "me")

        with pytest.raises(CreamError, match="loss_limit"):
            await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me")

        assert list(desk.book.restrictions) == [Cause.LOSS_LIMIT]
        view = await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me", force=True)
        assert view.state is TradingState.ACTIVE


async def test_resuming_an_active_daemon_asks_the_broker_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.stubborn.fall_silent()
        view = await life.operations.set_trading_state(TradingState.ACTIVE, "go", "me")

        assert view.state is TradingState.ACTIVE
        life.stubborn.speak()


async def test_the_kill_switch_answers_before_anything_is_confirmed(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        order = await resting(life)
        life.stubborn.fall_silent()
        asked = trio.current_time()

        view = (await life.operations.kill_switch("enough", "me", True)).trading_state

        assert (view.state, trio.current_time()) == (TradingState.HALTED, about(asked))
        life.stubborn.speak()
        await life.until(lambda: not life.tree.desk.book.order(order.order_id).is_open)
        assert life.tree.desk.book.order(order.order_id).status is OrderStatus.CANCELED
