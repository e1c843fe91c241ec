"""How does one client's connection live, from its first byte to its last?

Three tasks: the reader feeds the engine, the writer drains it (so that replies of all calls share
one write), the timekeeper watches for silence. Beside them runs one task per call. Callbacks of
the engine are synchronous and decide at once.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
import trio
from attrs import frozen
from grpclib.const import Status

from cream.adapters.rpc.call import Call, StoppedBy
from cream.adapters.rpc.engine import Engine, ErrorCode, Headers, ProtocolError
from cream.adapters.rpc.flood_guard import FloodGuard
from cream.adapters.rpc.h2_engine import H2Engine
from cream.adapters.rpc.headers import DRAINING, UNKNOWN_METHOD, Refusal, read_request
from cream.adapters.rpc.hpack_blocks import encode_block
from cream.adapters.rpc.method import Method
from cream.adapters.rpc.peer import Peer
from cream.adapters.rpc.serving import Hooks, serve_call
from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics
from cream.adapters.rpc.status import Ending
from cream.adapters.rpc.stream import Stream
from cream.adapters.rpc.writer import Writer

log = structlog.get_logger(__name__)

PING_PAYLOAD = b"cream-rt"

BUFFERS_FULL = Ending(Status.RESOURCE_EXHAUSTED, "The server's receive buffers are full")


@frozen
class Serving:
    """What all connections of a server share."""

    methods: Mapping[bytes, Method]
    hooks: Hooks
    settings: RpcSettings
    statistics: RpcStatistics


class Connection:
    """One client.   Owns: its stream, which is closed when `run` returns."""

    def __init__(self, stream: trio.abc.Stream, peer: Peer, serving: Serving) -> None:
        self._stream = stream
        self.peer = peer
        self._methods = serving.methods
        self._hooks = serving.hooks
        self.settings = settings = serving.settings
        self.statistics = serving.statistics
        self.engine: Engine = H2Engine(self, settings)
        self._writer = Writer(self.engine, stream, settings, serving.statistics)
        self.wake_writer = self._writer.wake
        self.is_congested = self._writer.is_congested
        self.wait_uncongested = self._writer.wait_uncongested

        self._calls: dict[int, Stream[Any, Any]] = {}
        # Opened by the bytes just read; the reader gives each its task.
        self._arrived: list[Stream[Any, Any]] = []
        self._window_waiters: dict[int, trio.Event] = {}
        self._buffered_bytes = 0
        self._last_stream_id = 0

        self._greeted = trio.Event()
        self._sign_of_life: trio.Event | None = None
        self._flood_guard = FloodGuard(settings)
        # Takes no more calls, by its own will or the client's; only in the first case the client
        # has to be told.
        self._draining = self._owes_goaway = False
        self._last_call_ended = trio.Event()
        # Whether the client was told to go, and whether it went by itself.
        self._said_goaway = False
        self._client_left = False
        self._last_read_at = self._last_call_at = trio.current_time()
        self._ended = trio.Event()

    # -- life

    @property
    def idle_since(self) -> float | None:
        """When its last call ended, or it began; None while it has calls or is about to end."""
        return None if self._calls or self._draining else self._last_call_at

    async def give_way(self) -> None:
        """End at once, without a word; returns when the connection is gone."""
        self._draining = True
        await trio.aclose_forcefully(self._stream)
        await self._ended.wait()

    async def run(self) -> None:
        """Serve the client until either side ends the connection.

        Raises: trio.BrokenResourceError, trio.ClosedResourceError, within groups.
        Cancellation: handlers are cancelled, the client is told with a GOAWAY.
        """
        try:
            async with trio.open_nursery() as nursery:

                async def end_with(task: Callable[[], Awaitable[None]]) -> None:
                    await task()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(end_with, self._writer.run)
                nursery.start_soon(end_with, self._keep_time)
                try:
                    await self._read(nursery)
                finally:
                    self._abort_calls()
                if not self._client_left:
                    # The writer's end is the nursery's end, here as in a drain.
                    self._writer.finish()
                    await trio.sleep(self.settings.close_timeout_seconds)
                nursery.cancel_scope.cancel()
        finally:
            try:
                await self._close()
            finally:
                self._ended.set()

    def _abort_calls(self) -> None:
        for call in self._calls.values():
            call.abort()
        for call in self._arrived:  # has no task yet that would close it
            self.statistics.calls_cancelled += 1
            call.close()
        self._arrived.clear()

    def start_drain(self) -> None:
        """Take no more calls; the connection ends with its last one.

        The client is told to go only then, and a moment later: some, grpclib's among them, drop the
        connection with every unread reply as soon as they see a GOAWAY or its end.
        """
        if self._draining:
            return
        self._draining = self._owes_goaway = True
        if self._calls:
            return
        # Calls that end because of the drain may have done so just now.
        since_last_call = trio.current_time() - self._last_call_at
        if self._greeted.is_set() and since_last_call < self.settings.parting_seconds:
            self._last_call_ended.set()
        else:
            self._part()

    def stop_calls(self) -> None:
        """End what is still in flight with UNAVAILABLE."""
        for call in self._calls.values():
            call.stop(StoppedBy.SHUTDOWN)

    def _part(self) -> None:
        """Say that this is the end, if that is ours to say, and end once it is sent."""
        if self._owes_goaway and not self._said_goaway:
            self.engine.goaway(self._last_stream_id, ErrorCode.NO_ERROR)
            self._said_goaway = True
        self._writer.finish()

    async def _read(self, nursery: trio.Nursery) -> None:
        engine, chunk = self.engine, self.settings.read_chunk_bytes
        receive_some = self._stream.receive_some
        arrived = self._arrived
        while True:
            data = await receive_some(chunk)
            if not data:
                self._client_left = True
                return
            self._last_read_at = trio.current_time()
            if self._sign_of_life is not None:
                self._sign_of_life.set()
            try:
                engine.receive(data)
            except ProtocolError as error:
                self._refuse_client(error)
                return
            if arrived:
                for call in arrived:
                    nursery.start_soon(serve_call, call, self._hooks)
                arrived.clear()
            if engine.pending():
                self._writer.wake()
                if self._writer.is_flooded():
                    await self.wait_uncongested()

    def _refuse_client(self, error: ProtocolError) -> None:
        self.statistics.protocol_errors += 1
        log.debug("rpc.client_refused", peer=self.peer.addr(), problem=str(error))
        self.engine.goaway(self._last_stream_id, error.code)
        self._said_goaway = True

    async def _keep_time(self) -> None:
        """Return when the connection should end for want of life."""
        settings = self.settings
        with trio.move_on_after(settings.handshake_timeout_seconds):
            await self._greeted.wait()
        if not self._greeted.is_set():
            self.statistics.handshake_timeouts += 1
            return
        while True:
            now = trio.current_time()
            ping_at = self._last_read_at + settings.keepalive_interval_seconds
            if now >= ping_at:
                if not await self._is_alive():
                    self.statistics.keepalive_timeouts += 1
                    return
                continue
            # With calls in flight it is looked at again when it could be idle at the earliest.
            busy = self._calls or self._draining
            idle_at = (now if busy else self._last_call_at) + settings.idle_timeout_seconds
            if now >= idle_at:
                self.statistics.idle_closed += 1
                self.start_drain()
                continue
            with trio.move_on_at(min(ping_at, idle_at)):
                await self._last_call_ended.wait()
            if self._last_call_ended.is_set():
                await trio.sleep(settings.parting_seconds)
                self._part()
                # From here on only the client's silence or the writer can be waited for.
                self._last_call_ended = trio.Event()

    async def _is_alive(self) -> bool:
        """Whether the client answers a PING; anything it sends is an answer."""
        sign_of_life = self._sign_of_life = trio.Event()
        self.engine.ping(PING_PAYLOAD)
        self._writer.wake()
        with trio.move_on_after(self.settings.keepalive_timeout_seconds):
            await sign_of_life.wait()
        self._sign_of_life = None
        return sign_of_life.is_set()

    async def _close(self) -> None:
        """Say the last words where there is a chance that they arrive."""
        with trio.CancelScope(
            deadline=trio.current_time() + self.settings.close_timeout_seconds, shield=True
        ):
            try:
                if not self._writer.in_flight_bytes:
                    await self._say_goodbye()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
        await trio.aclose_forcefully(self._stream)

    async def _say_goodbye(self) -> None:
        stream = self._stream
        lingers = self._said_goaway and not self._client_left
        if not self._said_goaway and not self._client_left:
            self.engine.goaway(self._last_stream_id, ErrorCode.NO_ERROR)
        await stream.send_all(self.engine.take())
        if lingers and isinstance(stream, trio.abc.HalfCloseableStream):
            # Closing a socket with unread bytes would destroy what was just sent.
            await stream.send_eof()
            while await stream.receive_some(self.settings.read_chunk_bytes):
                pass
        await stream.aclose()

    # -- what the engine reports (EngineEvents)

    def on_greeting(self) -> None:
        """The client speaks HTTP/2."""
        self._greeted.set()

    def on_request(self, stream_id: int, headers: Headers, end_stream: bool) -> None:
        """Take the call, or refuse it without spending a task on it."""
        now = trio.current_time()
        self._flood_guard.request_opened(now)
        settings = self.settings
        if self._draining and not self._said_goaway:
            # A reset would leave open whether the call happened.
            self._refuse_request(stream_id, DRAINING, end_stream)
            return
        if (
            self._said_goaway
            or len(self._calls) >= settings.max_streams_per_connection
            or self.statistics.calls_open >= settings.max_calls
        ):
            self.statistics.streams_refused += 1
            self.engine.reset(stream_id, ErrorCode.REFUSED_STREAM)
            return
        self._last_stream_id = stream_id
        request = read_request(headers)
        if isinstance(request, Refusal):
            self._refuse_request(stream_id, request, end_stream)
            return
        method = self._methods.get(request.path)
        if method is None:
            self._refuse_request(stream_id, UNKNOWN_METHOD, end_stream)
            return
        call: Stream[Any, Any] = Stream(self, stream_id, method, headers, request, now)
        call.ended = end_stream
        self._calls[stream_id] = call
        self.statistics.calls_open += 1
        self.statistics.calls_started += 1
        self._arrived.append(call)

    def on_data(self, stream_id: int, data: bytes, flow_bytes: int) -> None:
        """Keep the bytes for the handler, within the budgets."""
        call = self._calls.get(stream_id)
        if call is None or call.dead:
            return
        settings, statistics = self.settings, self.statistics
        size = len(data)
        if (
            self._buffered_bytes + size > settings.max_buffered_bytes_per_connection
            or statistics.buffered_bytes + size > settings.max_buffered_bytes
        ):
            call.fail(BUFFERS_FULL)
            return
        self._buffered_bytes += size
        statistics.buffered_bytes += size
        call.feed(data, flow_bytes)

    def on_end(self, stream_id: int) -> None:
        """The request is complete."""
        call = self._calls.get(stream_id)
        if call is not None:
            call.end()

    def on_reset(self, stream_id: int) -> None:
        """The client gave the call up.   Raises: ProtocolError where it does so all the time."""
        now = trio.current_time()
        call = self._calls.get(stream_id)
        if call is not None:
            call.abort()
        if self._flood_guard.reset_is_flood(now, now if call is None else call.opened_at):
            self.statistics.floods += 1
            raise ProtocolError("Too many resets", ErrorCode.ENHANCE_YOUR_CALM)

    def on_window(self, stream_id: int) -> None:
        """Let those send who waited for it."""
        for waiting_id, event in self._window_waiters.items():
            if stream_id in (0, waiting_id):
                event.set()

    def on_control_frame(self) -> None:
        """Count it.   Raises: ProtocolError where there are too many."""
        if self._flood_guard.control_frame_is_flood(trio.current_time()):
            self.statistics.floods += 1
            raise ProtocolError("Too many control frames", ErrorCode.ENHANCE_YOUR_CALM)

    def on_goaway(self) -> None:
        """The client opens no more streams: the last call ends the connection."""
        self._draining = True
        if not self._calls:
            self._part()

    def _refuse_request(self, stream_id: int, refusal: Refusal, end_stream: bool) -> None:
        self.statistics.calls_refused += 1
        self.engine.send_headers(stream_id, encode_block(refusal.headers), True)
        if not end_stream:
            self.engine.reset(stream_id, ErrorCode.NO_ERROR)

    # -- what calls need (Carrier)

    def call_finished(self, call: Call) -> None:
        """Forget the call; its task ends."""
        del self._calls[call.stream_id]
        self.statistics.calls_open -= 1
        self._last_call_at = trio.current_time()
        if not self._draining or self._calls:
            return
        if self._owes_goaway:
            self._last_call_ended.set()
        else:
            self._part()

    def release_buffered(self, size: int) -> None:
        """Received bytes were consumed."""
        self._buffered_bytes -= size
        self.statistics.buffered_bytes -= size

    async def wait_window(self, stream_id: int) -> None:
        """Return when a send window of the stream may have grown."""
        event = self._window_waiters[stream_id] = trio.Event()
        try:
            await event.wait()
        finally:
            del self._window_waiters[stream_id]
