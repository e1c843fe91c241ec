"""A sandbox over loopback, and WebSockets to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio_websocket

from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.adapters.sandbox.server import Opened, SandboxSettings, serve_sandbox
from tests.fakes.venue_lab import NOON

PLAIN = SandboxSettings()

Socket = trio_websocket.WebSocketConnection


@asynccontextmanager
async def served(settings: SandboxSettings = PLAIN) -> AsyncIterator[Opened]:
    """A sandbox whose market is moved by hand."""
    async with trio.open_nursery() as nursery:
        clock = ShiftedClock(NOON)
        market = SyntheticMarket(SyntheticSettings(tick_rate=0), clock)
        await nursery.start(market.move)
        yield await nursery.start(serve_sandbox, settings, market, clock, ("AAPL",))
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def socket(opened: Opened, path: str = "/stream", **headers: str) -> AsyncIterator[Socket]:
    """A WebSocket to the sandbox."""
    extra = [(name.encode(), value.encode()) for name, value in headers.items()]
    stream = await trio.open_tcp_stream("127.0.0.1", opened.port)
    async with stream, trio.open_nursery() as nursery:
        yield await trio_websocket.wrap_client_stream(
            nursery, stream, "127.0.0.1", path, extra_headers=extra
        )
        nursery.cancel_scope.cancel()


async def ask(one: Socket, message: Any) -> Any:
    """Say something in JSON, and hear the answer."""
    await one.send_message(message if isinstance(message, str) else json.dumps(message))
    return json.loads(await one.get_message())
