"""Bugs in what is durable, when, and what a new life makes of it."""

from typing import Any

from cream.core.execution.book import Book
from cream.core.execution.events import Record
from cream.core.risk import decisions
from cream.daemon import tree, wiring
from cream.daemon.desk import Desk
from cream.daemon.hub import Hub
from cream.daemon.journal_writer import _Writer
from tests.simulation.mutants.registry import Bench, mutant


@mutant("I2")
def answer_before_the_commit(bench: Bench) -> None:
    """Callers are answered when their command is decided, not when it is durable."""

    def take(self: Desk, command: Any) -> Any:
        decide = command.decide

        def eager(book: Any, now: Any) -> Any:
            decided = decide(book, now)
            command.result = decided.result
            if command.done is not None:
                command.done.set()
            return decided

        command.decide = eager
        return plain(self, command)

    plain = bench.swap(Desk, "_decide", take)


@mutant("I2")
def commit_without_waiting(bench: Bench) -> None:
    """Batches count as durable once they were handed to the disk: nobody waits for the sync."""
    from attrs import evolve

    async def write(self: Any, group: Any, within_seconds: float) -> None:
        for batch in group:
            batch.committed()
        quiet = [evolve(batch, committed=lambda: None, failed=batch.failed) for batch in group]
        await plain(self, quiet, within_seconds)

    plain = bench.swap(_Writer, "write", write)


@mutant("I2")
def a_failed_sync_is_swallowed(bench: Bench) -> None:
    """A commit that the disk has refused counts as done, and the next one is tried."""

    async def commit(self: Any, records: Any, within_seconds: float) -> None:
        await plain(self, records, within_seconds)

    plain = bench.swap(_Writer, "_commit", commit)


@mutant("I20")
def restrictions_are_forgotten(bench: Bench) -> None:
    """A new life begins ACTIVE, whatever stood when the last one ended."""

    def rebuild(records: Any, trusted: bool) -> Any:
        beginning = plain(records, trusted)
        beginning.book.restrictions.clear()
        return beginning

    plain = bench.swap(wiring, "rebuild", rebuild)


@mutant("I14")
def a_debt_is_forgotten(bench: Bench) -> None:
    """A new life knows nothing of the mass cancel that the last one owed."""

    def rebuild(records: Any, trusted: bool) -> Any:
        beginning = plain(records, trusted)
        beginning.book.mass_cancel_owed = None
        return beginning

    plain = bench.swap(wiring, "rebuild", rebuild)


@mutant("I3")
def in_flight_is_forgotten(bench: Bench) -> None:
    """A new life takes orders that had left without an answer for ones that never left."""
    from attrs import evolve

    from cream.core.execution.events import SubmitUnknown
    from cream.daemon import recovery

    def begin_run(beginning: Any, **named: Any) -> Any:
        decide = plain(beginning, **named)

        def calm(book: Any, now: Any) -> Any:
            decided = decide(book, now)
            kept = tuple(one for one in decided.events if not isinstance(one, SubmitUnknown))
            return evolve(decided, events=kept)

        return calm

    plain = recovery.begin_run
    bench.swap(wiring, "begin_run", begin_run)


@mutant("I15")
def plans_are_judged_anew(bench: Bench) -> None:
    """A plan that was answered before is judged and placed again."""
    bench.swap(decisions, "_answered_before", lambda _book, _plan, _fingerprint: None)


@mutant("I14")
def a_record_is_folded_twice(bench: Bench) -> None:
    """A record that was applied before is applied again."""

    def apply(self: Book, record: Record) -> None:
        self.sequence = record.sequence
        self._fold(record.event)

    bench.swap(Book, "apply", apply)


@mutant("defect")
def families_are_parted(bench: Bench) -> None:
    """A closed order leaves memory though an order of its family is still at work."""
    from cream.core.execution import memory

    bench.swap(memory, "_root", lambda _book, order_id: order_id)


@mutant("I17")
def an_update_is_skipped(bench: Bench) -> None:
    """Now and then subscribers are not told."""

    def publish(self: Hub, updates: Any) -> None:
        plain(self, [one for one in updates if one.sequence % 40])

    plain = bench.swap(Hub, "publish", publish)


@mutant("I19")
def a_stop_waits_for_ever(bench: Bench) -> None:
    """A stop waits for tasks that nobody has told to end."""
    from cream.daemon.supervisor import Supervisor

    async def stop(self: Any, name: str, within: float) -> bool:
        await self._keepers[name].gone.wait()
        return True

    bench.swap(Supervisor, "stop", stop)


@mutant("I8")
def a_session_is_given_up(bench: Bench) -> None:
    """The order stream is connected once, and not again when it drops."""
    from attrs import evolve

    from cream.daemon.supervisor import Restart

    def children(self: Any) -> Any:
        return [
            evolve(one, restart=Restart.TEMPORARY) if one.name == "broker_session" else one
            for one in plain(self)
        ]

    plain = bench.swap(tree.Tree, "_children", children)
