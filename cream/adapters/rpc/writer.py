"""How do frames of all calls reach the socket, and who waits when it is slow?"""

import os
from math import inf

import trio

from cream.adapters.rpc.engine import Engine
from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics

# Of what streaming handlers may have waiting: above it the client is not read any more.
FLOOD_FACTOR = 4


class Writer:
    """The one task of a connection that writes; whatever piled up goes out in one piece."""

    def __init__(
        self,
        engine: Engine,
        stream: trio.abc.SendStream,
        settings: RpcSettings,
        statistics: RpcStatistics,
    ) -> None:
        self._engine = engine
        self._stream = stream
        self._settings = settings
        self._statistics = statistics
        self._socket = stream.socket if isinstance(stream, trio.SocketStream) else None
        self._wake = trio.Event()
        self._uncongested: trio.Event | None = None
        self._finishing = False
        # What the socket is taking now. Not 0 after a cancellation: a frame may be cut in two.
        self.in_flight_bytes = 0

    def wake(self) -> None:
        """Write what the engine holds, soon."""
        self._wake.set()

    def finish(self) -> None:
        """Write what the engine holds, then stop."""
        self._finishing = True
        self._wake.set()

    def is_congested(self) -> bool:
        """Whether enough waits for the socket already."""
        waiting = self._engine.pending() + self.in_flight_bytes
        return waiting > self._settings.send_buffer_bytes

    def is_flooded(self) -> bool:
        """Whether so much waits that only a client which asks and does not read can be the cause.

        Handlers stop long before; what goes on are replies to unary calls, acks and resets.
        """
        waiting = self._engine.pending() + self.in_flight_bytes
        return waiting > FLOOD_FACTOR * self._settings.send_buffer_bytes

    async def wait_uncongested(self) -> None:
        """Return when the socket has taken most of what waits."""
        if self._uncongested is None:
            self._uncongested = trio.Event()
        self._wake.set()
        await self._uncongested.wait()

    async def run(self) -> None:
        """Write until told to finish, or until the client has not read for too long.

        Raises: trio.BrokenResourceError, trio.ClosedResourceError.
        """
        take, send_all = self._engine.take, self._stream.send_all
        with trio.CancelScope() as stall:
            while True:
                data = take()
                if not data:
                    self._relax()
                    if self._finishing:
                        return
                    self._wake = trio.Event()
                    await self._wake.wait()
                    continue
                taken = self._write_now(data)
                if taken < len(data):
                    self.in_flight_bytes = len(data) - taken
                    stall.deadline = trio.current_time() + self._settings.send_timeout_seconds
                    await send_all(data[taken:])
                    stall.deadline = inf
                    self.in_flight_bytes = 0
                if self._engine.pending() * 2 < self._settings.send_buffer_bytes:
                    self._relax()
        if stall.cancelled_caught:
            self._statistics.send_timeouts += 1

    def _write_now(self, data: bytes) -> int:
        """How many bytes a plain socket takes without waiting.

        Nearly always all of them. Trio would yield once more after a write that did not block,
        which is a fifth of what a short call costs the server.
        """
        if self._socket is None:
            return 0
        try:
            return os.write(self._socket.fileno(), data)
        except OSError:
            return 0  # a full socket, or a broken one: send_all waits, or says what is wrong

    def _relax(self) -> None:
        if self._uncongested is not None:
            self._uncongested.set()
            self._uncongested = None
