"""A data stream on loopback that keeps to a script."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import trio
import trio_websocket
from attrs import define, field

from cream.adapters.brokers.alpaca.reconnect import Reconnects
from cream.adapters.brokers.alpaca.settings import AlpacaSettings
from cream.adapters.feeds.alpaca.frames import FrameReader, Message
from cream.adapters.feeds.alpaca.stream import DataStream
from cream.core.model.secret import Secret
from cream.core.resilience.backoff import Backoff

Socket = trio_websocket.WebSocketConnection
Serve = Callable[[trio_websocket.WebSocketRequest], Awaitable[None]]
STAMP = "2026-11-23T15:30:00.123456789Z"


def account(**changes: Any) -> AlpacaSettings:
    fields: dict[str, Any] = {"api_key": Secret("PK-key"), "api_secret": Secret("very-secret")}
    return AlpacaSettings(**(fields | changes))


def quote(symbol: str, bid: float, ask: float, at: str = STAMP) -> dict[str, Any]:
    return {"T": "q", "S": symbol, "bp": bid, "bs": 1, "ap": ask, "as": 2, "t": at}


@define
class Notes:
    """What a stream told."""

    ticks: list[Message] = field(factory=list)
    away: list[float | None] = field(factory=list)
    came: trio.Event = field(factory=trio.Event)

    def told(self, messages: list[Message]) -> None:
        self.ticks.extend(messages)
        self._tell()

    def live(self, away_seconds: float | None) -> None:
        self.away.append(away_seconds)
        self._tell()

    def _tell(self) -> None:
        self.came.set()
        self.came = trio.Event()

    async def until(self, condition: Callable[[], object]) -> None:
        with trio.fail_after(30):
            while not condition():
                with trio.move_on_after(0.05):
                    await self.came.wait()


@asynccontextmanager
async def served(
    serve: Serve,
    *,
    packed: bool = False,
    channels: tuple[str, ...] = ("quotes", "trades"),
    silence: float = 60.0,
    is_open: Callable[[], bool] = lambda: True,
    ghost: float = 0.0,
    **changes: Any,
) -> AsyncIterator[DataStream]:
    """The stream of a server that does as `serve` says. It does not run yet."""
    async with trio.open_nursery() as nursery:
        server = await nursery.start(trio_websocket.serve_websocket, serve, "127.0.0.1", 0, None)
        yield DataStream(
            name="stock stream",
            url=f"ws://127.0.0.1:{server.port}/v2/iex",
            settings=account(**changes),
            reader=FrameReader(packed=packed, lasts={}),
            channels=channels,
            reconnects=Reconnects(Backoff(base=0.01, cap=0.01), ghost, lambda: 0.5),
            silence_seconds=silence,
            must_speak=is_open,
        )
        nursery.cancel_scope.cancel()


async def said(socket: Socket) -> dict[str, Any]:
    """The client's next message, in either codec."""
    frame = await socket.get_message()
    decode = msgspec.json.decode if isinstance(frame, str) else msgspec.msgpack.decode
    return dict(decode(frame))  # type: ignore[operator]


async def tell(socket: Socket, *messages: Any, packed: bool = False) -> None:
    if packed:
        await socket.send_message(msgspec.msgpack.encode(messages))
    else:
        await socket.send_message(json.dumps(messages))


async def let_in(socket: Socket, packed: bool = False) -> dict[str, Any]:
    """Go through the ceremony; what the client said."""
    await tell(socket, {"T": "success", "msg": "connected"}, packed=packed)
    keys = await said(socket)
    await tell(socket, {"T": "success", "msg": "authenticated"}, packed=packed)
    return keys


async def confirm(socket: Socket, *symbols: str, packed: bool = False) -> None:
    names = list(symbols)
    await tell(socket, {"T": "subscription", "quotes": names, "trades": names}, packed=packed)


async def until_closed(socket: Socket) -> None:
    with suppress(trio_websocket.ConnectionClosed):
        while True:
            await socket.get_message()
