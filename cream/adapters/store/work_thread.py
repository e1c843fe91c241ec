"""How does blocking work get out of the event loop's way? One thread does it, in order.

A job that was handed over is done, whoever still waits for it. Its caller is woken through the
Trio token only after it has been done.
"""

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

import trio
from attrs import define, field

T = TypeVar("T")


@define(eq=False)
class _Job(Generic[T]):
    """Work, and what came of it once `done` is set."""

    work: Callable[[], T]
    done: trio.Event = field(factory=trio.Event)
    result: list[T] = field(factory=list)
    error: BaseException | None = None

    def perform(self) -> None:
        try:
            self.result.append(self.work())
        except BaseException as error:  # noqa: BLE001 - barrier: it belongs to whoever waits
            self.error = error


class WorkThread:
    """A thread for the jobs of one owner.   Owns: the thread, until `aclose`.

    The queue has no bound of its own: every job has a caller that waits for it or was cancelled,
    and the callers are bounded where they come from.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._token = trio.lowlevel.current_trio_token()
        self._ended = trio.Event()
        # A daemon thread, so that a disk which never answers cannot keep the process from ending.
        self._thread = Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], T]) -> T:
        """What `work()` gave back or raised, in the thread, after everything asked before.

        Cancellation: ends the wait; the work is done all the same.
        """
        job = _Job(work)
        self._jobs.put(job)
        await job.done.wait()
        if job.error is not None:
            raise job.error
        return job.result[0]

    async def aclose(self, last: Callable[[], None], within_seconds: float) -> bool:
        """Do `last` after all jobs, and end the thread. Gives whether that was done in time.

        Cancellation: shielded; it takes at most `within_seconds`.
        """
        self._jobs.put(_Job(last))
        self._jobs.put(None)
        with trio.move_on_after(within_seconds, shield=True):
            await self._ended.wait()
        return self._ended.is_set()

    def _live(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.perform()
            self._tell(job.done)
        self._tell(self._ended)

    def _tell(self, event: trio.Event) -> None:
        # Once the loop is gone, so is whoever waited; the jobs that are left are done all the same.
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(event.set)
