"""Does a connection live as long as it should, and no longer?"""

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.adapters.rpc import RpcServer, RpcSettings
from cream.adapters.rpc.connection import PING_PAYLOAD
from cream.adapters.rpc.engine import ErrorCode
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import (
    CLIENT_STREAM,
    ONE,
    UNARY,
    OneMethod,
    ScriptedEcho,
    WaitingEcho,
)
from tests.integration.rpc.raw_client import (
    GOAWAY,
    SETTINGS,
    RawClient,
    frame,
    message,
    request_headers,
    serving,
)

HELLO = Script(payload=Payload(text="hello"))


async def _until_closed(client: RawClient) -> float:
    """How long the server keeps the connection from now on."""
    began = trio.current_time()
    await client.receive_until(lambda: False)
    await client.stream.aclose()
    return trio.current_time() - began


async def test_an_idle_connection_is_told_to_go(autojump_clock: MockClock) -> None:
    settings = RpcSettings(idle_timeout_seconds=15.0, keepalive_interval_seconds=100.0)
    server = RpcServer([ScriptedEcho()], settings=settings)
    async with serving(server) as listener:
        client = await listener.connect()
        assert (await client.call(HELLO)).status == 0
        await trio.sleep(10)
        assert (await client.call(HELLO)).status == 0

        assert await _until_closed(client) == pytest.approx(15.0)

    assert client.goaways == [(0, 3)]
    assert server.statistics().idle_closed == 1


async def test_a_connection_with_a_long_call_is_not_idle(autojump_clock: MockClock) -> None:
    settings = RpcSettings(idle_timeout_seconds=15.0)
    async with serving(RpcServer([WaitingEcho()], settings=settings)) as listener:
        client = await listener.connect()

        assert (await client.call(Script(wait_milliseconds=100_000))).status == 0

        assert await _until_closed(client) == pytest.approx(15.0)


async def test_a_silent_client_is_asked_for_a_sign_of_life(autojump_clock: MockClock) -> None:
    settings = RpcSettings(idle_timeout_seconds=90.0)
    server = RpcServer([ScriptedEcho()], settings=settings)
    async with serving(server) as listener:
        client = await listener.connect()

        assert await _until_closed(client) == pytest.approx(90.0)

    assert client.pings == 4, "one after each 20 s of silence"
    assert server.statistics().keepalive_timeouts == 0


async def test_a_client_that_gives_no_sign_of_life_is_dropped(autojump_clock: MockClock) -> None:
    echo = WaitingEcho()
    server = RpcServer([echo])
    async with serving(server) as listener:
        client = await listener.connect()
        await client.open(body=message(Script(wait_milliseconds=3_600_000)))

        received = b""
        while chunk := await client.stream.receive_some(1_000):
            received += chunk

    assert PING_PAYLOAD in received
    assert trio.current_time() == pytest.approx(30.0)
    assert (server.statistics().keepalive_timeouts, echo.cancelled) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({":method": "GET"}, "405"),
        ({"content-type": "text/html"}, "415"),
        ({"te": "gzip"}, "400"),
        ({"grpc-timeout": "never"}, "200"),
        ({"grpc-encoding": "br"}, "200"),
        ({":path": "/no.Such/Method"}, "200"),
    ],
)
@pytest.mark.parametrize("end", [True, False])
async def test_a_request_that_cannot_be_served_is_refused_and_the_next_one_served(
    changes: dict[str, str], status: str, end: bool
) -> None:
    server = RpcServer([ScriptedEcho()])
    async with serving(server) as listener:
        client = await listener.connect()
        headers = list((dict(request_headers()) | changes).items())

        reply = await client.reply(await client.open_with(headers, end=end))

        assert reply.headers[":status"] == status
        assert (await client.call(HELLO)).status == 0
    assert server.statistics().calls_refused == 1


async def test_a_client_that_goes_away_by_itself_gets_its_last_replies(
    autojump_clock: MockClock,
) -> None:
    async with serving(RpcServer([WaitingEcho()])) as listener:
        client = await listener.connect()
        call = await client.open(body=message(Script(wait_milliseconds=1_000)))
        await client.stream.send_all(frame(GOAWAY, 0, 0, bytes(8)))

        assert (await client.reply(call)).status == 0
        assert await _until_closed(client) == 0


