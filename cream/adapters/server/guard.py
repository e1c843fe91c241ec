"""How are broken clients kept from breaking the daemon? One barrier around each HTTP connection.

Hypercorn's Trio worker lets an exception of one connection end the nursery that serves them all,
and shields sends and closes without a deadline, so that a client which stops reading holds up the
shutdown. `GuardedServer` is its connection handler with both made good, and without HTTP/2, which
has faults of its own there and is of no use for JSON. Nothing in Hypercorn is replaced.
"""

from typing import Any

import structlog
import trio
from attrs import define, field
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

from cream.adapters.server.json_h11 import JsonH11Protocol

log = structlog.get_logger(__name__)

# Closing a socket takes no time; what hangs here is a peer that does not read its last bytes.
CLOSE_SECONDS = 1.0

# What is logged of the error that ended a connection.
_ERROR_CHARACTERS = 300

_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError)


class _ConnectionTasks(TaskGroup):
    """The tasks of one connection."""

    async def __aenter__(self) -> "_ConnectionTasks":
        await super().__aenter__()
        return self

    def cancel(self) -> None:
        """End them all."""
        assert self._nursery is not None, "the group is open"
        self._nursery.cancel_scope.cancel()


class GuardedServer(TCPServer):
    """One connection, behind its barrier.   Owns: the stream."""

    send_timeout_seconds: float = 10.0
    # When it began to wait for a request; None while one is being answered.
    silent_since: float | None = None

    async def run(self) -> None:
        """Serve the connection to its end, however it ends.

        Cancellation: closes the connection at once.
        """
        # A reader that waits for an answer to be sent does not see that the connection is closed.
        self._reading = trio.CancelScope()
        try:
            await self._serve()
        except* Exception as errors:  # noqa: BLE001 - barrier: a peer ends only its connection
            what = repr(errors.exceptions[0])[:_ERROR_CHARACTERS]
            log.warning("http.connection_dropped", error=what)
        finally:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await trio.aclose_forcefully(self.stream)

    async def _serve(self) -> None:
        transport = await self._secured()
        if transport is None:
            return
        secure = transport is not self.stream
        client = parse_socket_addr(transport.socket.family, transport.socket.getpeername())
        server = parse_socket_addr(transport.socket.family, transport.socket.getsockname())
        async with _ConnectionTasks() as task_group:
            self._task_group = task_group
            self.protocol: Any = JsonH11Protocol(
                self.app,
                self.config,
                self.context,
                task_group,
                ConnectionState(self.state.copy()),
                secure,
                client,
                server,
                self.protocol_send,
            )
            await self.protocol.initiate()
            await self.idle_task.restart(task_group, self._idle_timeout)
            with self._reading:
                await self._read_data()
            await self._close()
            # What is left has nobody to talk to, such as the pings of a WebSocket.
            task_group.cancel()

    async def _secured(self) -> Any:
        """The socket's stream, after the handshake where there is one; None if that failed."""
        if isinstance(self.stream, trio.SocketStream):
            return self.stream
        try:
            with trio.fail_after(self.config.ssl_handshake_timeout):
                await self.stream.do_handshake()
        except (trio.BrokenResourceError, trio.TooSlowError):
            return None
        return self.stream.transport_stream

    async def protocol_send(self, event: Event) -> None:
        """Send, and give up on a peer that does not read."""
        if isinstance(event, Updated):
            self.silent_since = trio.current_time() if event.idle else None
        if not isinstance(event, RawData):
            # The request that was just answered is cancelled by now; without the shield its
            # connection would neither be closed at once, where the rest of a body is not wanted,
            # nor for silence later.
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await super().protocol_send(event)
            if isinstance(event, Closed):
                self._reading.cancel()
        elif not await self._sent(event.data):
            self._reading.cancel()
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

    async def _close(self) -> None:
        """Say goodbye, but not for ever."""
        with trio.move_on_after(CLOSE_SECONDS):
            await super()._close()

    async def _initiate_server_close(self) -> None:
        """End a silent connection; called from within a shield."""
        self._reading.cancel()
        with trio.move_on_after(CLOSE_SECONDS):
            await super()._initiate_server_close()
        await trio.aclose_forcefully(self.stream)


@define
class Door:
    """Takes connections in, as many as `most` at one time.

    When there is no room the connection that has been silent longest is closed for the newcomer:
    whoever holds connections open must not keep the operator out. If all are busy, the newcomer is
    closed at once.
    """

    app: AppWrapper
    config: Config
    context: WorkerContext
    state: dict[str, Any]
    most: int
    send_timeout_seconds: float
    connections: dict[int, GuardedServer] = field(factory=dict)
    _emptied: trio.Event = field(factory=trio.Event)
    # Said once each time it happens, not once for each connection.
    _is_full: bool = False

    async def wait_empty(self) -> None:
        """Return when no connection is open."""
        while self.connections:
            self._emptied = trio.Event()
            await self._emptied.wait()

    async def drop_all(self) -> None:
        """Close every connection that is left, also one whose peer does not read."""
        for connection in list(self.connections.values()):
            await trio.aclose_forcefully(connection.stream)

    async def serve(self, stream: Any) -> None:
        """Serve one accepted connection. Raises nothing but its cancellation."""
        if not await self._make_room():
            await trio.aclose_forcefully(stream)
            return
        server = GuardedServer(self.app, self.config, self.context, self.state.copy(), stream)
        server.send_timeout_seconds = self.send_timeout_seconds
        server.silent_since = trio.current_time()
        self.connections[id(server)] = server
        try:
            await server.run()
        finally:
            self.connections.pop(id(server), None)
            if not self.connections:
                self._emptied.set()

    async def _make_room(self) -> bool:
        """Whether one more fits, after closing the one that was silent longest if need be."""
        if len(self.connections) < self.most:
            self._is_full = False
            return True
        silent = [one for one in self.connections.values() if one.silent_since is not None]
        if not self._is_full:
            self._is_full = True
            log.warning("http.connections_full", open=self.most, silent=len(silent))
        if not silent:
            return False
        longest = min(silent, key=lambda one: one.silent_since or 0.0)
        del self.connections[id(longest)]
        await trio.aclose_forcefully(longest.stream)
        return True
