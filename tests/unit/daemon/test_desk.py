"""What waits is decided in one turn and is durable together; a change wakes those it is about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import cast

import pytest
import trio
import trio.testing
from attrs import define, field

from cream.adapters.clock import ShiftedClock
from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.errors import CreamError, JournalFailed
from cream.core.model.order import OrderStatus, OrderTerms
from cream.core.risk.decisions import Decide, Decided
from cream.core.risk.gate import Approved
from cream.daemon.desk import (
    CancelOrder,
    Committed,
    Desk,
    DeskChannels,
    RouterJob,
    SendOrder,
    Subject,
)
from cream.daemon.journal_writer import Batch
from cream.daemon.publication import touched_by
from tests.fakes.builders import order_terms
from tests.unit.core.risk.scenes import NOW


@define
class Office:
    """A desk whose batches the test takes in the writer's place."""

    desk: Desk
    batches: trio.MemoryReceiveChannel[Batch]
    jobs: trio.MemoryReceiveChannel[RouterJob]
    turns: list[int] = field(factory=list)

    def batch(self) -> Batch:
        return self.batches.receive_nowait()

    def kinds(self, batch: Batch) -> list[str]:
        return [type(record.event).__name__ for record in batch.records]


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    batches_in, batches_out = trio.open_memory_channel[Batch](100)
    jobs_in, jobs_out = trio.open_memory_channel[RouterJob](100)
    desk = Desk(
        book=Book(),
        clock=ShiftedClock(NOW),
        channels=DeskChannels.to(batches_in, jobs_in),
        published=lambda _committed: None,
        touch=touched_by,
    )
    of = Office(desk, batches_out, jobs_out)
    desk.on_change(lambda committed: of.turns.append(len(committed)))
    async with trio.open_nursery() as nursery, jobs_out:
        await nursery.start(desk.run)
        yield of
        desk.channels.commands_in.close()


def intending(terms: OrderTerms) -> Decide[None]:
    def decide(_book: Book, now: datetime) -> Decided[None]:
        return Decided(None, (e.OrderIntended(at=now, terms=terms, reason="test"),))

    return decide


def progressing(order_id: str, status: OrderStatus = OrderStatus.ACCEPTED) -> Decide[None]:
    def decide(_book: Book, now: datetime) -> Decided[None]:
        event = e.OrderProgressed(at=now, order_id=order_id, status=status, reason="test")
        return Decided(None, (event,))

    return decide


def owing(_book: Book, now: datetime) -> Decided[None]:
    return Decided(None, (e.MassCancelOwed(at=now, reason="test"),))


def refusing(_book: Book, _now: datetime) -> Decided[None]:
    raise CreamError("NOT_FOUND", "nothing is there")


async def test_commands_that_wait_are_one_turn_and_one_batch_in_their_order() -> None:
    async with office() as of:
        for number in range(3):
            of.desk.do_soon(intending(order_terms(f"o-{number}")))
        of.desk.do_soon(refusing)
        of.desk.do_soon(progressing("o-1"))
        await trio.testing.wait_all_tasks_blocked()

        batch = of.batch()
        assert of.kinds(batch) == ["OrderIntended"] * 3 + ["OrderProgressed"]
        assert [one.sequence for one in batch.records] == [1, 2, 3, 4]
        assert of.turns == [4]
        with pytest.raises(trio.WouldBlock):
            of.batch()


async def test_a_turn_has_a_bound_so_that_the_first_need_not_wait_for_all() -> None:
    async with office() as of:
        for number in range(100):
            of.desk.do_soon(intending(order_terms(f"o-{number}")))
        await trio.testing.wait_all_tasks_blocked()

        assert of.turns == [16, 16, 16, 16, 16, 16, 4]
        assert [len(of.batch().records) for _ in of.turns] == of.turns


async def test_each_of_a_turn_is_answered_when_all_of_it_is_durable() -> None:
    async with office() as of:
        answered: list[str] = []

        async def ask(name: str) -> None:
            await of.desk.do(intending(order_terms(name)))
            answered.append(name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "o-1")
            nursery.start_soon(ask, "o-2")
            await trio.testing.wait_all_tasks_blocked()
            assert answered == []
            of.batch().committed()

        assert sorted(answered) == ["o-1", "o-2"]


async def test_what_is_to_go_is_handed_to_the_router_before_what_is_to_leave() -> None:
    """It may stand in the way: an exit is sent with the cancel of what holds its shares."""
    approved = cast(Approved, "an order")

    def exiting(_book: Book, now: datetime) -> Decided[None]:
        owed = e.MassCancelOwed(at=now, reason="test")
        return Decided(None, (owed,), sends=(approved,), cancels=("o-1", "o-2"))

    async with office() as of:
        of.desk.do_soon(exiting)
        await trio.testing.wait_all_tasks_blocked()
        assert of.jobs.statistics().current_buffer_used == 0, "not before it is durable"

        of.batch().committed()

        jobs = [of.jobs.receive_nowait() for _ in range(3)]
        assert jobs == [CancelOrder("o-1"), CancelOrder("o-2"), SendOrder(approved)]