async def test_a_client_that_goes_away_without_calls_is_let_go() -> None:
    server = RpcServer([ScriptedEcho()])
    async with serving(server) as listener:
        client = await listener.connect()

        await client.stream.send_all(frame(GOAWAY, 0, 0, bytes(8)))

        assert await _until_closed(client) < 1
        await wait_all_tasks_blocked()
        assert server.statistics().connections_open == 0


LARGE = Payload(body=bytes(50_000))


async def _send_large(stream: Any) -> None:
    await stream.send_message(LARGE)


async def test_a_window_that_opens_for_all_streams_wakes_all(autojump_clock: MockClock) -> None:
    async with serving(RpcServer([OneMethod(_send_large)])) as listener:
        client = await listener.connect(initial_window=1_000)
        calls = [await client.open(ONE, body=message(HELLO)) for _ in range(3)]
        await client.receive()
        await wait_all_tasks_blocked()

        client.h2.increment_flow_control_window(1_000_000)
        for call in calls:
            client.h2.increment_flow_control_window(100_000, call)
        await client.flush()

        for call in calls:
            assert (await client.reply(call)).payloads() == [LARGE]


async def test_a_larger_initial_window_wakes_all(autojump_clock: MockClock) -> None:
    async with serving(RpcServer([OneMethod(_send_large)])) as listener:
        client = await listener.connect(initial_window=100)
        await client.open(ONE, body=message(HELLO))
        await wait_all_tasks_blocked()

        await client.stream.send_all(frame(SETTINGS, 0, 0, b"\x00\x04\x00\x00\xff\xff"))
        received = bytearray()
        with trio.fail_after(10):
            while len(received) < len(LARGE.body):
                received += await client.stream.receive_some(10_000)


async def test_an_update_for_a_stream_that_does_not_wait_is_no_matter() -> None:
    async with serving(RpcServer([ScriptedEcho()])) as listener:
        client = await listener.connect()
        call = await client.open(CLIENT_STREAM, end=False)
        client.h2.increment_flow_control_window(10, call)
        client.h2.increment_flow_control_window(10)
        client.h2.end_stream(call)
        await client.flush()

        assert (await client.reply(call)).status == 0


async def test_data_for_a_call_that_is_over_is_dropped() -> None:
    """An error ends the call; what the client sends until it knows is not kept."""
    server = RpcServer([ScriptedEcho()])
    async with serving(server) as listener:
        client = await listener.connect()
        script = message(Script(status=9, at_once=True))
        call = await client.open(CLIENT_STREAM, body=script, end=False)
        await wait_all_tasks_blocked()
        client.h2.send_data(call, bytes(10_000))
        await client.flush()

        assert (await client.reply(call)).status == 9
        assert (await client.call(HELLO)).status == 0
        assert server.statistics().buffered_bytes == 0


async def test_a_cancelled_server_says_goodbye() -> None:
    async with serving(RpcServer([WaitingEcho()])) as listener:
        client = await listener.connect()
        call = await client.open(body=message(Script(wait_milliseconds=3_600_000)))
        await wait_all_tasks_blocked()

    await client.receive_until(lambda: False)

    assert client.goaways == [(ErrorCode.NO_ERROR, call)]


async def test_a_handler_that_raises_while_the_connection_ends_harms_nobody(
    logs: list[Any],
) -> None:
    async def handler(stream: Any) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise RuntimeError("in the way out")

    server = RpcServer([OneMethod(handler)])
    async with serving(server) as listener:
        client = await listener.connect()
        await client.open(ONE, body=message(HELLO))
        await wait_all_tasks_blocked()

        await client.stream.aclose()
        await wait_all_tasks_blocked()

        other = await listener.connect()
        await other.open(UNARY, body=message(HELLO))
        assert server.statistics().connections_open == 1
        assert server.statistics().calls_open == 0
    assert [entry["event"] for entry in logs] == ["rpc.handler_failed"]


async def test_a_client_that_asks_without_reading_is_not_read_any_more(
    autojump_clock: MockClock,
) -> None:
    """Replies to unary calls must not pile up without bound."""
    settings = RpcSettings(send_buffer_bytes=10_000, stream_window_bytes=1_000_000)
    server = RpcServer([ScriptedEcho()], settings=settings)
    ours, theirs = trio.testing.lockstep_stream_pair()
    async with serving(server) as listener:
        await listener.accept_stream(theirs)
        client = RawClient(ours)
        await client.start()
        sent = 0
        with trio.move_on_after(5):
            while sent < 1_000:
                script = Script(payload=Payload(body=bytes(1_000)))
                await client.open(body=message(script))
                sent += 1

        assert sent < 100
        await ours.aclose()
