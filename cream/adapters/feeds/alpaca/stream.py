"""How is a data stream of Alpaca opened, kept alive, asked for symbols, and opened again?

One connection per feed and account. It is given up when it does not answer a ping, when it is
silent although the market is open, and when REST shows what it should have told; then it is opened
again after a wait that grows, and after a long one where an older connection still counts. What is
wanted may change at any time; what Alpaca has confirmed is compared with it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec
import structlog
import trio
import trio_websocket
from attrs import define, field

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
from cream.adapters.feeds.alpaca.frames import Failed, FrameReader, Message, Said, Subscribed
from cream.core.model.errors import BrokerUnavailable
from cream.core.model.instrument import OptionContract
from cream.core.options.occ import compact, parse_instrument

log = structlog.get_logger(__name__)

# Frames that wait while the daemon is busy; then TCP holds Alpaca back, and it cuts us (error 407).
FRAMES_WAITING = 1_000
# Alpaca batches everything of a moment into one frame: thousands of quotes at the open.
MAX_FRAME_BYTES = 16 * 1024 * 1024
# Symbols in one request; a frame that asks for more is cut by the other side.
SYMBOLS_A_REQUEST = 500
# How long a stream may be behind REST.
DOUBT_SECONDS = 2.0

CONNECTION_LIMIT, SYMBOL_LIMIT, SLOW_CLIENT = 406, 405, 407
_KEYS_REFUSED = frozenset((401, 402, 404))
# The account has not subscribed to this feed, or its keys are for something else.
_NO_FEED = frozenset((408, 409, 411))
# A request that was not granted; the connection stays.
_NOT_GRANTED = frozenset((SYMBOL_LIMIT, 400, 409, 410, 411, 413))


class _Barred(BrokerUnavailable):
    """These keys may not read this feed. Asking again soon only brings a throttle."""


class Sink(Protocol):
    """Who reads the stream. None of these may wait."""

    def told(self, messages: list[Message]) -> None:
        """A frame came."""
        ...

    def live(self, away_seconds: float | None) -> None:
        """The stream is live; after how long away (None: for the first time)."""
        ...


@define(eq=False)
class DataStream:
    """One feed's stream. `url` is the feed itself; `channels` are those that every symbol gets.

    `must_speak` tells whether the market is open, so that silence means something.
    """

    name: str
    url: str
    settings: AlpacaSettings
    reader: FrameReader
    channels: tuple[str, ...]
    reconnects: Reconnects
    silence_seconds: float
    must_speak: Callable[[], bool]
    connected: bool = False
    refused: frozenset[str] = frozenset()
    _order: tuple[str, ...] = ()
    _batch: int = SYMBOLS_A_REQUEST
    # As many symbols as the plan admits, once that has shown.
    _most: int | None = None
    _wanted: frozenset[str] = frozenset()
    _granted: frozenset[str] = frozenset()
    _asked: frozenset[str] = frozenset()
    _changed: trio.Event = field(factory=trio.Event)
    _doubted: trio.Event = field(factory=trio.Event)
    _spoke_at: float = float("-inf")
    _lost_at: float | None = None
    _why: str = ""

    def want(self, symbols: Iterable[str]) -> None:
        """From now on exactly these, the most important first. Does not wait."""
        before, self._order = self._order, tuple(symbols)
        wanted = frozenset(self._order)
        # Where not all of them fit, it matters which come first.
        if wanted != self._wanted or (self._most is not None and before != self._order):
            self._wanted = wanted
            self.refused &= wanted
            self._changed.set()

    @property
    def wanted(self) -> frozenset[str]:
        """What it is to tell of."""
        return self._wanted

    def doubt(self) -> None:
        """It did not tell what it should have told: open it anew, if it is still silent."""
        self._doubted.set()

    async def run(self, sink: Sink) -> None:
        """Be connected, whatever happens, until cancelled."""
        while True:
            while not self._wanted:
                self._changed = trio.Event()
                await self._changed.wait()
            await trio.sleep(self.reconnects.wait_seconds(trio.current_time()))
            try:
                await self._session(sink)
            except Haunted as error:
                hint = "is a second process running"
                log.error("alpaca.data_haunted", stream=self.name, error=str(error), hint=hint)
                self.reconnects.haunted(trio.current_time())
            except _Barred as error:
                log.error("alpaca.data_barred", stream=self.name, error=str(error))
                self.reconnects.haunted(trio.current_time())
            except BrokerUnavailable as error:
                log.warning("alpaca.data_lost", stream=self.name, error=str(error))
            finally:
                self._note_end()

    def _note_end(self) -> None:
        now = trio.current_time()
        if self.connected:
            self._lost_at = now
        self.connected, self._granted, self._asked = False, frozenset(), frozenset()
        self._most = None
        if self.reconnects.wait_seconds(now) == 0:
            self.reconnects.lost(now)

    async def _session(self, sink: Sink) -> None:
        """One connection.   Raises: BrokerUnavailable when it is over, or did not begin."""
        failure: BrokerUnavailable | None = None
        within = self.settings.connect_timeout_seconds
        async with reached(self.url, within, self.name) as transport:
            try:
                async with trio.open_nursery() as nursery:
                    try:
                        socket = await self._open(nursery, transport)
                        try:
                            await self._converse(socket, sink)
                        finally:
                            await close(socket)
                    except BrokerUnavailable as error:
                        failure = error
                    nursery.cancel_scope.cancel()
            except* trio_websocket.HandshakeError as errors:
                # The library's reader raises this, not the one who waits for the handshake.
                failure = refusal(errors.exceptions[0], self.name)
        if failure is not None:
            raise failure

    async def _open(self, nursery: trio.Nursery, transport: Transport) -> Socket:
        """A connection that Alpaca has let in.   Raises: BrokerUnavailable."""
        packed = [(b"Content-Type", b"application/msgpack")] if self.reader.packed else []
        try:
            with trio.fail_after(self.settings.answer_timeout_seconds):
                socket = await upgraded(
                    nursery,
                    transport,
                    self.url,
                    most_messages=FRAMES_WAITING,
                    most_bytes=MAX_FRAME_BYTES,
                    headers=packed,
                )
                await self._said(socket, "connected")
                await self._send(
                    socket,
                    {
                        "action": "auth",
                        "key": self.settings.api_key.reveal(),
                        "secret": self.settings.api_secret.reveal(),
                    },
                )
                await self._said(socket, "authenticated")
        except trio_websocket.ConnectionClosed as error:
            raise BrokerUnavailable(f"the {self.name} did not open: {error!r}") from None
        except OPENING_ERRORS as error:
            raise BrokerUnavailable(f"the {self.name} did not open in time: {error!r}") from None
        return socket

    async def _said(self, socket: Socket, wanted: str) -> None:
        """Wait for that step of the ceremony. A host that knows the keys may be ahead of us."""
        while True:
            for message in self.reader.messages(await socket.get_message()):
                match message:
                    case Said("authenticated"):
                        return
                    case Said(text) if text == wanted:
                        return
                    case Failed(code) if code in _NO_FEED:
                        raise _Barred(self._refusal(message))
                    case Failed():
                        self._fail(message)
                    case _:
                        pass

    async def _converse(self, socket: Socket, sink: Sink) -> None:
        """Read until the connection is gone.   Raises: BrokerUnavailable."""
        now = trio.current_time()
        self.reconnects.connected(now)
        self.connected, self._spoke_at, self._why = True, now, f"Alpaca closed the {self.name}"
        self._doubted = trio.Event()
        log.info("alpaca.data_opened", stream=self.name, symbols=len(self._wanted))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_alive, socket)
            nursery.start_soon(self._keep_asking, socket)
            nursery.start_soon(self._watch_silence, socket)
            nursery.start_soon(self._watch_doubt, socket)
            ended = await self._read(socket, sink)
            nursery.cancel_scope.cancel()
        raise ended

    async def _read(self, socket: Socket, sink: Sink) -> BrokerUnavailable:
        """Hand frames on; why there are no more."""
        away = None if self._lost_at is None else trio.current_time() - self._lost_at
        is_live = False
        while True:
            try:
                frame = await socket.get_message()
            except trio_websocket.ConnectionClosed:
                return BrokerUnavailable(self._why)
            self._spoke_at = trio.current_time()
            ticks: list[Message] = []
            for message in self.reader.messages(frame):
                match message:
                    case Subscribed(channels):
                        self._confirmed(channels)
                        if not is_live:
                            is_live = True
                            sink.live(away)
                    case Failed():
                        try:
                            self._fail(message)
                        except BrokerUnavailable as error:
                            return error
                    case Said():
                        pass
                    case _:
                        ticks.append(message)
            if ticks:
                sink.told(ticks)

    def _fail(self, error: Failed) -> None:
        """What one of Alpaca's errors means.   Raises: BrokerUnavailable where it is the end."""
        text = self._refusal(error)
        if error.code in _NOT_GRANTED:
            missing = self._asked - self._granted
            self.refused |= missing
            log.error("alpaca.data_not_granted", stream=self.name, error=text, symbols=len(missing))
            if error.code == SYMBOL_LIMIT:
                # The whole request was refused; one by one the most important get what is left.
                # Once that is known, room is made for them.
                if self._batch == 1 and self._granted:
                    self._most = len(self._granted)
                self._batch, self._asked = 1, self._granted
                self._changed.set()
            return
        if error.code == CONNECTION_LIMIT:
            raise Haunted(text)
        if error.code in _KEYS_REFUSED:
            log.critical("alpaca.credentials_refused", message=text)
            raise _Barred(text)
        raise BrokerUnavailable(text)

    def _refusal(self, error: Failed) -> str:
        return f"the {self.name} was refused: {error.code} {error.message}"

    def _confirmed(self, channels: Mapping[str, frozenset[str]]) -> None:
        """Compare what Alpaca sends with what it was asked for."""
        self._granted = channels.get(self.channels[0], frozenset())
        self.refused -= self._granted
        if self._granted != self._asked:
            log.info(
                "alpaca.data_subscribed",
                stream=self.name,
                granted=len(self._granted),
                asked=len(self._asked),
            )

    async def _keep_asking(self, socket: Socket) -> None:
        """Ask for what is wanted and not yet asked for, and end what is not wanted any more."""
        try:
            while True:
                self._changed = trio.Event()
                wanted = frozenset(self._order[: self._most])
                if self._most is not None:
                    self.refused = self._wanted - wanted
                await self._ask(socket, "unsubscribe", self._asked - wanted)
                await self._ask(socket, "subscribe", wanted - self._asked)
                self._asked &= wanted
                await self._changed.wait()
        except trio_websocket.ConnectionClosed:
            return

    async def _ask(self, socket: Socket, action: str, symbols: frozenset[str]) -> None:
        ordered = [one for one in self._order if one in symbols] or sorted(symbols)
        names = [wire_name(one) for one in ordered]
        if action == "subscribe":
            self._asked |= symbols
        for first in range(0, len(names), self._batch):
            some = names[first : first + self._batch]
            await self._send(socket, {"action": action} | dict.fromkeys(self.channels, some))

    async def _send(self, socket: Socket, message: Mapping[str, object]) -> None:
        if self.reader.packed:
            await socket.send_message(msgspec.msgpack.encode(message))
        else:
            await socket.send_message(json.dumps(message))

    async def _keep_alive(self, socket: Socket) -> None:
        """Ping; give a connection up that does not answer."""
        try:
            while True:
                await trio.sleep(self.settings.ping_seconds)
                with trio.fail_after(self.settings.pong_timeout_seconds):
                    await socket.ping()
        except trio.TooSlowError:
            await self._give_up(socket, "no longer answers")
        except trio_websocket.ConnectionClosed:
            return

    async def _watch_silence(self, socket: Socket) -> None:
        """Give a connection up that answers pings and says nothing else in an open market."""
        while True:
            silent = trio.current_time() - self._spoke_at
            if silent >= self.silence_seconds:
                if self.must_speak() and self._wanted - self.refused:
                    await self._give_up(socket, "is connected but silent")
                    return
                self._spoke_at = trio.current_time()
                silent = 0.0
            await trio.sleep(self.silence_seconds - silent)

    async def _watch_doubt(self, socket: Socket) -> None:
        """Give a connection up that did not tell what REST shows."""
        while True:
            await self._doubted.wait()
            self._doubted = trio.Event()
            before = self._spoke_at
            # What REST shows may only be ahead of the stream by a moment.
            await trio.sleep(DOUBT_SECONDS)
            if self._spoke_at == before and self._wanted - self.refused:
                await self._give_up(socket, "does not tell what REST shows")
                return

    async def _give_up(self, socket: Socket, why: str) -> None:
        self._why = f"the {self.name} {why}"
        log.warning("alpaca.data_silent", stream=self.name, why=why)
        await close(socket)


def wire_name(symbol: str) -> str:
    """How Alpaca writes the symbol: options without padding."""
    try:
        instrument = parse_instrument(symbol)
    except ValueError:
        return symbol
    return compact(instrument) if isinstance(instrument, OptionContract) else symbol


def own_name(symbol: str) -> str:
    """How we write the symbol, however an operator did: options padded."""
    try:
        return parse_instrument(symbol).symbol
    except ValueError:
        return symbol
