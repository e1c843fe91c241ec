"""Facts become durable in order and in groups, and nobody hears of one that is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing
from attrs import define, field

from cream.core.execution.events import MassCancelConfirmed, Record
from cream.core.model.errors import JournalFailed
from cream.daemon import journal_writer
from cream.daemon.journal_writer import Batch, GroupCommit, JournalWriterSettings
from tests.fakes.memory_journal import MemoryJournal
from tests.unit.adapters.store.examples import AT

# How long the fake journal takes for a commit, in seconds of the mock clock.
SYNC = 1.0


@define
class Desk:
    """Hands in batches, and keeps what it was told, in order."""

    journal: MemoryJournal
    batches: trio.MemorySendChannel[Batch]
    told: list[str] = field(factory=list)
    errors: list[str] = field(factory=list)
    commits: list[GroupCommit] = field(factory=list)
    sequence: int = 0

    def batch(self, name: str, count: int = 1, urgent: bool = True) -> Batch:
        """A batch of `count` records; answers are kept as "name" or "name failed"."""
        last = self.sequence + count
        records = tuple(
            Record(sequence, MassCancelConfirmed(at=AT))
            for sequence in range(self.sequence + 1, last + 1)
        )
        self.sequence = last

        def committed() -> None:
            durable = [record.sequence for record in self.journal.durable]
            assert all(record.sequence in durable for record in records), "told before durable"
            self.told.append(name)

        def failed(error: JournalFailed) -> None:
            self.told.append(f"{name} failed")
            self.errors.append(str(error))

        return Batch(records=records, committed=committed, failed=failed, urgent=urgent)

    def hand_in(self, *names: str) -> None:
        """Queue a batch of one record for each name."""
        for name in names:
            self.batches.send_nowait(self.batch(name))


@asynccontextmanager
async def running(
    journal: MemoryJournal,
    settings: JournalWriterSettings | None = None,
    queue: int = 100,
) -> AsyncIterator[tuple[Desk, trio.CancelScope]]:
    """A writer at work, until its desk closes the channel or the scope is cancelled."""
    send, receive = trio.open_memory_channel[Batch](queue)
    desk = Desk(journal, send)
    scope = trio.CancelScope()

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        told = settings or JournalWriterSettings()
        with scope:
            await journal_writer.run(
                receive, journal, desk.commits.append, told, task_status=task_status
            )

    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        yield desk, scope
        if not scope.cancel_called:
            await send.aclose()


async def test_each_batch_is_told_once_its_records_are_durable(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.hand_in("a")
        await trio.sleep(SYNC / 2)
        assert desk.told == []
        await trio.sleep(SYNC)
        assert desk.told == ["a"]


async def test_what_gathers_during_a_commit_shares_the_next_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.hand_in("a")
        await trio.sleep(SYNC / 2)
        desk.hand_in("b", "c", "d")

    assert [len(group) for group in journal.commits] == [1, 3]
    assert desk.told == ["a", "b", "c", "d"]
    assert desk.commits == [
        GroupCommit(batches=1, records=1, seconds=SYNC),
        GroupCommit(batches=3, records=3, seconds=SYNC),
    ]


async def test_the_journal_gets_the_records_in_their_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        for name, count in (("a", 2), ("b", 1), ("c", 3)):
            desk.batches.send_nowait(desk.batch(name, count))
            await trio.sleep(SYNC / 4)

    assert [record.sequence for record in journal.durable] == [1, 2, 3, 4, 5, 6]
    assert desk.told == ["a", "b", "c"]


async def test_a_full_group_takes_no_more_batches(autojump_clock: trio.testing.MockClock) -> None:
    """But a batch is never divided: its records are durable together."""
    journal = MemoryJournal()
    async with running(journal, JournalWriterSettings(commit_batch_max=4)) as (desk, _):
        for name, count in (("a", 1), ("b", 2), ("c", 7), ("d", 1), ("e", 5), ("f", 1)):
            desk.batches.send_nowait(desk.batch(name, count))

    assert [len(group) for group in journal.commits] == [10, 6, 1]
    assert desk.told == list("abcdef")


async def test_a_batch_without_records_is_told_in_its_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.hand_in("a")
        desk.batches.send_nowait(desk.batch("nothing", 0))
        desk.hand_in("b")

    assert desk.told == ["a", "nothing", "b"]
    assert journal.commits == [tuple(journal.durable)]


async def test_a_batch_without_records_alone_costs_no_commit(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.batches.send_nowait(desk.batch("nothing", 0))

    assert desk.told == ["nothing"]
    assert journal.commits == []


async def test_after_a_failure_every_batch_is_answered_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Though the disk would take them again: what it holds is not known before a new start."""
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.hand_in("a")
        await trio.sleep(SYNC / 2)
        journal.fail_next_commit("the disk is full")
        desk.hand_in("b")
        await trio.sleep(3 * SYNC)
        desk.hand_in("c")
        desk.batches.send_nowait(desk.batch("nothing", 0))
        await trio.sleep(3 * SYNC)
        assert desk.told == ["a failed", "b failed", "c failed", "nothing failed"]

    assert desk.errors == ["the disk is full"] * 4
    assert journal.durable == []
    assert desk.commits == []


