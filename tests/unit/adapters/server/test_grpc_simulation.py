"""The levers of the simulation, over gRPC: the same as over JSON."""

import pytest
from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.wire.simulation_pb2 import DisconnectRequest, SetFaultRequest, SetQuoteRequest
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.both import as_json, with_times
from tests.unit.adapters.server.calls import Caller
from tests.unit.adapters.server.site import post

SERVICE = "SimulationService"
QUOTE = SetQuoteRequest(symbol="AAPL", bid="228.39", ask="228.410", bid_size=7)


async def test_the_market_is_moved(operations: FakeOperations) -> None:
    reply = await Caller(operations).call(f"{SERVICE}/SetQuote", QUOTE)

    assert (reply.bid, reply.bid_size, reply.ask_size) == ("228.39", 7, 1000)
    body = {"symbol": "AAPL", "bid": "228.39", "ask": "228.410", "bid_size": 7}
    assert as_json(reply) == with_times(await post(operations, "/v1/simulation/quote", body))


async def test_the_broker_is_away_and_a_fault_is_on(operations: FakeOperations) -> None:
    caller = Caller(operations)
    fault = SetFaultRequest(name="stale_quotes")
    fault.parameters.update({"on": False})

    await caller.call(f"{SERVICE}/Disconnect", DisconnectRequest(seconds=45))
    await caller.call(f"{SERVICE}/SetFault", fault)

    assert operations.levers is not None
    assert operations.levers.disconnected_for == [45.0]
    assert operations.levers.faults == [("stale_quotes", {"on": False})]


CALLS: list[tuple[str, Message]] = [
    ("SetQuote", QUOTE),
    ("Disconnect", DisconnectRequest(seconds=1)),
    ("SetFault", SetFaultRequest(name="stale_quotes")),
]


@pytest.mark.parametrize(("method", "request_message"), CALLS)
async def test_a_real_broker_has_no_levers(method: str, request_message: Message) -> None:
    operations = FakeOperations(has_simulation=False)

    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/{method}", request_message)

    assert caught.value.status is Status.NOT_FOUND


@pytest.mark.parametrize(
    ("method", "request_message", "status"),
    [
        ("SetQuote", SetQuoteRequest(symbol="ZZZ", bid="1", ask="2"), Status.NOT_FOUND),
        ("SetQuote", SetQuoteRequest(symbol="AAPL", bid="2", ask="1"), Status.INVALID_ARGUMENT),
        ("Disconnect", DisconnectRequest(), Status.INVALID_ARGUMENT),
        ("SetFault", SetFaultRequest(name="other"), Status.INVALID_ARGUMENT),
    ],
)
async def test_what_is_wrong_moves_nothing(
    operations: FakeOperations, method: str, request_message: Message, status: Status
) -> None:
    before = dict(operations.latest)

    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/{method}", request_message)

    assert caught.value.status is status
    assert operations.levers is not None
    assert operations.latest == before
    assert not operations.levers.disconnected_for
    assert not operations.levers.faults
