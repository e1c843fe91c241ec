"""Closed orders leave memory and nobody can tell: not callers, not the broker, not a new life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import define, evolve, field

from cream.core.execution.memory import Archived, rebuilt, state_of
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import TimeInForce
from cream.core.model.request import SingleOrder
from cream.core.model.state import TradingState
from cream.core.risk import gate
from cream.core.risk.gate import Approved
from cream.daemon.archivist import ArchivistSettings
from cream.daemon.desk import CancelOrder, SendOrder
from cream.daemon.readings import read
from cream.daemon.tree import TreeSettings
from tests.fakes.memory_archive import MemoryArchive
from tests.fakes.stubborn_broker import StubbornBroker
from tests.fakes.world import START, Life, World, buy, close

CLOSED = 60.0
INTERVAL = 10.0
# By then everything that has closed was put away.
LONG = 200.0
NEAR = {"stop": "190.00", "target": "220.00"}


def tidy(settings: TreeSettings) -> TreeSettings:
    archivist = ArchivistSettings(snapshot_interval=INTERVAL, closed_orders=CLOSED)
    return evolve(settings, archivist=archivist, account_stale_after=1e9)


def archived_world(folder: Path) -> World:
    world = World(folder)
    world.archive = MemoryArchive(world.journal)
    return world


@asynccontextmanager
async def round_trip(world: World) -> AsyncIterator[Life]:
    """A life in which a position was opened and closed, all orders of which have left memory."""
    async with world.life(tidy) as life:
        await life.submit(buy("20"), plan_id="in")
        await life.until(lambda: life.held() == 20)
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: life.held() == 0 and not list(life.tree.desk.book.open_orders()))
        assert len(life.orders()) == 4
        await trio.sleep(LONG)
        yield life


async def test_what_closed_leaves_memory_and_is_still_listed(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with round_trip(archived_world(tmp_path)) as life:
        assert life.orders() == []
        assert life.tree.desk.book.plans == {}

        listed = await life.operations.all_orders()

        assert len(listed) == 4
        assert listed[0].terms.plan_id == "in"
        filled = await life.operations.all_orders(OrderStatus.FILLED, 1)
        assert [one.terms.plan_id for one in filled] == ["out"]
        assert life.orders() == [], "a list recalls nothing"


async def test_an_order_is_found_by_any_id_and_leaves_again(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with round_trip(archived_world(tmp_path)) as life:
        entry = (await life.operations.all_orders())[0]

        for name in (entry.order_id, entry.terms.client_order_id, entry.broker_order_id):
            assert await life.operations.find_order(name) == entry
        assert len(life.operations.children(entry.order_id)) == 2
        await trio.sleep(CLOSED / 2)
        assert life.tree.desk.book.find(entry.order_id) is not None
        await trio.sleep(LONG)

        assert life.orders() == []
        assert await life.operations.find_order("nobody") is None


async def test_a_plan_of_long_ago_gets_its_first_answer(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with round_trip(archived_world(tmp_path)) as life:
        again = await life.submit(buy("20"), plan_id="in")

        assert again.repeated
        assert [one.status for one in again.orders] == [OrderStatus.FILLED]
        await trio.sleep(LONG)
        with pytest.raises(CreamError, match="submitted before with other content"):
            await life.submit(buy("21"), plan_id="in")


async def test_a_single_order_of_long_ago_is_placed_once(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    single = SingleOrder(
        client_order_id="mine",
        cycle_id="c",
        instrument=buy().instrument,
        side=Side.BUY,
        quantity=Decimal(1),
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
        stop_loss=Decimal("228.50"),
        take_profit=Decimal("253.50"),
    )
    async with archived_world(tmp_path).life(tidy) as life:
        first = await life.operations.submit_order(single)
        assert first.order is not None, first.verdict
        await life.until(lambda: life.held() == 1)
        await life.submit(close("1"), plan_id="out")
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))
        await trio.sleep(LONG)
        assert life.orders() == []

        again = await life.operations.submit_order(single)

        assert again.repeated
        assert again.order is not None
        assert again.order.order_id == first.order.order_id


async def test_a_cancel_of_long_ago_says_what_became_of_the_order(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with round_trip(archived_world(tmp_path)) as life:
        entry = (await life.operations.all_orders())[0]

        (answer,) = await life.operations.cancel_orders([entry.order_id], "why", "me")

        assert answer.code == "ORDER_NOT_CANCELABLE"
        assert answer.order == entry


async def test_a_job_that_waited_until_its_order_had_left_memory_ends_no_session(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """While there is no session jobs wait, and what they are about may close another way."""
    async with round_trip(archived_world(tmp_path)) as life:
        entry = (await life.operations.all_orders())[0]
        jobs, asked = life.tree.desk.channels.jobs, len(life.stubborn.requests)
        exit_terms = evolve(entry.terms, purpose=OrderPurpose.EXIT)
        jobs.send_nowait(CancelOrder(entry.order_id))
        for terms in (entry.terms, exit_terms):
            jobs.send_nowait(SendOrder(Approved(terms, seal=gate._SEAL)))
        await trio.sleep(0.5)
        assert life.tree.link.session_up
        requests = life.stubborn.requests[asked:]
        assert not [one for one in requests if one.kind in ("submit", "cancel")]
        await life.submit(buy("20"), plan_id="later")
        await life.until(lambda: life.held() == 20)


async def test_an_order_that_leaves_memory_while_others_are_asked_about_is_not_asked_about(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep asks about one order after the other, and a broker may take minutes to answer."""
    async with archived_world(tmp_path).life(tidy) as life:
        for plan_id in ("first", "second"):
            await life.submit(buy("20", limit="200.00", **NEAR), plan_id=plan_id)
        await life.until(lambda: all(one.broker_order_id for one in life.orders()[:2]))
        entries = [one for one in life.orders() if one.terms.purpose is OrderPurpose.ENTRY]
        life.broker.fault("drop_updates", {})
        for one in entries:
            assert one.broker_order_id is not None
            await life.stubborn.inner.cancel(one.broker_order_id)
        answers, asks = trio.Event(), StubbornBroker.order

        async def slowly(self: StubbornBroker, broker_order_id: str) -> BrokerOrder | None:
            if broker_order_id == entries[0].broker_order_id:
                await answers.wait()
            return await asks(self, broker_order_id)

        monkeypatch.setattr(StubbornBroker, "order", slowly)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.tree.reconciler.sweep)
            await trio.sleep(1)
            gone = await life.stubborn.inner.order(entries[1].broker_order_id or "")
            assert gone is not None
            await life.tree.desk.do(read(OrderUpdate(event="canceled", order=gone)))
            await trio.sleep(LONG)
            assert life.tree.desk.book.find(entries[1].order_id) is None
            answers.set()
        first = life.tree.desk.book.find(entries[0].order_id)
        assert first is None or first.status is OrderStatus.CANCELED


