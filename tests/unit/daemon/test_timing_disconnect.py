"""From the broker's last sign of life: each step of the disconnect sequence at its due instant."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.errors import CreamError
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import Cause, TradingState
from cream.core.safety.heartbeat import HeartbeatLimits, Link
from cream.daemon.tree import TreeSettings
from tests.fakes.timeline import MILLISECOND, Timeline, timeline
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.timed import (
    CALM,
    FIRST_RESTART,
    GRACE,
    INTERVAL,
    RESTING,
    TIMEOUT,
    about,
    resting,
    silence,
    timed,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def line() -> Iterator[Timeline]:
    with timeline() as entries:
        yield entries


def link(life: Life) -> Link:
    return life.tree.link.state


async def test_a_silent_broker_is_probed_doubted_and_given_up_when_due(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        await resting(life)
        await trio.sleep(1.0)
        sign = await silence(life)
        suspect = sign + INTERVAL + TIMEOUT

        await trio.sleep_until(suspect - MILLISECOND)
        assert (link(life), life.operations.readiness().ready) == (Link.CONNECTED, True)
        await trio.sleep_until(suspect + MILLISECOND)
        assert (link(life), life.operations.readiness().ready) == (Link.SUSPECT, False)
        await trio.sleep_until(suspect + GRACE - MILLISECOND)
        assert link(life) is Link.SUSPECT
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE
        await trio.sleep_until(suspect + GRACE + MILLISECOND)
        assert link(life) is Link.DISCONNECTED
        assert life.tree.desk.book.trading_state is TradingState.REDUCING

        probes = [one.at for one in life.stubborn.requested("ping") if one.at > sign]
        assert probes[0] == about(sign + INTERVAL)
        assert line.link("SUSPECT") == [about(suspect)]
        assert line.link("DISCONNECTED") == [about(suspect + GRACE)]
        life.stubborn.speak()


@pytest.mark.parametrize("interval", [0.001, 1.0, 30.0])
@pytest.mark.parametrize("timeout", [0.2, 10.0])
@pytest.mark.parametrize("grace", [0.0, 0.5, 30.0])
async def test_every_step_comes_within_a_millisecond_of_its_due_instant(
    autojump_clock: MockClock,
    world: World,
    line: Timeline,
    interval: float,
    timeout: float,
    grace: float,
) -> None:
    """SUSPECT, DISCONNECTED, the router's scope cancelled, the first cancel asked for."""

    def change(settings: TreeSettings) -> TreeSettings:
        limits = HeartbeatLimits(interval=interval, timeout=timeout, grace=grace)
        return evolve(settings, heartbeat=limits)

    async with world.life(change) as life:
        order = await resting(life)
        ended: list[float] = []
        interrupt = life.tree.supervisor.interrupt

        def noted(name: str) -> None:
            ended.append(trio.current_time())
            interrupt(name)

        life.tree.supervisor.interrupt = noted  # type: ignore[method-assign]
        sign = await silence(life)
        suspect = sign + interval + timeout
        gone = suspect + grace

        await trio.sleep_until(gone + 2 * MILLISECOND)

        assert not life.tree.link.session_up
        if grace > 0:
            assert line.link("SUSPECT") == [about(suspect)]
        assert line.link("DISCONNECTED") == [about(gone)]
        assert ended == [about(gone)]
        assert life.stubborn.asked[order.broker_order_id or ""] == [about(gone)]
        life.stubborn.speak()


async def test_the_router_is_ended_before_the_first_cancel_leaves(
    autojump_clock: MockClock, world: World
) -> None:
    """In the same instant, but in this order: no order may slip out behind the mass cancel."""
    async with world.life(timed) as life:
        await resting(life)
        seen: list[int] = []
        interrupt = life.tree.supervisor.interrupt

        def noted(name: str) -> None:
            seen.append(len(life.stubborn.requested("cancel")))
            assert life.tree.desk.book.mass_cancel_owed is not None
            interrupt(name)

        life.tree.supervisor.interrupt = noted  # type: ignore[method-assign]
        await silence(life)
        await life.until(lambda: life.stubborn.requested("cancel"))

        assert seen == [0]
        life.stubborn.speak()


