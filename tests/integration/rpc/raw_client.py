"""How does a test speak HTTP/2 byte by byte, over a socket or over memory?"""

import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import h2.events
import trio
import trio.testing
from attrs import define, field
from google.protobuf.message import Message
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes
from hpack import Encoder

from cream.adapters.rpc import RpcServer
from tests.integration.rpc.gen.echo_pb2 import Payload
from tests.integration.rpc.handlers import UNARY

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 2, 3, 4, 6, 7, 8, 9,
)  # fmt: skip
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """An HTTP/2 frame."""
    size = len(payload)
    return struct.pack(">HBBBL", size >> 8, size & 255, kind, flags, stream_id) + payload


def request_headers(path: str = UNARY, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The headers of a gRPC request."""
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "test"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *more,
    ]


def block(headers: Sequence[tuple[str, str]]) -> bytes:
    """A header block that leaves the dynamic table alone, so it may be sent many times."""
    return Encoder().encode([(name, value, True) for name, value in headers])


def message(content: Message | bytes, *, flag: int = 0) -> bytes:
    """A gRPC message with its prefix."""
    data = content if isinstance(content, bytes) else content.SerializeToString()
    return struct.pack(">BI", flag, len(data)) + data


@define
class Reply:
    """What came back on one stream."""

    headers: dict[str, str] = field(factory=dict)
    trailers: dict[str, str] = field(factory=dict)
    data: bytearray = field(factory=bytearray)
    ended: bool = False
    reset: int | None = None
    # Header blocks received: 1 for a trailers-only reply.
    blocks: int = 0

    @property
    def done(self) -> bool:
        return self.ended or self.reset is not None

    @property
    def status(self) -> int:
        """The gRPC status, -1 where none came."""
        return int((self.trailers or self.headers).get("grpc-status", -1))

    @property
    def text(self) -> str | None:
        """The undecoded grpc-message."""
        return (self.trailers or self.headers).get("grpc-message")

    def payloads(self) -> list[Payload]:
        """The messages, parsed."""
        found, rest = [], bytes(self.data)
        while rest:
            size = int.from_bytes(rest[1:5], "big")
            found.append(Payload.FromString(rest[5 : 5 + size]))
            rest = rest[5 + size :]
        return found


class RawClient:
    """An HTTP/2 client that does what the test says and nothing by itself but SETTINGS acks."""

    def __init__(self, stream: trio.abc.Stream, *, initial_window: int = 65_535) -> None:
        self.stream = stream
        self.h2 = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_inbound_headers=False,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.local_settings.update({SettingCodes.INITIAL_WINDOW_SIZE: initial_window})
        self.h2.local_settings.acknowledge()
        self.replies: dict[int, Reply] = {}
        # Error code and last stream id of each.
        self.goaways: list[tuple[int, int]] = []
        self.pings = 0
        self.closed = False
        self._next_id = 1

    async def start(self) -> None:
        """Send preface and SETTINGS."""
        self.h2.initiate_connection()
        await self.flush()

    async def flush(self) -> None:
        """Send what h2 prepared."""
        data = self.h2.data_to_send()
        if data:
            await self.stream.send_all(data)

    async def open(
        self, path: str = UNARY, *more: tuple[str, str], body: bytes = b"", end: bool = True
    ) -> int:
        """Begin a call and send `body`; its stream id."""
        return await self.open_with(request_headers(path, *more), body=body, end=end)

    async def open_with(
        self, headers: list[tuple[str, str]], *, body: bytes = b"", end: bool = True
    ) -> int:
        stream_id = self._next_id
        self._next_id += 2
        self.replies[stream_id] = Reply()
        self.h2.send_headers(stream_id, headers, end_stream=end and not body)
        while body:
            piece, body = body[:16_000], body[16_000:]
            self.h2.send_data(stream_id, piece, end_stream=end and not body)
        await self.flush()
        return stream_id

    async def call(self, content: Message | bytes, path: str = UNARY, *more: Any) -> Reply:
        """A unary request and its whole reply."""
        return await self.reply(await self.open(path, *more, body=message(content)))

    async def reply(self, stream_id: int) -> Reply:
        """The reply, when it is complete or reset or the connection is closed."""
        reply = self.replies[stream_id]
        await self.receive_until(lambda: reply.done)
        return reply

    async def receive_until(self, is_enough: Callable[[], bool]) -> None:
        """Digest what comes until it is enough, or until the server closes."""
        while not is_enough() and not self.closed:
            await self.receive()

    async def receive(self) -> None:
        """Digest one read."""
        try:
            data = await self.stream.receive_some(65_536)
        except trio.BrokenResourceError:
            data = b""
        if not data:
            self.closed = True
            return
        for event in self.h2.receive_data(bytes(data)):
            self._note(event)
        try:
            await self.flush()
        except trio.BrokenResourceError:
            self.closed = True

    def _note(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                reply = self.replies[event.stream_id]
                reply.headers = dict(event.headers)  # type: ignore[arg-type]
                reply.blocks += 1
            case h2.events.TrailersReceived():
                reply = self.replies[event.stream_id]
                reply.trailers = dict(event.headers)  # type: ignore[arg-type]
                reply.blocks += 1
            case h2.events.DataReceived():
                self.replies[event.stream_id].data += event.data
            case h2.events.StreamEnded():
                self.replies[event.stream_id].ended = True
            case h2.events.StreamReset():
                self.replies[event.stream_id].reset = int(event.error_code)
            case h2.events.ConnectionTerminated():
                self.goaways.append((int(event.error_code or 0), event.last_stream_id or 0))
                # h2 would say nothing more; a client goes on with its calls.
                self.h2.state_machine.state = type(self.h2.state_machine.state).CLIENT_OPEN
            case h2.events.PingReceived():
                self.pings += 1
            case _:
                pass


class MemoryListener(trio.abc.Listener[trio.abc.Stream]):
    """Connections without sockets, which a mock clock may drive."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[trio.abc.Stream](100)

    async def accept(self) -> trio.abc.Stream:
        return await self._receive.receive()

    async def aclose(self) -> None:
        await self._receive.aclose()
        await trio.lowlevel.checkpoint()

    async def connect(self, **options: Any) -> RawClient:
        """A client that has sent its preface."""
        client = RawClient(await self.connect_stream(), **options)
        await client.start()
        return client

    async def connect_stream(self) -> trio.abc.Stream:
        """The client's end of a new connection."""
        ours, theirs = trio.testing.memory_stream_pair()
        await self.accept_stream(theirs)
        return ours

    async def accept_stream(self, stream: trio.abc.Stream) -> None:
        """Let the server accept this as its end of a connection."""
        await self._send.send(stream)


@asynccontextmanager
async def serving(server: RpcServer) -> AsyncIterator[MemoryListener]:
    """The server on a listener in memory; it is cancelled at the end."""
    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve, [listener])
        try:
            yield listener
        finally:
            nursery.cancel_scope.cancel()
