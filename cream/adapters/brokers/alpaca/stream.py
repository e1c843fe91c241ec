"""How is Alpaca's order stream opened, kept alive, and given up?

One connection per account. It is live once Alpaca has acknowledged that it sends order updates, not
before; a connection that is silent is pinged, and one that does not answer is closed. Nothing is
replayed by Alpaca after a gap: whoever opens the stream asks for what happened meanwhile.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
import trio
import trio_websocket
from attrs import define, field

from cream.adapters.brokers.alpaca.document import SchemaMismatch
from cream.adapters.brokers.alpaca.frames import (
    AUTHORIZATION,
    LISTENING,
    TRADE_UPDATES,
    ExecutionNames,
    FrameReader,
    Message,
    messages_in,
    text_at,
)
from cream.adapters.brokers.alpaca.reconnect import Reconnects
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.brokers.alpaca.websocket import (
    OPENING_ERRORS,
    Haunted,
    Socket,
    Transport,
    close,
    reached,
    refusal,
    upgraded,
)
from cream.core.model.broker import OrderUpdate
from cream.core.model.errors import BrokerUnavailable

log = structlog.get_logger(__name__)

# A burst of every order that may be open at once waits here while the desk is busy.
MESSAGES_WAITING = 10_000
# A frame is an order with its legs, some kilobytes; this only bounds what a fault can send.
MAX_MESSAGE_BYTES = 4 * 1024 * 1024

_NAME = "order stream"
_CONNECTION_LIMIT = "connection limit"


@define
class _Updates:
    """The iterator over one connection. Ends with BrokerUnavailable, never by itself."""

    socket: Socket
    reader: FrameReader = field(factory=FrameReader)
    why: str = "Alpaca closed the order stream"
    _ready: deque[OrderUpdate] = field(factory=deque)

    def __aiter__(self) -> AsyncIterator[OrderUpdate]:
        return self

    async def __anext__(self) -> OrderUpdate:
        """The next update.   Raises: BrokerUnavailable once the connection is gone."""
        while not self._ready:
            try:
                frame = await self.socket.get_message()
            except trio_websocket.ConnectionClosed:
                raise BrokerUnavailable(self.why) from None
            self._ready.extend(self.reader.updates_in(frame))
        return self._ready.popleft()


@define
class OrderStream:
    """The order stream of one account."""

    url: str
    settings: AlpacaSettings
    reconnects: Reconnects
    names: ExecutionNames = field(factory=ExecutionNames)
    _taken: bool = False

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncIterator[OrderUpdate]]:
        """The stream, live once entered. Waits first if it is too early for a new connection.

        Raises: BrokerUnavailable if it does not open, or is open already.
        """
        if self._taken:
            raise BrokerUnavailable("the order stream of this account is open already")
        self._taken = True
        try:
            await trio.sleep(self.reconnects.wait_seconds(trio.current_time()))
            failure: BrokerUnavailable | None = None
            async with reached(self.url, self.settings.connect_timeout_seconds, _NAME) as transport:
                try:
                    async with trio.open_nursery() as nursery:
                        try:
                            socket = await self._open(nursery, transport)
                        except BrokerUnavailable as error:
                            failure = error
                            nursery.cancel_scope.cancel()
                        else:
                            updates = _Updates(
                                socket, FrameReader(self.names, self.settings.fees == "estimate")
                            )
                            try:
                                nursery.start_soon(self._keep_alive, socket, updates)
                                yield updates
                            finally:
                                await close(socket)
                                nursery.cancel_scope.cancel()
                except* trio_websocket.HandshakeError as errors:
                    # The library's reader raises this, not the one who waits for the handshake.
                    failure = refusal(errors.exceptions[0], _NAME)
            if failure is not None:
                raise failure
        except Haunted as error:
            log.error("alpaca.stream_haunted", error=str(error), hint="is a second process running")
            self.reconnects.haunted(trio.current_time())
            raise
        finally:
            self._taken = False
            self._note_end()

    def _note_end(self) -> None:
        """However it ended, the next connection waits its turn."""
        now = trio.current_time()
        if self.reconnects.wait_seconds(now) == 0:
            self.reconnects.lost(now)

    async def _open(self, nursery: trio.Nursery, transport: Transport) -> Socket:
        """A connection that Alpaca has let in and told that it listens.

        Raises: BrokerUnavailable.
        """
        try:
            with trio.fail_after(self.settings.answer_timeout_seconds):
                socket = await upgraded(
                    nursery,
                    transport,
                    self.url,
                    most_messages=MESSAGES_WAITING,
                    most_bytes=MAX_MESSAGE_BYTES,
                )
                await self._authenticate(socket)
                await self._listen(socket)
        except trio_websocket.ConnectionClosed as error:
            raise BrokerUnavailable(f"the order stream did not open: {error!r}") from None
        except OPENING_ERRORS as error:
            raise BrokerUnavailable(f"the order stream did not open in time: {error!r}") from None
        self.reconnects.connected(trio.current_time())
        log.info("alpaca.stream_opened")
        return socket

    async def _authenticate(self, socket: Socket) -> None:
        """Log in: as the documents say, and where that is refused, as Alpaca's own clients do."""
        key, secret = self.settings.api_key.reveal(), self.settings.api_secret.reveal()
        forms: tuple[Mapping[str, object], ...] = (
            {"action": "auth", "key": key, "secret": secret},
            {"action": "authenticate", "data": {"key_id": key, "secret_key": secret}},
        )
        for form in forms:
            await socket.send_message(json.dumps(form))
            answer = await _answer(socket, AUTHORIZATION)
            if text_at(answer.data, "status") == "authorized":
                return
        log.critical("alpaca.credentials_refused", message="by the order stream")
        raise BrokerUnavailable("the order stream refused the keys")

    async def _listen(self, socket: Socket) -> None:
        """Ask for order updates, and see that they are granted: a name that is not is left out."""
        ask = {"action": "listen", "data": {"streams": [TRADE_UPDATES]}}
        await socket.send_message(json.dumps(ask))
        answer = await _answer(socket, LISTENING)
        streams = answer.data.get("streams") if isinstance(answer.data, Mapping) else None
        if not isinstance(streams, list) or TRADE_UPDATES not in streams:
            raise BrokerUnavailable(f"Alpaca does not send order updates, but {streams!r}")

    async def _keep_alive(self, socket: Socket, updates: _Updates) -> None:
        """Ping; give a connection up that does not answer."""
        settings = self.settings
        try:
            while True:
                await trio.sleep(settings.ping_seconds)
                with trio.fail_after(settings.pong_timeout_seconds):
                    await socket.ping()
        except trio.TooSlowError:
            updates.why = "the order stream no longer answers"
            log.warning("alpaca.stream_silent", seconds=settings.pong_timeout_seconds)
            await close(socket)
        except trio_websocket.ConnectionClosed:
            return


async def _answer(socket: Socket, stream: str) -> Message:
    """The next message of `stream`. Whatever else comes before it is passed over.

    Raises: BrokerUnavailable for an error message; trio_websocket.ConnectionClosed.
    """
    while True:
        frame = await socket.get_message()
        try:
            messages = list(messages_in(frame))
        except SchemaMismatch as error:
            raise BrokerUnavailable(f"the order stream makes no sense: {error}") from None
        for message in messages:
            if message.stream == "error":
                text = text_at(message.data, "error_message") or "no reason given"
                kind = Haunted if _CONNECTION_LIMIT in text.lower() else BrokerUnavailable
                raise kind(f"the order stream was refused: {text}")
            if message.stream == stream:
                return message
