"""Is the broker gone? Then nothing new may leave and everything working must go.

Watches `BrokerLink`. After `interval` without a sign of life it probes; SUSPECT already refuses
increases (through the portfolio view); DISCONNECTED runs the disconnect sequence, in this order:
REDUCING and the mass cancel's debt are written down, then the session's scope is cancelled (the
router with it), then the mass canceller, which saw the debt, goes to work. Reconnecting is the
supervisor's business and resuming the reconciler's; until both are done the link is RECOVERING.
"""

from collections.abc import Awaitable, Callable

import structlog
import trio
from attrs import define

from cream.core.execution import events as e
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.state import Cause, TradingState
from cream.core.ports import Broker
from cream.core.risk.decisions import owe_mass_cancel, restrict, together
from cream.core.safety.heartbeat import HeartbeatLimits, Link, is_calm, next_look, stands
from cream.daemon.desk import Desk
from cream.daemon.link import BrokerLink

log = structlog.get_logger(__name__)

# While the link is in doubt it is probed this often within the time that a probe may take, so that
# its return is seen; and never more often than this. Units: probes; seconds.
_PROBES_A_TIMEOUT = 4
_SHORTEST_PAUSE = 0.05
# A desk that is this far behind must not keep the router sending. Units: seconds.
_DECIDED_WITHIN = 0.25


@define
class Watchdog:
    """The watchdog's collaborators. `end_session` cancels the broker session's scope at once."""

    desk: Desk
    broker: Broker
    link: BrokerLink
    limits: HeartbeatLimits
    end_session: Callable[[], None]
    _repeat_at: float | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Watch until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._probe)
            task_status.started()
            while True:
                await self._look()

    async def _look(self) -> None:
        """Judge, act on a change, and sleep until something could change."""
        now = trio.current_time()
        link = self.link
        state = stands(link.state, link.signs, now, self.limits, settled=self._is_settled)
        if is_calm(link.signs, now, self.limits):
            link.calmed()
        if state is not link.state:
            await self._became(state)
            return
        if self._repeat_at is not None and now >= self._repeat_at:
            self._repeat_at = None
            await self._disconnect()
            return
        changed = link.changed
        look_at = next_look(link.signs, now, self.limits)
        with trio.move_on_at(min(look_at, self._repeat_at or look_at)):
            if state is Link.RECOVERING:
                await _first(changed.wait, self.desk.wait_change)
            else:
                await changed.wait()

    @property
    def _is_settled(self) -> bool:
        """Whether everything that a disconnect demands has been done."""
        return self.link.session_up and self.desk.book.mass_cancel_owed is None

    async def _became(self, state: Link) -> None:
        before, self.link.state = self.link.state, state
        log.warning("watchdog.link_changed", before=before.value, now=state.value)
        self._repeat_at = None
        if state is Link.DISCONNECTED and before is Link.RECOVERING:
            # Nothing can have left meanwhile. One request that fails within a session's sweep is
            # the session's to repeat: only a failure that lasts begins the sequence anew.
            self._repeat_at = trio.current_time() + self.limits.grace
        elif state is Link.DISCONNECTED:
            await self._disconnect()

    async def _disconnect(self) -> None:
        """The disconnect sequence, up to the debt that the mass canceller pays.

        Without a journal as well: then only cancels leave, which is what this is about.
        """
        reason = "the broker gives no sign of life"
        begun = together(
            restrict(Cause.DISCONNECT, TradingState.REDUCING, reason, "watchdog"),
            owe_mass_cancel(reason),
        )
        with trio.move_on_after(_DECIDED_WITHIN) as limit:
            await self.desk.post(begun)
            while self.desk.book.mass_cancel_owed is None:
                await self.desk.wait_touched(e.MassCancelOwed)
        if limit.cancelled_caught:
            log.critical("watchdog.desk_behind", seconds=_DECIDED_WITHIN)
        self.end_session()
        # However long it takes to end: a session that was told to is none to trade over.
        self.link.set_session(False)

    async def _probe(self) -> None:
        """Ask for a sign of life whenever there has been none for an interval.

        While the link is not CONNECTED the probes come faster, so that its return is seen.
        """
        while True:
            pause = self.limits.interval
            if self.link.state is not Link.CONNECTED or self.link.failing_since is not None:
                quick = max(self.limits.timeout / _PROBES_A_TIMEOUT, _SHORTEST_PAUSE)
                pause = min(pause, quick)
            due = self.link.last_sign + pause
            if not self.link.is_failing and trio.current_time() < due:
                changed = self.link.changed
                # At, not for: a remainder too small to be added to the clock would never pass.
                with trio.move_on_at(due):
                    await changed.wait()
                continue
            await self._ask()
            if self.link.is_failing:
                await trio.sleep(pause)

    async def _ask(self) -> None:
        try:
            with trio.fail_after(self.limits.timeout):
                await self.broker.ping()
        except (BrokerUnavailable, trio.TooSlowError):
            self.link.failed()
        else:
            self.link.alive()


async def _first(*waits: Callable[[], Awaitable[None]]) -> None:
    """Return as soon as one of `waits` has."""
    async with trio.open_nursery() as nursery:

        async def wait(one: Callable[[], Awaitable[None]]) -> None:
            await one()
            nursery.cancel_scope.cancel()

        for one in waits:
            nursery.start_soon(wait, one)
