"""Whatever one peer sends or does not read, it ends its own connection and nothing else."""

import json
import random
import socket
import struct
from typing import Any

import pytest
import trio
import trio.lowlevel
from attrs import evolve

from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import SWING
from tests.unit.adapters.server.raw_http import (
    HEALTH,
    UPGRADE,
    body_of,
    connect,
    heard,
    lives,
    say,
)
from tests.unit.adapters.server.site import SETTINGS, served

# For what takes no time at all on an idle machine.
PATIENCE_SECONDS = 20

POST = b"POST /v1/order-state HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"

# One request each; every one of them ends a process that serves with Hypercorn alone.
KILLERS = {
    "garbage after an upgrade": (UPGRADE % b"/v1/stream", b"\xff" * 64),
    "an upgrade of an unknown path": (UPGRADE % b"/nowhere", b"anything at all"),
    "a chunk that has no size": (POST + b"transfer-encoding: chunked\r\n\r\n", b"ZZ\r\n"),
}


@pytest.mark.parametrize("killer", KILLERS.values(), ids=KILLERS.keys())
async def test_no_single_request_ends_the_server(
    operations: FakeOperations, killer: tuple[bytes, bytes]
) -> None:
    async with served(operations) as port:
        for _ in range(3):
            async with await connect(port) as stream:
                for part in killer:
                    await stream.send_all(part)
                    await trio.sleep(0.02)
                await heard(stream)

        assert await lives(port)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
        POST + b"content-length: -1\r\n\r\n",
        POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
    ],
)
async def test_a_request_that_is_none_is_refused_in_the_one_shape(
    operations: FakeOperations, request_bytes: bytes
) -> None:
    async with served(operations) as port:
        answer = await say(port, request_bytes)

        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 505"))
        content = body_of(answer)
        assert content["code"] == "INVALID_REQUEST"
        assert set(content) == {"code", "message", "grpc_code", "details"}
        assert await lives(port)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\n"
        b"upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
    ],
)
async def test_http2_is_not_spoken_on_this_port(
    operations: FakeOperations, request_bytes: bytes
) -> None:
    async with served(operations) as port:
        answer = await say(port, request_bytes)

        assert b"\x00\x00" not in answer, "no HTTP/2 frame"
        assert await lives(port)


