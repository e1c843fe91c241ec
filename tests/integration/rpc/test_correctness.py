"""Does the server pass every row of the correctness table for gRPC servers on Trio?

One test for each row. Time is a mock clock wherever a row speaks of time, so the connections are in
memory; rows about sockets use sockets. The rows about floods are in `test_hostile.py`.
"""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.adapters.rpc import RpcServer, RpcSettings, bound_port
from cream.adapters.rpc.engine import ErrorCode
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import (
    BIDI,
    CLIENT_STREAM,
    SERVER_STREAM,
    UNARY,
    ScriptedEcho,
    WaitingEcho,
)
from tests.integration.rpc.raw_client import MemoryListener, RawClient, message, serving

MIB = 1024 * 1024
FOREVER_MS = 3_600_000
HELLO = Script(payload=Payload(text="hello"))


@pytest.fixture
def echo() -> WaitingEcho:
    return WaitingEcho()


@pytest.fixture
async def listener(echo: WaitingEcho) -> AsyncIterator[MemoryListener]:
    async with serving(RpcServer([echo])) as listener:
        yield listener


@asynccontextmanager
async def serving_on_socket(server: RpcServer) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """The server on loopback; gives a function that connects a raw client."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(server.serve, listeners)

        async def connect(**options: Any) -> RawClient:
            stream = await trio.open_tcp_stream("127.0.0.1", bound_port(listeners))
            opened.append(stream)
            client = RawClient(stream, **options)
            await client.start()
            return client

        opened: list[trio.SocketStream] = []
        try:
            yield connect
        finally:
            nursery.cancel_scope.cancel()
            for stream in opened:
                await trio.aclose_forcefully(stream)


async def test_a_deadline_cancels_the_handler_and_the_server_says_so_by_itself(
    echo: WaitingEcho, listener: MemoryListener, autojump_clock: MockClock
) -> None:
    client = await listener.connect()
    began = trio.current_time()

    reply = await client.call(Script(wait_milliseconds=FOREVER_MS), UNARY, ("grpc-timeout", "200m"))

    assert reply.status == 4
    assert trio.current_time() - began == pytest.approx(0.2)
    assert (echo.started, echo.cancelled) == (1, 1)


async def test_a_client_that_cancels_a_unary_call_cancels_its_handler(
    echo: WaitingEcho, listener: MemoryListener, autojump_clock: MockClock
) -> None:
    client = await listener.connect()
    stream_id = await client.open(body=message(Script(wait_milliseconds=FOREVER_MS)))
    await trio.testing.wait_all_tasks_blocked()

    client.h2.reset_stream(stream_id, ErrorCode.CANCEL)
    await client.flush()
    await trio.testing.wait_all_tasks_blocked()

    assert (echo.started, echo.cancelled, echo.finished) == (1, 1, 0)
    assert (await client.call(HELLO)).status == 0


async def test_a_client_that_cancels_a_stream_cancels_its_handler(
    echo: WaitingEcho, listener: MemoryListener, autojump_clock: MockClock
) -> None:
    client = await listener.connect()
    script = Script(replies=3, wait_milliseconds=FOREVER_MS)
    stream_id = await client.open(SERVER_STREAM, body=message(script))
    await client.receive_until(lambda: len(client.replies[stream_id].payloads()) == 3)

    client.h2.reset_stream(stream_id, ErrorCode.CANCEL)
    await client.flush()
    await trio.testing.wait_all_tasks_blocked()

    assert (echo.started, echo.cancelled) == (1, 1)


async def test_a_dropped_tcp_connection_cancels_its_handlers() -> None:
    echo = WaitingEcho()
    server = RpcServer([echo])
    async with serving_on_socket(server) as connect:
        client = await connect()
        await client.open(body=message(Script(wait_milliseconds=FOREVER_MS)))
        while not echo.started:
            await trio.lowlevel.checkpoint()

        await trio.aclose_forcefully(client.stream)
        while server.statistics().connections_open:
            await trio.lowlevel.checkpoint()

    assert echo.cancelled == 1


async def test_a_request_above_the_limit_is_refused_with_resource_exhausted(
    listener: MemoryListener,
) -> None:
    client = await listener.connect()
    body = message(Script(payload=Payload(body=bytes(6 * MIB))))

    reply = await client.reply(await client.open(body=body[:16_000], end=False))

    assert reply.status == 8
    assert "6291" in (reply.text or "")
    assert (await client.call(HELLO)).status == 0


async def test_a_prefix_of_four_gib_is_refused_before_any_of_it_arrives(
    listener: MemoryListener,
) -> None:
    client = await listener.connect()

    reply = await client.reply(await client.open(body=b"\x00\xff\xff\xff\xff", end=False))

    assert reply.status == 8


async def test_an_error_before_any_message_is_one_block_of_headers() -> None:
    async with serving(RpcServer([ScriptedEcho()])) as listener:
        client = await listener.connect()
        reply = await client.call(Script(status=9, message="größer als 100 %"), SERVER_STREAM)

    assert (reply.status, reply.blocks) == (9, 1)
    assert reply.text == "gr%C3%B6%C3%9Fer als 100 %25"


async def test_a_gzipped_request_is_understood(listener: MemoryListener) -> None:
    client = await listener.connect()
    body = message(gzip.compress(HELLO.SerializeToString()), flag=1)

    reply = await client.reply(await client.open(UNARY, ("grpc-encoding", "gzip"), body=body))

    assert (reply.status, reply.payloads()) == (0, [HELLO.payload])


async def test_a_reply_is_gzipped_where_the_client_accepts_it_and_it_is_worth_it() -> None:
    settings = RpcSettings(compress_replies_from_bytes=100)
    long, short = Payload(text="x" * 1000), Payload(text="x")
    async with serving(RpcServer([ScriptedEcho()], settings=settings)) as listener:
        client = await listener.connect()
        accepts = ("grpc-accept-encoding", "identity, gzip")
        zipped = await client.call(Script(payload=long), UNARY, accepts)
        plain = await client.call(Script(payload=long), UNARY)
        small = await client.call(Script(payload=short), UNARY, accepts)

    assert zipped.headers["grpc-encoding"] == "gzip"
    assert Payload.FromString(gzip.decompress(bytes(zipped.data[5:]))) == long
    assert plain.payloads() == [long]
    assert "grpc-encoding" not in plain.headers
    assert small.payloads() == [short]


async def test_a_bidi_call_goes_on_after_the_client_half_closed() -> None:
    script = Script(payload=Payload(text="again"), replies=2)
    async with serving(RpcServer([ScriptedEcho()])) as listener:
        client = await listener.connect()

        reply = await client.reply(await client.open(BIDI, body=message(script) + message(script)))

    assert (reply.status, len(reply.payloads())) == (0, 4)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(range(256)) * 8,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(255, 0, -1)),
    ],
    ids=["http1", "tls", "bytes", "bad-frames"],
)
async def test_garbage_closes_its_connection_and_no_other(
    listener: MemoryListener, autojump_clock: MockClock, garbage: bytes
) -> None:
    client = await listener.connect()
    stranger = await listener.connect_stream()

    await stranger.send_all(garbage)
    received = b""
    while chunk := await stranger.receive_some(1000):
        received += chunk

    assert (await client.call(HELLO)).status == 0


@pytest.mark.parametrize("path", [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI])
async def test_a_message_that_is_no_protobuf_is_an_internal_error(path: str) -> None:
    async with serving(RpcServer([ScriptedEcho()])) as listener:
        client = await listener.connect()

        reply = await client.call(b"\xff\xff\xff", path)

    assert (reply.status, reply.text) == (13, "Cannot parse request message")


async def test_a_silent_connection_is_closed_after_five_seconds(
    listener: MemoryListener, autojump_clock: MockClock
) -> None:
    stream = await listener.connect_stream()
    began = trio.current_time()

    while await stream.receive_some(1000):
        pass

    assert trio.current_time() - began == pytest.approx(5.0)


async def test_a_unary_body_that_never_comes_ends_its_call_after_ten_seconds(
    listener: MemoryListener, autojump_clock: MockClock
) -> None:
    client = await listener.connect()
    began = trio.current_time()

    reply = await client.reply(await client.open(end=False))

    assert reply.status == 4
    assert trio.current_time() - began == pytest.approx(10.0)


async def test_a_client_that_never_reads_a_fast_stream_is_bounded_and_others_live() -> None:
    server = RpcServer([WaitingEcho()])
    async with serving_on_socket(server) as connect:
        greedy = await connect(initial_window=2**31 - 1)
        greedy.h2.increment_flow_control_window(2**31 - 1 - 65_535)
        script = Script(payload=Payload(body=bytes(10_000)), replies=1_000_000)
        await greedy.open(SERVER_STREAM, body=message(script))
        before = -1
        while (sent := server.statistics().messages_sent) != before or not sent:
            before = sent
            other = await connect()
            for _ in range(20):
                assert (await other.call(HELLO)).status == 0
            await trio.aclose_forcefully(other.stream)
            before += 20  # those just made

    assert server.statistics().messages_sent < 2_000


async def test_a_drain_lets_calls_in_flight_finish_and_refuses_new_ones(
    echo: WaitingEcho, autojump_clock: MockClock
) -> None:
    server = RpcServer([echo])
    async with serving(server) as listener:
        client = await listener.connect()
        slow = await client.open(body=message(Script(wait_milliseconds=2_000)))
        await trio.testing.wait_all_tasks_blocked()

        server.start_drain()
        await trio.testing.wait_all_tasks_blocked()
        late = await client.open(body=message(HELLO))

        assert (await client.reply(late)).status == 14
        assert client.goaways == [], "it would make some clients drop the call in flight"
        assert (await client.reply(slow)).status == 0
        await client.receive_until(lambda: False)
        assert client.goaways == [(0, slow)]
        await server.drain()
    assert client.closed


async def test_a_call_that_outlives_the_grace_ends_with_unavailable(
    echo: WaitingEcho, autojump_clock: MockClock
) -> None:
    server = RpcServer([echo])
    async with serving(server) as listener:
        client = await listener.connect()
        stuck = await client.open(body=message(Script(wait_milliseconds=FOREVER_MS)))
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()

        server.start_drain()
        reply = await client.reply(stuck)

        assert (reply.status, echo.cancelled) == (14, 1)
        assert trio.current_time() - began == pytest.approx(5.0)
        await server.drain()
