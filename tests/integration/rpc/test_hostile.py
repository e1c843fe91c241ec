"""Does the server stay up, bounded and useful to others, whatever one client sends?"""

import resource
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
import trio
from trio.testing import MockClock

from cream.adapters.rpc import RpcServer, RpcSettings
from cream.adapters.rpc.engine import ErrorCode
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import BIDI, CLIENT_STREAM, ScriptedEcho, WaitingEcho
from tests.integration.rpc.raw_client import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    MemoryListener,
    block,
    frame,
    message,
    request_headers,
    serving,
)

HELLO = Script(payload=Payload(text="hello"))
GREETING = PREFACE + frame(SETTINGS, 0, 0)
UNARY_BLOCK = block(request_headers())
CANCEL = struct.pack(">L", ErrorCode.CANCEL)
FUZZ_CASES = 2_000
MIB = 1024 * 1024


@pytest.fixture
def server() -> RpcServer:
    return RpcServer([ScriptedEcho()])


@pytest.fixture
async def listener(server: RpcServer) -> AsyncIterator[MemoryListener]:
    async with serving(server) as listener:
        yield listener


async def _goaway_code(stream: trio.abc.Stream) -> int | None:
    """The code of the GOAWAY that comes before the server closes, if one comes."""
    received = bytearray()
    while chunk := await stream.receive_some(65_536):
        received += chunk
    code = None
    while received:
        size, kind = int.from_bytes(received[:3], "big"), received[3]
        if kind == GOAWAY:
            code = int.from_bytes(received[13:17], "big")
        del received[: 9 + size]
    return code


async def _still_serves(listener: MemoryListener) -> bool:
    client = await listener.connect()
    reply = await client.call(HELLO)
    return reply.payloads() == [HELLO.payload]


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_rapid_resets_end_the_connection_after_the_allowed_number(
    server: RpcServer, listener: MemoryListener, autojump_clock: MockClock
) -> None:
    stream = await listener.connect_stream()
    await stream.send_all(GREETING)
    pairs = (
        frame(HEADERS, END_HEADERS | END_STREAM, stream_id, UNARY_BLOCK)
        + frame(RST_STREAM, 0, stream_id, CANCEL)
        for stream_id in range(1, 6_001, 2)
    )

    await stream.send_all(b"".join(pairs))

    assert await _goaway_code(stream) == ErrorCode.ENHANCE_YOUR_CALM
    statistics = server.statistics()
    assert statistics.floods == 1
    assert statistics.calls_started <= RpcSettings().max_resets_per_window + 1
    assert await _still_serves(listener)


async def test_ten_thousand_open_streams_are_served_and_gone_when_their_clients_are(
    autojump_clock: MockClock,
) -> None:
    connections, streams = 20, 500
    before = _resident_bytes()
    echo = WaitingEcho()
    server = RpcServer([echo])
    request = message(Script(wait_milliseconds=3_600_000))
    async with serving(server) as listener:
        clients = []
        for _ in range(connections):
            client = await listener.connect_stream()
            calls = (
                frame(HEADERS, END_HEADERS, stream_id, UNARY_BLOCK)
                + frame(DATA, END_STREAM, stream_id, request)
                for stream_id in range(1, 2 * streams, 2)
            )
            await client.send_all(GREETING + b"".join(calls))
            clients.append(client)
        while echo.started < connections * streams:
            await trio.lowlevel.checkpoint()

        assert server.statistics().calls_open == connections * streams
        assert _resident_bytes() - before < 200 * MIB
        other = await listener.connect()
        assert (await other.call(HELLO)).status == 0

        for client in clients:
            await client.aclose()
        while server.statistics().calls_open:
            await trio.lowlevel.checkpoint()

    assert echo.cancelled == connections * streams


