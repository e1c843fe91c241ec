"""Do messages of a stream keep to windows, buffers and time, in both directions?"""

from typing import Any

import pytest
import trio
from grpclib.exceptions import StreamTerminatedError
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.adapters.rpc import RpcServer, RpcSettings
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import ONE, OneMethod
from tests.integration.rpc.raw_client import RawClient, message, serving
from tests.unit.adapters.rpc.probe import SS, SU, US, UU, Probe, run_call


async def _stalled(client: RawClient, path: str = ONE) -> int:
    """A call to a client whose window is never opened again."""
    call = await client.open(path, body=message(Script()))
    await wait_all_tasks_blocked()
    return call


async def test_a_large_reply_waits_for_the_clients_window(autojump_clock: MockClock) -> None:
    reply = Payload(body=bytes(range(256)) * 1_000)

    async def handler(stream: Any) -> None:
        await stream.send_message(reply)

    async with serving(RpcServer([OneMethod(handler, UU)])) as listener:
        client = await listener.connect()
        call = await _stalled(client)
        await client.receive_until(lambda: len(client.replies[call].data) == 65_535)
        while not client.replies[call].done:
            client.h2.increment_flow_control_window(30_000)
            client.h2.increment_flow_control_window(30_000, call)
            await client.flush()
            await client.receive()

    assert client.replies[call].payloads() == [reply]


async def test_a_client_that_does_not_read_loses_its_call(autojump_clock: MockClock) -> None:
    async def handler(stream: Any) -> None:
        await stream.send_message(Payload(body=bytes(100_000)))

    async with serving(RpcServer([OneMethod(handler, UU)])) as listener:
        client = await listener.connect()
        reply = await client.reply(await client.open(ONE, body=message(Script())))

    assert reply.status == 4
    assert trio.current_time() == pytest.approx(RpcSettings().send_timeout_seconds)


async def test_a_stream_that_is_reset_while_it_waits_for_the_window_is_over() -> None:
    probe = Probe(lambda stream: stream.send_message(Payload(body=bytes(100_000))))
    server = RpcServer([OneMethod(probe, UU)])
    async with serving(server) as listener:
        client = await listener.connect()
        call = await _stalled(client)
        client.h2.reset_stream(call)
        await client.flush()
        await wait_all_tasks_blocked()

        assert server.statistics().calls_open == 0
    assert probe.error is None, "it was cancelled"


async def test_a_task_that_waits_for_the_window_learns_that_the_stream_was_reset() -> None:
    ended: list[type[Exception]] = []

    async def send(stream: Any) -> None:
        try:
            await stream.send_message(Payload(body=bytes(100_000)))
        except StreamTerminatedError as error:
            ended.append(type(error))

    async def handler(stream: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, stream)
            await wait_all_tasks_blocked()
            await stream.cancel()

    await run_call(handler, US, message(Script()))

    assert ended == [StreamTerminatedError]


class Measured(trio.abc.Stream):
    """Knows how long its longest write was."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self.longest = 0

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.longest = max(self.longest, len(data))
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._stream.aclose()


async def test_a_large_reply_goes_out_piece_by_piece() -> None:
    """However wide the client's windows are, no more waits for the socket than the buffer."""
    settings = RpcSettings(send_buffer_bytes=20_000)
    reply = Payload(body=bytes(200_000))

    async def handler(stream: Any) -> None:
        await stream.send_message(reply)

    ours, theirs = trio.testing.memory_stream_pair()
    measured = Measured(theirs)
    async with serving(RpcServer([OneMethod(handler)], settings=settings)) as listener:
        await listener.accept_stream(measured)
        client = RawClient(ours, initial_window=1_000_000)
        await client.start()
        client.h2.increment_flow_control_window(1_000_000)
        answer = await client.call(Script(), ONE)

    assert answer.payloads() == [reply]
    assert measured.longest < 20_000 + 16_384 + 100


async def test_a_slow_body_must_be_complete_in_time_however_busy_it_looks(
    autojump_clock: MockClock,
) -> None:
    """A byte every second would otherwise keep a call for ever."""

    async def handler(stream: Any) -> None:
        await stream.recv_message()

    async with serving(RpcServer([OneMethod(handler, UU)])) as listener:
        client = await listener.connect()
        call = await client.open(ONE, end=False)
        for byte in message(Script(message="x" * 50)):
            client.h2.send_data(call, bytes([byte]))
            await client.flush()
            await trio.sleep(1)
            if trio.current_time() >= 11:
                break
        reply = await client.reply(call)

    assert reply.status == 4


async def test_a_stream_of_requests_may_pause_but_not_within_a_message(
    autojump_clock: MockClock,
) -> None:
    async def handler(stream: Any) -> None:
        async for _ in stream:
            pass

    async with serving(RpcServer([OneMethod(handler, SS)])) as listener:
        client = await listener.connect()
        call = await client.open(ONE, body=message(Script()), end=False)
        await trio.sleep(15)
        assert not client.replies[call].done
        client.h2.send_data(call, b"\x00\x00")
        await client.flush()
        began = trio.current_time()
        reply = await client.reply(call)

    assert reply.status == 4
    assert trio.current_time() - began == pytest.approx(10.0)


async def test_a_stream_of_requests_longer_than_its_window_arrives() -> None:
    """The window is given back as messages are consumed, and while one is incomplete."""
    settings = RpcSettings(stream_window_bytes=1_000)
    seen: list[int] = []

    async def handler(stream: Any) -> None:
        seen.extend([len(script.payload.body) async for script in stream])
        await stream.send_message(Payload())

    bodies = [10, 400, 5_000, 400, 400, 400, 0, 3_000]
    data = b"".join(message(Script(payload=Payload(body=bytes(size)))) for size in bodies)
    async with serving(RpcServer([OneMethod(handler, SU)], settings=settings)) as listener:
        client = await listener.connect()
        call = await client.open(ONE, end=False)
        await client.receive()
        while data:
            window = client.h2.local_flow_control_window(call)
            if window:
                client.h2.send_data(call, data[:window])
                data = data[window:]
                await client.flush()
            else:
                await client.receive()
        client.h2.end_stream(call)
        await client.flush()
        assert (await client.reply(call)).status == 0

    assert seen == bodies
