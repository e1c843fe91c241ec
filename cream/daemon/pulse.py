"""Does the daemon still do its work? Only then is systemd's watchdog fed.

That a timer fires says no more than that the event loop comes round. So the parts that must not
stand still are asked to do something: the journal writer answers an empty batch in its turn, and
the stop monitor looks. A part that is told to and does not in time is stuck, whatever else runs.
"""

import structlog
import trio
from attrs import define, field

from cream.daemon.desk import Desk
from cream.daemon.journal_writer import Batch
from cream.daemon.stop_monitor import StopMonitor

log = structlog.get_logger(__name__)


@define
class Pulse:
    """The parts that are asked. Units: seconds.

    `every`: how often they are asked; `within`: how old the last proof may be.
    """

    desk: Desk
    monitor: StopMonitor
    every: float
    within: float
    draining: bool = False
    _proven_at: float = field(factory=trio.current_time)

    def beats(self) -> bool:
        """Whether all parts have made progress lately. A daemon that drains is let be."""
        return self.draining or trio.current_time() - self._proven_at <= self.within

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Ask again and again until cancelled."""
        task_status.started()
        while True:
            began = trio.current_time()
            with trio.move_on_after(self.within) as limit:
                await self._journal_writer()
                await self._stop_monitor()
            if limit.cancelled_caught:
                if not self.draining:
                    log.critical("pulse.part_is_stuck", seconds=self.within)
            else:
                self._proven_at = began
            await trio.sleep(self.every)

    async def _journal_writer(self) -> None:
        """It answers batches in order: this one, once all before it are done."""
        answered = trio.Event()
        batch = Batch(records=(), committed=answered.set, failed=lambda _error: answered.set())
        try:
            await self.desk.channels.batches.send(batch)
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            # The last batch has been handed in: the daemon ends.
            self.draining = True
            return
        await answered.wait()

    async def _stop_monitor(self) -> None:
        looked = self.monitor.looked
        self.monitor.poke()
        await looked.wait()
