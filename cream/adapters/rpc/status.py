"""With which trailers does a call end?"""

from collections.abc import Sequence

from attrs import frozen
from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.metadata import encode_bin_value, encode_grpc_message, encode_metadata

from cream.adapters.rpc.engine import Headers
from cream.adapters.rpc.errors import encode_details
from cream.adapters.rpc.hpack_blocks import encode_block

# What a client learns of a fault in a handler. The log has the rest.
INTERNAL_ERROR_TEXT = "Internal error"

OK_TRAILERS_BLOCK = encode_block(((b"grpc-status", b"0"),))

# RFC 9113 6.5.2: what a header costs beside its bytes.
_HEADER_OVERHEAD_BYTES = 32


@frozen
class Ending:
    """How a call ends: what its trailers say."""

    status: Status
    message: str | None = None
    details: Sequence[Message] | None = None


OK = Ending(Status.OK)
FAULT = Ending(Status.UNKNOWN, INTERNAL_ERROR_TEXT)
DEADLINE_EXCEEDED = Ending(Status.DEADLINE_EXCEEDED, "Deadline exceeded")
SHUTTING_DOWN = Ending(Status.UNAVAILABLE, "The server is shutting down")


def leaf_error(error: Exception) -> Exception:
    """What a handler meant to raise.

    A handler that opens a nursery raises an ExceptionGroup: its GRPCError, else its only leaf,
    else the group itself.
    """
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = _leaves(error)
    for leaf in leaves:
        if isinstance(leaf, GRPCError):
            return leaf
    return leaves[0] if len(leaves) == 1 else error


def _leaves(group: ExceptionGroup[Exception]) -> list[Exception]:
    leaves: list[Exception] = []
    for error in group.exceptions:
        leaves.extend(_leaves(error) if isinstance(error, ExceptionGroup) else (error,))
    return leaves


def trailers(
    ending: Ending, metadata: Sequence[tuple[bytes, bytes]] = (), *, max_bytes: int
) -> Headers:
    """The trailers of a call, cut to what clients accept.

    Details are left out first, then the message is shortened: the status always arrives.
    """
    status = [(b"grpc-status", b"%d" % ending.status.value)]
    room = max_bytes - _size(status) - _size(metadata)
    message: list[tuple[bytes, bytes]] = []
    details: list[tuple[bytes, bytes]] = []
    if ending.message is not None:
        text = _cut(encode_grpc_message(ending.message).encode(), room)
        message = [(b"grpc-message", text)]
        room -= _size(message)
    if ending.details:
        packed = encode_bin_value(encode_details(ending.status, ending.message, ending.details))
        details = [(b"grpc-status-details-bin", packed)]
        if _size(details) > room:
            details = []
    return (*status, *message, *details, *metadata)


def encode_pairs(metadata: object) -> list[tuple[bytes, bytes]]:
    """Custom metadata as header fields.   Raises: ValueError, TypeError for what cannot be sent."""
    if not metadata:
        return []
    pairs = encode_metadata(metadata)  # type: ignore[arg-type]
    return [(name.encode(), value.encode()) for name, value in pairs]


def _size(headers: Sequence[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + _HEADER_OVERHEAD_BYTES for name, value in headers)


def _cut(text: bytes, room: int) -> bytes:
    """At most `room` bytes, without half a percent-encoded byte at the end."""
    room = max(0, room - len(b"grpc-message") - _HEADER_OVERHEAD_BYTES)
    if len(text) <= room:
        return text
    cut = text[:room]
    start = cut.rfind(b"%", max(0, room - 2))
    return cut if start < 0 else cut[:start]
