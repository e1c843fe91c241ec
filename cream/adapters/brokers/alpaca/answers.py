"""How much of an answer is read? As much as any answer of Alpaca's is long, unpacked.

A deadline alone does not bound memory: a few megabytes of gzip unfold to gigabytes in a second, and
a body without an end comes as fast as the line. So the bytes are counted as they come, and unpacked
no further than the bound.
"""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator

import httpx
from attrs import define

# The longest answers are ten thousand contracts or all listed shares: some ten megabytes.
MAX_ANSWER_BYTES = 32 * 1024 * 1024

# zlib finds out by itself whether it is gzip or a bare stream.
_EITHER = 32 + zlib.MAX_WBITS
_PACKED = frozenset(("gzip", "x-gzip", "deflate"))
_PLAIN = frozenset(("", "identity"))


class BoundedTransport(httpx.AsyncBaseTransport):
    """Requests over `inner`, with answers that are unpacked here, up to the bound.   Owns: `inner`.

    One that is longer, or packed in any other way (twice, say), fails while it is read: whoever
    asked has no answer.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, most_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer.   Raises: httpx.TransportError."""
        response = await self._inner.handle_async_request(request)
        encoding = response.headers.pop("Content-Encoding", "").strip().lower()
        assert isinstance(response.stream, httpx.AsyncByteStream), "the transport is asynchronous"
        response.stream = _Bounded(response.stream, encoding, self._most_bytes)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


@define
class _Bounded(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """A body of at most so many bytes, unpacked; read once.   Owns: `inner`."""

    inner: httpx.AsyncByteStream
    encoding: str
    most_bytes: int
    _chunks: AsyncIterator[bytes] | None = None
    _unpacker: "zlib._Decompress | None" = None
    _read: int = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self.encoding in _PACKED:
            self._unpacker = zlib.decompressobj(_EITHER)
        elif self.encoding not in _PLAIN:
            raise httpx.DecodingError(f"it is packed as {self.encoding!r}")
        self._chunks = aiter(self.inner)
        return self

    async def __anext__(self) -> bytes:
        """The next piece.   Raises: httpx.TransportError, httpx.DecodingError."""
        assert self._chunks is not None, "it is iterated over"
        piece = await anext(self._chunks)
        if self._unpacker is not None:
            # One byte more than there may be shows that there are too many.
            piece = _unpacked(self._unpacker, piece, self.most_bytes - self._read + 1)
        self._read += len(piece)
        if self._read > self.most_bytes:
            raise httpx.DecodingError(f"it is longer than {self.most_bytes} bytes")
        return piece

    async def aclose(self) -> None:
        """Close the body beneath, however much of it was read."""
        if isinstance(self._chunks, AsyncGenerator):
            await self._chunks.aclose()
        await self.inner.aclose()


def _unpacked(unpacker: "zlib._Decompress", chunk: bytes, most_bytes: int) -> bytes:
    """Raises: httpx.DecodingError."""
    try:
        return unpacker.decompress(chunk, most_bytes)
    except zlib.error as error:
        raise httpx.DecodingError(f"it cannot be unpacked: {error}") from None
