"""How are broken clients kept from breaking the daemon? One barrier around each HTTP connection.

Hypercorn's Trio worker lets an exception of one connection end the nursery that serves them all,
and shields a send without a deadline, so that a client which stops reading holds up the shutdown.
`GuardedServer` is its connection handler with both made good; nothing in Hypercorn is replaced.
"""

from typing import Any

import structlog
import trio
from attrs import define
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper

log = structlog.get_logger(__name__)

# Closing a socket takes no time; what hangs here is TLS waiting for a peer that is gone.
_CLOSE_SECONDS = 1.0

_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError)

# What is logged of the error that ended a connection.
_ERROR_CHARACTERS = 300


class GuardedServer(TCPServer):
    """One connection, behind its barrier.   Owns: the stream."""

    send_timeout_seconds: float = 10.0

    async def run(self) -> None:
        """Serve the connection to its end, however it ends.

        Cancellation: closes the connection at once.
        """
        try:
            await super().run()
        except* Exception as errors:  # noqa: BLE001 - barrier: one peer ends its own connection
            what = repr(errors.exceptions[0])[:_ERROR_CHARACTERS]
            log.warning("http.connection_dropped", error=what)
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + _CLOSE_SECONDS):
                await trio.aclose_forcefully(self.stream)

    async def protocol_send(self, event: Event) -> None:
        """Send, and give up on a peer that does not read."""
        if not isinstance(event, RawData):
            await super().protocol_send(event)
        elif not await self._sent(event.data):
            await trio.aclose_forcefully(self.stream)
            await self.protocol.handle(Closed())

    async def _sent(self, data: bytes) -> bool:
        """Whether the peer took `data`.   Cancellation: shielded, for the send timeout."""
        async with self.send_lock:
            with trio.move_on_after(self.send_timeout_seconds, shield=True):
                try:
                    await self.stream.send_all(data)
                except _GONE:
                    return False
                return True
        return False


@define
class Door:
    """Takes connections in, as many as `most` at one time; more are closed at once."""

    app: AppWrapper
    config: Config
    context: WorkerContext
    state: dict[str, Any]
    most: int
    send_timeout_seconds: float
    open: int = 0

    async def serve(self, stream: Any) -> None:
        """Serve one accepted connection. Raises nothing but its cancellation."""
        if self.open >= self.most:
            log.warning("http.connection_refused", open=self.open)
            await trio.aclose_forcefully(stream)
            return
        self.open += 1
        try:
            server = GuardedServer(self.app, self.config, self.context, self.state.copy(), stream)
            server.send_timeout_seconds = self.send_timeout_seconds
            await server.run()
        finally:
            self.open -= 1