async def test_a_path_that_is_no_ascii_hurts_nobody(operations: FakeOperations) -> None:
    async with served(operations) as port:
        await say(port, b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = await say(port, b"GET /%ff%00 HTTP/1.1\r\nhost: x\r\n\r\n")

        assert body_of(answer)["code"] == "NOT_FOUND"
        assert await lives(port)


async def test_garbage_of_any_kind_hurts_nobody(operations: FakeOperations) -> None:
    """Mutations of sound requests, cut and joined; with this seed a failure is found again."""
    chance = random.Random(20261123)
    sound = [
        HEALTH,
        POST + b'content-length: 17\r\n\r\n{"order_ids": []}',
        POST + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        UPGRADE % b"/v1/stream" + b"\x81\x85\x00\x00\x00\x00hello\x88\x80\x00\x00\x00\x00",
    ]

    async def attack(port: int, limit: trio.CapacityLimiter) -> None:
        data = bytearray(b"".join(chance.sample(sound, 2)))
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = chance.randrange(len(data))
        async with limit, await connect(port) as stream:
            with trio.move_on_after(0.05):
                try:
                    await stream.send_all(bytes(data[:cut]))
                    await trio.lowlevel.checkpoint()
                    await stream.send_all(bytes(data[cut:]))
                    while await stream.receive_some():
                        pass
                except trio.BrokenResourceError:
                    pass

    async with served(operations) as port:
        limit = trio.CapacityLimiter(20)
        async with trio.open_nursery() as nursery:
            for _ in range(300):
                nursery.start_soon(attack, port, limit)

        assert await lives(port)
    assert not operations.subscribers, "every stream has been left"


async def test_a_peer_that_does_not_read_is_dropped(
    operations: FakeOperations, logs: list[Any]
) -> None:
    impatient = evolve(SETTINGS, send_timeout_seconds=0.2)
    operations.put(*_many_orders())
    async with served(operations, impatient) as port:
        async with await connect(port) as stream:
            await stream.send_all(b"GET /v1/orders HTTP/1.1\r\nhost: x\r\n\r\n")
            await trio.sleep(0.6)

            assert await lives(port)
            answer = await heard(stream)
        assert not answer.endswith(b"}"), "the reply was cut"


async def test_a_peer_that_does_not_read_does_not_hold_up_the_shutdown(
    operations: FakeOperations,
) -> None:
    patient = evolve(SETTINGS, send_timeout_seconds=600.0, drain_grace_seconds=0.2)
    operations.put(*_many_orders())
    shutdown = trio.Event()

    with trio.fail_after(10):
        async with served(operations, patient, shutdown) as port:
            stream = await connect(port)
            await stream.send_all(b"GET /v1/orders HTTP/1.1\r\nhost: x\r\n\r\n")
            await trio.sleep(0.3)
            shutdown.set()

    await stream.aclose()


def _many_orders() -> list[Any]:
    """More than the socket buffers of loopback hold."""
    return [
        working(evolve(states.ENTRY, order_id=f"o-{number}", decision_id="d" * 100))
        for number in range(15_000)
    ]


async def test_one_connection_too_many_takes_the_place_of_the_longest_silent(
    operations: FakeOperations, logs: list[Any]
) -> None:
    """Whoever only holds connections open must not keep the operator out."""
    two = evolve(SETTINGS, max_connections=2)
    async with (
        served(operations, two) as port,
        await connect(port) as older,
        await connect(port) as newer,
    ):
        for stream in (newer, older, newer):
            await stream.send_all(HEALTH)
            assert (await heard(stream)).startswith(b"HTTP/1.1 200")

        assert await lives(port)
        with trio.fail_after(PATIENCE_SECONDS):
            assert await older.receive_some() == b""
        await newer.send_all(HEALTH)
        assert (await heard(newer)).startswith(b"HTTP/1.1 200")
    assert [entry["event"] for entry in logs] == ["http.connections_full"]


async def test_one_connection_too_many_is_closed_where_all_are_busy(
    operations: FakeOperations,
) -> None:
    one = evolve(SETTINGS, max_connections=1)
    async with served(operations, one) as port, await connect(port) as stream:
        await stream.send_all(UPGRADE % b"/v1/stream")
        assert (await heard(stream)).startswith(b"HTTP/1.1 101")

        assert await say(port, HEALTH) == b""
        await stream.aclose()
        await trio.sleep(0.05)
        assert await lives(port)


async def test_a_silent_connection_is_closed(operations: FakeOperations) -> None:
    hurried = evolve(SETTINGS, keep_alive_seconds=0.2)
    async with (
        served(operations, hurried) as port,
        await connect(port) as silent,
        await connect(port) as half,
    ):
        await half.send_all(b"GET /health HT")
        with trio.fail_after(5):
            assert await silent.receive_some() == b""
            assert await half.receive_some() == b""


async def test_a_client_that_asks_again_and_goes_before_its_answer_leaves_no_task_behind(
    operations: FakeOperations,
) -> None:
    """Each left one that waited for ever, and as many as there are places shut the door."""
    one = evolve(SETTINGS, max_connections=1)
    body = json.dumps({"decision_plan": SWING}).encode()
    head = b"POST /v1/submit-orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    request = head + b"content-length: %d\r\n\r\n" % len(body) + body
    async with served(operations, one) as port:
        for _ in range(3):
            operations.answers_at = trio.Event()
            stream = await connect(port)
            await stream.send_all(request + b"GET /hea")
            await trio.sleep(0.05)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await stream.aclose()
            operations.answers_at.set()
            await trio.sleep(0.05)

            assert await lives(port)