@pytest.mark.parametrize(
    ("flood", "code"),
    [
        (frame(PING, 0, 0, bytes(8)) * 3_000, ErrorCode.ENHANCE_YOUR_CALM),
        (frame(SETTINGS, 0, 0) * 3_000, ErrorCode.ENHANCE_YOUR_CALM),
        (frame(PRIORITY, 0, 1, bytes(5)) * 3_000, ErrorCode.ENHANCE_YOUR_CALM),
        (
            frame(HEADERS, END_HEADERS, 1, block(request_headers(CLIENT_STREAM)))
            + frame(DATA, 0, 1) * 3_000,
            ErrorCode.ENHANCE_YOUR_CALM,
        ),
        (
            frame(HEADERS, 0, 1, UNARY_BLOCK) + frame(CONTINUATION, 0, 1, b"") * 9,
            ErrorCode.ENHANCE_YOUR_CALM,
        ),
        (
            frame(HEADERS, 0, 1, bytes(16_384)) + frame(CONTINUATION, 0, 1, bytes(16_384)),
            ErrorCode.ENHANCE_YOUR_CALM,
        ),
        (
            frame(HEADERS, END_HEADERS, 1, block([("x", "y" * 4_000)]) * 5)[:16_384],
            None,
        ),
        (b"\xff\xff\xff\x00\x00\x00\x00\x00\x01", ErrorCode.FRAME_SIZE_ERROR),
        (frame(DATA, 0, 1, b"x"), ErrorCode.PROTOCOL_ERROR),
        (frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"), ErrorCode.PROTOCOL_ERROR),
        (frame(HEADERS, END_HEADERS, 2, UNARY_BLOCK), ErrorCode.PROTOCOL_ERROR),
        (frame(WINDOW_UPDATE, 0, 0, bytes(4)), ErrorCode.PROTOCOL_ERROR),
        (frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), 3),
        (
            frame(HEADERS, END_HEADERS, 1, UNARY_BLOCK) + frame(DATA, PADDED, 1, b"\x09short"),
            ErrorCode.PROTOCOL_ERROR,
        ),
    ],
    ids=[
        "pings", "settings", "priorities", "empty-data", "continuations", "long-header-block",
        "unfinished", "16-MiB-frame", "data-on-idle-stream", "bad-hpack", "even-stream",
        "zero-window", "window-overflow", "bad-padding",
    ],
)  # fmt: skip
async def test_a_client_that_breaks_the_rules_is_told_to_go(
    listener: MemoryListener, autojump_clock: MockClock, flood: bytes, code: int | None
) -> None:
    stream = await listener.connect_stream()
    await stream.send_all(GREETING + flood)

    if code is None:
        await trio.testing.wait_all_tasks_blocked()
    else:
        assert await _goaway_code(stream) == code

    assert await _still_serves(listener)


async def test_headers_above_the_limit_end_the_connection(
    listener: MemoryListener, autojump_clock: MockClock
) -> None:
    # Each byte of an indexed field stands for 4 KiB: an HPACK bomb.
    entry = b"\x40\x01x\x7f\xa1\x1e" + b"y" * 4_000
    stream = await listener.connect_stream()

    await stream.send_all(GREETING + frame(HEADERS, END_HEADERS, 1, entry + b"\xbe" * 1_000))

    assert await _goaway_code(stream) == ErrorCode.ENHANCE_YOUR_CALM


async def test_a_request_before_settings_is_refused(
    listener: MemoryListener, autojump_clock: MockClock
) -> None:
    stream = await listener.connect_stream()

    await stream.send_all(PREFACE + frame(HEADERS, END_HEADERS, 1, UNARY_BLOCK))

    assert await _goaway_code(stream) == ErrorCode.PROTOCOL_ERROR


@pytest.mark.parametrize("limit", ["max_streams_per_connection", "max_calls"])
async def test_streams_above_the_limit_are_refused_one_by_one(
    autojump_clock: MockClock, limit: str
) -> None:
    settings = RpcSettings(**{limit: 2})
    async with serving(RpcServer([WaitingEcho()], settings=settings)) as listener:
        client = await listener.connect()
        slow = message(Script(wait_milliseconds=1_000))
        first, second, third = [await client.open(body=slow) for _ in range(3)]

        assert (await client.reply(third)).reset == ErrorCode.REFUSED_STREAM
        assert (await client.reply(first)).status == 0
        assert (await client.reply(second)).status == 0
        assert (await client.call(HELLO)).status == 0


async def test_a_connection_above_the_limit_takes_the_place_of_the_one_idle_longest(
    autojump_clock: MockClock,
) -> None:
    """Whoever holds connections open does not keep the operator out."""
    server = RpcServer([ScriptedEcho()], settings=RpcSettings(max_connections=2))
    async with serving(server) as listener:
        first, second = await listener.connect(), await listener.connect()
        await trio.sleep(1)
        assert (await first.call(HELLO)).status == 0

        newcomer = await listener.connect()

        assert (await newcomer.call(HELLO)).status == 0
        assert (await first.call(HELLO)).status == 0, "it was the busier one"
        with pytest.raises((EOFError, trio.BrokenResourceError)):
            await second.call(HELLO)
        assert server.statistics().idle_closed == 1
        assert server.statistics().connections_open == 2


async def test_connections_above_the_limit_are_closed_at_once_where_all_are_busy(
    autojump_clock: MockClock,
) -> None:
    server = RpcServer([WaitingEcho()], settings=RpcSettings(max_connections=1))
    async with serving(server) as listener:
        client = await listener.connect()
        call = await client.open(body=message(Script(wait_milliseconds=1_000)))
        await trio.testing.wait_all_tasks_blocked()

        stranger = await listener.connect_stream()

        assert await stranger.receive_some(1) == b""
        assert server.statistics().connections_refused == 1
        assert (await client.reply(call)).status == 0
        assert (await client.call(HELLO)).status == 0


