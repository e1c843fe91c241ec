"""How do messages lie in the bytes of a gRPC stream? (Five bytes of prefix, then the message.)

Sans-I/O. What breaks the rules is a `GRPCError`, which ends the call and not the connection.
Source: the gRPC over HTTP/2 protocol, "Length-Prefixed-Message".
"""

import struct
import zlib

from grpclib.const import Status
from grpclib.exceptions import GRPCError

PREFIX = struct.Struct(">BI")
PREFIX_BYTES = 5

# zlib's window size for a gzip wrapper.
_GZIP_WINDOW_BITS = 31
# The fastest level: a reply is compressed on the event loop.
_GZIP_LEVEL = 1


class MessageReader:
    """Collects the bytes of one stream and gives back whole messages."""

    __slots__ = ("_at", "_data", "_gzip", "_later", "_length", "_limit", "buffered_bytes")

    def __init__(self, limit: int, *, gzip: bool) -> None:
        self._limit = limit
        self._gzip = gzip
        # Unread: `_data` from `_at` on, then `_later`. They are joined only when a message lies
        # across them, so that neither a long message nor many short ones are copied again and
        # again; `_later` is one array, so that bytes sent one by one cost no objects.
        self._data = b""
        self._at = 0
        self._later = bytearray()
        # Of the message that has begun, prefix included; 0 before its prefix is complete.
        self._length = 0
        self.buffered_bytes = 0

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        if not self.buffered_bytes:
            self._data = data
            self._at = 0
        else:
            self._later += data
        self.buffered_bytes += len(data)

    def next_message(self) -> bytes | None:
        """The next whole message, decompressed, or None where bytes are missing.

        Raises: GRPCError RESOURCE_EXHAUSTED as soon as the prefix announces too much, or when a
        compressed message inflates beyond the limit; INTERNAL for malformed bytes.
        """
        if not self._length:
            if self.buffered_bytes < PREFIX_BYTES:
                return None
            self._join_to(PREFIX_BYTES)
            self._length = self._announced_length()
        length = self._length
        if self.buffered_bytes < length:
            return None
        self._join_to(length)
        start = self._at
        message = self._data[start + PREFIX_BYTES : start + length]
        compressed = self._data[start] == 1
        self._at = start + length
        self.buffered_bytes -= length
        self._length = 0
        return _inflate(message, self._limit) if compressed else message

    def clear(self) -> None:
        """Forget everything."""
        self._data = b""
        self._at = 0
        self._later.clear()
        self._length = 0
        self.buffered_bytes = 0

    def _join_to(self, size: int) -> None:
        if len(self._data) - self._at < size:
            self._data = self._data[self._at :] + self._later
            self._at = 0
            self._later.clear()

    def _announced_length(self) -> int:
        flag, size = PREFIX.unpack_from(self._data, self._at)
        if size > self._limit:
            raise GRPCError(
                Status.RESOURCE_EXHAUSTED,
                f"Received message larger than max ({size} vs. {self._limit})",
            )
        if flag > 1:
            raise GRPCError(Status.INTERNAL, "Malformed message prefix")
        if flag == 1 and not self._gzip:
            raise GRPCError(Status.INTERNAL, "Compressed message without grpc-encoding")
        return PREFIX_BYTES + int(size)


def _inflate(data: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
    try:
        message = inflater.decompress(data, limit + 1)
    except zlib.error as error:
        raise GRPCError(Status.INTERNAL, "Cannot decompress message") from error
    if len(message) > limit:
        raise GRPCError(
            Status.RESOURCE_EXHAUSTED, f"Decompressed message larger than max ({limit})"
        )
    if not inflater.eof or inflater.unused_data:
        raise GRPCError(Status.INTERNAL, "Cannot decompress message")
    return message


def deflate(data: bytes) -> bytes:
    """The data in a gzip wrapper."""
    deflater = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    return deflater.compress(data) + deflater.flush()
