"""Quotes are the feed's: the latest first, then every newer one."""

from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.adapters.rpc.google_rpc import BadRequest
from cream.core.market.views import SymbolView
from cream.core.model.market import MarketStatus
from cream.core.model.ticks import Bar
from cream.wire import common_pb2, market_snapshot_pb2
from tests.fakes.chains import NEAR, a_chain
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, a_quote
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


async def test_options_begin_with_their_row_of_the_chain_and_go_on_with_quotes(
    operations: FakeOperations,
) -> None:
    """One that has no quote yet is told as well: it is listed."""
    operations.chain = a_chain()
    row = a_chain().rows[0].listed
    assert row.quote is not None
    operations.latest[row.contract.symbol] = row.quote
    request = market_snapshot_pb2.SubscribeMarketDataRequest(symbols=["AAPL"], include_options=True)
    caller, stream = Caller(operations), FakeStream(request)

    async def follow() -> None:
        with pytest.raises(GRPCError):
            await caller.run(f"{SERVICE}/SubscribeMarketData", stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        await stream.wait_sent(3)
        await trio.testing.wait_all_tasks_blocked()
        assert len(stream.sent) == 3, "what the chain has told is not told again"
        operations.publish_quote(evolve(row.quote, bid=Decimal("4.20"), at=NOW))
        messages = await stream.wait_sent(4)
        caller.shutdown.set()

    assert [one.WhichOneof("update") for one in messages] == ["quote"] + ["option_quote"] * 3
    first, empty, later = (one.option_quote for one in messages[1:])
    assert (first.contract.strike, first.delta, list(first.flags)) == (240.0, 0.5, ["STALE"])
    assert (empty.contract.strike, empty.HasField("quote")) == (200.0, False)
    assert (later.contract.strike, later.quote.bid, later.HasField("delta")) == (240.0, 4.2, False)
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


BAR = Bar(
    symbol="AAPL",
    at=NOW,
    minutes=5,
    open=Decimal(1),
    high=Decimal(2),
    low=Decimal(1),
    close=Decimal(2),
    volume=Decimal(10),
)


async def test_a_feed_with_bars_shows_those_that_are_asked_for(operations: FakeOperations) -> None:
    operations.offers_bars = True
    view = SymbolView(symbol="AAPL", quote=a_quote(), bars=(BAR,))
    operations.known_symbols["AAPL"] = view
    request = market_snapshot_pb2.GetSnapshotRequest(symbols=["AAPL"], bar_timeframes=[5, 60, 5])

    reply = await Caller(operations).call(f"{SERVICE}/GetSnapshot", request)

    assert operations.asked_timeframes == (5, 60)
    assert [one.timeframe_minutes for one in reply.snapshot.symbols[0].bars] == [5]


async def test_bars_without_a_timeframe_are_minutes(operations: FakeOperations) -> None:
    operations.offers_bars = True
    request = market_snapshot_pb2.GetSnapshotRequest(symbols=["AAPL"], include_bars=True)

    await Caller(operations).call(f"{SERVICE}/GetSnapshot", request)

    assert operations.asked_timeframes == (1,)


async def test_a_timeframe_that_is_none_is_named(operations: FakeOperations) -> None:
    operations.offers_bars = True
    request = market_snapshot_pb2.GetSnapshotRequest(symbols=["AAPL"], bar_timeframes=[5, 7])

    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/GetSnapshot", request)

    assert caught.value.status is Status.INVALID_ARGUMENT
    bad = next(one for one in caught.value.details or () if isinstance(one, BadRequest))
    assert [one.field for one in bad.field_violations] == ["bar_timeframes[1]"]


async def test_a_subscription_tells_of_bars_between_quotes(operations: FakeOperations) -> None:
    operations.offers_bars = True
    request = market_snapshot_pb2.SubscribeMarketDataRequest(symbols=["AAPL"], bar_timeframes=[5])
    caller, stream = Caller(operations), FakeStream(request)

    async def follow() -> None:
        with pytest.raises(GRPCError):
            await caller.run(f"{SERVICE}/SubscribeMarketData", stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        await stream.wait_sent(1)
        await trio.testing.wait_all_tasks_blocked()
        (reader,) = operations.bar_readers
        reader.send_nowait(BAR)
        messages = await stream.wait_sent(2)
        caller.shutdown.set()

    assert messages[1].bar.timeframe_minutes == 5
    assert not operations.bar_readers
    assert not operations.quote_readers
