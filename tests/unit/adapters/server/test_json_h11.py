"""What is ambiguous, foreign or hostile is answered before the application sees it, and quietly."""

import zlib
from typing import Any

import h11
import pytest
import trio

from cream.adapters.server.json_h11 import refusal_of
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.raw_http import UPGRADE, body_of, connect, heard, lives, say
from tests.unit.adapters.server.site import served

POST = b"POST /v1/order-state HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
STREAM = UPGRADE % b"/v1/stream"
KEY = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="

# For what takes no time at all on an idle machine.
PATIENCE_SECONDS = 20

REFUSED = {
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"505"),
    "a version to come": (b"GET /health HTTP/3.1\r\nhost: x\r\n\r\n", b"505"),
    "two lengths": (POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", b"400"),
    "no key": (STREAM.replace(KEY + b"\r\n", b""), b"400"),
    "a key that is no text": (STREAM.replace(KEY, b"sec-websocket-key: \xff"), b"400"),
    "another version": (STREAM.replace(b"version: 13", b"version: 99"), b"400"),
    "HTTP/1.0": (STREAM.replace(b"HTTP/1.1", b"HTTP/1.0"), b"400"),
    "a protocol that is no text": (STREAM[:-2] + b"sec-websocket-protocol: \xff\r\n\r\n", b"400"),
    "a connection that is no text": (STREAM.replace(b": Upgrade", b": Upgrade, \xff"), b"400"),
    "a body": (STREAM[:-2] + b"content-length: 5\r\n\r\n", b"400"),
    "a body in chunks": (STREAM[:-2] + b"transfer-encoding: chunked\r\n\r\n", b"400"),
    "more before the answer": (STREAM + b"\x81\x80\x00\x00\x00\x00", b"400"),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED.keys())
async def test_it_is_refused_in_the_one_shape_and_logged_by_nobody(
    operations: FakeOperations, logs: list[Any], sent: bytes, status: bytes
) -> None:
    async with served(operations) as port, await connect(port) as stream:
        await stream.send_all(sent)
        answer = b""
        with trio.fail_after(PATIENCE_SECONDS):
            while chunk := await stream.receive_some():
                answer += chunk

        assert answer.startswith(b"HTTP/1.1 " + status)
        assert set(body_of(answer)) == {"code", "message", "grpc_code", "details"}
        assert await lives(port)
    assert logs == []


async def test_an_upgrade_to_another_protocol_is_ignored(operations: FakeOperations) -> None:
    wish = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    async with served(operations) as port:
        answer = await say(port, b"GET /health HTTP/1.1\r\nhost: x\r\n" + wish + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 200")


async def test_talking_before_the_answer_closes_the_connection_quietly(
    operations: FakeOperations, logs: list[Any]
) -> None:
    async with served(operations) as port:
        for _ in range(10):
            async with await connect(port) as stream:
                await stream.send_all(STREAM)
                await stream.send_all(b"\xff" * 64)
                await heard(stream)
        assert await lives(port)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


@pytest.mark.parametrize(
    "wish", [b"permessage-deflate", b"permessage-deflate; server_max_window_bits=x", b"\xff", b";="]
)
async def test_no_extension_is_agreed_on(operations: FakeOperations, wish: bytes) -> None:
    """A deflated message is inflated before it is measured: 64 KiB could be 64 MiB."""
    header = b"sec-websocket-extensions: " + wish + b"\r\n\r\n"
    compressed = zlib.compress(bytes(1000))
    async with served(operations) as port, await connect(port) as stream:
        await stream.send_all(STREAM[:-2] + header)
        head, _, _ = (await heard(stream)).partition(b"\r\n\r\n")

        assert head.startswith(b"HTTP/1.1 101")
        assert b"extensions" not in head.lower()
        await stream.send_all(bytes([0xC2, 0x80 | len(compressed)]) + bytes(4) + compressed)
        with trio.fail_after(PATIENCE_SECONDS):
            assert await stream.receive_some() == b"", "a reserved bit ends the connection"
        assert await lives(port)


async def test_a_message_without_end_is_not_collected(operations: FakeOperations) -> None:
    """The sender is told 1009, and what it still sends has nowhere to go."""
    frame = b"\x02\xff" + (2**62).to_bytes(8, "big") + bytes(4)
    async with served(operations) as port, await connect(port) as stream:
        await stream.send_all(STREAM)
        await heard(stream)
        await stream.send_all(frame)
        with pytest.raises(trio.BrokenResourceError), trio.fail_after(PATIENCE_SECONDS):
            await talk_on(stream)
        assert await lives(port)


async def talk_on(stream: trio.SocketStream) -> None:
    while True:
        await stream.send_all(bytes(65_536))


def request(**headers: str) -> h11.Request:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return h11.Request(method="GET", target="/", headers=[("host", "x"), *pairs])


def test_whatever_is_no_upgrade_to_a_websocket_passes() -> None:
    assert refusal_of(request(), more_has_come=True) is None
    assert refusal_of(request(upgrade="h2c", connection="upgrade"), more_has_come=True) is None
    assert refusal_of(request(upgrade="websocket"), more_has_come=True) is None
