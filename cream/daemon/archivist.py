"""What need not be in memory, and how is it found again? Snapshots, and closed orders put away.

At an interval the archivist makes what closed a while ago durable in the archive and lets the book
forget it, then writes the book whole, so that the next start reads little. Whatever names an order
from outside (a caller, the broker) is looked up in the archive before anybody decides on it; what
is found is back in the book as if it had never left. Nothing of this changes what is true, so none
of it is an event.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice

import structlog
import trio
from attrs import define, evolve, field, frozen

from cream.core.execution.book import Book
from cream.core.execution.memory import Archived, BookState, forget, revive, state_of, superfluous
from cream.core.model.account import Account
from cream.core.model.activity import Activity
from cream.core.model.broker import (
    BrokerOrder,
    BrokerPosition,
    CancelOutcome,
    Execution,
    ExerciseOutcome,
    OrderIds,
    OrderUpdate,
    SubmitOutcome,
)
from cream.core.model.errors import BrokerUnavailable, CreamError, JournalFailed
from cream.core.model.instrument import OptionContract
from cream.core.model.order import Order, OrderStatus, OrderTerms
from cream.core.ports import Archive, Broker, StillWanted, always_wanted
from cream.core.risk.decisions import Decided
from cream.daemon.desk import Committed, Desk

log = structlog.get_logger(__name__)

# Orders that are read from the archive together where only a few of them will be wanted.
_READ_AT_ONCE = 100


@frozen(kw_only=True)
class ArchivistSettings:
    """Units: seconds. `retention` is None where the journal keeps everything."""

    snapshot_interval: float = 60.0
    # A snapshot is due after so many records, however early that is: the next start reads what came
    # after the last one, at some 10,000 records a second, and is to be ready in 3 seconds.
    snapshot_records: int = 10_000
    closed_orders: float = 3600.0
    retention: float | None = None


@define
class Archivist:
    """The archivist's collaborators, and what it called back lately."""

    desk: Desk
    archive: Archive
    settings: ArchivistSettings
    _recalled: dict[str, float] = field(factory=dict)
    _snapshot_at: int | None = None
    _due: trio.Event = field(factory=trio.Event)

    def changed(self, _committed: Sequence[Committed]) -> None:
        """The book changed. Does not wait."""
        if self.desk.book.sequence - (self._snapshot_at or 0) >= self.settings.snapshot_records:
            self._due.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Put away and write snapshots, for ever.

        Cancellation: what was handed to the archive is finished there.
        """
        task_status.started()
        while True:
            self._due = trio.Event()
            await self.tidy()
            with trio.move_on_after(self.settings.snapshot_interval):
                await self._due.wait()

    async def tidy(self) -> None:
        """Put away what closed a while ago, write a snapshot, remove what is older than wanted.

        A store that fails here has failed: the desk halts, as after a commit.
        """
        if self.desk.failure is not None:
            return
        try:
            await self._put_away()
            await self.snapshot()
            if self.settings.retention is not None:
                age = timedelta(seconds=self.settings.retention)
                removed = await self.archive.compact(self.desk.clock.now() - age)
                if removed:
                    log.info("archivist.records_removed", records=removed)
        except JournalFailed as error:
            self.desk.journal_failed(error)
        except CreamError as error:
            # The journal failed before the archive was asked: everybody has been told.
            log.warning("archivist.desk_refused", error=str(error))

    async def _put_away(self) -> None:
        leaving, sequence = await self.desk.do(self._leaving)
        if leaving.orders or leaving.plans:
            await self.archive.keep(leaving, sequence)
            leaving = self._unasked_for(leaving)
            forget(self.desk.book, leaving)
            log.info("archivist.orders_put_away", orders=len(leaving.orders))

    def _unasked_for(self, leaving: Archived) -> Archived:
        """Without the families that somebody has asked for while they were put away."""
        asked = {one.root_id for one in leaving.orders if one.order.order_id in self._recalled}
        return evolve(
            leaving, orders=tuple(one for one in leaving.orders if one.root_id not in asked)
        )

    def _leaving(self, book: Book, now: datetime) -> Decided[tuple[Archived, int]]:
        clock = trio.current_time()
        self._recalled = {one: until for one, until in self._recalled.items() if until > clock}
        closed_before = now - timedelta(seconds=self.settings.closed_orders)
        leaving = superfluous(book, closed_before, self._recalled)
        return Decided((leaving, book.sequence))

    async def snapshot(self) -> None:
        """Write the book whole, unless nothing has happened.

        Raises: JournalFailed; CreamError when the desk takes nothing any more.
        """
        state = await self.desk.do(_state)
        if state.sequence != self._snapshot_at:
            await self.archive.keep_snapshot(state)
            self._snapshot_at = state.sequence

    async def recall(self, names: Iterable[str]) -> None:
        """Have the orders with these ids in the book, if there are any.

        Raises: JournalFailed when the archive cannot be read.
        """
        book = self.desk.book
        missing = [one for one in dict.fromkeys(names) if one and book.find(one) is None]
        if missing:
            self._revive(await self.archive.find(missing))

    async def recall_unbooked(self, executions: Sequence[Execution]) -> Sequence[Execution]:
        """Have in the book whatever these are new for; what the archive has booked is left out.

        Whoever asks for executions asks from long before what is new: most of them were booked,
        and to have all their orders back would fill memory and write the archive again.

        Raises: JournalFailed when the archive cannot be read.
        """
        find = self.desk.book.find
        away = dict.fromkeys(
            one.broker_order_id for one in executions if find(one.broker_order_id) is None
        )
        names, booked = iter(away), set[str]()
        # A few at a time: there can be thousands, and nearly all are read for a comparison only.
        while some := list(islice(names, _READ_AT_ONCE)):
            of_some = frozenset(some)
            told = [one for one in executions if one.broker_order_id in of_some]
            booked |= await self._recall_unless_booked(some, told)
        return [
            one
            for one in executions
            if one.broker_order_id not in away or one.execution_id not in booked
        ]

    async def _recall_unless_booked(
        self, names: Sequence[str], executions: Sequence[Execution]
    ) -> set[str]:
        """Have those of the orders with these broker ids in the book that `executions` are new for.

        Returns the execution ids that the archive has booked for any of them.
        """
        archived = await self.archive.find(names)
        booked = {each.execution_id for one in archived.orders for each in one.executions}
        new = {one.broker_order_id for one in executions if one.execution_id not in booked}
        roots = {one.root_id for one in archived.orders if new.intersection(one.broker_ids)}
        wanted = tuple(one for one in archived.orders if one.root_id in roots)
        if wanted:
            self._revive(evolve(archived, orders=wanted))
        return booked

    async def recall_plan(self, plan_id: str) -> None:
        """Have the plan and its orders in the book, if it was ever answered with any.

        They stay there for a while: whoever asks is about to decide on them.
        Raises: JournalFailed.
        """
        book = self.desk.book
        judged = book.plans.get(plan_id)
        if judged is None or any(book.find(one) is None for one in judged.order_ids):
            self._revive(await self.archive.plan(plan_id))
        else:
            self._keep(judged.order_ids)

    async def orders(self, status: OrderStatus | None, limit: int | None) -> Sequence[Order]:
        """Archived orders that are not in the book, oldest first.   Raises: JournalFailed."""
        found = await self.archive.orders(status, limit)
        return [one for one in found if self.desk.book.find(one.order_id) is None]

    def _revive(self, archived: Archived) -> None:
        self._keep([one.order.order_id for one in archived.orders])
        revive(self.desk.book, archived)

    def _keep(self, order_ids: Sequence[str]) -> None:
        until = trio.current_time() + self.settings.closed_orders
        self._recalled.update((one, until) for one in order_ids)


def _state(book: Book, _now: datetime) -> Decided[BookState]:
    return Decided(state_of(book))


@frozen
class LookUp:
    """What callers name, found in the book or in the archive. Without an archive: in the book."""

    _archivist: Archivist | None = None

    async def named(self, names: Sequence[str]) -> None:
        """Have these orders in the book, if there are any."""
        if self._archivist is not None:
            with _told_as_unavailable():
                await self._archivist.recall(names)

    async def plan(self, plan_id: str) -> None:
        """Have what was answered to this plan in the book, if anything was."""
        if self._archivist is not None:
            with _told_as_unavailable():
                await self._archivist.recall_plan(plan_id)

    async def all_orders(
        self, book: Book, status: OrderStatus | None, limit: int | None
    ) -> Sequence[Order]:
        """Orders in the book and in the archive, oldest first; the newest `limit` of them."""
        archived: Sequence[Order] = ()
        if self._archivist is not None:
            with _told_as_unavailable():
                archived = await self._archivist.orders(status, limit)
        lately = [one for one in book.orders() if status is None or one.status is status]
        every = sorted([*archived, *lately], key=lambda order: order.intended_at)
        return every if limit is None else every[max(0, len(every) - limit) :]


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    """What was asked for may be in an archive that cannot be read: that is no "not found"."""
    try:
        yield
    except JournalFailed as error:
        raise CreamError("PERSISTENCE_UNAVAILABLE", f"the archive: {error}") from error


@frozen
class RecallingBroker:
    """The broker, whose every answer finds the orders that it is about in the book.

    All but one: the list of all orders is looked through for a name, and not taken in.
    """

    _broker: Broker
    _archivist: Archivist

    @property
    def name(self) -> str:
        """What logs and people call it."""
        return self._broker.name

    async def submit(
        self, terms: OrderTerms, still_wanted: StillWanted = always_wanted
    ) -> SubmitOutcome:
        """As the broker: the order is in the book."""
        return await self._broker.submit(terms, still_wanted)

    async def cancel(self, broker_order_id: str) -> CancelOutcome:
        """As the broker: the order is in the book."""
        return await self._broker.cancel(broker_order_id)

    async def exercise(self, contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        """As the broker: it is about no order."""
        return await self._broker.exercise(contract, quantity)

    async def do_not_exercise(self, contract: OptionContract) -> ExerciseOutcome:
        """As the broker: it is about no order."""
        return await self._broker.do_not_exercise(contract)

    async def order_by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        """As the broker."""
        return await self._known_one(await self._broker.order_by_client_id(client_order_id))

    async def order(self, broker_order_id: str) -> BrokerOrder | None:
        """As the broker."""
        return await self._known_one(await self._broker.order(broker_order_id))

    async def open_orders(self) -> Sequence[BrokerOrder]:
        """As the broker."""
        return await self._known(await self._broker.open_orders())

    async def order_ids_since(self, moment: datetime) -> Sequence[OrderIds]:
        """As the broker. They are thousands: to have the orders all back would fill memory."""
        return await self._broker.order_ids_since(moment)

    async def executions_since(self, moment: datetime) -> Sequence[Execution]:
        """As the broker."""
        executions = await self._broker.executions_since(moment)
        with _told_as_no_answer():
            return await self._archivist.recall_unbooked(executions)

    async def activities_since(self, day: date) -> Sequence[Activity]:
        """As the broker."""
        return await self._broker.activities_since(day)

    async def positions(self) -> Sequence[BrokerPosition]:
        """As the broker."""
        return await self._broker.positions()

    async def account(self) -> Account:
        """As the broker."""
        return await self._broker.account()

    async def ping(self) -> None:
        """As the broker."""
        await self._broker.ping()

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[AsyncIterator[OrderUpdate]]:
        """As the broker."""
        opened: AbstractAsyncContextManager[AsyncIterator[OrderUpdate]] = self._broker.updates()
        async with opened as updates:
            yield _RecallingUpdates(updates, self)

    async def recall_for(self, update: OrderUpdate) -> None:
        """Have what the update is about in the book.   Raises: BrokerUnavailable."""
        await self._known([update.order])

    async def _known_one(self, shown: BrokerOrder | None) -> BrokerOrder | None:
        if shown is not None:
            await self._known([shown])
        return shown

    async def _known(self, shown: Sequence[BrokerOrder]) -> Sequence[BrokerOrder]:
        await self._recall(name for one in shown for name in self._names(one))
        return shown

    def _names(self, shown: BrokerOrder) -> Iterator[str]:
        """Names to look for; none of an order that the book has, and so its legs too."""
        find = self._archivist.desk.book.find
        if find(shown.broker_order_id) is None and find(shown.client_order_id) is None:
            yield from (shown.broker_order_id, shown.client_order_id, shown.replaces or "")
            for leg in shown.legs:
                yield leg.broker_order_id

    async def _recall(self, names: Iterable[str]) -> None:
        with _told_as_no_answer():
            await self._archivist.recall(names)


@contextmanager
def _told_as_no_answer() -> Iterator[None]:
    """An order of ours would look like a stranger's: better no answer than a wrong one."""
    try:
        yield
    except JournalFailed as error:
        raise BrokerUnavailable(f"the archive cannot be read: {error}") from error


class _RecallingUpdates:
    """The order stream, each update after its order was recalled."""

    def __init__(self, updates: AsyncIterator[OrderUpdate], broker: RecallingBroker) -> None:
        self._updates, self._broker = updates, broker

    def __aiter__(self) -> "_RecallingUpdates":
        return self

    async def __anext__(self) -> OrderUpdate:
        update = await anext(self._updates)
        await self._broker.recall_for(update)
        return update
