"""Does a call end when it should: by its reply, its error, its deadline, or the agent's leaving?"""

import asyncio
import socket

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.client import (
    ConnectionLost,
    CreamClient,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    RetryPolicy,
    ServerFault,
    Unavailable,
    v1,
)
from cream.client.connection import Connection, check_token, is_loopback
from cream.client.retry import no_jitter
from cream.wire import control_pb2, execution_pb2
from tests.unit.client.fake_daemon import AT_ONCE, HangUp, Hold, Pause, Script, run
from tests.unit.client.test_errors import BAD, INFO, STATUS, packed

LONG = RetryPolicy(first_delay_seconds=20, longest_delay_seconds=20)
GONE = GRPCError(Status.UNAVAILABLE, "starting")
ACTIVE = control_pb2.GetTradingStateResponse(state=control_pb2.TRADING_STATE_ACTIVE)
FIRST = execution_pb2.StreamExecutionsResponse(sequence=1, snapshot=True)
SECOND = execution_pb2.StreamExecutionsResponse(sequence=2)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.example", False),
    ],
)
def test_a_token_stays_on_this_machine_or_travels_encrypted(host: str, here: bool) -> None:
    assert is_loopback(host) is here

    check_token(host, None, None)
    check_token(host, "t", True)
    if here:
        check_token(host, "t", None)
    else:
        with pytest.raises(ValueError, match="clear text"):
            check_token(host, "t", None)


def test_the_details_of_an_error_come_over_the_wire() -> None:
    script = Script()
    details = STATUS + packed("ErrorInfo", INFO) + packed("BadRequest", BAD)
    script.will("GetPositions", GRPCError(Status.INVALID_ARGUMENT, "schön falsch", details))

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(InvalidRequest) as caught:
            await client.get_positions()
        assert caught.value.message == "schön falsch"
        assert caught.value.details.reason == "INVALID_REQUEST"
        assert [p.field for p in caught.value.details.problems] == ["a.b", "c"]

    run(script, scenario)


def test_attempts_end_with_the_policy() -> None:
    script = Script()
    script.will("GetTradingState", *[GONE] * 9)

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(Unavailable, match="starting"):
            await client.get_trading_state()

    run(script, scenario, retry=RetryPolicy(attempts=3, first_delay_seconds=0))
    assert script.names() == ["GetTradingState"] * 3


def test_a_pause_that_outlasts_the_deadline_is_not_begun() -> None:
    script = Script()
    script.will("GetTradingState", GONE, control_pb2.GetTradingStateResponse())

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(Unavailable):
            await client.get_trading_state()

    run(script, scenario, timeout=10, retry=LONG)
    assert script.names() == ["GetTradingState"]


def test_other_errors_are_not_tried_again() -> None:
    script = Script()
    script.will("GetOrderState", GRPCError(Status.NOT_FOUND, "no such order"))

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(NotFound):
            await client.get_order_state("o")

    run(script, scenario)
    assert script.names() == ["GetOrderState"]


def test_a_connection_that_breaks_is_made_again_for_a_question() -> None:
    script = Script()
    script.will("GetTradingState", HangUp(), ACTIVE)

    async def scenario(client: CreamClient) -> None:
        assert (await client.get_trading_state()).state == v1.TradingStateValue.TRADING_STATE_ACTIVE

    run(script, scenario)
    assert script.names() == ["GetTradingState"] * 2


def test_a_lever_whose_connection_breaks_has_an_unknown_outcome() -> None:
    script = Script()
    script.will("KillSwitch", HangUp())

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(ConnectionLost):
            await client.kill_switch("fire")

    run(script, scenario)
    assert script.names() == ["KillSwitch"]


def test_nobody_listening_is_unavailable_after_all_attempts() -> None:
    pauses: list[float] = []

    def counted() -> float:
        pauses.append(0)
        return 1.0

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        async with CreamClient(port=port, retry=AT_ONCE, jitter=counted) as client:
            with pytest.raises(Unavailable):
                await client.get_trading_state()

    asyncio.run(scenario())
    assert len(pauses) == AT_ONCE.attempts - 1


def test_a_call_without_an_answer_ends_at_its_deadline() -> None:
    async def scenario(client: CreamClient) -> None:
        with pytest.raises(DeadlineExceeded):
            await client.submit_order(v1.SubmitOrderRequest(client_order_id="c"))

    run(Script(), scenario, timeout=0.01)


