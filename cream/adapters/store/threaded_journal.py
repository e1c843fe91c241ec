"""How does the daemon use a database without waiting for it on the loop? By two threads.

One owns the connection that writes and answers only after the commit; the other reads what left
memory, so that no look-up waits for a sync and no commit for a look-up.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

import structlog
import trio
from attrs import evolve

from cream.adapters.store.archive import Place, names_of
from cream.adapters.store.codec import encode_value, nanoseconds
from cream.adapters.store.database import Database, WritableDatabase
from cream.adapters.store.journal_log import JournalLog
from cream.adapters.store.reader import JournalReader
from cream.adapters.store.sieve import Sieve
from cream.adapters.store.work_thread import WorkThread
from cream.core.execution.events import Record
from cream.core.execution.memory import Archived, BookState
from cream.core.model.errors import JournalFailed
from cream.core.model.order import Order, OrderStatus
from cream.core.model.plan import Environment
from cream.core.ports import Restored

log = structlog.get_logger(__name__)
T = TypeVar("T")

# A last commit and the database's own clean-up take milliseconds; a disk that needs longer is lost.
CLOSE_TIMEOUT_SECONDS: Final = 5.0

# Orders in one transaction of the archive: some 100 ms, for which a commit may have to wait.
ORDERS_A_JOB: Final = 1_000
# Records that one transaction removes: some 10 ms.
RECORDS_A_JOB: Final = 2_000
# Names that a look-up reads along until all are known: some 2 ms, of which the loop has half.
NAMES_A_JOB: Final = 1_000


class ThreadedJournal:
    """The journal and the archive of one environment and account.

    Owns: both connections and threads, until `aclose`.
    """

    def __init__(
        self,
        opened: JournalLog,
        writing: WorkThread,
        reader: "_LazyReader",
        close_timeout_seconds: float,
    ) -> None:
        """A journal over a log that lives in `writing`; callers use `open`."""
        self._log = opened
        self._thread = writing
        self._reader = reader
        self._close_timeout_seconds = close_timeout_seconds
        self._is_closed = False
        self._names = Sieve()
        # Names are read from after this one.
        self._names.add([Place().after])
        # Where the names go on that the sieve does not have yet; None while they are being read.
        self._names_from: Place | None = Place()

    @classmethod
    async def open(
        cls,
        open_to_write: Callable[[], WritableDatabase],
        open_to_read: Callable[[], Database],
        environment: Environment,
        account_id: str,
        *,
        close_timeout_seconds: float = CLOSE_TIMEOUT_SECONDS,
    ) -> "ThreadedJournal":
        """The account's journal in a database.

        Raises: JournalFailed with what to do: in use, not accessible, not durable, or written by
        a later version.   Cancellation: leaves the database closed.
        """
        thread = WorkThread("cream-journal")
        opened: list[JournalLog] = []

        def open_log() -> None:
            opened.append(JournalLog.over(open_to_write(), environment, account_id))

        def close_log() -> None:
            for one in opened:
                one.close()

        try:
            await thread.do(open_log)
        except BaseException:
            await thread.aclose(close_log, close_timeout_seconds)
            raise
        reader = _LazyReader(open_to_read, environment, account_id)
        return cls(opened[0], thread, reader, close_timeout_seconds)

    # The journal --------------------------------------------------------------------------------

    async def commit(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable, in order, or none.

        Raises: JournalFailed; after that the journal is not to be trusted and stays failed.
        Cancellation: does not stop the write.
        """
        await self._write(partial(self._log.append, tuple(records)))

    async def load(self) -> Sequence[Record]:
        """Everything committed so far, oldest first, each record checked.

        Raises: JournalFailed when the records cannot be what was written.
        """
        return await self._write(self._log.load)

    async def aclose(self) -> None:
        """Finish what was handed in, close the database, and let others have it.

        Cancellation: shielded, for at most twice the close timeout.
        """
        if self._is_closed:
            await trio.lowlevel.checkpoint()
            return
        self._is_closed = True
        await self._reader.aclose(self._close_timeout_seconds)
        if not await self._thread.aclose(self._log.close, self._close_timeout_seconds):
            log.error("store.close_timed_out", seconds=self._close_timeout_seconds)

    # The archive --------------------------------------------------------------------------------

    async def restore(self) -> Restored:
        """The newest snapshot that can be believed, and what came after it.

        Raises: JournalFailed.
        """
        return await self._write(self._log.restore)

    async def keep_snapshot(self, state: BookState) -> None:
        """Make a state durable.   Raises: JournalFailed.

        Cancellation: before it was written out nothing is kept; from then on it is not stopped.
        """
        # In the thread that reads: thousands of open orders take a second to write out, for which
        # no commit can wait.
        body = await self._read(lambda _at: encode_value(state))
        await self._write(partial(self._log.keep_written_snapshot, state.sequence, body))

    async def keep(self, archived: Archived, sequence: int) -> None:
        """Make what leaves memory durable, in steps between which commits have their turn.

        Raises: JournalFailed.   Cancellation: what was begun is finished, the rest is not.
        """
        # First: once they have left memory, nobody may take their names for new ones.
        self._names.add(name for one in archived.orders for name in names_of(one))
        self._names.add(one.plan_id for one in archived.plans)
        for at in range(0, len(archived.orders), ORDERS_A_JOB):
            some = Archived(orders=archived.orders[at : at + ORDERS_A_JOB])
            await self._write(partial(self._log.keep, some, sequence))
        for at in range(0, len(archived.plans), ORDERS_A_JOB):
            some = Archived(plans=archived.plans[at : at + ORDERS_A_JOB])
            await self._write(partial(self._log.keep, some, sequence))

    async def find(self, names: Sequence[str]) -> Archived:
        """The archived families of the orders that have one of these ids.

        Raises: JournalFailed.
        """
        perhaps = [name for name in names if self._names.may_have(name)]
        if not perhaps:
            return await self._none()
        return await self._look_up(lambda at: at.reader.find(*at.account, perhaps))

    async def plan(self, plan_id: str) -> Archived:
        """The archived plan, and the families of its orders.   Raises: JournalFailed."""
        if not self._names.may_have(plan_id):
            return await self._none()
        return await self._look_up(lambda at: at.reader.plan(*at.account, plan_id))

    async def orders(self, status: OrderStatus | None, limit: int | None) -> Sequence[Order]:
        """Archived orders, oldest first.   Raises: JournalFailed."""
        return await self._read(lambda at: at.reader.orders(*at.account, status, limit))

    async def compact(self, before: datetime) -> int:
        """Remove records that are older than that moment, as far as snapshots stand in for them.

        Gives how many.   Raises: JournalFailed.
        """
        removed = 0
        work = partial(self._log.compact, nanoseconds(before), RECORDS_A_JOB)
        while some := await self._write(work):
            removed += some
        return removed

    async def _none(self) -> Archived:
        self._demand_open()
        await trio.lowlevel.checkpoint_if_cancelled()
        return Archived()

    async def _look_up(self, work: "Callable[[_LazyReader], T]") -> T:
        """As `_read`; reads some names along until all are known."""
        place, self._names_from = self._names_from, None
        if place is None:
            return await self._read(work)
        try:
            found, names = await self._read(
                lambda at: (work(at), at.reader.names_after(*at.account, place, NAMES_A_JOB))
            )
        except BaseException:
            self._names_from = place
            raise
        self._names.add(names)
        if len(names) == NAMES_A_JOB:
            self._names_from = evolve(place, after=names[-1])
        elif place.of_plans:
            self._names_from = Place(of_plans=False)
        else:
            self._names.is_whole = True
        return found

    async def _write(self, work: Callable[[], T]) -> T:
        self._demand_open()
        return await self._thread.do(work)

    async def _read(self, work: "Callable[[_LazyReader], T]") -> T:
        self._demand_open()
        return await self._reader.do(work)

    def _demand_open(self) -> None:
        if self._is_closed:
            raise JournalFailed("the journal was closed; start Cream again to write to it")


class _LazyReader:
    """The reading half; its thread and connection are made by the first look-up."""

    def __init__(
        self, open_to_read: Callable[[], Database], environment: Environment, account_id: str
    ) -> None:
        self._open = open_to_read
        self._thread: WorkThread | None = None
        self._reader: JournalReader | None = None
        self.account = (environment, account_id)

    @property
    def reader(self) -> JournalReader:
        """Open; for use within the thread.   Raises: JournalFailed."""
        if self._reader is None:
            self._reader = JournalReader.over(self._open())
        return self._reader

    async def do(self, work: "Callable[[_LazyReader], T]") -> T:
        """What `work` gives, in the thread."""
        if self._thread is None:
            self._thread = WorkThread("cream-archive")
        return await self._thread.do(partial(work, self))

    async def aclose(self, within_seconds: float) -> None:
        """Cancellation: shielded, for at most `within_seconds`."""
        if self._thread is None:
            await trio.lowlevel.checkpoint()
        elif not await self._thread.aclose(self._close, within_seconds):
            log.error("store.close_timed_out", seconds=within_seconds)

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