async def test_bodies_above_the_budget_end_their_call_and_free_the_buffers(
    autojump_clock: MockClock,
) -> None:
    settings = RpcSettings(
        max_receive_message_bytes=100_000,
        max_buffered_bytes_per_connection=100_000,
        max_buffered_bytes=150_000,
    )
    server = RpcServer([ScriptedEcho()], settings=settings)
    partial = message(bytes(90_000))[:16_000]
    async with serving(server) as listener:
        client, other = await listener.connect(), await listener.connect()
        for one in (client, other):  # learns its window
            assert (await one.call(HELLO)).status == 0
        ids = [await client.open(body=partial, end=False) for _ in range(7)]

        assert (await client.reply(ids[-1])).status == 8
        assert server.statistics().buffered_bytes == 6 * 16_000

        for _ in range(4):
            last = await other.open(body=partial, end=False)
        assert (await other.reply(last)).status == 8
        assert (await client.reply(ids[0])).status == 4
        await trio.testing.wait_all_tasks_blocked(0.01)
        await trio.sleep(20)

    assert server.statistics().buffered_bytes == 0


async def test_a_client_that_makes_us_answer_and_does_not_read_is_closed(
    autojump_clock: MockClock,
) -> None:
    server = RpcServer([ScriptedEcho()])
    listener = MemoryListener()
    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve, [listener])
        await listener.accept_stream(theirs)
        await ours.send_all(GREETING)
        began = trio.current_time()

        with pytest.raises(trio.BrokenResourceError):
            await _talk_on(ours)

        assert trio.current_time() - began == pytest.approx(31, abs=2)
        nursery.cancel_scope.cancel()

    assert server.statistics().send_timeouts == 1


async def _talk_on(stream: trio.abc.SendStream) -> None:
    while True:
        await stream.send_all(frame(WINDOW_UPDATE, 0, 0, b"\x00\x00\x00\x01"))
        await trio.sleep(1)


def _conversation() -> bytes:
    """A well-formed client's bytes, rich in kinds of frames, to be mutated."""
    bidi = block(request_headers(BIDI, ("grpc-timeout", "1S"), ("x-key", "value")))
    parts = [
        GREETING,
        frame(HEADERS, END_HEADERS, 1, UNARY_BLOCK),
        frame(DATA, END_STREAM, 1, message(HELLO)),
        frame(PING, 0, 0, bytes(8)),
        frame(HEADERS, 0, 3, bidi[:20]),
        frame(CONTINUATION, END_HEADERS, 3, bidi[20:]),
        frame(WINDOW_UPDATE, 0, 3, b"\x00\x00\x10\x00"),
        frame(DATA, PADDED, 3, b"\x03" + message(HELLO) + bytes(3)),
        frame(PRIORITY, 0, 5, b"\x00\x00\x00\x03\x10"),
        frame(HEADERS, END_HEADERS | END_STREAM, 5, UNARY_BLOCK),
        frame(RST_STREAM, 0, 3, CANCEL),
        frame(SETTINGS, 0, 0, b"\x00\x04\x00\x00\xff\xff"),
        frame(HEADERS, END_HEADERS, 7, UNARY_BLOCK),
        frame(DATA, 0, 7, message(HELLO)[:7]),
        frame(DATA, END_STREAM, 7, message(HELLO)[7:]),
        frame(GOAWAY, 0, 0, bytes(8)),
    ]
    return b"".join(parts)


def _mutated(original: bytes, chance: Random) -> bytes:
    data = bytearray(original)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                data[at] ^= 1 << chance.randrange(8)
            case 2:
                del data[at : at + chance.randint(1, 30)]
            case 3:
                data[at:at] = chance.randbytes(chance.randint(1, 30))
            case _:
                data[at:at] = data[at : at + chance.randint(1, 60)]
    return bytes(data)


async def test_mutated_conversations_crash_nothing_and_leave_nothing_behind(
    server: RpcServer, listener: MemoryListener, autojump_clock: MockClock
) -> None:
    chance = Random(20_251_125)
    original = _conversation()

    for _ in range(FUZZ_CASES):
        stream = await listener.connect_stream()
        data = _mutated(original, chance)
        cut = chance.randrange(len(data))
        await stream.send_all(data[:cut])
        await trio.lowlevel.checkpoint()
        try:
            await stream.send_all(data[cut:])
        except trio.BrokenResourceError:
            continue
        await stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    await trio.sleep(60)

    statistics = server.statistics()
    assert statistics.connections_accepted == FUZZ_CASES
    assert statistics.connection_crashes == 0
    assert (statistics.connections_open, statistics.calls_open) == (0, 0)
    assert statistics.buffered_bytes == 0
    assert statistics.protocol_errors > FUZZ_CASES / 10, "the mutations reach the judge"
    assert statistics.calls_started > FUZZ_CASES / 2, "and calls come through"
    assert await _still_serves(listener)
