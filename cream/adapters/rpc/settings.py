"""What may a client take from the gRPC server, and how long may it take it?

Every bound of the transport is here, with its reason. Durations are seconds on the Trio clock, so
a test can shorten them or drive them with a mock clock.
"""

from typing import Any

from attrs import Attribute, field, frozen

KIB = 1024
MIB = 1024 * KIB

# RFC 9113 6.5.2: no peer may be asked for smaller frames; larger ones only delay other streams.
MAX_FRAME_BYTES = 16_384
# RFC 9113 6.9.2: what every connection window is before the first WINDOW_UPDATE.
INITIAL_WINDOW_BYTES = 65_535


def _require_positive(_: object, attribute: "Attribute[Any]", value: float) -> None:
    if not value > 0:
        raise ValueError(f"Expected {attribute.name} above 0, was {value}")


def _positive_int(default: int) -> int:
    return field(default=default, validator=_require_positive)


def _positive_seconds(default: float) -> float:
    return field(default=default, validator=_require_positive)


@frozen
class RpcSettings:
    """Limits and durations of one server.   Raises: ValueError for values that make no sense."""

    # A plan of 50 decisions is under 100 KiB; 4 MiB is what gRPC servers accept by default.
    max_receive_message_bytes: int = _positive_int(4 * MIB)
    # A full order list may be long, but nothing sensible is longer than this.
    max_send_message_bytes: int = _positive_int(16 * MIB)
    # Replies at least this long are gzipped for clients that accept it. None: never, because on
    # loopback the CPU is dearer than the bytes.
    compress_replies_from_bytes: int | None = None

    # Each costs two tasks and some 60 KiB; agents and dashboards need a handful.
    max_connections: int = _positive_int(500)
    # Announced to the client; above it streams are refused. 1,000 subscriptions are plenty.
    max_streams_per_connection: int = _positive_int(1_000)
    # Over all connections; an open call holds some 6 KiB, so this many hold 120 MiB.
    max_calls: int = _positive_int(20_000)
    # Decoded size of one request's headers: the default of most gRPC implementations.
    max_header_list_bytes: int = _positive_int(16 * KIB)
    # 16 KiB of headers fit into two frames; more frames than this are an attack (CVE-2024-27316).
    max_continuation_frames: int = _positive_int(8)
    # Trailers beyond this are refused by C-core clients (8 KiB soft limit), so they are cut.
    max_trailer_bytes: int = _positive_int(8 * KIB - 512)

    # The connection window is returned at once, so it bounds only what is in flight.
    connection_window_bytes: int = _positive_int(1 * MIB)
    # What one stream may send ahead of its handler.
    stream_window_bytes: int = _positive_int(256 * KIB)
    # Received and not yet consumed: above it the stream that sent more is ended. One client must
    # hold two messages of full size, all clients together must not endanger the daemon.
    max_buffered_bytes_per_connection: int = _positive_int(16 * MIB)
    max_buffered_bytes: int = _positive_int(64 * MIB)
    # Above it streaming handlers wait for the socket.
    send_buffer_bytes: int = _positive_int(256 * KIB)
    # One read: the longest the event loop works for one client before others get their turn.
    read_chunk_bytes: int = _positive_int(32 * KIB)
    # Larger DATA frames save little and delay other streams' replies.
    max_send_frame_bytes: int = _positive_int(64 * KIB)

    # From accept to the TLS handshake's end, and again to preface and SETTINGS.
    handshake_timeout_seconds: float = _positive_seconds(5.0)
    # From the first wait for a single-message request, and from the first byte of a message in a
    # stream, to its last byte.
    body_timeout_seconds: float = _positive_seconds(10.0)
    # A client that does not read for this long loses its stream, or its connection.
    send_timeout_seconds: float = _positive_seconds(30.0)
    # Silence before a PING, and from the PING to giving up: a dead peer is found in 30 s.
    keepalive_interval_seconds: float = _positive_seconds(20.0)
    keepalive_timeout_seconds: float = _positive_seconds(10.0)
    # A connection without calls is told to go away; clients reconnect when they need to.
    idle_timeout_seconds: float = _positive_seconds(300.0)
    # From the start of a drain until calls in flight are ended.
    drain_grace_seconds: float = _positive_seconds(5.0)
    # From the last reply of a connection that drains to its GOAWAY. A client reads a reply in a
    # fraction of this; grpclib's loses what it has not read when the GOAWAY comes.
    parting_seconds: float = _positive_seconds(0.1)
    # For the last words on a connection that is being closed.
    close_timeout_seconds: float = _positive_seconds(1.0)

    # Resets by the client in one window, when they are also half of its calls: CVE-2023-44487.
    max_resets_per_window: int = _positive_int(200)
    # PING, SETTINGS, PRIORITY and empty DATA do no work for a call. Honest clients send a few.
    max_control_frames_per_window: int = _positive_int(2_000)
    flood_window_seconds: float = _positive_seconds(10.0)

    def __attrs_post_init__(self) -> None:
        if self.stream_window_bytes > 2**31 - 1 or self.connection_window_bytes > 2**31 - 1:
            raise ValueError("Expected flow-control windows of at most 2**31 - 1 bytes")
        if self.connection_window_bytes < INITIAL_WINDOW_BYTES:
            raise ValueError(f"Expected connection_window_bytes >= {INITIAL_WINDOW_BYTES}")
        if self.max_buffered_bytes_per_connection < self.max_receive_message_bytes:
            raise ValueError("Expected max_buffered_bytes_per_connection to hold one message")