async def test_a_transport_error_is_doubt_at_once_and_its_grace_runs_from_there(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        await resting(life)
        await trio.sleep(1.0)
        cut = trio.current_time()
        life.broker.disconnect(60)

        await trio.sleep_until(cut + GRACE - MILLISECOND)
        assert link(life) is Link.SUSPECT
        await trio.sleep_until(cut + GRACE + MILLISECOND)
        assert link(life) is Link.DISCONNECTED
        assert line.link("SUSPECT") == [about(cut)]


@pytest.mark.parametrize("early", [True, False])
async def test_a_reconnect_just_inside_grace_cancels_nothing_and_just_outside_does(
    autojump_clock: MockClock, world: World, line: Timeline, early: bool
) -> None:
    async with world.life(timed) as life:
        order = await resting(life)
        sign = await silence(life)
        gone = sign + INTERVAL + TIMEOUT + GRACE
        back = gone - MILLISECOND if early else gone + MILLISECOND

        await trio.sleep_until(back)
        life.stubborn.speak()
        # Not a probe's answer, for which none need be due: something that the stream brought.
        life.tree.link.alive()

        book = life.tree.desk.book
        await trio.sleep(30.0)
        assert life.operations.readiness().ready
        if early:
            assert line.link("CONNECTED") == [about(back + CALM)]
            assert line.link("DISCONNECTED") == []
            assert order.broker_order_id not in life.stubborn.asked
            assert book.order(order.order_id).status is OrderStatus.ACCEPTED
        else:
            assert line.link("DISCONNECTED") == [about(gone)]
            assert book.order(order.order_id).status is OrderStatus.CANCELED


async def test_the_sequence_is_in_order_and_recovery_ends_it(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        await life.submit(buy())
        await life.until(lambda: life.held() == 20)
        order = await resting(life)
        await silence(life)
        book = life.tree.desk.book
        await life.until(lambda: link(life) is Link.DISCONNECTED)
        gone = trio.current_time()
        await trio.sleep(4.0)
        life.stubborn.speak()
        back = trio.current_time()

        await life.until(lambda: link(life) is Link.CONNECTED)
        (paid,) = line.times("mass_canceller.mass_cancel_confirmed")
        (recovering,) = line.link("RECOVERING")
        sessions = line.times("broker_session.session_started")
        assert gone < back == about(recovering)
        assert back <= paid <= line.link("CONNECTED")[0]
        assert len(sessions) == 2
        assert sessions[1] >= back
        await life.until(lambda: life.operations.readiness().ready)
        assert book.trading_state is TradingState.ACTIVE
        assert book.order(order.order_id).status is OrderStatus.CANCELED
        guards = [one for one in life.orders(OrderPurpose.STOP_LOSS) if one.is_open]
        assert len(guards) == 1


async def test_nothing_that_adds_leaves_from_doubt_until_everything_is_confirmed(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        await silence(life)
        await life.until(lambda: link(life) is Link.SUSPECT)
        before = len(life.stubborn.requested("submit"))
        life.stubborn.deaf_to = 3
        for number in range(20):
            await life.submit(buy(**RESTING), plan_id=f"late-{number}", wait_seconds=0.0)
            await trio.sleep(1.0)
            if number == 10:
                life.stubborn.speak()
            if link(life) is not Link.CONNECTED:
                assert len(life.stubborn.requested("submit")) == before


async def test_with_the_journal_gone_the_sequence_runs_all_the_same(
    autojump_clock: MockClock, world: World
) -> None:
    """Only cancels leave without a journal, and this is what they are for."""
    async with world.life(timed) as life:
        order = await resting(life)
        world.journal.fail_next_commit()
        with pytest.raises(CreamError):
            await life.submit(buy(), plan_id="other")
        cut = trio.current_time()
        life.broker.disconnect(10)

        await trio.sleep_until(cut + GRACE + MILLISECOND)
        assert Cause.DISCONNECT in life.tree.desk.book.restrictions
        assert life.stubborn.asked[order.broker_order_id or ""][0] == about(cut + GRACE)
        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is None)
        shown = await life.broker.order(order.broker_order_id or "")
        assert shown is not None
        assert shown.status is OrderStatus.CANCELED


async def test_a_journal_that_is_slow_does_not_keep_the_router_sending(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    """The state is in force as soon as it is decided; only the acknowledgement waits."""
    async with world.life(timed) as life:
        cut = trio.current_time()
        life.broker.disconnect(60)
        world.journal.delay_seconds = 8.0

        await trio.sleep_until(cut + GRACE + MILLISECOND)
        assert life.tree.desk.book.trading_state is TradingState.REDUCING
        assert not life.tree.link.session_up
        restarts = line.times("supervisor.subsystem_restarted", subsystem="broker_session")
        assert restarts[0] == about(cut)
        assert restarts[1] >= cut + FIRST_RESTART
        world.journal.delay_seconds = 0.0
