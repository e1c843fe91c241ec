"""Does the official Python client, blocking and asyncio, get on with the server?"""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from cream.adapters.rpc import Health, RpcSettings
from cream.adapters.rpc.errors import decode_details
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import (
    BIDI,
    CLIENT_STREAM,
    SERVER_STREAM,
    UNARY,
    ScriptedEcho,
    WaitingEcho,
)
from tests.integration.rpc.threads import Running, trio_server

CODEC: dict[str, Any] = {
    "request_serializer": Script.SerializeToString,
    "response_deserializer": Payload.FromString,
}
HELLO = Script(payload=Payload(text="hello"), replies=3)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with trio_server([ScriptedEcho()], settings=RpcSettings(compress_replies_from_bytes=0)) as it:
        yield it


@pytest.fixture(scope="module")
def channel(running: Running) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(running.target) as channel:
        yield channel


def test_all_four_kinds_of_calls_work(channel: grpc.Channel) -> None:
    two = [Script(payload=Payload(text=text), replies=1) for text in "ab"]

    assert channel.unary_unary(UNARY, **CODEC)(HELLO) == HELLO.payload
    assert list(channel.unary_stream(SERVER_STREAM, **CODEC)(HELLO)) == [HELLO.payload] * 3
    assert channel.stream_unary(CLIENT_STREAM, **CODEC)(iter(two)).text == "a,b"
    assert [p.text for p in channel.stream_stream(BIDI, **CODEC)(iter(two))] == ["a", "b"]


def test_an_error_carries_status_text_and_details(channel: grpc.Channel) -> None:
    script = Script(status=3, message="größer", with_details=True, at_once=True)

    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(UNARY, **CODEC)(script)

    error: Any = caught.value
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "größer")
    packed = dict(error.trailing_metadata())["grpc-status-details-bin"]
    info, bad_request = decode_details(packed)
    assert (info.reason, info.domain) == ("SCRIPTED", "cream.test")  # type: ignore[attr-defined]
    [violation] = bad_request.field_violations  # type: ignore[attr-defined]
    assert violation.field == "payload.text"


def test_a_gzipped_call_is_understood_both_ways(running: Running) -> None:
    payload = Payload(body=bytes(100_000))
    with grpc.insecure_channel(running.target, compression=grpc.Compression.Gzip) as channel:
        assert channel.unary_unary(UNARY, **CODEC)(Script(payload=payload)) == payload


def test_an_encoding_that_is_not_spoken_is_unimplemented(running: Running) -> None:
    with (
        grpc.insecure_channel(running.target, compression=grpc.Compression.Deflate) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        channel.unary_unary(UNARY, **CODEC)(Script(payload=Payload(body=bytes(100_000))))

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_request_above_the_limit_is_resource_exhausted(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(UNARY, **CODEC)(Script(payload=Payload(body=bytes(6 * 1024 * 1024))))

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert channel.unary_unary(UNARY, **CODEC)(HELLO) == HELLO.payload


def test_replies_longer_than_every_window_arrive_whole(running: Running) -> None:
    payload = Payload(body=bytes(range(256)) * 8_000)  # 2 MB
    options = [("grpc.max_receive_message_length", 16 * 1024 * 1024)]
    with grpc.insecure_channel(running.target, options=options) as channel:
        call = channel.unary_stream(SERVER_STREAM, **CODEC)(Script(payload=payload, replies=4))

        assert list(call) == [payload] * 4


def test_a_deadline_ends_the_call_on_both_sides() -> None:
    echo = WaitingEcho()
    with (
        trio_server([echo]) as running,
        grpc.insecure_channel(running.target) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        channel.unary_unary(UNARY, **CODEC)(Script(wait_milliseconds=60_000), timeout=0.1)

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert echo.cancelled == 1


def test_a_cancelled_stream_cancels_its_handler() -> None:
    echo = WaitingEcho()
    script = Script(replies=2, wait_milliseconds=60_000)
    with trio_server([echo]) as running, grpc.insecure_channel(running.target) as channel:
        call = channel.unary_stream(SERVER_STREAM, **CODEC)(script)
        next(call)
        call.cancel()
        # The same connection carries this call behind the reset.
        channel.unary_unary(UNARY, **CODEC)(Script())

        assert echo.cancelled == 1


def test_a_draining_server_finishes_its_calls_and_then_is_unavailable() -> None:
    echo = WaitingEcho()
    with trio_server([echo]) as running, grpc.insecure_channel(running.target) as channel:
        slow = channel.unary_unary(UNARY, **CODEC).future(Script(wait_milliseconds=300))
        while not echo.started:
            pass
        running.start_drain()

        assert slow.result(timeout=5) == Payload()
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(UNARY, **CODEC)(HELLO, timeout=5)

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE


def test_the_asyncio_client_can_have_many_calls_at_once(running: Running) -> None:
    async def main() -> list[Payload]:
        async with grpc.aio.insecure_channel(running.target) as channel:
            method = channel.unary_unary(UNARY, **CODEC)
            scripts = [Script(payload=Payload(numbers=[n])) for n in range(300)]
            return list(await asyncio.gather(*(method(script) for script in scripts)))

    assert [reply.numbers[0] for reply in asyncio.run(main())] == list(range(300))


def test_the_asyncio_client_can_talk_and_listen_at_once(running: Running) -> None:
    async def main() -> list[str]:
        heard = []
        async with grpc.aio.insecure_channel(running.target) as channel:
            call = channel.stream_stream(BIDI, **CODEC)()
            for text in "abc":
                await call.write(Script(payload=Payload(text=text), replies=1))
                heard.append((await call.read()).text)
            await call.done_writing()
            assert await call.read() is grpc.aio.EOF
        return heard

    assert asyncio.run(main()) == ["a", "b", "c"]


def test_health_is_told_to_the_official_client() -> None:
    health = Health(["cream.test.echo.v1.Echo"])
    health.set_serving(True)
    with trio_server([health]) as running, grpc.insecure_channel(running.target) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")

        assert check(b"") == b"\x08\x01"
        assert check(b"\x0a\x17cream.test.echo.v1.Echo") == b"\x08\x02"
        with pytest.raises(grpc.RpcError) as caught:
            check(b"\x0a\x01x")

    error: Any = caught.value
    assert error.code() is grpc.StatusCode.NOT_FOUND
