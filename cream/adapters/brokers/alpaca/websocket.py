"""How is a WebSocket at Alpaca reached and left, and what does it mean that it was refused?"""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio
import trio_websocket

from cream.core.model.errors import BrokerUnavailable

CLOSE_SECONDS = 1.0

Transport = trio.SocketStream | trio.SSLStream[trio.SocketStream]
Socket = trio_websocket.WebSocketConnection

# What the upgrade is answered with while an older connection counts.
GHOST_STATUSES = frozenset((406, 429))

# What opening fails with, besides the handshake, which the library's own reader reports.
OPENING_ERRORS = (trio.BrokenResourceError, trio.TooSlowError, ssl.SSLError)


class Haunted(BrokerUnavailable):
    """An older connection of this account still counts."""


@asynccontextmanager
async def reached(url: str, within_seconds: float, what: str) -> AsyncIterator[Transport]:
    """A connection to the host of `url`, closed in the end whatever happened on it.

    Raises: BrokerUnavailable, which calls the stream `what`.
    """
    where = urlsplit(url)
    secure = where.scheme == "wss"
    host, port = where.hostname or "", where.port or (443 if secure else 80)
    stream: Transport
    try:
        with trio.fail_after(within_seconds):
            if secure:
                stream = await trio.open_ssl_over_tcp_stream(host, port, https_compatible=True)
            else:
                stream = await trio.open_tcp_stream(host, port)
    except (OSError, trio.TooSlowError) as error:
        raise BrokerUnavailable(f"the {what} cannot be reached: {error!r}") from None
    try:
        yield stream
    finally:
        await trio.aclose_forcefully(stream)


async def upgraded(
    nursery: trio.Nursery,
    transport: Transport,
    url: str,
    *,
    most_messages: int,
    most_bytes: int,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Socket:
    """The WebSocket on `transport`. Its reader runs in `nursery`, and reports what is refused."""
    where = urlsplit(url)
    return await trio_websocket.wrap_client_stream(
        nursery,
        transport,
        where.netloc,
        where.path or "/",
        extra_headers=list(headers),
        message_queue_size=most_messages,
        max_message_size=most_bytes,
    )


def refusal(error: BaseException, what: str) -> BrokerUnavailable:
    """What it means that the upgrade to a WebSocket failed."""
    if not isinstance(error, trio_websocket.ConnectionRejected):
        return BrokerUnavailable(f"the {what} did not open: {error!r}")
    text = f"Alpaca refused the {what} with HTTP {error.status_code}"
    kind = Haunted if error.status_code in GHOST_STATUSES else BrokerUnavailable
    return kind(text)


async def close(socket: Socket) -> None:
    """Say goodbye, but not for ever.   Cancellation: shielded for a moment."""
    with trio.move_on_after(CLOSE_SECONDS, shield=True):
        await socket.aclose()
