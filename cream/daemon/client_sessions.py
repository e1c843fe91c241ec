"""Which agents are still there? A timer for each that has promised to give signs of life.

That a session exists is in the journal; when its client last gave a sign is not: a new life of the
daemon gives everyone the whole of their time again.
"""

import structlog
import trio
from attrs import define, field

from cream.core.model.errors import CreamError
from cream.core.model.promise import OnLoss, Promise
from cream.core.risk.client_sessions import close, keep, lose, promise_of
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)

# How long a loss that could not be recorded waits to be tried again. Units: seconds.
_AGAIN_SECONDS = 5.0


@define
class ClientSessions:
    """The sessions' timers, and what holds where a client says nothing. Units: seconds."""

    desk: Desk
    timeout_seconds: float = 30.0
    on_loss: OnLoss = OnLoss.CANCEL_ENTRIES
    _due: dict[str, float] = field(factory=dict)
    _wake: trio.Event = field(factory=trio.Event)

    async def beat(
        self, session_id: str, timeout_seconds: float | None, on_loss: OnLoss | None, actor: str
    ) -> Promise:
        """A sign of life; what is expected from now on. Durable where it says something new.

        Raises: CreamError.
        """
        promise = Promise(
            session_id=session_id,
            timeout_seconds=timeout_seconds or self.timeout_seconds,
            on_loss=on_loss or self.on_loss,
        )
        if session_id in self._due:
            # Before anything is awaited: it is this moment that counts, not the journal's.
            self._expect(promise)
        await self.desk.do(keep(promise, actor))
        self._expect(promise)
        return promise

    async def close(self, session_id: str) -> bool:
        """The client leaves in order. False if there was no such session."""
        closed = await self.desk.do(close(session_id))
        self._due.pop(session_id, None)
        return closed

    def _expect(self, promise: Promise) -> None:
        self._due[promise.session_id] = trio.current_time() + promise.timeout_seconds
        self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Wait for signs that do not come, until cancelled."""
        for session in self.desk.book.client_sessions.values():
            self._expect(promise_of(session))
        task_status.started()
        while True:
            self._wake = trio.Event()
            late = [one for one, due in self._due.items() if due <= trio.current_time()]
            for session_id in late:
                await self._lost(session_id)
            if late:
                continue
            with trio.move_on_at(min(self._due.values(), default=float("inf"))):
                await self._wake.wait()

    async def _lost(self, session_id: str) -> None:
        def still() -> bool:
            return self._due.get(session_id, float("inf")) <= trio.current_time()

        log.warning("client_sessions.client_silent", session_id=session_id)
        try:
            # Cancels leave without a journal too.
            await self.desk.do(lose(session_id, still), passes_without_journal=True)
        except CreamError as error:
            log.error("client_sessions.not_recorded", session_id=session_id, code=error.kind.code)
            self._due[session_id] = trio.current_time() + _AGAIN_SECONDS
            return
        if session_id not in self.desk.book.client_sessions:
            self._due.pop(session_id, None)
