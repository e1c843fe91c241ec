"""Has a handler's stream the manners of grpclib's, on Trio?"""

from typing import Any

import pytest
import trio
from grpclib.const import Cardinality, Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.adapters.rpc import RpcServer, RpcSettings
from cream.adapters.rpc.stream import MESSAGES_PER_YIELD
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import ONE, OneMethod
from tests.integration.rpc.raw_client import message, serving
from tests.unit.adapters.rpc.probe import SS, SU, US, UU, Func, Probe, run_call


async def test_messages_come_in_order_and_none_comes_after_the_last() -> None:
    async def handler(stream: Any) -> list[Any]:
        return [await stream.recv_message() for _ in range(4)]

    sent = [Script(replies=n) for n in range(3)]
    probe = await run_call(handler, SU, *map(message, sent))

    assert probe.result == [*sent, None]


async def test_messages_can_be_iterated() -> None:
    async def handler(stream: Any) -> list[Any]:
        return [script.replies async for script in stream]

    probe = await run_call(handler, SS, *(message(Script(replies=n)) for n in range(40)))

    assert probe.result == list(range(40))


async def test_a_unary_request_is_read_once() -> None:
    async def handler(stream: Any) -> tuple[Any, Any]:
        return await stream.recv_message(), await stream.recv_message()

    probe = await run_call(handler, US, message(Script(replies=1)))

    assert probe.result == (Script(replies=1), None)


@pytest.mark.parametrize(
    ("kind", "body"),
    [(UU, b""), (SU, message(Script(replies=1))[:-1]), (SU, b"\x00\x00")],
    ids=["no-message", "cut", "cut-prefix"],
)
async def test_a_request_that_ends_too_early_is_the_clients_error(
    kind: Cardinality, body: bytes
) -> None:
    async def handler(stream: Any) -> None:
        await stream.recv_message()

    probe = await run_call(handler, kind, body)

    assert isinstance(probe.error, GRPCError)
    assert probe.error.status is Status.INTERNAL


async def test_what_is_known_of_the_call_is_at_hand(autojump_clock: MockClock) -> None:
    async def handler(stream: Any) -> dict[str, Any]:
        before = stream.deadline.time_remaining()
        await trio.sleep(1)
        return {
            "remaining": (before, stream.deadline.time_remaining()),
            "metadata": dict(stream.metadata),
            "same": stream.metadata is stream.metadata,
            "user_agent": stream.user_agent,
            "peer": (stream.peer.addr(), stream.peer.cert()),
        }

    headers = [("grpc-timeout", "3S"), ("user-agent", "test/1"), ("x-a", "b")]
    probe = await run_call(handler, UU, message(Script()), headers=headers)

    assert probe.result == {
        "remaining": (pytest.approx(3.0), pytest.approx(2.0)),
        "metadata": {"x-a": "b"},
        "same": True,
        "user_agent": "test/1",
        "peer": (None, None),
    }


async def test_a_call_without_limit_or_agent_says_so() -> None:
    async def handler(stream: Any) -> tuple[Any, Any]:
        return stream.deadline, stream.user_agent

    assert (await run_call(handler, UU, message(Script()))).result == (None, None)


async def _twice_initial(stream: Any) -> None:
    await stream.send_initial_metadata()
    await stream.send_initial_metadata()


async def _initial_after_message(stream: Any) -> None:
    await stream.send_message(Payload())
    await stream.send_initial_metadata()


async def _two_replies(stream: Any) -> None:
    await stream.send_message(Payload())
    await stream.send_message(Payload())


async def _ok_without_reply(stream: Any) -> None:
    await stream.send_trailing_metadata()


async def _twice_trailing(stream: Any) -> None:
    await stream.send_trailing_metadata(status=Status.ABORTED)
    await stream.send_trailing_metadata(status=Status.ABORTED)


async def _message_after_trailing(stream: Any) -> None:
    await stream.send_trailing_metadata(status=Status.ABORTED)
    await stream.send_message(Payload())


async def _cancel_twice(stream: Any) -> None:
    await stream.cancel()
    await stream.cancel()


@pytest.mark.parametrize(
    "misuse",
    [
        _twice_initial,
        _initial_after_message,
        _two_replies,
        _ok_without_reply,
        _twice_trailing,
        _message_after_trailing,
        _cancel_twice,
    ],
)
async def test_misuse_is_a_protocol_error_as_in_grpclib(misuse: Func) -> None:
    assert isinstance((await run_call(misuse, UU, message(Script()))).error, ProtocolError)


async def test_a_reply_of_the_wrong_type_is_a_type_error() -> None:
    async def handler(stream: Any) -> None:
        await stream.send_message(Script())

    assert isinstance((await run_call(handler, UU, message(Script()))).error, TypeError)


async def test_a_reply_above_the_limit_is_refused() -> None:
    async def handler(stream: Any) -> None:
        await stream.send_message(Payload(body=bytes(101)))

    settings = RpcSettings(max_send_message_bytes=100)
    probe = await run_call(handler, UU, message(Script()), settings=settings)

    assert isinstance(probe.error, GRPCError)
    assert probe.error.status is Status.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("send", ["send_message", "send_initial_metadata"])
async def test_sending_to_a_stream_that_was_reset_says_so(send: str) -> None:
    async def handler(stream: Any) -> None:
        await stream.cancel()
        await (
            stream.send_message(Payload()) if send == "send_message" else getattr(stream, send)()
        )

    assert isinstance((await run_call(handler, US, message(Script()))).error, StreamTerminatedError)


async def test_two_tasks_may_not_receive_at_once() -> None:
    async def handler(stream: Any) -> Any:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.recv_message)
            await wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError):
                await stream.recv_message()
            nursery.cancel_scope.cancel()
            return True
        return None

    probe = Probe(handler)
    async with serving(RpcServer([OneMethod(probe, SS)])) as listener:
        client = await listener.connect()
        await client.reply(await client.open(ONE, end=False))

    assert probe.result is True


async def test_two_tasks_may_not_send_at_once() -> None:
    large = Payload(body=bytes(100_000))

    async def handler(stream: Any) -> Any:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_message, large)
            await wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError):
                await stream.send_message(large)
            nursery.cancel_scope.cancel()
            return True
        return None

    assert (await run_call(handler, SS, message(Script()))).result is True


async def test_a_handler_that_streams_what_is_at_hand_lets_othersrun_call() -> None:
    turns: list[str] = []

    async def other() -> None:
        for _ in range(3):
            turns.append("other")
            await trio.lowlevel.checkpoint()

    async def handler(stream: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            for _ in range(4 * MESSAGES_PER_YIELD):
                await stream.send_message(Payload())
            turns.append("sent")

    await run_call(handler, US, message(Script()))

    assert turns == ["other", "other", "other", "sent"]


async def test_each_message_sees_a_cancellation() -> None:
    async def handler(stream: Any) -> int:
        with trio.CancelScope() as scope:
            scope.cancel()
            await stream.send_message(Payload())
            await stream.send_message(Payload())
        return int(stream.messages_sent)

    assert (await run_call(handler, US, message(Script()))).result == 1
