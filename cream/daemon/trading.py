"""What may the daemon do now, and who changes that: halt, resume, kill switch, mass cancel?

Every answer comes once what it says is durable. A state or a debt that has been acknowledged is
still in force after a crash.
"""

from collections.abc import Awaitable, Callable, Mapping

import structlog
import trio
from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.execution.reconciliation import Reconciliation
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.state import Cause, TradingState
from cream.core.operations import KillSwitchReport, MassCancelReport, TradingStateView
from cream.core.risk.decisions import (
    lift,
    owe_mass_cancel,
    restrict,
    settle_flatten,
    together,
)
from cream.core.safety.heartbeat import Link
from cream.core.safety.mass_cancel import MassCancelPolicy, targets
from cream.daemon.desk import Desk
from cream.daemon.kill_switch import pull, pull_without_journal, results
from cream.daemon.link import BrokerLink
from cream.daemon.publication import Publisher

log = structlog.get_logger(__name__)

# What a flattening that an operator's resume has ended is recorded with.
_RESUMED = "an operator has resumed trading"


@frozen(kw_only=True)
class TradingControl:
    """The operator's levers. `wait_seconds`: for the broker to confirm, and to be compared with.

    `reconcile` compares everything with the broker now; it raises BrokerUnavailable.
    """

    desk: Desk
    link: BrokerLink
    publisher: Publisher
    policy: MassCancelPolicy
    wait_seconds: float
    reconcile: Callable[[], Awaitable[Reconciliation]]

    @property
    def book(self) -> Book:
        """The book, to be read."""
        return self.desk.book

    def state(self) -> TradingStateView:
        """The trading state and its causes."""
        return self.publisher.trading_state()

    async def set_state(
        self, state: TradingState, reason: str, actor: str, force: bool
    ) -> TradingStateView:
        """Set or lift the operator's cause. Raises: CreamError STATE_NOT_CLEARED."""
        if state is TradingState.ACTIVE:
            await self._resume(reason, actor, force)
        else:
            await self.desk.do(restrict(Cause.OPERATOR, state, reason, actor))
        return self.state()

    async def _resume(self, reason: str, actor: str, force: bool) -> None:
        """Lift what an operator may lift, once the broker agrees with us or `force` says so."""
        if not force and self.book.restrictions:
            await self._demand_agreement()
        lifted = [cause for cause in self.book.restrictions if self._may_lift(cause, force)]
        resumed = together(lift(lifted, reason, actor), settle_flatten(_RESUMED))
        await self.desk.do(resumed)
        standing = sorted(one.value for one in self.book.restrictions)
        if standing:
            names = ", ".join(standing)
            message = f"still restricted by {names}; see /v1/trading-state, or force"
            raise CreamError("STATE_NOT_CLEARED", message)

    async def _demand_agreement(self) -> None:
        """Raises: CreamError STATE_NOT_CLEARED where the broker differs or cannot be asked."""
        found: Reconciliation | None = None
        try:
            with trio.move_on_after(self.wait_seconds):
                found = await self.reconcile()
        except BrokerUnavailable as error:
            log.warning("trading.resume_not_reconciled", error=str(error))
        if found is None:
            message = "the broker cannot be asked whether it agrees; try again, or force"
            raise CreamError("STATE_NOT_CLEARED", message)
        if not found.clean:
            first = next(one for one in found.discrepancies if one.critical)
            message = (
                f"reconciliation is not clean: {first.subject} is {first.ours} here and "
                f"{first.theirs} at the broker; look, then force"
            )
            raise CreamError("STATE_NOT_CLEARED", message)

    def _may_lift(self, cause: Cause, force: bool) -> bool:
        """Whether an operator's resume lifts `cause` now. Each has its own rule."""
        connected = self.link.session_up and self.link.state is Link.CONNECTED
        rules: Mapping[Cause, bool] = {
            Cause.OPERATOR: True,
            Cause.PERSISTENCE: self.desk.failure is None,
            Cause.DISCONNECT: connected and self.book.mass_cancel_owed is None,
            Cause.RECONCILIATION: force,
            Cause.LOSS_LIMIT: force,
        }
        return rules[cause]

    async def kill_switch(self, reason: str, actor: str, flatten: bool) -> KillSwitchReport:
        """HALTED, everything working cancelled, positions closed on demand.

        All of it is owed once this returns, and done as soon as the broker lets it be done. Where
        the journal is lost already, only the cancels leave; where it fails in this very moment they
        leave too, and PERSISTENCE_UNAVAILABLE says that the rest is not written down.
        """
        log.warning("trading.kill_switch", actor=actor, reason=reason, flatten=flatten)
        if self.desk.failure is not None:
            order_ids = await self._cancel_unrecorded(reason, actor)
        else:
            try:
                order_ids = await self.desk.do(pull(self.policy, reason, actor, flatten=flatten))
            except CreamError:
                await self._cancel_unrecorded(reason, actor)
                raise
        return KillSwitchReport(trading_state=self.state(), results=results(self.book, order_ids))

    async def _cancel_unrecorded(self, reason: str, actor: str) -> tuple[str, ...]:
        """Send the cancels at once, and have them sent again in this life until all are gone."""
        last_resort = pull_without_journal(self.policy, reason, actor)
        order_ids = await self.desk.do(last_resort, passes_without_journal=True)
        debt = owe_mass_cancel(f"kill switch: {reason}")
        await self.desk.do(debt, passes_without_journal=True)
        return order_ids

    async def mass_cancel(self, reason: str, actor: str) -> MassCancelReport:
        """Cancel every working entry and exit and wait for the broker's confirmation."""
        before = [one.order_id for one in targets(self.book, self.policy)]
        # Without a journal too: cancels are what leaves then.
        await self.desk.do(owe_mass_cancel(f"{reason} ({actor})"), passes_without_journal=True)
        await self.mass_cancel_confirmed()
        remaining = tuple(one for one in before if self.book.order(one).is_open)
        return MassCancelReport(
            requested=len(before), confirmed=len(before) - len(remaining), remaining=remaining
        )

    async def mass_cancel_confirmed(self) -> bool:
        """Wait, within the deadline, until no mass cancel is owed."""
        with trio.move_on_after(self.wait_seconds):
            while self.book.mass_cancel_owed is not None:
                await self.desk.wait_touched(e.MassCancelConfirmed)
        return self.book.mass_cancel_owed is None