async def test_when_the_journal_fails_each_of_the_turn_hears_of_it() -> None:
    async with office() as of:
        answered: list[str] = []

        async def ask(name: str) -> None:
            with pytest.raises(CreamError) as told:
                await of.desk.do(intending(order_terms(name)))
            answered.append(told.value.kind.code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "o-1")
            nursery.start_soon(ask, "o-2")
            await trio.testing.wait_all_tasks_blocked()
            of.batch().failed(JournalFailed("the disk is full"))

        assert answered == ["PERSISTENCE_UNAVAILABLE"] * 2
        assert not of.desk.book.trading_state.allows_increases


async def test_only_progress_that_nobody_waits_for_and_nothing_follows_from_may_linger() -> None:
    async with office() as of:
        of.desk.do_soon(intending(order_terms("o-1")))
        await trio.testing.wait_all_tasks_blocked()
        assert of.batch().urgent

        of.desk.do_soon(progressing("o-1"))
        await trio.testing.wait_all_tasks_blocked()
        assert not of.batch().urgent

        of.desk.do_soon(owing)
        of.desk.do_soon(progressing("o-1"))
        await trio.testing.wait_all_tasks_blocked()
        assert of.batch().urgent

        async with trio.open_nursery() as nursery:
            nursery.start_soon(of.desk.do, progressing("o-1"))
            await trio.testing.wait_all_tasks_blocked()
            batch = of.batch()
            assert batch.urgent
            batch.committed()

        def cancelling(_book: Book, _now: datetime) -> Decided[None]:
            return Decided(None, cancels=("o-1",))

        of.desk.do_soon(cancelling)
        await trio.testing.wait_all_tasks_blocked()
        assert of.batch().urgent


async def test_a_change_of_a_holding_does_not_linger() -> None:
    async with office() as of:

        def adjusting(_book: Book, now: datetime) -> Decided[None]:
            terms = order_terms("o-1")
            event = e.PositionAdjusted(
                at=now,
                instrument=terms.instrument,
                quantity=terms.quantity,
                average_price=terms.quantity,
                reason="test",
            )
            return Decided(None, (event,))

        of.desk.do_soon(adjusting)
        await trio.testing.wait_all_tasks_blocked()
        assert of.batch().urgent


@pytest.mark.parametrize(
    ("subject", "wakes"),
    [("o-1", True), ("o-2", False), ("AAPL", False), (e.OrderProgressed, True)],
)
async def test_a_change_wakes_who_waits_for_that_order_or_that_kind_of_event(
    subject: Subject, wakes: bool
) -> None:
    async with office() as of, trio.open_nursery() as nursery:
        of.desk.do_soon(intending(order_terms("o-1")))
        of.desk.do_soon(intending(order_terms("o-2")))
        await trio.testing.wait_all_tasks_blocked()
        woken = trio.Event()

        async def wait() -> None:
            await of.desk.wait_touched("another", subject)
            woken.set()

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        of.desk.do_soon(progressing("o-1"))
        await trio.testing.wait_all_tasks_blocked()

        assert woken.is_set() is wakes
        nursery.cancel_scope.cancel()


async def test_what_happens_to_a_slice_wakes_who_waits_for_its_tactic() -> None:
    async with office() as of, trio.open_nursery() as nursery:
        of.desk.do_soon(intending(order_terms("o-1")))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(of.desk.wait_touched, "o-1")
        await trio.testing.wait_all_tasks_blocked()
        of.desk.do_soon(intending(order_terms("o-slice", parent="o-1")))
        # The nursery ends only if the wait has.


async def test_whoever_has_stopped_waiting_leaves_nothing_behind() -> None:
    async with office() as of:
        with trio.CancelScope() as scope:
            scope.cancel()
            await of.desk.wait_touched("o-1", e.MassCancelOwed)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(of.desk.wait_touched, e.MassCancelOwed)
            await trio.testing.wait_all_tasks_blocked()
            of.desk.do_soon(owing)

        assert of.desk._waiting == {}


async def test_whoever_names_a_subject_twice_waits_for_it_once() -> None:
    """As whoever walks an order of one leg does: what it trades is what it is named by."""
    async with office() as of:
        with trio.CancelScope() as scope:
            scope.cancel()
            await of.desk.wait_touched("o-1", "AAPL", "AAPL")
        assert of.desk._waiting == {}


async def test_listeners_see_what_each_record_touched_as_it_was_then() -> None:
    seen: list[tuple[str, OrderStatus]] = []

    def listen(committed: object) -> None:
        assert isinstance(committed, list)
        for one in committed:
            assert isinstance(one, Committed)
            seen.extend((order.order_id, order.status) for order in one.touched.orders)

    async with office() as of:
        of.desk.on_change(listen)
        of.desk.do_soon(intending(order_terms("o-1")))
        of.desk.do_soon(progressing("o-1"))
        await trio.testing.wait_all_tasks_blocked()

    assert seen == [("o-1", OrderStatus.PENDING_NEW), ("o-1", OrderStatus.ACCEPTED)]
