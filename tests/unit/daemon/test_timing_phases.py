"""The broker goes away in the middle of something: a submit, a cancel, a mass cancel, recovery."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from cream.core.execution.events import MassCancelConfirmed, MassCancelOwed
from cream.core.model.order import OrderPurpose, OrderStatus
from cream.core.model.state import Cause
from cream.core.safety.heartbeat import Link
from tests.fakes.timeline import MILLISECOND, Timeline, timeline
from tests.fakes.world import BRACKET, START, Life, World, buy
from tests.unit.daemon.timed import (
    GRACE,
    INTERVAL,
    RESTING,
    TIMEOUT,
    about,
    resting,
    silence,
    timed,
    with_mass_cancel,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def line() -> Iterator[Timeline]:
    with timeline() as entries:
        yield entries


async def settled(life: Life) -> None:
    """Wait until trading goes on, nothing is owed and no order is in doubt."""
    doubtful = (OrderStatus.UNKNOWN_SUBMIT, OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_NEW)

    def calm() -> bool:
        owed = life.tree.desk.book.mass_cancel_owed
        doubt = any(one.status in doubtful for one in life.orders())
        return life.operations.readiness().ready and owed is None and not doubt

    await life.until(calm, seconds=300)


async def agrees(life: Life) -> None:
    """The orders open at the broker are open here, and the other way round."""
    here = {one.broker_order_id for one in life.tree.desk.book.open_orders()}
    roots = [
        one.broker_order_id
        for one in life.tree.desk.book.open_orders()
        if one.terms.parent_order_id is None
    ]
    there = {one.broker_order_id for one in await life.broker.open_orders()}
    assert there <= here
    assert set(roots) <= there


async def test_during_a_submit_the_order_is_found_and_cancelled(
    autojump_clock: MockClock, world: World
) -> None:
    """It was booked and the answer is on its way when the line goes dead."""
    async with world.life(timed) as life:
        life.stubborn.mute = True
        life.broker.fault("drop_updates", {})
        await life.submit(buy(**RESTING), wait_seconds=0.0)
        await life.until(lambda: life.tree.router.in_flight)
        sign = await silence(life)

        await trio.sleep_until(sign + INTERVAL + TIMEOUT + GRACE + MILLISECOND)
        (entry,) = life.orders(OrderPurpose.ENTRY)
        assert not life.tree.router.in_flight
        assert entry.status is OrderStatus.PENDING_CANCEL
        assert entry.status_before_pending is OrderStatus.UNKNOWN_SUBMIT
        life.stubborn.mute = False
        life.broker.fault("drop_updates", {"on": False})
        life.stubborn.speak()

        await settled(life)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.CANCELED
        assert len(await life.broker.order_ids_since(START)) == BRACKET
        await agrees(life)


async def test_during_a_submit_that_never_arrived_absence_is_proven_before_it_resumes(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timed) as life:
        life.broker.fault("submit_lost", {"count": 1})
        await life.submit(buy(**RESTING), wait_seconds=0.0)
        life.broker.disconnect(20)

        await life.until(lambda: life.tree.desk.book.mass_cancel_owed is not None)
        await settled(life)
        assert life.orders(OrderPurpose.ENTRY)[0].status is OrderStatus.REJECTED
        assert await life.broker.order_ids_since(START) == []


async def test_during_a_cancel_it_is_asked_for_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(timed) as life:
        order = await resting(life)
        life.stubborn.deaf_to = 1
        await life.operations.cancel_orders([order.order_id], "test", "me")
        await life.until(lambda: life.stubborn.asked)
        life.broker.disconnect(20)

        await settled(life)
        assert life.tree.desk.book.order(order.order_id).status is OrderStatus.CANCELED
        await agrees(life)


async def test_during_the_mass_cancel_it_is_finished_afterwards(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    async with world.life(timed) as life:
        orders = [await resting(life, f"rest-{number}") for number in range(5)]
        life.stubborn.deaf_to = 3
        life.nursery.start_soon(life.operations.mass_cancel, "test", "me")
        await life.until(lambda: len(life.stubborn.asked) == 5)
        life.broker.disconnect(20)

        await settled(life)
        book = life.tree.desk.book
        assert {book.order(one.order_id).status for one in orders} == {OrderStatus.CANCELED}
        assert len(line.times("mass_canceller.mass_cancel_confirmed")) == 1
        await agrees(life)


async def test_during_recovery_the_sequence_begins_again_at_once(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    """No grace: nothing could have left, and what is owed is still owed."""
    async with world.life(with_mass_cancel()) as life:
        order = await resting(life)
        life.stubborn.deaf_to = 1_000
        life.broker.disconnect(20)
        await life.until(lambda: life.tree.link.state is Link.RECOVERING)
        await life.until(lambda: life.tree.link.session_up)
        again = trio.current_time()
        life.broker.disconnect(15)

        await trio.sleep_until(again + MILLISECOND)
        assert life.tree.link.state is Link.DISCONNECTED
        assert line.link("DISCONNECTED")[1] == about(again)
        assert Cause.DISCONNECT in life.tree.desk.book.restrictions
        life.stubborn.deaf_to = 0
        await settled(life)
        assert life.tree.desk.book.order(order.order_id).status is OrderStatus.CANCELED
        assert line.link("CONNECTED")[-1] >= again + 15


async def test_a_router_that_ignores_its_cancellation_delays_only_itself(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    """The mass cancel begins on time; the next session waits until the old one has ended."""
    async with world.life(timed) as life:
        order = await resting(life)
        life.stubborn.mute, life.stubborn.clings = True, 6.0
        await life.submit(buy(**RESTING), plan_id="stuck", wait_seconds=0.0)
        await life.until(lambda: life.tree.router.in_flight)
        sign = await silence(life)
        gone = sign + INTERVAL + TIMEOUT + GRACE

        await trio.sleep_until(gone + MILLISECOND)
        assert life.tree.router.in_flight
        assert not life.tree.link.session_up
        assert life.stubborn.asked[order.broker_order_id or ""] == [about(gone)]
        life.stubborn.mute = False
        life.stubborn.speak()
        await settled(life)
        # The submit's own timeout (10 s) lies behind the scope's end: what counts is the clinging.
        assert line.times("broker_session.session_started")[1] >= gone + 6.0 - MILLISECOND
        assert len(await life.broker.order_ids_since(START)) == 2 * BRACKET
        assert all(not one.is_open for one in life.orders(OrderPurpose.ENTRY))


async def test_a_broker_that_never_confirms_is_asked_with_backoff_and_nothing_resumes(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    """And a stop that is watched here works all the same: no cancel stands in its way."""
    async with world.life(with_mass_cancel()) as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        await life.submit(buy())
        await life.until(lambda: life.held() == 5)
        entry = life.orders(OrderPurpose.ENTRY)[0]
        life.stubborn.deaf_to = 1_000_000
        life.broker.disconnect(5)
        await trio.sleep(60.0)

        book = life.tree.desk.book
        assert book.mass_cancel_owed is not None
        assert life.tree.link.state is Link.RECOVERING
        assert not life.operations.readiness().ready
        asked = life.stubborn.asked[entry.broker_order_id or ""]
        gaps = [later - sooner for sooner, later in pairwise(asked)]
        assert max(gaps) < 4.0 + 1.0
        assert len(asked) < 60
        life.stubborn.deaf_to = 0
        await settled(life)


async def test_a_level_that_is_reached_while_a_mass_cancel_is_owed_is_acted_on(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(with_mass_cancel()) as life:
        life.quote("AAPL", "238.39", "238.41", size=5)
        await life.submit(buy())
        await life.until(lambda: life.held() == 5)
        await resting(life, "other")
        life.stubborn.deaf_to = 1_000_000
        life.broker.disconnect(5)
        await life.until(lambda: life.tree.link.state is Link.RECOVERING)
        await life.until(lambda: life.tree.link.session_up)
        owed = life.tree.desk.book.mass_cancel_owed
        assert owed is not None

        # The other entry rests far below and is never gone; only the first stands in the way.
        life.stubborn.deaf_to = 0
        life.quote("AAPL", "228.00", "239.00")

        await life.until(lambda: life.held() == 0)


async def test_what_is_owed_is_paid_once_across_crashes_at_any_moment(
    autojump_clock: MockClock, world: World
) -> None:
    """Killed again and again while it cancels: the last life confirms, and once."""
    for moment in (0.0, 0.05, 0.2, 1.0, 3.0):
        async with world.life(with_mass_cancel()) as life:
            if not life.orders():
                for number in range(3):
                    await resting(life, f"rest-{number}")
                life.broker.disconnect(1_000)
                await life.until(
                    lambda: any(
                        isinstance(one.event, MassCancelOwed) for one in world.journal.durable
                    )
                )
            else:
                life.stubborn.deaf_to = 1_000
            await trio.sleep(moment)
            world.journal = world.journal.crash()
            life.die()

    async with world.life(with_mass_cancel()) as life:
        await settled(life)
        assert {one.status for one in life.orders(OrderPurpose.ENTRY)} == {OrderStatus.CANCELED}
        await agrees(life)
    kinds = [type(one.event) for one in world.journal.durable]
    assert kinds.count(MassCancelOwed) == kinds.count(MassCancelConfirmed) == 1


async def test_a_single_failure_within_a_recovery_costs_no_session(
    autojump_clock: MockClock, world: World, line: Timeline
) -> None:
    """The session repeats its sweep; only a failure that lasts begins the sequence anew."""
    async with world.life(with_mass_cancel()) as life:
        order = await resting(life)
        life.broker.disconnect(10)
        await life.until(lambda: life.tree.link.state is Link.DISCONNECTED)
        life.stubborn.fails_once = {"positions"}

        await settled(life)
        assert life.stubborn.fails_once == set()
        assert len(line.times("broker_session.session_started")) == 2
        assert life.tree.desk.book.order(order.order_id).status is OrderStatus.CANCELED
        owed = [one for one in world.journal.durable if isinstance(one.event, MassCancelOwed)]
        assert len(owed) == 1


async def test_a_failure_that_lasts_within_a_recovery_begins_the_sequence_anew(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(with_mass_cancel()) as life:
        await resting(life)
        ended: list[float] = []
        interrupt = life.tree.supervisor.interrupt

        def noted(name: str) -> None:
            ended.append(trio.current_time())
            interrupt(name)

        life.tree.supervisor.interrupt = noted  # type: ignore[method-assign]
        life.stubborn.deaf_to = 1_000
        life.broker.disconnect(10)
        await life.until(lambda: life.tree.link.state is Link.RECOVERING)
        await life.until(lambda: life.tree.link.session_up)
        again = trio.current_time()
        life.broker.disconnect(30)

        await trio.sleep_until(again + GRACE - MILLISECOND)
        assert len(ended) == 1
        await trio.sleep_until(again + GRACE + MILLISECOND)
        assert ended[1:] == [about(again + GRACE)]
        life.stubborn.deaf_to = 0
        await settled(life)
