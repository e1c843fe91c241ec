"""What is the state of one call, between the connection's reader and the handler's task?

Nothing here waits: bytes come in from the connection, frames go out to the engine. The handler's
side of a call, which does wait, is `stream.Stream`.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

import trio
from grpclib.const import Status

from cream.adapters.rpc.engine import Engine, ErrorCode, Headers
from cream.adapters.rpc.framing import MessageReader
from cream.adapters.rpc.headers import (
    GZIP_REPLY_BLOCK,
    GZIP_REPLY_HEADERS,
    REPLY_BLOCK,
    REPLY_HEADERS,
    Request,
)
from cream.adapters.rpc.hpack_blocks import encode_block
from cream.adapters.rpc.method import Method
from cream.adapters.rpc.peer import Peer
from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics
from cream.adapters.rpc.status import OK, OK_TRAILERS_BLOCK, Ending, trailers


class Carrier(Protocol):
    """What a call needs of the connection that carries it."""

    engine: Engine
    settings: RpcSettings
    statistics: RpcStatistics
    peer: Peer

    def wake_writer(self) -> None:
        """See that what the engine holds is written soon."""
        ...

    def is_congested(self) -> bool:
        """Whether enough waits for the socket already."""
        ...

    async def wait_uncongested(self) -> None:
        """Return when the socket has taken most of what waits."""
        ...

    def release_buffered(self, size: int) -> None:
        """Received bytes were consumed."""
        ...

    def call_finished(self, call: "Call") -> None:
        """The call's task ends."""
        ...

    async def wait_window(self, stream_id: int) -> None:
        """Return when a send window of the stream may have grown."""
        ...

    def on_window(self, stream_id: int) -> None:
        """Wake who waits for the stream's window."""
        ...


class StoppedBy(Enum):
    """Who ended the call before its handler did, other than its deadline."""

    CLIENT = auto()
    SERVER = auto()
    SHUTDOWN = auto()


class Call:
    """One call.   Owns: its cancel scope, which is the call's lifetime in the handler's task."""

    __slots__ = (
        "carrier",
        "data_wake",
        "dead",
        "deadline_at",
        "ended",
        "final_status",
        "gzip_reply",
        "headers",
        "headers_sent",
        "messages_sent",
        "method",
        "opened_at",
        "reader",
        "scope",
        "stopped_by",
        "stream_id",
        "unacknowledged",
    )

    def __init__(
        self,
        carrier: Carrier,
        stream_id: int,
        method: Method,
        headers: Headers,
        request: Request,
        opened_at: float,
    ) -> None:
        settings = carrier.settings
        self.carrier = carrier
        self.stream_id = stream_id
        self.method = method
        self.headers = headers
        self.opened_at = opened_at
        self.deadline_at = opened_at + request.timeout_seconds
        self.scope = trio.CancelScope(deadline=self.deadline_at)
        self.stopped_by: StoppedBy | None = None
        # The client has half-closed; the stream is gone altogether.
        self.ended = False
        self.dead = False

        self.reader = MessageReader(settings.max_receive_message_bytes, gzip=request.gzip)
        self.unacknowledged = 0
        self.data_wake: trio.Event | None = None

        self.gzip_reply = settings.compress_replies_from_bytes is not None and request.accepts_gzip
        self.headers_sent = False
        self.messages_sent = 0
        self.final_status: Status | None = None

    # -- what the connection tells

    def feed(self, data: bytes, flow_bytes: int) -> None:
        """Body bytes arrived."""
        self.reader.feed(data)
        self.unacknowledged += flow_bytes
        if self.data_wake is not None:
            self.data_wake.set()

    def end(self) -> None:
        """The client has sent everything."""
        self.ended = True
        if self.data_wake is not None:
            self.data_wake.set()

    def abort(self) -> None:
        """The client, or the whole connection, is gone: nothing more can be sent."""
        self.dead = True
        self.stop(StoppedBy.CLIENT)

    def stop(self, by: StoppedBy) -> None:
        """Cancel the handler."""
        if self.stopped_by is None:
            self.stopped_by = by
        self.scope.cancel()

    def fail(self, ending: Ending) -> None:
        """End the reply now, whatever the handler does."""
        self.write_trailers(ending)
        self.dead = True
        self.stop(StoppedBy.SERVER)

    # -- what the handler's side does

    def write_headers(self, metadata: Sequence[tuple[bytes, bytes]] = ()) -> bool:
        """Begin the reply; whether the stream still lives."""
        self.headers_sent = True
        if metadata:
            common = GZIP_REPLY_HEADERS if self.gzip_reply else REPLY_HEADERS
            block = encode_block((*common, *metadata))
        else:
            block = GZIP_REPLY_BLOCK if self.gzip_reply else REPLY_BLOCK
        return self.carrier.engine.send_headers(self.stream_id, block, False)

    def write_trailers(self, ending: Ending, metadata: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """End the reply, once; without a reply so far, headers and trailers are one block."""
        if self.final_status is not None:
            return
        if ending is OK and self.headers_sent and not metadata:
            block = OK_TRAILERS_BLOCK
        else:
            fields = trailers(ending, metadata, max_bytes=self.carrier.settings.max_trailer_bytes)
            block = encode_block(fields if self.headers_sent else (*REPLY_HEADERS, *fields))
        self.final_status = ending.status
        if self.dead:
            return
        engine = self.carrier.engine
        if engine.send_headers(self.stream_id, block, True) and not self.ended:
            # RFC 9113 8.1: the reply is complete, the rest of the request is not wanted.
            engine.reset(self.stream_id, ErrorCode.NO_ERROR)
        self.carrier.wake_writer()

    def acknowledge(self) -> None:
        """Let the client send on."""
        flow_bytes = self.unacknowledged
        if flow_bytes and not self.ended and not self.dead:
            self.unacknowledged = 0
            self.carrier.engine.acknowledge(self.stream_id, flow_bytes)
            self.carrier.wake_writer()

    def take_message(self) -> bytes | None:
        """The next request message, or None where it is not complete.   Raises: GRPCError."""
        reader = self.reader
        before = reader.buffered_bytes
        data = reader.next_message()
        if data is not None:
            self.carrier.release_buffered(before - reader.buffered_bytes)
        return data

    def close(self) -> None:
        """Leave the connection and give back what the call holds of its buffers."""
        size = self.reader.buffered_bytes
        if size:
            self.carrier.release_buffered(size)
            self.reader.clear()
        self.carrier.call_finished(self)
