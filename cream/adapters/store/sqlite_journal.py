"""How does the journal reach SQLite without holding up the event loop? Through a thread of its own.

`SqliteJournal` is the Journal port. A commit is handed to the thread and answered after SQLite has
synced it; a caller that stops waiting does not stop the write.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog
import trio

from cream.adapters.store.sqlite_log import SqliteLog
from cream.adapters.store.work_thread import WorkThread
from cream.core.execution.events import Record
from cream.core.model.errors import JournalFailed
from cream.core.model.plan import Environment

log = structlog.get_logger(__name__)

# How long another program's lock is waited for. Trading stands still meanwhile, so not for long.
BUSY_TIMEOUT_MS: Final = 5_000

# A last commit and SQLite's own clean-up take milliseconds; a disk that needs longer is lost.
CLOSE_TIMEOUT_SECONDS: Final = 5.0


class SqliteJournal:
    """The journal of one environment and account.   Owns: file and thread, until `aclose`."""

    def __init__(self, thread: WorkThread, opened: SqliteLog, close_timeout_seconds: float) -> None:
        """A journal over a log that lives in `thread`; callers use `open`."""
        self._thread = thread
        self._log = opened
        self._close_timeout_seconds = close_timeout_seconds
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        environment: Environment,
        account_id: str,
        *,
        busy_timeout_ms: int = BUSY_TIMEOUT_MS,
        close_timeout_seconds: float = CLOSE_TIMEOUT_SECONDS,
    ) -> "SqliteJournal":
        """The account's journal in the file `path`, which is made if it is not there.

        Raises: JournalFailed with what to do: in use, not accessible, not durable, or written by
        a later version.   Cancellation: leaves the file closed.
        """
        thread = WorkThread("cream-journal")
        opened: list[SqliteLog] = []

        def open_log() -> None:
            opened.append(SqliteLog.open(path, environment, account_id, busy_timeout_ms))

        def close_log() -> None:
            for one in opened:
                one.close()

        try:
            await thread.do(open_log)
        except BaseException:
            await thread.aclose(close_log, close_timeout_seconds)
            raise
        return cls(thread, opened[0], close_timeout_seconds)

    async def commit(self, records: Sequence[Record]) -> None:
        """Make all of `records` durable, in order, or none.

        Raises: JournalFailed; after that the journal is not to be trusted and stays failed.
        Cancellation: does not stop the write.
        """
        self._demand_open()
        await self._thread.do(partial(self._log.append, tuple(records)))

    async def load(self) -> Sequence[Record]:
        """Everything committed so far, oldest first, each record checked.

        Raises: JournalFailed when the records cannot be what was written.
        """
        self._demand_open()
        return await self._thread.do(self._log.load)

    async def aclose(self) -> None:
        """Finish what was handed in, close the file, and let others have it.

        Cancellation: shielded, for at most the close timeout.
        """
        if self._is_closed:
            await trio.lowlevel.checkpoint()
            return
        self._is_closed = True
        if not await self._thread.aclose(self._log.close, self._close_timeout_seconds):
            log.error("store.close_timed_out", seconds=self._close_timeout_seconds)

    def _demand_open(self) -> None:
        if self._is_closed:
            raise JournalFailed("the journal was closed; start Cream again to write to it")
