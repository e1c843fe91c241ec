"""Does each call end with the status that its handler, its client or its time deserve?"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from grpclib.const import Cardinality, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.adapters.rpc import RpcServer, rpc_error
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import ONE, OneMethod
from tests.integration.rpc.raw_client import MemoryListener, Reply, message, serving


@asynccontextmanager
async def _listening(
    func: Callable[[Any], Awaitable[None]],
    kind: Cardinality = Cardinality.UNARY_UNARY,
    **options: Any,
) -> AsyncIterator[MemoryListener]:
    async with serving(RpcServer([OneMethod(func, kind)], **options)) as listener:
        yield listener


async def _answer(
    func: Callable[[Any], Awaitable[None]],
    kind: Cardinality = Cardinality.UNARY_UNARY,
    *headers: tuple[str, str],
    **options: Any,
) -> Reply:
    async with _listening(func, kind, **options) as listener:
        client = await listener.connect()
        return await client.call(Script(), ONE, *headers)


async def test_a_reply_ends_with_ok() -> None:
    async def handler(stream: Any) -> None:
        await stream.recv_message()
        await stream.send_message(Payload(text="done"))

    reply = await _answer(handler)

    assert (reply.status, reply.payloads()) == (0, [Payload(text="done")])


async def test_a_grpc_error_is_passed_on_even_out_of_a_nursery(logs: list[Any]) -> None:
    async def fail() -> None:
        raise rpc_error(Status.NOT_FOUND, "No such order", reason="UNKNOWN_ORDER")

    async def handler(stream: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)

    reply = await _answer(handler)

    assert (reply.status, reply.text) == (5, "No such order")
    assert "grpc-status-details-bin" in reply.headers
    assert logs == []


async def test_any_other_error_is_logged_and_says_nothing(logs: list[Any]) -> None:
    async def handler(stream: Any) -> None:
        raise RuntimeError("the account number is 42")

    reply = await _answer(handler)

    assert (reply.status, reply.text) == (2, "Internal error")
    [entry] = logs
    assert (entry["event"], entry["method"]) == ("rpc.handler_failed", ONE)
    assert isinstance(entry["exc_info"], RuntimeError)


async def test_a_handler_that_gives_no_reply_is_at_fault(logs: list[Any]) -> None:
    async def handler(stream: Any) -> None:
        await stream.recv_message()

    assert (await _answer(handler)).status == 2
    assert (await _answer(handler, Cardinality.UNARY_STREAM)).status == 0
    assert len(logs) == 1


async def test_details_that_are_no_messages_are_the_handlers_fault(logs: list[Any]) -> None:
    async def handler(stream: Any) -> None:
        raise GRPCError(Status.NOT_FOUND, "text", ["not a message"])

    assert (await _answer(handler)).status == 2
    assert logs[0]["problem"] == "The error's details cannot be sent"


async def test_a_call_without_time_is_not_begun() -> None:
    begun = []

    async def handler(stream: Any) -> None:
        begun.append(stream)

    reply = await _answer(handler, Cardinality.UNARY_UNARY, ("grpc-timeout", "0S"))

    assert (reply.status, begun) == (4, [])


async def test_a_client_that_left_hears_nothing_and_nothing_is_logged(logs: list[Any]) -> None:
    left = trio.Event()

    async def handler(stream: Any) -> None:
        with trio.CancelScope(shield=True):
            await left.wait()
        await stream.send_message(Payload())

    server = RpcServer([OneMethod(handler)])
    async with serving(server) as listener:
        client = await listener.connect()
        call = await client.open(ONE, body=message(Script()))
        await wait_all_tasks_blocked()
        client.h2.reset_stream(call)
        await client.flush()
        await wait_all_tasks_blocked()
        left.set()
        await wait_all_tasks_blocked()

        assert server.statistics().calls_cancelled == 1
    assert logs == []


async def test_a_terminated_stream_of_another_call_is_a_fault(logs: list[Any]) -> None:
    """Only for the call that was terminated is it no surprise."""

    async def handler(stream: Any) -> None:
        raise StreamTerminatedError("some other stream")

    assert (await _answer(handler)).status == 2
    assert len(logs) == 1


async def test_a_handler_may_reset_its_stream_and_go_on() -> None:
    went_on = []

    async def handler(stream: Any) -> None:
        await stream.cancel()
        await trio.lowlevel.checkpoint()
        went_on.append(True)

    reply = await _answer(handler)

    assert (reply.reset, went_on) == (8, [True])


async def test_a_handler_that_gives_up_within_a_message_is_at_fault(
    autojump_clock: MockClock, logs: list[Any]
) -> None:
    async def handler(stream: Any) -> None:
        with trio.move_on_after(1):
            await stream.send_message(Payload(body=bytes(100_000)))

    reply = await _answer(handler, Cardinality.UNARY_STREAM)

    assert (reply.status, logs[0]["problem"]) == (2, "The handler gave up within a message")


async def test_authorize_sees_metadata_and_path_and_its_refusal_is_the_reply() -> None:
    asked: list[tuple[Any, str]] = []

    def authorize(metadata: Mapping[str, str | bytes], path: str) -> None:
        asked.append((metadata.get("authorization"), path))
        if metadata.get("authorization") != "Bearer right":
            raise GRPCError(Status.UNAUTHENTICATED, "Who are you?")

    async def handler(stream: Any) -> None:
        await stream.send_message(Payload())

    kind = Cardinality.UNARY_UNARY
    right = ("authorization", "Bearer right")
    assert (await _answer(handler, kind, authorize=authorize)).status == 16
    assert (await _answer(handler, kind, right, authorize=authorize)).status == 0
    assert asked == [(None, ONE), ("Bearer right", ONE)]


async def test_a_public_service_is_served_without_asking() -> None:
    def authorize(metadata: Mapping[str, str | bytes], path: str) -> None:
        raise GRPCError(Status.UNAUTHENTICATED)

    async def handler(stream: Any) -> None:
        await stream.send_message(Payload())

    options: dict[str, Any] = {"authorize": authorize, "public_services": ["cream.test.One"]}
    assert (await _answer(handler, **options)).status == 0


async def test_an_authorizer_that_fails_admits_nobody(logs: list[Any]) -> None:
    def authorize(metadata: Mapping[str, str | bytes], path: str) -> None:
        raise KeyError("token")

    async def handler(stream: Any) -> None:
        await stream.send_message(Payload())

    reply = await _answer(handler, authorize=authorize)

    assert (reply.status, reply.payloads()) == (2, [])


async def test_the_observer_hears_method_status_and_duration(autojump_clock: MockClock) -> None:
    heard: list[tuple[str, Status, float]] = []

    async def handler(stream: Any) -> None:
        script = await stream.recv_message()
        await trio.sleep(script.wait_milliseconds / 1000)
        if script.status:
            raise GRPCError(Status(script.status))
        await stream.send_message(Payload())

    def observe(path: str, status: Status, seconds: float) -> None:
        heard.append((path, status, round(seconds, 3)))

    async with _listening(handler, observe=observe) as listener:
        client = await listener.connect()
        await client.call(Script(wait_milliseconds=500), ONE)
        await client.call(Script(status=5), ONE)
        await client.call(Script(wait_milliseconds=9_000), ONE, ("grpc-timeout", "2S"))
        gone = await client.open(ONE, body=message(Script(wait_milliseconds=9_000)))
        await wait_all_tasks_blocked()
        client.h2.reset_stream(gone)
        await client.flush()
        await wait_all_tasks_blocked()

    assert heard == [
        (ONE, Status.OK, 0.5),
        (ONE, Status.NOT_FOUND, 0.0),
        (ONE, Status.DEADLINE_EXCEEDED, 2.0),
        (ONE, Status.CANCELLED, 0.0),
    ]


async def test_an_observer_that_fails_harms_nobody(logs: list[Any]) -> None:
    def observe(path: str, status: Status, seconds: float) -> None:
        raise ZeroDivisionError

    async def handler(stream: Any) -> None:
        await stream.send_message(Payload())

    assert (await _answer(handler, observe=observe)).status == 0
    assert [entry["event"] for entry in logs] == ["rpc.observer_failed"]


@pytest.mark.parametrize("kind", list(Cardinality))
async def test_a_handler_may_end_its_reply_by_hand(kind: Cardinality) -> None:
    async def handler(stream: Any) -> None:
        await stream.send_trailing_metadata(
            status=Status.ABORTED, status_message="by hand", metadata={"x-a": "b"}
        )

    reply = await _answer(handler, kind)

    assert (reply.status, reply.text, reply.headers["x-a"]) == (10, "by hand", "b")


async def test_an_error_after_the_end_by_hand_is_only_logged(logs: list[Any]) -> None:
    async def handler(stream: Any) -> None:
        await stream.send_message(Payload())
        await stream.send_trailing_metadata()
        raise RuntimeError("too late")

    assert (await _answer(handler)).status == 0
    assert len(logs) == 1


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (StreamTerminatedError("The client is gone"), []),
        (GRPCError(Status.CANCELLED), []),
        (RuntimeError("a defect"), ["rpc.handler_failed"]),
    ],
    ids=["gone", "status", "defect"],
)
async def test_a_failure_beside_a_cancellation_does_not_look_like_a_crash_of_the_connection(
    logs: list[Any], error: Exception, events: list[str]
) -> None:
    """The client goes: one task of the handler is cancelled, another fails for that reason."""

    async def fail_at_the_end() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise error

    async def handler(stream: Any) -> None:
        await stream.recv_message()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_at_the_end)
            await trio.sleep_forever()

    server = RpcServer([OneMethod(handler, Cardinality.UNARY_STREAM)])
    async with serving(server) as listener:
        client = await listener.connect()
        await client.open(ONE, body=message(Script()))
        await wait_all_tasks_blocked()
        await client.stream.aclose()
        await wait_all_tasks_blocked()

        assert server.statistics().connection_crashes == 0
        assert server.statistics().calls_open == 0
    assert [entry["event"] for entry in logs] == events