async def test_what_the_broker_shows_of_long_ago_is_no_strangers_order(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """Whichever of the broker's answers it stands in; and no execution is booked again."""
    async with round_trip(archived_world(tmp_path)) as life:
        entry = (await life.operations.all_orders())[0]
        broker, book = life.tree.outside.broker, life.tree.desk.book
        moment = START - timedelta(days=1)
        fills = book.fills_booked

        async def recalled() -> bool:
            found = book.find(entry.order_id) is not None
            await trio.sleep(LONG)
            assert book.find(entry.order_id) is None
            return found

        assert entry.broker_order_id is not None
        await broker.order(entry.broker_order_id)
        assert await recalled()
        await broker.order_by_client_id(entry.terms.client_order_id)
        assert await recalled()
        # A list of all orders is only looked through for names.
        assert entry.broker_order_id in [
            one.broker_order_id for one in await broker.order_ids_since(moment)
        ]
        assert not await recalled()
        await broker.open_orders()
        assert not await recalled()
        # What is booked already calls nothing back, and is not told again.
        assert await life.stubborn.executions_since(moment)
        assert await broker.executions_since(moment) == []
        assert not await recalled()
        await broker.ping()
        assert (await broker.account()).account_id
        assert list(await broker.positions()) == []
        assert broker.name == life.broker.name
        assert book.fills_booked == fills


async def test_an_execution_that_nobody_has_booked_calls_its_order_back(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with round_trip(archived_world(tmp_path)) as life:
        book = life.tree.desk.book
        known = list(await life.stubborn.executions_since(START - timedelta(days=1)))
        late = evolve(known[0], execution_id="told-late")
        assert life.tree.archivist is not None
        told = await life.tree.archivist.recall_unbooked([*known, late])
        assert told == [late]
        assert book.find(late.broker_order_id) is not None


async def test_an_update_of_the_stream_finds_its_order(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with round_trip(archived_world(tmp_path)) as life:
        entry = (await life.operations.all_orders())[0]
        assert entry.broker_order_id is not None
        shown = await life.broker.order(entry.broker_order_id)
        assert shown is not None

        class Replayed:
            name = "replayed"

            @asynccontextmanager
            async def updates(self) -> AsyncIterator[AsyncIterator[OrderUpdate]]:
                yield self._updates()

            async def _updates(self) -> AsyncIterator[OrderUpdate]:
                assert shown is not None
                yield OrderUpdate(event="fill", order=shown)

        broker = evolve(life.tree.outside.broker, broker=Replayed())
        async with broker.updates() as updates:
            async for update in updates:
                assert update.order == shown
                assert life.tree.desk.book.find(entry.order_id) == entry


async def test_the_next_life_begins_with_the_last_snapshot(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    world = archived_world(tmp_path)
    async with round_trip(world) as life:
        resting = await life.submit(buy("10", limit="230.00", stop="222.00"), plan_id="resting")
    assert world.archive is not None
    restored = await world.archive.restore()
    assert restored.state is not None
    assert list(restored.records) == [], "it was stopped in order: nothing came after"

    async with world.life(tidy) as life:
        here = [one for one in life.orders() if one.terms.plan_id == "resting"]
        assert here[0].order_id == resting.orders[0].order_id
        # The start has asked for the last executions; what of them was booked is put away.
        listed = [one.order_id for one in await life.operations.all_orders()]
        assert len(listed) == len(set(listed)) == 4 + len(here)


async def test_a_crashed_life_is_continued_from_a_snapshot(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """And ends in the state that the whole journal adds up to."""
    world = archived_world(tmp_path)
    async with round_trip(world) as life:
        await life.submit(buy("10"), plan_id="after")
        await life.until(lambda: life.held() == 10)
        life.die()

    async with world.life(tidy) as life:
        assert life.held() == 10
        whole = rebuilt(None, (), world.journal.durable)
        assert whole.positions == life.tree.desk.book.positions
        assert whole.fills_booked == life.tree.desk.book.fills_booked
        recent = [one for one in whole.orders() if one.terms.plan_id == "after"]
        assert recent[0] == life.tree.desk.book.find(recent[0].order_id)


async def test_an_unchanged_book_is_written_once(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    world = archived_world(tmp_path)
    async with world.life(tidy) as life:
        await trio.sleep(INTERVAL * 3)
        assert world.archive is not None
        assert world.archive.snapshots == [state_of(life.tree.desk.book)]


async def test_after_many_records_the_next_snapshot_is_not_waited_for(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """However fast it trades, a start reads no more records than it can within its time."""
    world = archived_world(tmp_path)

    def soon(settings: TreeSettings) -> TreeSettings:
        often = ArchivistSettings(snapshot_interval=1e6, snapshot_records=10)
        return evolve(settings, archivist=often)

    async with world.life(soon) as life:
        assert world.archive is not None
        book = life.tree.desk.book
        for number in range(6):
            decision = buy("1", limit="215.00", stop="205.00", target="260.00")
            await life.submit(decision, plan_id=f"p-{number}")
            await trio.testing.wait_all_tasks_blocked()
            assert book.sequence - world.archive.snapshots[-1].sequence < 10 + 5

        assert len(world.archive.snapshots) > 2


async def test_an_archive_that_fails_halts_trading(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """What it lies on is what the journal lies on."""
    world = archived_world(tmp_path)
    async with round_trip(world) as life:
        assert world.archive is not None
        world.archive.failure = "the disk is gone"
        await life.operations.set_trading_state(TradingState.HALTED, "x", "me")
        await trio.sleep(INTERVAL * 2)

        assert life.tree.desk.failure is not None
        assert world.distrusted
        assert any("the disk is gone" in one for one in life.operations.readiness().reasons)
        with pytest.raises(CreamError) as refused:
            await life.operations.find_order("o-1")
        assert refused.value.kind.code == "PERSISTENCE_UNAVAILABLE"
        with pytest.raises(BrokerUnavailable, match="the archive cannot be read"):
            await life.tree.outside.broker.executions_since(START - timedelta(days=1))
        life.die()


async def test_old_records_are_removed_where_that_is_wanted(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    world = archived_world(tmp_path)
    day = 86_400.0

    def keeps_a_day(settings: TreeSettings) -> TreeSettings:
        return evolve(settings, archivist=ArchivistSettings(retention=day))

    async with world.life(keeps_a_day) as life:
        await trio.sleep(1)
        assert world.archive is not None
        assert world.archive.removed_before is not None
        assert life.tree.desk.clock.now() - world.archive.removed_before >= timedelta(days=1)


@define(eq=False)
class SlowArchive(MemoryArchive):
    """Keeps at once what it is given, and says so only when it is let."""

    told: trio.Event = field(factory=trio.Event)

    async def keep(self, archived: Archived, sequence: int) -> None:
        await super().keep(archived, sequence)
        await self.told.wait()


async def test_a_plan_that_is_asked_for_while_it_is_put_away_is_not_judged_anew(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """Between the look for its first answer and the decision it must not leave memory."""
    world = World(tmp_path)
    world.archive = archive = SlowArchive(world.journal)
    async with world.life(tidy) as life:
        await life.submit(buy("20"), plan_id="in")
        await life.until(lambda: life.held() == 20)
        await life.submit(close("20"), plan_id="out")
        await life.until(lambda: archive.plans, LONG)
        archivist = life.tree.archivist
        assert archivist is not None
        await archivist.recall_plan("in")
        archive.told.set()
        await trio.testing.wait_all_tasks_blocked()

        assert "in" in life.tree.desk.book.plans
        assert [one.terms.plan_id for one in life.orders(OrderPurpose.ENTRY)] == ["in"]
