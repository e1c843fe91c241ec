"""Which HTTP/1.1 requests are let through to the application, and which are refused before it?

Hypercorn's protocol with its gaps closed. What is ambiguous (two lengths of one body), belongs to
another protocol (HTTP/2), or is an upgrade that no WebSocket client would send, is answered here,
in the one error shape: further in it would end in an exception, or in memory that only grows.
"""

from itertools import chain

import h11
import msgspec
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream

from cream.adapters.server.json_views import error_view
from cream.core.model.errors import CreamError

_VERSIONS = (b"1.0", b"1.1")
# RFC 6455 4.1: the only version there is.
_WEBSOCKET_VERSION = b"13"
# Hypercorn decodes these as ASCII.
_TEXT_HEADERS = (b"connection", b"sec-websocket-protocol")
# A message for this port is 64 KiB at most, but deflated ones would be inflated a whole read at a
# time, a thousandfold, before anything counts them. So compression is not offered.
_EXTENSIONS = b"sec-websocket-extensions"

_NO_REQUEST = "Expected an HTTP/1.1 request, was something else"


class JsonH11Protocol(H11Protocol):
    """HTTP/1.1 and WebSockets of one connection."""

    async def handle(self, event: Event) -> None:
        """Take in what has come from the peer."""
        stream = self.stream
        if (
            isinstance(event, RawData)
            and event.data
            and isinstance(stream, WSStream)
            and not stream.handshake.accepted
        ):
            # A client that talks before it is answered is none of ours; the answer would collide
            # with the one that the application is about to give.
            await self.send(Closed())
            return
        await super().handle(event)
        stream = self.stream
        if isinstance(stream, WSStream) and stream.buffer.length > stream.buffer.max_length:
            # It was told that its message is too big (1009). Without this the rest of the message
            # would still be collected.
            await self.send(Closed())

    async def stream_send(self, event: StreamEvent) -> None:
        """Send what a request is answered with."""
        if isinstance(event, Response) and self.connection.their_state is h11.SEND_BODY:
            # Whoever is answered before the body has come must know that the connection ends here,
            # or the next request goes into it and is never answered.
            event.headers.append((b"connection", b"close"))
        await super().stream_send(event)

    async def _check_protocol(self, event: h11.Request) -> None:
        """Nothing: other protocols are not spoken here, and an upgrade to one is ignored."""

    async def _create_stream(self, request: h11.Request) -> None:
        refusal = refusal_of(request, bool(self.connection.trailing_data[0]))
        if refusal is not None:
            status, message = refusal
            await self._refuse(status, message)
            await self.send(Closed())
            return
        headers = [pair for pair in request.headers if pair[0] != _EXTENSIONS]
        await super()._create_stream(
            h11.Request(
                method=request.method,
                target=request.target,
                headers=headers,
                http_version=request.http_version,
            )
        )

    async def _send_error_response(self, status_code: int) -> None:
        await self._refuse(status_code, _NO_REQUEST)

    async def _refuse(self, status_code: int, message: str) -> None:
        """The one error shape, and the end of the connection."""
        body = msgspec.json.encode(error_view(CreamError("INVALID_REQUEST", message)))
        own = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        headers = list(chain(own, self.config.response_headers("h11")))
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


def refusal_of(request: h11.Request, more_has_come: bool) -> tuple[int, str] | None:
    """Status and message for a request that is refused unread; None if it may pass.

    `more_has_come`: bytes behind the head that h11 has already.
    """
    headers = {bytes(name): bytes(value) for name, value in request.headers}
    if request.http_version not in _VERSIONS:
        return 505, _NO_REQUEST
    if b"content-length" in headers and b"transfer-encoding" in headers:
        # RFC 9112 6.3: two lengths of one body are how requests are smuggled.
        return 400, "Expected either Content-Length or Transfer-Encoding, was both"
    if headers.get(b"upgrade", b"").strip().lower() != b"websocket":
        return None
    if any(not headers.get(name, b"").isascii() for name in _TEXT_HEADERS):
        return 400, "Expected headers of an upgrade in ASCII, was something else"
    connection = headers.get(b"connection", b"").lower().split(b",")
    if request.method != b"GET" or b"upgrade" not in [token.strip() for token in connection]:
        return None
    key = headers.get(b"sec-websocket-key", b"").strip()
    version = headers.get(b"sec-websocket-version", b"").strip()
    if request.http_version != b"1.1" or not key.isascii() or not key:
        return 400, "Expected a WebSocket handshake of HTTP/1.1 with its key, was none"
    if version != _WEBSOCKET_VERSION:
        return 400, f"Expected Sec-WebSocket-Version {_WEBSOCKET_VERSION.decode()}"
    if more_has_come or b"transfer-encoding" in headers:
        return 400, "Expected nothing behind the WebSocket handshake before its answer"
    if headers.get(b"content-length", b"0").strip() != b"0":
        return 400, "Expected a WebSocket handshake without a body"
    return None
