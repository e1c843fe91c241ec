"""Listeners of the order stream: everything in order, or an end that says why."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import trio
import trio.testing

from cream.adapters.brokers import update_stream
from cream.adapters.brokers.update_stream import UpdateStreams
from cream.core.exchange.alpaca_status import VenueStatus
from cream.core.exchange.venue_order import root_from, shown
from cream.core.model.broker import OrderUpdate
from cream.core.model.errors import BrokerUnavailable
from tests.fakes.venue_lab import terms

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def update(event: str) -> OrderUpdate:
    order = root_from(terms(), 1, NOW, NOW, Decimal(0))
    order.status = VenueStatus.NEW
    return OrderUpdate(event=event, order=shown(order))


async def test_every_listener_gets_every_message_in_order() -> None:
    streams = UpdateStreams()
    with streams.connected() as first, streams.connected() as second:
        for event in "abc":
            streams.send(update(event))
        for stream in (first, second):
            assert [(await anext(stream)).event for _ in range(3)] == ["a", "b", "c"]


async def test_a_stream_that_is_dropped_gives_what_was_sent_and_then_says_why() -> None:
    streams = UpdateStreams()
    with streams.connected() as stream:
        streams.send(update("a"))
        streams.drop("gone")
        streams.send(update("b"))
        assert (await anext(stream)).event == "a"
        with pytest.raises(BrokerUnavailable, match="gone"):
            await anext(stream)
        streams.drop("gone again")


async def test_a_listener_that_waits_is_told_at_once() -> None:
    streams = UpdateStreams()
    async with trio.open_nursery() as nursery:
        with streams.connected() as stream:

            async def listen() -> None:
                with pytest.raises(BrokerUnavailable, match="gone"):
                    await anext(stream)

            nursery.start_soon(listen)
            await trio.testing.wait_all_tasks_blocked()
            streams.drop("gone")
            await trio.testing.wait_all_tasks_blocked()


async def test_a_slow_listener_is_dropped_and_the_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(update_stream, "MAX_WAITING", 2)
    streams = UpdateStreams()
    with streams.connected() as slow, streams.connected() as quick:
        for event in "abcd":
            streams.send(update(event))
            assert (await anext(quick)).event == event
        assert [(await anext(slow)).event for _ in range(2)] == ["a", "b"]
        with pytest.raises(BrokerUnavailable, match="too slowly"):
            await anext(slow)


async def test_a_stream_is_closed_with_its_block() -> None:
    streams = UpdateStreams()
    with streams.connected() as stream:
        pass
    streams.send(update("a"))
    with pytest.raises(BrokerUnavailable, match="closed"):
        await anext(stream)


async def test_a_listener_takes_some_of_what_waits_in_a_row_and_then_lets_others_run() -> None:
    streams, turns = UpdateStreams(), [0]

    async def another() -> None:
        while True:
            turns[0] += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(another)
        with streams.connected() as stream:
            for _ in range(40):
                streams.send(update("new"))
            for _ in range(40):
                await anext(stream)
        nursery.cancel_scope.cancel()

    assert 0 < turns[0] < 10


async def test_a_listener_that_was_cancelled_is_given_nothing_though_something_waits() -> None:
    streams = UpdateStreams()
    with streams.connected() as stream:
        streams.send(update("a"))
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(stream)
        assert scope.cancelled_caught
