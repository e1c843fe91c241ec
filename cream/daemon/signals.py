"""What does a signal ask of the daemon? To drain (SIGTERM), to stop trading (SIGUSR1: the kill
switch), or to read its limits again (SIGHUP).

A signal that comes before the daemon can act on it is kept until it can.
"""

import signal
from collections.abc import Awaitable, Callable

import structlog
import trio
from attrs import define, field

from cream.core.model.errors import CreamError

log = structlog.get_logger(__name__)

# Signals that wait to be acted on. A tenth of the same kind says nothing new.
_WAITING = 10


@define
class Signals:
    """Signals, between whoever receives them and whoever acts. `stop` is set by SIGTERM."""

    stop: trio.Event = field(factory=trio.Event)
    _in: trio.MemorySendChannel[signal.Signals] = field(init=False)
    _out: trio.MemoryReceiveChannel[signal.Signals] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._in, self._out = trio.open_memory_channel[signal.Signals](_WAITING)

    async def listen(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Take signals in until cancelled. How long draining may take is systemd's business."""
        kinds = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)
        with trio.open_signal_receiver(*kinds) as received:
            task_status.started()
            async for number in received:
                self.take(signal.Signals(number))

    def take(self, one: signal.Signals) -> None:
        """A signal came."""
        log.info("signals.signal_received", signal=one.name)
        if one in (signal.SIGTERM, signal.SIGINT):
            self.stop.set()
            return
        try:
            self._in.send_nowait(one)
        except trio.WouldBlock:
            log.warning("signals.signal_dropped", signal=one.name)

    async def obey(self, kill: Callable[[], Awaitable[object]], reload: Callable[[], None]) -> None:
        """Do what is asked, one after the other, until cancelled."""
        async for one in self._out:
            if one is signal.SIGHUP:
                reload()
                continue
            try:
                await kill()
            except CreamError as error:
                # HALTED for want of a journal, and the cancels have left: all that can be done.
                log.critical("signals.not_recorded", signal=one.name, code=error.kind.code)
