"""Who changes what is true? One task: it runs pure decisions and records what they say.

A command is a function of (book, now) that gives events, effects and an answer
(`core/risk/decisions.py`). The desk runs commands one after the other, applies their events to the
book at once, and queues them for the journal: those that wait at the same time are one turn, and
go to the journal as one. Effects (an order to the router, an answer to a
caller, an update to subscribers) are released only when the journal has committed, in the same
order. So a decision always sees everything decided before it, nothing is sent or acknowledged
before it is durable, and many commands share one fsync.

When the journal fails, what was released stays true and nothing more is taken in: only cancels and
the broker's own reports still pass, without a journal.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
import trio
from attrs import define, field, frozen

from cream.core.execution.book import Book
from cream.core.execution.events import (
    ChildListed,
    Event,
    OrderAcknowledged,
    OrderProgressed,
    Record,
    TradingRestricted,
)
from cream.core.model.errors import CreamError, JournalFailed
from cream.core.model.state import Cause, TradingState
from cream.core.ports import Clock
from cream.core.risk.decisions import Decide, Decided
from cream.core.risk.gate import Approved
from cream.daemon.journal_writer import Batch

log = structlog.get_logger(__name__)
T = TypeVar("T")


@frozen
class SendOrder:
    """For the router: send this approved order."""

    approved: Approved


@frozen
class CancelOrder:
    """For the router: cancel the order with our id `order_id`."""

    order_id: str


RouterJob = SendOrder | CancelOrder


@define
class _Command(Generic[T]):
    """A decision to take, and whoever waits for its answer."""

    decide: Decide[T]
    passes_without_journal: bool
    done: trio.Event | None = None
    answered: Callable[[T], None] | None = None
    result: T | None = None
    error: Exception | None = None


@frozen
class _Step:
    """A command that was decided, and what was recorded for it."""

    command: _Command[Any]
    decided: Decided[Any]
    committed: Sequence["Committed"]


@frozen
class Committed:
    """What subscribers are told: a record that is durable, and the book it was applied to."""

    record: Record
    touched: "Touched"


@frozen
class Touched:
    """Which orders and symbols a record changed, read off when it was applied."""

    orders: tuple[Any, ...] = ()
    symbols: tuple[str, ...] = ()


# Commands that may wait for the desk. Each is one order or report; past this, callers wait.
_COMMANDS = 10_000
# Commands that are decided in one turn. They share what a turn costs besides; but nothing else in
# the daemon runs meanwhile (a decision takes some 0.2 to 0.5 ms), a stop and the heartbeat neither.
_TURN = 16

# What a broker tells of an order that works, and tells again whoever asks.
_PROGRESS = (OrderAcknowledged, ChildListed, OrderProgressed)

# Whoever waits for a change names what it is about: an order by our id, a holding by its symbol, or
# a kind of event.
Subject = str | type[Event]


@define
class DeskChannels:
    """The desk's ends. Bounded: a full command queue makes callers wait, never the feed."""

    commands_in: trio.MemorySendChannel[_Command[Any]]
    commands_out: trio.MemoryReceiveChannel[_Command[Any]]
    batches: trio.MemorySendChannel[Batch]
    jobs: trio.MemorySendChannel[RouterJob]

    @classmethod
    def to(
        cls, batches: trio.MemorySendChannel[Batch], jobs: trio.MemorySendChannel[RouterJob]
    ) -> "DeskChannels":
        """A command queue in front, and these two behind."""
        commands_in, commands_out = trio.open_memory_channel[_Command[Any]](_COMMANDS)
        return cls(commands_in, commands_out, batches, jobs)


