"""Who closes everything, and goes on until it is closed?

That it has to be closed is a debt (`FlattenOwed`), so that it survives a crash. The flattener pays
it, once the mass cancel is through, while the market is open, for whatever is left of each
position, and again where an exit came to nothing.
"""

from datetime import datetime

import structlog
import trio
from attrs import define

from cream.core.exchange.calendar import Sessions
from cream.core.execution import events as e
from cream.core.model.errors import CreamError
from cream.core.resilience.backoff import Backoff
from cream.core.risk.decisions import ViewOf
from cream.core.risk.flattening import close_everything, is_done, settled_if_flat
from cream.core.risk.gate import Gate
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)

# Between two looks at what is left to close: an exit that came to nothing is sent anew, a position
# that reconciliation finds is closed too.
_AGAIN = Backoff(base=1.0, cap=30.0)
# A session that opens in less than this is waited for that long: no wait may be lost in rounding.
_SHORTEST_WAIT_SECONDS = 0.001


@define
class Flattener:
    """The flattener's collaborators.

    `patience` is how long it waits for a mass cancel that no broker confirms. Units: seconds.
    """

    desk: Desk
    gate: Gate
    view_of: ViewOf
    sessions: Sessions
    patience: float

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Pay the debt whenever there is one.

        Cancellation: exits that were intended stay; the debt stands until it is paid.
        """
        task_status.started()
        while True:
            if self.desk.book.flatten_owed is None:
                await self.desk.wait_touched(e.FlattenOwed)
                continue
            await self._await_cancels()
            await self._pay()

    async def _await_cancels(self) -> None:
        with trio.move_on_after(self.patience):
            while self.desk.book.mass_cancel_owed is not None:
                await self.desk.wait_touched(e.MassCancelConfirmed)

    async def _pay(self) -> None:
        attempt = 0
        while (owed := self.desk.book.flatten_owed) is not None:
            now = self.desk.clock.now()
            if not self.sessions.is_open(now):
                await self._await_session(now)
                continue
            try:
                closing = close_everything(self.gate, self.view_of, owed.reason)
                for one in (await self.desk.do(closing)).refused:
                    log.error("flattening.exit_refused", symbol=one.instrument_id, code=one.code)
                await self.desk.do(settled_if_flat)
            except CreamError as error:
                # Without a journal no exit leaves; protection at the broker stays.
                log.error("flattening.not_possible", code=error.kind.code)
            with trio.move_on_after(_AGAIN.ceiling(attempt)):
                await self._await_flat()
            attempt += 1

    async def _await_session(self, now: datetime) -> None:
        """Until the market opens, or the debt is called off."""
        opens_at = self.sessions.next_open(now)
        log.warning("flattening.waits_for_session", opens_at=opens_at.isoformat())
        wait = (opens_at - now).total_seconds()
        with trio.move_on_after(max(wait, _SHORTEST_WAIT_SECONDS)):
            while self.desk.book.flatten_owed is not None:
                await self.desk.wait_touched(e.FlattenSettled)

    async def _await_flat(self) -> None:
        while self.desk.book.flatten_owed is not None and not is_done(self.desk.book):
            await self.desk.wait_change()
