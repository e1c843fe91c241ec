"""The two ports and the order stream, over loopback."""

import json
from typing import Any

import httpx
import msgspec
import pytest
import trio
import trio.testing
import trio_websocket

from cream.adapters.sandbox.server import Opened
from tests.unit.adapters.sandbox.lab import KEYS
from tests.unit.adapters.sandbox.sockets import ask, served, socket


async def upgrade(opened: Opened) -> int:
    """The status with which another connection is answered."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    async with httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{opened.port}/stream"
        return (await client.get(url, headers=headers)).status_code


LOG_IN = {"action": "auth", "key": "PK", "secret": "s"}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates", "weather"]}}


async def test_garbage_ends_its_own_connection_only() -> None:
    """A malformed chunk would end a bare Hypercorn with all its connections."""
    async with served() as opened:
        for garbage in (
            b"GARBAGE\r\n\r\n",
            b"POST /v2/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        ):
            stream = await trio.open_tcp_stream("127.0.0.1", opened.port)
            async with stream:
                await stream.send_all(garbage)
                with trio.move_on_after(5):
                    await stream.receive_some()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{opened.port}") as client:
            assert (await client.get("/v2/clock", headers=KEYS)).status_code == 200


async def test_the_control_port_is_another_one() -> None:
    async with served() as opened, httpx.AsyncClient() as client:
        control = f"http://127.0.0.1:{opened.control_port}"
        assert (await client.get(f"{control}/book")).status_code == 200
        trading = f"http://127.0.0.1:{opened.port}"
        assert (await client.get(f"{trading}/book", headers=KEYS)).status_code == 404


async def test_only_what_there_is_is_granted() -> None:
    async with served() as opened, socket(opened) as one:
        answer = await ask(one, LOG_IN)
        assert answer["data"] == {"status": "authorized", "action": "authenticate"}
        assert (await ask(one, LISTEN))["data"] == {"streams": ["trade_updates"]}


async def test_who_has_not_logged_in_hears_nothing() -> None:
    async with served() as opened, socket(opened) as one:
        refused = {"status": "unauthorized", "action": "listen"}
        assert (await ask(one, LISTEN))["data"] == refused
        wrong = {"action": "authenticate", "data": {"key_id": "PK"}}
        assert (await ask(one, wrong))["data"]["status"] == "unauthorized"


async def test_the_keys_may_come_with_the_upgrade() -> None:
    async with served() as opened, socket(opened, **KEYS) as one:
        assert (await ask(one, LISTEN))["stream"] == "listening"


async def test_another_stream_than_order_updates_is_none() -> None:
    async with served() as opened, socket(opened, **KEYS) as one:
        other = {"action": "listen", "data": {"streams": ["weather"]}}
        assert (await ask(one, other))["data"] == {"streams": []}


async def test_what_is_asked_for_last_is_all_that_is_told(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with served() as opened, socket(opened, **KEYS) as one:
        for _ in range(3):
            assert (await ask(one, LISTEN))["data"]["streams"] == ["trade_updates"]
        opened.sandbox.broadcast.tell({"event": "once", "order": {"order_class": "", "legs": None}})
        assert json.loads(await one.get_message())["data"]["event"] == "once"
        nothing = {"action": "listen", "data": {"streams": 5}}
        assert (await ask(one, nothing))["data"]["streams"] == []
        opened.sandbox.broadcast.tell({"event": "lost", "order": {"order_class": "", "legs": None}})
        with trio.move_on_after(5) as waiting:
            await one.get_message()
        assert waiting.cancelled_caught


async def test_the_order_stream_speaks_msgpack_if_it_is_asked_to() -> None:
    packed = {"Content-Type": "application/msgpack"}
    async with served() as opened, socket(opened, **KEYS, **packed) as one:
        await one.send_message(msgspec.msgpack.encode(LISTEN))
        answer = msgspec.msgpack.decode(await one.get_message())
        assert answer == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
        await one.send_message(b"\x91" * 100_000)
        assert msgspec.msgpack.decode(await one.get_message())["action"] == "error"


@pytest.mark.parametrize("message", ["{", "[]", {"action": "dance"}])
async def test_what_makes_no_sense_is_said_and_ends_the_connection(message: Any) -> None:
    async with served() as opened, socket(opened) as one:
        answer = await ask(one, message)
        assert answer["action"] == "error"
        with pytest.raises(trio_websocket.ConnectionClosed):
            await one.get_message()


async def test_a_second_connection_is_refused_with_429() -> None:
    async with served() as opened, socket(opened):
        assert await upgrade(opened) == 429


async def test_a_stream_that_is_cut_ends_without_a_word() -> None:
    """No closing frame: whoever listens must notice it as it notices a network that is gone."""
    async with served() as opened, socket(opened, **KEYS) as one:
        await ask(one, LISTEN)
        opened.sandbox.broadcast.cut()
        with trio.fail_after(30), pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await one.get_message()
        # Source: RFC 6455, section 7.4.1.
        assert closed.value.reason.code == 1006
        assert opened.sandbox.broadcast.may_connect()


async def test_while_it_cannot_be_reached_no_stream_opens() -> None:
    async with served() as opened:
        async with httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{opened.control_port}/faults"
            await client.post(url, json={"name": "venue.unreachable"})
        assert await upgrade(opened) == 503