async def test_a_journal_that_is_not_asked_again_stays_unasked(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The failure is kept here, not only by a journal that keeps its own."""
    journal = MemoryJournal()
    async with running(journal) as (desk, _):
        journal.fail_next_commit()
        desk.hand_in("a")
        await trio.testing.wait_all_tasks_blocked()
        journal._failure = None
        desk.sequence = 0
        desk.hand_in("b")

    assert desk.told == ["a failed", "b failed"]
    assert journal.durable == []


async def test_a_commit_that_takes_too_long_is_a_failure(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=1_000)
    settings = JournalWriterSettings(commit_timeout_seconds=2 * SYNC)
    async with running(journal, settings) as (desk, _):
        desk.hand_in("a", "b")
        await trio.sleep(3 * SYNC)
        assert desk.told == ["a failed", "b failed"]

    assert "did not take a commit within 2 s: check it" in desk.errors[0]


async def test_the_writer_ends_once_the_last_sender_is_gone_and_all_is_written(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.hand_in("a", "b")
        await desk.batches.aclose()

    assert desk.told == ["a", "b"]


async def test_a_cancelled_writer_finishes_what_is_under_way_and_what_is_queued(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, scope):
        desk.hand_in("a")
        await trio.sleep(SYNC / 2)
        desk.hand_in("b", "c")
        scope.cancel()

    assert desk.told == ["a", "b", "c"]
    assert len(journal.durable) == 3


async def test_a_cancelled_writer_takes_what_waits_for_room_in_the_queue(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with trio.open_nursery() as senders, running(journal, queue=0) as (desk, scope):
        senders.start_soon(desk.batches.send, desk.batch("a"))
        await trio.sleep(SYNC / 2)
        senders.start_soon(desk.batches.send, desk.batch("b"))
        await trio.sleep(SYNC / 4)
        scope.cancel()

    assert desk.told == ["a", "b"]


async def test_a_cancelled_writer_ends_in_time_and_answers_what_is_left(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It is better to end with a clear no than to be killed by the service manager."""
    journal = MemoryJournal(delay_seconds=SYNC)
    settings = JournalWriterSettings(commit_batch_max=1, drain_timeout_seconds=2.5 * SYNC)
    began = trio.current_time()
    async with running(journal, settings) as (desk, scope):
        desk.hand_in("a")
        await trio.sleep(SYNC / 4)
        desk.hand_in("b", "c", "d", "e")
        scope.cancel()

    assert desk.told == ["a", "b", "c", "d failed", "e failed"]
    assert len(journal.durable) == 3
    assert trio.current_time() - began <= SYNC + settings.drain_timeout_seconds


async def test_a_writer_without_time_to_drain_still_answers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    settings = JournalWriterSettings(drain_timeout_seconds=0)
    async with running(journal, settings) as (desk, scope):
        desk.hand_in("a")
        await trio.sleep(SYNC / 2)
        desk.hand_in("b")
        scope.cancel()

    assert desk.told == ["a", "b failed"]
    assert desk.errors == ["Cream stopped before the record could be written; start it again"]


async def test_what_was_not_told_before_a_crash_may_be_lost_and_nothing_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal) as (desk, _):
        desk.hand_in("a")
        await trio.sleep(1.5 * SYNC)
        desk.hand_in("b")
        await trio.sleep(SYNC / 2)
        next_life = journal.crash()

    assert desk.told == ["a", "b failed"]
    assert list(await next_life.load()) == journal.durable[:1]


async def test_one_who_does_not_listen_to_commits_need_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal()
    send, receive = trio.open_memory_channel[Batch](1)
    desk = Desk(journal, send)
    desk.hand_in("a")
    await send.aclose()

    await journal_writer.run(receive, journal)

    assert desk.told == ["a"]


LINGER = 0.5
LINGERING = JournalWriterSettings(linger_seconds=LINGER)


async def test_what_is_not_urgent_waits_for_what_is_and_shares_its_commit(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal, LINGERING) as (desk, _):
        desk.batches.send_nowait(desk.batch("a", urgent=False))
        await trio.sleep(LINGER / 2)
        desk.batches.send_nowait(desk.batch("b", urgent=False))
        desk.batches.send_nowait(desk.batch("c"))
        await trio.sleep(SYNC + LINGER / 4)
        assert desk.told == ["a", "b", "c"]

    assert [len(group) for group in journal.commits] == [3]


async def test_what_is_not_urgent_waits_no_longer_than_it_may(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    async with running(journal, LINGERING) as (desk, _):
        desk.batches.send_nowait(desk.batch("a", urgent=False))
        await trio.sleep(LINGER + SYNC / 2)
        assert desk.told == []
        await trio.sleep(SYNC)
        assert desk.told == ["a"]


async def test_a_full_group_does_not_linger(autojump_clock: trio.testing.MockClock) -> None:
    journal = MemoryJournal(delay_seconds=SYNC)
    settings = JournalWriterSettings(linger_seconds=LINGER, commit_batch_max=2)
    async with running(journal, settings) as (desk, _):
        desk.batches.send_nowait(desk.batch("a", urgent=False))
        desk.batches.send_nowait(desk.batch("b", urgent=False))
        await trio.sleep(SYNC + LINGER / 2)
        assert desk.told == ["a", "b"]


async def test_what_lingers_is_written_when_the_writer_is_cancelled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal()
    async with running(journal, LINGERING) as (desk, scope):
        desk.batches.send_nowait(desk.batch("a", urgent=False))
        await trio.testing.wait_all_tasks_blocked()
        scope.cancel()

    assert desk.told == ["a"]


async def test_what_lingers_is_written_when_nothing_more_can_come(
    autojump_clock: trio.testing.MockClock,
) -> None:
    journal = MemoryJournal()
    async with running(journal, LINGERING) as (desk, _):
        desk.batches.send_nowait(desk.batch("a", urgent=False))
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()

    assert desk.told == ["a"]
    assert trio.current_time() == began
