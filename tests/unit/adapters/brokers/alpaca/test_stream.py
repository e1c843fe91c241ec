"""The order stream over a real WebSocket on loopback, to a server that keeps to a script."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any

import pytest
import trio
import trio.testing
import trio_websocket

from cream.adapters.brokers.alpaca.stream import OrderStream
from cream.core.model.errors import BrokerUnavailable
from tests.unit.adapters.brokers.alpaca.scripted import STAMP, keyed, order, reconnects

Socket = trio_websocket.WebSocketConnection
Serve = Callable[[trio_websocket.WebSocketRequest], Awaitable[None]]


@asynccontextmanager
async def served(serve: Serve, **changes: Any) -> AsyncIterator[OrderStream]:
    """The stream of a server that does as `serve` says."""
    async with trio.open_nursery() as nursery:
        server = await nursery.start(trio_websocket.serve_websocket, serve, "127.0.0.1", 0, None)
        settings = keyed(**changes)
        url = f"ws://127.0.0.1:{server.port}/stream"
        yield OrderStream(url, settings, reconnects(settings))
        nursery.cancel_scope.cancel()


async def send(socket: Socket, stream: str, data: Any, *, binary: bool = True) -> None:
    text = json.dumps({"stream": stream, "data": data})
    await socket.send_message(text.encode() if binary else text)


async def let_in(socket: Socket, streams: tuple[str, ...] = ("trade_updates",)) -> list[Any]:
    """Go through the ceremony; what the client said."""
    said = [json.loads(await socket.get_message())]
    await send(socket, "authorization", {"status": "authorized", "action": "authenticate"})
    said.append(json.loads(await socket.get_message()))
    await send(socket, "listening", {"streams": list(streams)})
    return said


async def until_closed(socket: Socket) -> None:
    with pytest.raises(trio_websocket.ConnectionClosed):
        await socket.get_message()


def update() -> dict[str, Any]:
    return {"event": "new", "timestamp": STAMP, "order": order(status="new")}


async def opening_fails(stream: OrderStream, match: str) -> None:
    with pytest.raises(BrokerUnavailable, match=match):
        async with stream.connected():
            raise AssertionError("it opened")


async def test_it_logs_in_listens_and_hands_on_what_it_hears() -> None:
    said: list[Any] = []

    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        said.extend(await let_in(socket))
        await send(socket, "trade_updates", update())
        await send(socket, "trade_updates", update(), binary=False)
        await until_closed(socket)

    async with served(serve) as stream, stream.connected() as updates:
        assert [(await anext(updates)).event for _ in range(2)] == ["new", "new"]
    assert said == [
        {"action": "auth", "key": "PK-key", "secret": "very-secret"},
        {"action": "listen", "data": {"streams": ["trade_updates"]}},
    ]


async def test_where_the_documented_form_is_refused_the_older_one_is_tried() -> None:
    forms: list[Any] = []

    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        forms.append(json.loads(await socket.get_message()))
        await send(socket, "authorization", {"status": "unauthorized"})
        forms.extend(await let_in(socket))
        await until_closed(socket)

    async with served(serve) as stream, stream.connected():
        pass
    assert forms[1] == {
        "action": "authenticate",
        "data": {"key_id": "PK-key", "secret_key": "very-secret"},
    }


async def test_refused_keys_end_the_try() -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        for _ in range(2):
            await socket.get_message()
            await send(socket, "authorization", {"status": "unauthorized"})
        await until_closed(socket)

    async with served(serve) as stream:
        await opening_fails(stream, "refused the keys")


async def test_a_stream_that_is_not_granted_is_none() -> None:
    """A name that Alpaca does not grant is silently missing from the acknowledgement."""

    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await let_in(socket, streams=())
        await until_closed(socket)

    async with served(serve) as stream:
        await opening_fails(stream, "does not send order updates")


@pytest.mark.parametrize(("status", "wait"), [(429, 90), (406, 90), (503, 0)])
async def test_a_refused_upgrade_waits_and_for_a_ghost_waits_long(status: int, wait: int) -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        await request.reject(status)

    async with served(serve) as stream:
        await opening_fails(stream, str(status))
        assert stream.reconnects.wait_seconds(trio.current_time()) > wait


@pytest.mark.parametrize(
    ("text", "haunted"), [("connection limit exceeded", True), ("internal", False)]
)
async def test_an_error_message_ends_the_try(text: str, haunted: bool) -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await socket.get_message()
        error = {"action": "error", "data": {"error_message": text}}
        await socket.send_message(json.dumps(error))
        await until_closed(socket)

    async with served(serve) as stream:
        await opening_fails(stream, text)
        assert (stream.reconnects.wait_seconds(trio.current_time()) > 60) is haunted


async def test_a_server_that_makes_no_sense_or_hangs_up_is_no_stream() -> None:
    async def nonsense(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await socket.get_message()
        await socket.send_message("<html>")
        await until_closed(socket)

    async def hang_up(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await socket.aclose()

    async with served(nonsense) as stream:
        await opening_fails(stream, "no sense")
    async with served(hang_up) as stream:
        await opening_fails(stream, "did not open")


async def test_a_port_where_nobody_listens_is_no_stream() -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None: ...

    async with served(serve) as stream:
        gone = stream
    await opening_fails(gone, "cannot be reached")


async def test_a_silent_opening_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await socket.get_message()
        await until_closed(socket)

    async with served(serve) as stream:
        await opening_fails(stream, "in time")


def text_frame(stream: str, data: Any) -> bytes:
    payload = json.dumps({"stream": stream, "data": data}).encode()
    assert len(payload) < 126
    return bytes((0x81, len(payload))) + payload


async def deaf(peer: trio.SocketStream) -> None:
    """A peer that opens properly and then reads nothing more, so that no ping is answered."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += await peer.receive_some(4096)
    (key,) = [
        line.split(b":", 1)[1].strip()
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    ]
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    await peer.send_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
        + text_frame("authorization", {"status": "authorized"})
        + text_frame("listening", {"streams": ["trade_updates"]})
    )
    await trio.sleep_forever()


async def test_a_connection_that_no_longer_answers_is_given_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, deaf, [listener])
        settings = keyed(ping_seconds=5, pong_timeout_seconds=5)
        url = f"ws://127.0.0.1:{listener.socket.getsockname()[1]}/stream"
        stream = OrderStream(url, settings, reconnects(settings))
        async with stream.connected() as updates:
            began = trio.current_time()
            with pytest.raises(BrokerUnavailable, match="no longer answers"):
                await anext(updates)
            assert trio.current_time() - began >= 10
        nursery.cancel_scope.cancel()


async def test_the_end_of_the_connection_is_said_once_and_for_all() -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await let_in(socket)
        await socket.aclose()

    async with served(serve) as stream, stream.connected() as updates:
        for _ in range(2):
            with pytest.raises(BrokerUnavailable, match="closed"):
                await anext(updates)


async def test_an_account_has_one_connection() -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        socket = await request.accept()
        await let_in(socket)
        await until_closed(socket)

    async with served(serve, reconnect_base_seconds=0) as stream:
        async with stream.connected():
            await opening_fails(stream, "open already")
        async with stream.connected():
            pass


async def test_after_a_loss_the_next_try_waits_its_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        await request.reject(503)

    async with served(serve, reconnect_base_seconds=8, reconnect_cap_seconds=30) as stream:
        await opening_fails(stream, "503")
        began = trio.current_time()
        await opening_fails(stream, "503")
        assert trio.current_time() - began >= 8
