"""Who stops trading when too much is lost? This task: it looks at every reading of the account."""

import structlog
import trio
from attrs import define

from cream.core.model.errors import CreamError
from cream.core.risk.decisions import owe_flatten, owe_mass_cancel, together
from cream.core.risk.losses import LossWatch, mark_equity, stop_trading
from cream.daemon.account_board import AccountBoard
from cream.daemon.desk import Desk

log = structlog.get_logger(__name__)


@define
class LossGuard:
    """The guard's collaborators."""

    desk: Desk
    accounts: AccountBoard
    watch: LossWatch

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
            # What works is cancelled and what is held is closed: debts, which outlive a crash.
            await self.desk.do(together(owe_mass_cancel(reason), owe_flatten(reason, "loss_guard")))
