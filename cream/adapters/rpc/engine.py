"""What does the transport ask of an HTTP/2 engine?

An engine is sans-I/O: bytes in, callbacks and bytes out; it never waits. It owns framing, header
compression, stream states and flow-control arithmetic. The transport owns tasks, time and policy.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

Headers = Sequence[tuple[bytes, bytes]]


class ErrorCode(IntEnum):
    """The HTTP/2 error codes that this server sends (RFC 9113 section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    ENHANCE_YOUR_CALM = 11


class ProtocolError(Exception):
    """The peer broke HTTP/2 or one of our limits; the connection must end with `code`."""

    def __init__(self, text: str, code: int = ErrorCode.PROTOCOL_ERROR) -> None:
        super().__init__(text)
        self.code = code


class EngineEvents(Protocol):
    """What an engine tells the transport, synchronously, while it digests received bytes."""

    def on_greeting(self) -> None:
        """The peer's first SETTINGS arrived: it speaks HTTP/2."""
        ...

    def on_request(self, stream_id: int, headers: Headers, end_stream: bool) -> None:
        """A new stream was opened."""
        ...

    def on_data(self, stream_id: int, data: bytes, flow_bytes: int) -> None:
        """Body bytes; `flow_bytes` is what they take from the stream's window."""
        ...

    def on_end(self, stream_id: int) -> None:
        """The peer will send no more on this stream."""
        ...

    def on_reset(self, stream_id: int) -> None:
        """The stream is dead."""
        ...

    def on_window(self, stream_id: int) -> None:
        """A send window grew; 0 stands for all streams."""
        ...

    def on_control_frame(self) -> None:
        """A frame came that moves no call forward."""
        ...

    def on_goaway(self) -> None:
        """The peer will open no more streams."""
        ...


class Engine(Protocol):
    """One HTTP/2 connection, server side."""

    def receive(self, data: bytes | bytearray) -> None:
        """Digest received bytes.   Raises: ProtocolError."""
        ...

    def send_headers(self, stream_id: int, block: bytes, end_stream: bool) -> bool:
        """Whether the stream could still take the header block (see `hpack_blocks`)."""
        ...

    def send_data(self, stream_id: int, data: bytes | memoryview) -> bool:
        """Whether the stream could still take the data, which must fit window and frame."""
        ...

    def send_window(self, stream_id: int) -> int | None:
        """How many bytes may be sent now, or None where the stream is closed for sending."""
        ...

    @property
    def max_frame_bytes(self) -> int:
        """The largest DATA payload that the peer accepts."""
        ...

    def acknowledge(self, stream_id: int, flow_bytes: int) -> None:
        """Give consumed bytes back to the stream's receive window."""
        ...

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End the stream at once; nothing happens where it has already ended."""
        ...

    def ping(self, payload: bytes) -> None:
        """Ask the peer for a sign of life; eight bytes."""
        ...

    def goaway(self, last_stream_id: int, code: int) -> None:
        """Announce that streams above `last_stream_id` are not served; open ones go on."""
        ...

    def take(self) -> bytes:
        """The bytes to be written now, which the engine forgets."""
        ...

    def pending(self) -> int:
        """How many bytes wait to be taken."""
        ...
