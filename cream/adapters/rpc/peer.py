"""Who is at the other end of a connection?"""

from typing import Any

import trio


class Peer:
    """The client, with the surface of grpclib's `Peer`."""

    __slots__ = ("_address", "_stream")

    def __init__(self, stream: trio.abc.Stream, address: Any | None = None) -> None:
        self._stream = stream
        self._address = address

    def addr(self) -> Any | None:
        """Its address, (host, port) for TCP, or None where the stream is no socket."""
        return self._address

    def cert(self) -> dict[str, Any] | None:
        """Its certificate, as `ssl.SSLSocket.getpeercert` gives it, or None without mTLS."""
        if not isinstance(self._stream, trio.SSLStream):
            return None
        certificate: dict[str, Any] | None = self._stream.getpeercert()
        return certificate or None
