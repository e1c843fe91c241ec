"""What is a connection to the broker? One scope: the order stream, the router, the tactics.

The session connects the order stream, sweeps (whatever happened while nobody listened), and only
then lets the router send. If the stream drops, the scope ends and takes the router with it; the
supervisor starts the next session after a backoff. The watchdog ends it too, when the broker is
gone. While a mass cancel is owed after that, the trading state lets no entry leave; exits and
protection do leave: to prove that a lost order is absent takes longer than a stop can wait, and no
broker that never confirms a cancel may keep it from working.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import structlog
import trio
from attrs import frozen

from cream.core.execution import events as e
from cream.core.execution.reports import Reading
from cream.core.model.broker import BrokerOrder, OrderUpdate
from cream.core.model.errors import BrokerUnavailable
from cream.core.ports import Broker
from cream.core.resilience.backoff import Backoff
from cream.daemon.ack_watch import AckWatch
from cream.daemon.desk import Desk, RouterJob
from cream.daemon.link import BrokerLink
from cream.daemon.order_router import Router
from cream.daemon.readings import read
from cream.daemon.tactic_runner import TacticRunner

log = structlog.get_logger(__name__)

# A broker that fails these many sweeps in a row is better asked over a new connection, later.
_SWEEP_ATTEMPTS = 4
# Long enough for a gateway to find another server, short enough for an exit that waits.
_SWEEP_AGAIN = Backoff(base=0.2, cap=2.0)


@frozen
class BrokerSession:
    """A session's collaborators.

    `sweep` reconciles and raises BrokerUnavailable if it cannot; `doubted` wants that done soon.
    """

    desk: Desk
    broker: Broker
    link: BrokerLink
    router: Router
    tactics: TacticRunner
    jobs: trio.MemoryReceiveChannel[RouterJob]
    acks: AckWatch
    sweep: Callable[[], Awaitable[None]]
    doubted: Callable[[Sequence[BrokerOrder]], None]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """One session, to its end.

        Raises: BrokerUnavailable, in a group, when the stream drops.
        Cancellation: see `Router.run`; the stream is closed.
        """
        try:
            async with self.broker.updates() as updates, trio.open_nursery() as nursery:
                self.link.alive()
                nursery.start_soon(self._read, updates)
                # Asked before the sweep: a debt that is paid during it came too late for it to be
                # resumed on.
                owed = self.desk.book.mass_cancel_owed is not None
                await self._swept()
                self.link.set_session(True)
                log.info("broker_session.session_started", broker=self.broker.name)
                task_status.started()
                await nursery.start(self.router.run, self.jobs)
                nursery.start_soon(self.tactics.run)
                nursery.start_soon(self.acks.run)
                if owed:
                    await self._debts_paid()
                    # Only now can a reconciliation be clean enough to resume.
                    await self._swept()
        except* BrokerUnavailable:
            self.link.failed()
            raise
        finally:
            self.link.set_session(False)

    async def _swept(self) -> None:
        """Sweep, again where single requests fail. Raises: BrokerUnavailable after a few attempts.

        A sweep is many requests. While the stream stands, one that fails is no reason to begin
        anew with a connection and its backoff: until it is swept, not even an exit can leave.
        """
        for attempt in range(_SWEEP_ATTEMPTS - 1):
            try:
                await self.sweep()
                return
            except BrokerUnavailable:
                self.link.failed()
                await trio.sleep(_SWEEP_AGAIN.ceiling(attempt))
        await self.sweep()

    async def _debts_paid(self) -> None:
        while self.desk.book.mass_cancel_owed is not None:
            await self.desk.wait_touched(e.MassCancelConfirmed)

    async def _read(self, updates: AsyncIterator[OrderUpdate]) -> None:
        """Hand every update to the desk, in order.

        The desk's queue is bounded; when it is full this reader waits, and the broker's stream
        behind it. What an update leaves open is asked about without waiting for the next sweep.
        """
        async for update in updates:
            self.link.alive()
            self.acks.heard(update.order)
            await self.desk.post(read(update), answered=self._answered)
        raise BrokerUnavailable("the order stream ended")

    def _answered(self, reading: Reading) -> None:
        for shown in reading.unclear:
            if shown.status is None:
                log.warning("broker_session.status_not_known", status=shown.raw_status)
                self.link.status_words_not_known += 1
        if reading.leaves_questions:
            self.doubted(reading.unknown)