def test_a_call_that_is_cancelled_ends_at_the_daemon() -> None:
    script = Script()
    script.will("SubmitOrder", Hold())

    async def scenario(client: CreamClient) -> None:
        task = asyncio.create_task(client.submit_order(v1.SubmitOrderRequest()))
        await script.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await script.left.wait()

    run(script, scenario)


def test_ok_without_a_reply_is_the_servers_fault() -> None:
    """A server that breaks the protocol so; the generated stub asserts that it does not."""

    async def call(_: str, /, *, deadline: object, metadata: object) -> str:
        raise AssertionError

    async def scenario() -> None:
        connection = Connection(
            "127.0.0.1", 1, token=None, ssl=None, retry=AT_ONCE, jitter=no_jitter
        )
        with pytest.raises(ServerFault, match="without a reply"):
            await connection.unary(call, "request", repeatable=True, timeout=10)
        connection.close()

    asyncio.run(scenario())


def test_a_stream_gives_every_message_and_ends_with_the_server() -> None:
    script = Script()
    script.will("StreamExecutions", FIRST, SECOND)

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            assert [update.sequence async for update in updates] == [1, 2]
            with pytest.raises(StopAsyncIteration):
                await anext(updates)

    run(script, scenario)


def test_leaving_a_stream_ends_it_at_the_daemon() -> None:
    script = Script()
    script.will("StreamExecutions", FIRST, Hold())

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            async for update in updates:
                assert update.snapshot
                break
        await script.left.wait()

    run(script, scenario)


def test_an_error_of_the_agent_leaves_the_stream_as_it_is() -> None:
    """Its TimeoutError is not taken for the call's."""
    script = Script()
    script.will("StreamExecutions", FIRST, Hold())

    async def scenario(client: CreamClient) -> None:
        async def fail() -> None:
            async with client.stream_executions() as updates:
                await anext(updates)
                raise TimeoutError("mine")

        with pytest.raises(TimeoutError, match="mine"):
            await fail()
        await script.left.wait()

    run(script, scenario)


def test_a_wait_that_is_given_up_loses_no_message() -> None:
    """Agents bound silence by a timeout around each wait, and go on."""
    script = Script()
    script.will("StreamExecutions", FIRST, Pause(), SECOND, Hold())

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            assert (await anext(updates)).sequence == 1
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0):
                        await anext(updates)
            script.go.set()
            assert (await anext(updates)).sequence == 2
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await anext(updates)

    run(script, scenario)
    assert script.left.is_set()


def test_an_error_that_comes_after_the_wait_was_given_up_waits_for_the_next() -> None:
    script = Script()
    script.will("StreamExecutions", GRPCError(Status.FAILED_PRECONDITION, "too slow"))
    script.will("GetTradingState", ACTIVE)

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await anext(updates)
            # Its answer comes over the same connection, after the stream's end.
            await client.get_trading_state()
            with pytest.raises(PreconditionFailed):
                await anext(updates)
            with pytest.raises(StopAsyncIteration):
                await anext(updates)

    run(script, scenario)


def test_a_stream_that_fails_says_so_where_the_agent_waits() -> None:
    script = Script()
    script.will("StreamExecutions", FIRST, GRPCError(Status.FAILED_PRECONDITION, "too slow"))

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            assert (await anext(updates)).sequence == 1
            with pytest.raises(PreconditionFailed, match="too slow"):
                await anext(updates)
            with pytest.raises(StopAsyncIteration):
                await anext(updates)

    run(script, scenario)


def test_a_stream_that_is_refused_at_once_says_so_at_the_first_message() -> None:
    script = Script()
    script.will("StreamExecutions", GRPCError(Status.INVALID_ARGUMENT, "no such filter"))

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            with pytest.raises(InvalidRequest):
                await anext(updates)
            with pytest.raises(StopAsyncIteration):
                await anext(updates)

    run(script, scenario)


def test_a_stream_whose_connection_breaks_is_lost() -> None:
    script = Script()
    script.will("StreamExecutions", FIRST, Pause(), HangUp())

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions() as updates:
            await anext(updates)
            script.go.set()
            with pytest.raises(ConnectionLost):
                await anext(updates)
            with pytest.raises(StopAsyncIteration):
                await anext(updates)

    run(script, scenario)


def test_a_stream_from_nobody_is_unavailable() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        async with CreamClient(port=port) as client:
            with pytest.raises(Unavailable):
                async with client.stream_executions():
                    pytest.fail("there is nothing to follow")

    asyncio.run(scenario())
