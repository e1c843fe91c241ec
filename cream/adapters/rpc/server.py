"""How is a set of services served on listening sockets, and how does that end?"""

import errno
import ssl
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import structlog
import trio

from cream.adapters.rpc.connection import Connection, Serving
from cream.adapters.rpc.method import Service, methods_by_path
from cream.adapters.rpc.peer import Peer
from cream.adapters.rpc.serving import Authorize, Hooks, Observe
from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics
from cream.adapters.rpc.tls import ALPN_PROTOCOL

log = structlog.get_logger(__name__)

# accept(2) says that the system has no room; it may have some later.
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# accept(2) passes on what befell one new connection; the next one may be well.
_CLIENT_LOST = {
    errno.ECONNABORTED,
    errno.EPERM,
    errno.EPROTO,
    errno.ENOPROTOOPT,
    errno.EOPNOTSUPP,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ENONET,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
}
# Long enough not to spin, short against every client's connect timeout.
ACCEPT_PAUSE_SECONDS = 0.1


class RpcServer:
    """A gRPC server for grpclib services.

    `services` are objects with grpclib's `__mapping__`. `tls` is a context of
    `tls.server_context`; without it the server speaks HTTP/2 in clear text. `authorize` is asked
    before each call except those of `public_services` (names such as `grpc.health.v1.Health`);
    `observe` is told after each call.

    Raises: ValueError where services contradict each other.
    """

    def __init__(
        self,
        services: Iterable[Service],
        *,
        settings: RpcSettings | None = None,
        tls: ssl.SSLContext | None = None,
        authorize: Authorize | None = None,
        observe: Observe | None = None,
        public_services: Collection[str] = (),
    ) -> None:
        self._settings = settings or RpcSettings()
        self._tls = tls
        self._statistics = RpcStatistics()
        self._serving = Serving(
            methods_by_path(services, public_services),
            Hooks(authorize, observe),
            self._settings,
            self._statistics,
        )
        # In order of arrival, so that a drain is the same each time.
        self._connections: dict[Connection, None] = {}
        self._drain_asked = trio.Event()
        self._drained = trio.Event()
        self._empty: trio.Event | None = None

    def statistics(self) -> RpcStatistics:
        """What happened so far and what is open now."""
        return self._statistics.copy()

    def start_drain(self) -> None:
        """Ask `serve` to end: no new connections and calls, calls in flight within the grace."""
        self._drain_asked.set()

    async def drain(self) -> None:
        """Drain, and return when `serve` has ended.   Cancellation: the drain goes on."""
        self.start_drain()
        await self._drained.wait()

    async def serve(
        self,
        listeners: Sequence[trio.abc.Listener[Any]],
        *,
        task_status: trio.TaskStatus[Sequence[trio.abc.Listener[Any]]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until drained. Once only.

        Owns: the listeners, which are closed in any case. Cancellation: connections get a GOAWAY
        and are closed, their calls are cancelled; `drain` first for a polite end.
        """
        try:
            async with trio.open_nursery() as connections:
                async with trio.open_nursery() as accepting:
                    for listener in listeners:
                        accepting.start_soon(self._accept, listener, connections)
                    task_status.started(listeners)
                    await self._drain_asked.wait()
                    accepting.cancel_scope.cancel()
                await self._drain_connections()
                connections.cancel_scope.cancel()
        finally:
            self._drained.set()

    async def _drain_connections(self) -> None:
        for connection in self._connections:
            connection.start_drain()
        with trio.move_on_after(self._settings.drain_grace_seconds):
            await self._wait_empty()
        for connection in self._connections:
            connection.stop_calls()
        # Twice: calls that are ended here may use it for their trailers, connections to close.
        with trio.move_on_after(2 * self._settings.close_timeout_seconds):
            await self._wait_empty()

    async def _wait_empty(self) -> None:
        while self._connections:
            self._empty = trio.Event()
            await self._empty.wait()

    async def _accept(self, listener: trio.abc.Listener[Any], connections: trio.Nursery) -> None:
        async with listener:
            while True:
                try:
                    stream = await listener.accept()
                except OSError as error:
                    if error.errno not in _NO_ROOM | _CLIENT_LOST:
                        raise
                    self._statistics.accept_errors += 1
                    log.warning("rpc.accept_failed", error=repr(error))
                    await trio.sleep(ACCEPT_PAUSE_SECONDS if error.errno in _NO_ROOM else 0)
                    continue
                connections.start_soon(self._serve_stream, stream)

    async def _serve_stream(self, stream: trio.abc.Stream) -> None:
        """The barrier of one connection: what goes wrong in it stays in it."""
        statistics = self._statistics
        if not await self._make_room():
            statistics.connections_refused += 1
            await trio.aclose_forcefully(stream)
            return
        statistics.connections_open += 1
        statistics.connections_accepted += 1
        try:
            await self._serve_client(stream)
        except* (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            pass  # the client is gone, which clients may be
        except* Exception as errors:
            statistics.connection_crashes += 1
            log.error("rpc.connection_crashed", exc_info=errors)
        finally:
            statistics.connections_open -= 1
            await trio.aclose_forcefully(stream)

    async def _make_room(self) -> bool:
        """Whether one more fits, after ending the one that was idle longest if need be.

        Whoever holds connections open must not keep the operator out.
        """
        while self._statistics.connections_open >= self._settings.max_connections:
            idle = [one for one in self._connections if one.idle_since is not None]
            if not idle:
                return False
            longest = min(idle, key=lambda one: one.idle_since or 0.0)
            self._statistics.idle_closed += 1
            await longest.give_way()
        return True

    async def _serve_client(self, raw: trio.abc.Stream) -> None:
        stream = raw
        if self._tls is not None:
            secured = await self._secure(raw, self._tls)
            if secured is None:
                self._statistics.tls_failures += 1
                return
            stream = secured
        address = raw.socket.getpeername() if isinstance(raw, trio.SocketStream) else None
        peer = Peer(stream, address)
        connection = Connection(stream, peer, self._serving)
        self._connections[connection] = None
        if self._drain_asked.is_set():
            connection.start_drain()
        try:
            await connection.run()
        finally:
            del self._connections[connection]
            if not self._connections and self._empty is not None:
                self._empty.set()

    async def _secure(
        self, raw: trio.abc.Stream, tls: ssl.SSLContext
    ) -> "trio.SSLStream[trio.abc.Stream] | None":
        """The stream after a handshake that agreed on HTTP/2, or None."""
        stream = trio.SSLStream(raw, tls, server_side=True, https_compatible=True)
        try:
            with trio.fail_after(self._settings.handshake_timeout_seconds):
                await stream.do_handshake()
        except (trio.BrokenResourceError, trio.TooSlowError):
            return None
        return stream if stream.selected_alpn_protocol() == ALPN_PROTOCOL else None


def bound_port(listeners: Sequence[trio.SocketListener]) -> int:
    """The port of the first listener, for those who bound port 0."""
    port: int = listeners[0].socket.getsockname()[1]
    return port
