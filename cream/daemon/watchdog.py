"""Is the broker gone? Then nothing new may leave and everything working must go.

Watches `BrokerLink`. After `interval` without a sign of life it probes; SUSPECT already refuses
increases (through the portfolio view); DISCONNECTED runs the disconnect sequence, in this
order: REDUCING and the mass cancel's debt are durable, then the session's scope is cancelled
(the router with it), then the mass canceller, which saw the debt, goes to work. Reconnecting is the
supervisor's business and resuming the reconciler's.
"""

from collections.abc import Callable

import structlog
import trio
from attrs import frozen

from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.model.state import Cause, TradingState
from cream.core.ports import Broker
from cream.core.risk.decisions import owe_mass_cancel, restrict, together
from cream.core.safety.heartbeat import HeartbeatLimits, Link, judge, next_look
from cream.daemon.desk import Desk
from cream.daemon.link import BrokerLink

log = structlog.get_logger(__name__)


@frozen
class Watchdog:
    """The watchdog's collaborators. `end_session` cancels the broker session's scope at once."""

    desk: Desk
    broker: Broker
    link: BrokerLink
    limits: HeartbeatLimits
    end_session: Callable[[], None]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Watch until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._probe)
            task_status.started()
            while True:
                await self._look()

    async def _look(self) -> None:
        """Judge, act on a change, and sleep until something could change by itself."""
        now = trio.current_time()
        state = judge(self.link.signs, now, self.limits)
        if state is not self.link.state:
            await self._became(state)
            return
        changed = self.link.changed
        with trio.move_on_at(next_look(self.link.signs, now, self.limits)):
            await changed.wait()

    async def _became(self, state: Link) -> None:
        before, self.link.state = self.link.state, state
        log.warning("watchdog.link_changed", before=before.value, now=state.value)
        if state is Link.DISCONNECTED:
            await self._disconnect()

    async def _disconnect(self) -> None:
        """The disconnect sequence, up to the debt that the mass canceller pays."""
        reason = "the broker gives no sign of life"
        begun = together(
            restrict(Cause.DISCONNECT, TradingState.REDUCING, reason, "watchdog"),
            owe_mass_cancel(reason),
        )
        try:
            await self.desk.do(begun, passes_without_journal=True)
        except CreamError as error:
            # Without a desk the daemon is about to end; the router has to stop before that.
            log.critical("watchdog.disconnect_not_recorded", error=error.message)
        self.end_session()

    async def _probe(self) -> None:
        """Ask for a sign of life whenever there has been none for an interval.

        While the link is not CONNECTED the probes come faster, so that its return is seen.
        """
        while True:
            pause = self.limits.interval
            if self.link.state is not Link.CONNECTED or self.link.failing_since is not None:
                pause = min(pause, max(self.limits.timeout / 4, 0.05))
            due = self.link.last_sign + pause
            if self.link.failing_since is None and trio.current_time() < due:
                changed = self.link.changed
                # At, not for: a remainder too small to be added to the clock would never pass.
                with trio.move_on_at(due):
                    await changed.wait()
                continue
            await self._ask()
            if self.link.failing_since is not None:
                await trio.sleep(pause)

    async def _ask(self) -> None:
        try:
            with trio.fail_after(self.limits.timeout):
                await self.broker.ping()
        except (BrokerUnavailable, trio.TooSlowError):
            self.link.failed()
        else:
            self.link.alive()
