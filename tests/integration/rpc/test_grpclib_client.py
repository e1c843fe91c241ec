"""Does grpclib's asyncio client, which agents use, get on with the server?"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.adapters.rpc import StatusDetailsCodec
from tests.integration.rpc.gen.echo_grpc import EchoStub
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import ScriptedEcho, WaitingEcho
from tests.integration.rpc.threads import Running, trio_server


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with trio_server([ScriptedEcho()]) as running:
        yield running


@asynccontextmanager
async def _stub(running: Running) -> AsyncIterator[EchoStub]:
    channel = Channel("127.0.0.1", running.port, status_details_codec=StatusDetailsCodec())
    try:
        yield EchoStub(channel)
    finally:
        channel.close()


def test_all_four_kinds_of_calls_work(running: Running) -> None:
    one = Script(payload=Payload(text="a"), replies=2)

    async def main() -> tuple[Payload, list[Payload], Payload, list[Payload]]:
        async with _stub(running) as stub:
            return (
                await stub.Unary(one),
                await stub.ServerStream(one),
                await stub.ClientStream([one, one]),
                await stub.Bidi([one, one]),
            )

    unary, server_stream, client_stream, bidi = asyncio.run(main())

    assert unary == one.payload
    assert server_stream == [one.payload] * 2
    assert client_stream.text == "a,a"
    assert bidi == [one.payload] * 4


def test_an_error_arrives_with_its_details(running: Running) -> None:
    async def main() -> None:
        async with _stub(running) as stub:
            await stub.Unary(Script(status=9, message="größer", with_details=True, at_once=True))

    with pytest.raises(GRPCError) as caught:
        asyncio.run(main())

    assert (caught.value.status, caught.value.message) == (Status.FAILED_PRECONDITION, "größer")
    info, bad_request = caught.value.details
    assert info.reason == "SCRIPTED"
    assert bad_request.field_violations[0].description == "was told to be wrong"


def test_metadata_travels_both_ways(running: Running) -> None:
    metadata = {"x-text": "words", "x-data-bin": b"\x00\xff"}
    script = Script(initial_metadata=True, trailing_metadata=True)

    async def main() -> tuple[dict[str, object], dict[str, object]]:
        async with _stub(running) as stub, stub.Unary.open(metadata=metadata) as stream:
            await stream.send_message(script, end=True)
            await stream.recv_message()
            await stream.recv_trailing_metadata()
            return dict(stream.initial_metadata or {}), dict(stream.trailing_metadata or {})

    initial, trailing = asyncio.run(main())

    assert metadata.items() <= initial.items()
    assert metadata.items() <= trailing.items()


def test_a_timeout_cancels_the_handler() -> None:
    echo = WaitingEcho()

    async def main(running: Running) -> None:
        async with _stub(running) as stub:
            await stub.Unary(Script(wait_milliseconds=60_000), timeout=0.1)

    with trio_server([echo]) as running, pytest.raises(asyncio.TimeoutError):
        asyncio.run(main(running))

    assert echo.cancelled == 1


def test_a_draining_server_answers_what_is_in_flight() -> None:
    """grpclib drops a connection with all its calls at the first GOAWAY it reads."""
    echo = WaitingEcho()
    script = Script(payload=Payload(text="late"), wait_milliseconds=300)

    async def main(running: Running) -> tuple[Payload, Status]:
        async with _stub(running) as stub:
            slow = asyncio.create_task(stub.Unary(script))
            while not echo.started:  # noqa: ASYNC110 - the server is another thread
                await asyncio.sleep(0.001)
            running.start_drain()
            reply = await slow
            with pytest.raises((GRPCError, OSError)) as caught:
                await stub.Unary(script)
            return reply, getattr(caught.value, "status", Status.UNAVAILABLE)

    with trio_server([echo]) as running:
        reply, refusal = asyncio.run(main(running))

    assert reply.text == "late"
    assert refusal is Status.UNAVAILABLE