@define
class Desk:
    """The owner of the book. Everyone may read it; only `run` changes it."""

    book: Book
    clock: Clock
    channels: DeskChannels
    published: Callable[[Sequence[Committed]], None]
    touch: Callable[[Book, Event], Touched]
    on_failure: Callable[[JournalFailed], None] = field(default=lambda _error: None)
    failure: JournalFailed | None = None
    finished: trio.Event = field(factory=trio.Event)
    _listeners: list[Callable[[Sequence[Committed]], None]] = field(factory=list)
    _changed: trio.Event = field(factory=trio.Event)
    _waiting: dict[Subject, dict[trio.Event, None]] = field(factory=dict)

    def on_change(self, listener: Callable[[Sequence[Committed]], None]) -> None:
        """Call `listener` (which must not wait) with what each turn has changed in the book.

        That is before it is durable: what follows must go through the desk too.
        """
        self._listeners.append(listener)

    async def wait_change(self) -> None:
        """Return once the book has changed. For what changes with anything, and for rare waits."""
        await self._changed.wait()

    async def wait_touched(self, *subjects: Subject) -> None:
        """Return once a record has touched one of `subjects`; whatever else changes wakes nobody.

        A slice, or an exit, of an order touches that order too.
        """
        touched = trio.Event()
        named = dict.fromkeys(subjects)
        for subject in named:
            self._waiting.setdefault(subject, {})[touched] = None
        try:
            await touched.wait()
        finally:
            for subject in named:
                waiting = self._waiting[subject]
                waiting.pop(touched, None)
                if not waiting:
                    del self._waiting[subject]

    async def do(self, decide: Decide[T], *, passes_without_journal: bool = False) -> T:
        """The decision's answer, once what it recorded is durable.

        Raises: CreamError from the decision, or PERSISTENCE_UNAVAILABLE.
        Cancellation: the command is taken all the same if the desk had it already.
        """
        command = _Command(decide, passes_without_journal, done=trio.Event())
        assert command.done is not None
        try:
            await self._hand_in(command)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise CreamError("NOT_READY", "the daemon is stopping") from None
        await command.done.wait()
        if command.error is not None:
            raise command.error
        return command.result  # type: ignore[return-value]

    async def post(
        self,
        decide: Decide[T],
        *,
        passes_without_journal: bool = True,
        answered: Callable[[T], None] | None = None,
    ) -> None:
        """Hand the decision in, waiting for room in the queue but not for the answer.

        `answered` is told it, once what was recorded is durable. It must not wait or raise.
        """
        await self._hand_in(_Command(decide, passes_without_journal, answered=answered))

    async def _hand_in(self, command: _Command[Any]) -> None:
        """Wait for room in the queue, and for nothing else: where there is, nobody else runs."""
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            self.channels.commands_in.send_nowait(command)
        except trio.WouldBlock:
            await self.channels.commands_in.send(command)

    def do_soon(self, decide: Decide[Any], *, passes_without_journal: bool = True) -> None:
        """Take the decision soon; nobody waits for the answer.

        Raises: trio.WouldBlock when the queue is full: the caller's own source is to be read
        again later (reports are also found by reconciliation).
        """
        self.channels.commands_in.send_nowait(_Command(decide, passes_without_journal))

    def send_again(self, approved: Approved) -> None:
        """Give back an order that a router took and could not send: it never left."""
        self.channels.jobs.send_nowait(SendOrder(approved))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Take commands until the last sender is gone."""
        task_status.started()
        try:
            async for command in self.channels.commands_out:
                await self._take(self._turn(command))
        finally:
            self.finished.set()

    def _turn(self, first: _Command[Any]) -> Sequence[_Command[Any]]:
        """`first`, and those that wait behind it."""
        turn = [first]
        while len(turn) < _TURN:
            try:
                turn.append(self.channels.commands_out.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel):
                break
        return turn

    async def _take(self, turn: Sequence[_Command[Any]]) -> None:
        """Decide one after the other, and hand what they record to the journal as one batch."""
        steps = [step for command in turn if (step := self._decide(command)) is not None]
        self._changed_by([one for step in steps for one in step.committed])
        if self.failure is not None:
            self._release(steps)
        elif steps:
            batch = Batch(
                records=tuple(one.record for step in steps for one in step.committed),
                committed=partial(self._release, steps),
                failed=partial(self._fail, steps),
                urgent=any(_is_urgent(step) for step in steps),
            )
            try:
                self.channels.batches.send_nowait(batch)
            except trio.WouldBlock:
                await self.channels.batches.send(batch)
            except trio.BrokenResourceError:
                # Where everything is being ended the writer may be gone a turn before the desk.
                await trio.lowlevel.checkpoint_if_cancelled()
                raise

    def _decide(self, command: _Command[Any]) -> _Step | None:
        """Take one command; None if it had to be answered with an error."""
        if self.failure is not None and not command.passes_without_journal:
            message = f"the journal cannot commit: {self.failure}"
            self._answer(command, CreamError("PERSISTENCE_UNAVAILABLE", message))
            return None
        try:
            decided = command.decide(self.book, self.clock.now())
        except CreamError as error:
            self._answer(command, error)
            return None
        except Exception as error:  # barrier: a defect in one command ends only it
            log.error("desk.decision_failed", exc_info=error)
            self._answer(command, CreamError("INTERNAL", "the command could not be decided"))
            return None
        return _Step(command, decided, self._record(decided.events))

    def _record(self, events: Sequence[Event]) -> Sequence[Committed]:
        """Apply `events` and say what each touched. A broken invariant ends the process."""
        committed = []
        for event in events:
            record = Record(self.book.sequence + 1, event)
            self.book.apply(record)
            committed.append(Committed(record, self.touch(self.book, event)))
        return committed

    def _changed_by(self, committed: Sequence[Committed]) -> None:
        """Tell whoever listens and wake whoever waits for this."""
        if not committed:
            return
        self._changed.set()
        self._changed = trio.Event()
        for listener in self._listeners:
            listener(committed)
        if self._waiting:
            for subject in {one: None for each in committed for one in _subjects(each)}:
                for waiting in self._waiting.get(subject, ()):
                    waiting.set()

    def _release(self, steps: Sequence[_Step]) -> None:
        """The journal has it: let the effects happen."""
        for step in steps:
            # Cancels first: what is to go may stand in the way of what is to leave.
            for order_id in step.decided.cancels:
                self.channels.jobs.send_nowait(CancelOrder(order_id))
            for approved in step.decided.sends:
                self.channels.jobs.send_nowait(SendOrder(approved))
            self.published(step.committed)
            self._succeed(step.command, step.decided)

    def _fail(self, steps: Sequence[_Step], error: JournalFailed) -> None:
        """The journal does not have it. Cancels that need none still leave; nothing else does.

        A cancel that only makes way for an exit does not: the exit cannot follow it.
        """
        self.journal_failed(error)
        for step in steps:
            if step.command.passes_without_journal:
                for order_id in step.decided.cancels:
                    self.channels.jobs.send_nowait(CancelOrder(order_id))
                self._succeed(step.command, step.decided)
                continue
            message = f"the journal cannot commit: {error}"
            self._answer(step.command, CreamError("PERSISTENCE_UNAVAILABLE", message))

    def journal_failed(self, error: JournalFailed) -> None:
        """Trade no more: the store can keep nothing. Said once, whoever found out."""
        if self.failure is not None:
            return
        self.failure = error
        log.critical("desk.journal_failed", error=str(error))
        self.on_failure(error)
        # True of this life only: the journal cannot keep it, so the next start says it anew.
        halted = TradingRestricted(
            at=self.clock.now(),
            cause=Cause.PERSISTENCE,
            state=TradingState.HALTED,
            reason=str(error),
            actor="desk",
        )
        committed = self._record((halted,))
        self._changed_by(committed)
        self.published(committed)

    def _succeed(self, command: _Command[Any], decided: Decided[Any]) -> None:
        command.result = decided.result
        if command.answered is not None:
            command.answered(decided.result)
        if command.done is not None:
            command.done.set()

    def _answer(self, command: _Command[Any], error: CreamError) -> None:
        command.error = error
        if command.done is not None:
            command.done.set()


def _is_urgent(step: _Step) -> bool:
    """Whether somebody waits for it, something follows from it, or it is more than progress."""
    decided = step.decided
    if step.command.done is not None or decided.sends or decided.cancels:
        return True
    return not all(isinstance(event, _PROGRESS) for event in decided.events)


def _subjects(one: Committed) -> Iterator[Subject]:
    """Whatever somebody may wait for that this record touched."""
    yield type(one.record.event)
    yield from one.touched.symbols
    for order in one.touched.orders:
        yield order.order_id
        if order.terms.parent_order_id is not None:
            yield order.terms.parent_order_id
