"""Quotes are the feed's: the latest first, then every newer one."""

from typing import Any

import pytest
import trio
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.adapters.rpc.google_rpc import BadRequest
from cream.core.model.market import MarketStatus
from cream.wire import common_pb2, market_snapshot_pb2
from tests.fakes.chains import NEAR, a_chain
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import a_quote
from tests.unit.adapters.server.calls import Caller, FakeStream

SERVICE = "MarketDataService"


def subscribe(*symbols: str) -> market_snapshot_pb2.SubscribeMarketDataRequest:
    return market_snapshot_pb2.SubscribeMarketDataRequest(symbols=symbols)


async def test_a_snapshot_has_every_symbol_that_was_asked_for(operations: FakeOperations) -> None:
    request = market_snapshot_pb2.GetSnapshotRequest(symbols=["AAPL", "XOM"])

    reply = await Caller(operations).call(f"{SERVICE}/GetSnapshot", request)

    assert reply.snapshot.environment == common_pb2.ENVIRONMENT_PAPER
    assert [one.symbol for one in reply.snapshot.symbols] == ["AAPL", "XOM"]
    assert reply.snapshot.symbols[0].quote.ask == 238.41
    assert not reply.snapshot.symbols[1].HasField("quote")
    assert reply.snapshot.market_status == common_pb2.MARKET_STATUS_OPEN


async def test_a_snapshot_says_where_the_market_stands(operations: FakeOperations) -> None:
    operations.status = MarketStatus.PRE_MARKET
    request = market_snapshot_pb2.GetSnapshotRequest(symbols=["AAPL"])

    reply = await Caller(operations).call(f"{SERVICE}/GetSnapshot", request)

    assert reply.snapshot.market_status == common_pb2.MARKET_STATUS_PRE_MARKET
    assert reply.snapshot.symbols[0].market_status == common_pb2.MARKET_STATUS_PRE_MARKET


@pytest.mark.parametrize(
    ("method", "request_message", "names"),
    [
        (
            "GetSnapshot",
            market_snapshot_pb2.GetSnapshotRequest(
                symbols=["AAPL"], include_bars=True, bar_timeframes=[5]
            ),
            ["include_bars", "bar_timeframes"],
        ),
        (
            "SubscribeMarketData",
            market_snapshot_pb2.SubscribeMarketDataRequest(symbols=["AAPL"], bar_timeframes=[1]),
            ["bar_timeframes"],
        ),
        (
            "SubscribeMarketData",
            market_snapshot_pb2.SubscribeMarketDataRequest(symbols=["AAPL"], include_options=True),
            ["include_options"],
        ),
    ],
)
async def test_what_is_asked_for_and_not_offered_is_refused_by_name(
    operations: FakeOperations, method: str, request_message: Any, names: list[str]
) -> None:
    """An answer without it would look like a market that has none."""
    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/{method}", request_message)

    assert caught.value.status is Status.UNIMPLEMENTED
    bad = next(one for one in caught.value.details or () if isinstance(one, BadRequest))
    assert [one.field for one in bad.field_violations] == names


async def test_a_snapshot_of_nothing_is_empty(operations: FakeOperations) -> None:
    request = market_snapshot_pb2.GetSnapshotRequest()

    reply = await Caller(operations).call(f"{SERVICE}/GetSnapshot", request)

    assert not reply.snapshot.symbols


async def test_a_subscription_begins_with_the_latest_and_goes_on(
    operations: FakeOperations,
) -> None:
    caller, stream = Caller(operations), FakeStream(subscribe("AAPL", "XOM"))
    ends: list[Any] = []

    async def follow() -> None:
        try:
            await caller.run(f"{SERVICE}/SubscribeMarketData", stream)
        except GRPCError as end:
            ends.append(end)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        await stream.wait_sent(1)
        await trio.testing.wait_all_tasks_blocked()
        assert len(stream.sent) == 1, "the latest is sent once"
        operations.publish_quote(a_quote("XOM", "115.99", "116.01"))
        operations.publish_quote(a_quote("AAPL", "238.40", "238.42"))
        messages = await stream.wait_sent(3)
        caller.shutdown.set()

    assert [one.quote.symbol for one in messages] == ["AAPL", "XOM", "AAPL"]
    assert [one.quote.bid for one in messages] == [238.39, 115.99, 238.4]
    assert ends[0].status is Status.UNAVAILABLE
    assert not operations.quote_readers


@pytest.mark.parametrize("symbols", [(), ("?",), ("AAPL",) * 501])
async def test_symbols_that_are_wrong_are_refused(
    operations: FakeOperations, symbols: tuple[str, ...]
) -> None:
    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/SubscribeMarketData", subscribe(*symbols))

    assert caught.value.status is Status.INVALID_ARGUMENT


async def test_a_chain_is_asked_for_in_the_words_of_the_request(
    operations: FakeOperations,
) -> None:
    operations.chain = a_chain()
    request = market_snapshot_pb2.GetOptionChainRequest(
        underlying="AAPL", expirations=["2026-12-18"], min_strike=200.0
    )

    reply = await Caller(operations).call(f"{SERVICE}/GetOptionChain", request)

    assert [one.contract.strike for one in reply.chain.options] == [240.0, 200.0]
    (asked,) = operations.chains_asked
    assert (asked.underlying, asked.expirations, asked.min_strike) == ("AAPL", (NEAR,), 200)


async def test_an_underlying_without_options_is_not_found(operations: FakeOperations) -> None:
    request = market_snapshot_pb2.GetOptionChainRequest(underlying="AAPL")

    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/GetOptionChain", request)

    assert caught.value.status is Status.NOT_FOUND
