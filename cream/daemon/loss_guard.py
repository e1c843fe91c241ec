"""Who stops trading when too much is lost? This task: it looks at every reading of the account."""

from collections.abc import Awaitable, Callable

import structlog
import trio
from attrs import define

from cream.core.model.errors import CreamError
from cream.core.risk.decisions import Decide, owe_mass_cancel
from cream.core.risk.losses import LossWatch, mark_equity, stop_trading
from cream.daemon.account_board import AccountBoard
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)


@define
class LossGuard:
    """`cancelled` waits until no mass cancel is owed, `closing` gives what closes all holdings."""

    desk: Desk
    accounts: AccountBoard
    watch: LossWatch
    cancelled: Callable[[], Awaitable[object]]
    closing: Callable[[str], Decide[tuple[str, ...]]]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Judge each reading, until cancelled. While the journal cannot commit, nothing is judged:
        trading is halted for that already.
        """
        task_status.started()
        while True:
            try:
                await self._look()
            except CreamError as error:
                log.warning("loss_guard.not_recorded", error=error.message)
            await self.accounts.wait_figures()

    async def _look(self) -> None:
        account = self.accounts.figures
        if account is None:
            return
        await self.desk.do(mark_equity(account))
        now = self.desk.clock.now()
        reason = self.watch.confirmed(account, self.desk.book.history, now)
        if reason is None:
            return
        log.error("loss_guard.limit_reached", reason=reason, action=self.watch.limits.action)
        decide = stop_trading(self.watch.limits, reason)
        if decide is not None:
            await self.desk.do(decide)
        if self.watch.limits.action == "flatten":
            await self._flatten(reason)

    async def _flatten(self, reason: str) -> None:
        """Cancel what works, then close what is held; nothing new comes in between."""
        await self.desk.do(owe_mass_cancel(reason))
        await self.cancelled()
        await self.desk.do(self.closing(reason))
