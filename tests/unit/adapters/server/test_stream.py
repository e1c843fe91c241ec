"""/v1/stream shows how things stand, then every change in order, or ends with a reason."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from cream.adapters.server.stream import messages
from cream.core.execution import events as e
from cream.core.model.broker import Difference
from cream.core.model.order import OrderStatus
from cream.core.model.order_state import standing
from cream.core.model.state import Cause, Restriction, TradingState
from cream.core.model.ticks import Bar
from cream.core.operations import StreamEnd, TradingStateView, Update
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.raw_http import UPGRADE, body_of, connect, say
from tests.unit.adapters.server.site import BEARER, SETTINGS, TOKEN_HASH, served


@asynccontextmanager
async def opened(
    port: int, headers: dict[str, str] | None = None, path: str = "/v1/stream"
) -> AsyncIterator[Any]:
    """A client of the stream, which leaves without a goodbye."""
    given = [(key.encode(), value.encode()) for key, value in (headers or {}).items()]
    async with await connect(port) as raw, trio.open_nursery() as nursery:
        yield await wrap_client_stream(nursery, raw, f"127.0.0.1:{port}", path, extra_headers=given)
        nursery.cancel_scope.cancel()


async def next_message(stream: WebSocketConnection) -> Any:
    with trio.fail_after(5):
        return json.loads(await stream.get_message())


async def closed(stream: WebSocketConnection) -> tuple[int, str | None]:
    """How the server closes, after whatever it still had to say."""
    with trio.fail_after(5):
        while stream.closed is None:
            with suppress(ConnectionClosed):
                await stream.get_message()
    return stream.closed.code, stream.closed.reason


async def test_the_first_message_shows_everything(operations: FakeOperations) -> None:
    operations.put(states.filled_entry(), states.stop_child())
    operations.position_views = [states.held()]

    async with served(operations) as port, opened(port) as stream:
        first = await next_message(stream)

    assert first["type"] == "snapshot"
    assert first["sequence"] == 7
    assert [one["order_id"] for one in first["orders"]] == ["o-entry", "o-stop"]
    assert first["positions"][0]["symbol"] == "AAPL"
    assert first["trading_state"]["state"] == "ACTIVE"
    assert first["account"]["equity"] == "100000.00"


BAR = Bar(
    symbol="AAPL",
    at=NOW,
    minutes=5,
    open=Decimal("1.5"),
    high=Decimal(2),
    low=Decimal(1),
    close=Decimal(2),
    volume=Decimal(10),
)


async def test_quotes_and_bars_come_for_the_symbols_in_the_query(
    operations: FakeOperations,
) -> None:
    operations.offers_bars = True
    path = "/v1/stream?symbols=AAPL&timeframes=5"
    async with served(operations) as port, opened(port, path=path) as stream:
        assert (await next_message(stream))["type"] == "snapshot"
        quote = await next_message(stream)
        (reader,) = operations.bar_readers
        reader.send_nowait(BAR)
        bar = await next_message(stream)

    assert (quote["type"], quote["quote"]["symbol"]) == ("quote", "AAPL")
    assert (bar["type"], bar["bar"]["open"], bar["bar"]["timeframe_minutes"]) == ("bar", "1.5", 5)
    with trio.fail_after(5):
        while operations.quote_readers or operations.bar_readers:
            await trio.lowlevel.checkpoint()


async def test_every_change_follows_in_order_with_its_sequence(
    operations: FakeOperations,
) -> None:
    async with served(operations) as port, opened(port) as stream:
        await next_message(stream)
        operations.publish(states.order_filled(), states.filled_entry(), positions=[states.held()])
        operations.causes[Cause.OPERATOR] = Restriction(
            cause=Cause.OPERATOR, state=TradingState.HALTED, reason="x", actor="kim", since=NOW
        )
        operations.publish(
            e.TradingRestricted(
                at=NOW,
                cause=Cause.OPERATOR,
                state=TradingState.HALTED,
                reason="x",
                actor="kim",
            )
        )
        heard = [await next_message(stream) for _ in range(4)]

    assert [one["type"] for one in heard] == ["fill", "order", "position", "trading_state"]
    assert [one["sequence"] for one in heard] == [8, 8, 8, 9]
    assert [one["event"] for one in heard[2:]] == ["OrderFilled", "TradingRestricted"]
    assert heard[0]["fill"]["execution_id"] == "x-1"
    assert heard[1]["order"]["filled_quantity"] == "10.5"
    assert heard[3]["trading_state"]["causes"][0]["actor"] == "kim"
    assert heard[0]["at"] == "2026-11-23T15:00:00Z"


def test_a_spread_tells_the_fill_of_each_leg() -> None:
    event = e.SpreadFilled(
        at=NOW,
        order_id="o-spread",
        execution_id="x-1",
        quantity=states.SPREAD.quantity,
        net_price=states.SPREAD.quantity,
        legs=(states.fill("o-spread", states.LONG_CALL), states.fill("o-spread")),
    )

    told = list(messages(Update(sequence=1, at=NOW, event=event)))

    assert [one["type"] for one in told] == ["fill", "fill"]


def test_an_event_that_touches_nothing_tells_nothing() -> None:
    assert not list(messages(Update(sequence=1, at=NOW, event=e.RunStopped(at=NOW))))


def test_what_somebody_has_to_look_at_is_told_one_by_one() -> None:
    found = tuple(
        Difference(kind="POSITION_QUANTITY", subject=one, ours="1", theirs="0", critical=True)
        for one in ("AAPL", "MSFT")
    )
    event = e.ReconciliationCompleted(at=NOW, layer="full", differences=found)

    told = list(messages(Update(sequence=1, at=NOW, event=event, alerts=found)))

    assert [one["type"] for one in told] == ["alert", "alert"]
    assert getattr(told[1]["alert"], "subject") == "MSFT"  # noqa: B009 - a view of any kind


def test_a_trading_state_is_told_whatever_changed_it() -> None:
    view = TradingStateView(state=TradingState.ACTIVE, restrictions=())
    event = e.RestrictionLifted(at=NOW, cause=Cause.OPERATOR, reason="clear", actor="kim")

    (told,) = messages(Update(sequence=1, at=NOW, event=event, trading_state=view))

    assert told["type"] == "trading_state"


async def test_two_clients_hear_the_same(operations: FakeOperations) -> None:
    async with served(operations) as port, opened(port) as one, opened(port) as two:
        for stream in (one, two):
            await next_message(stream)
        operations.publish(states.order_filled(), states.filled_entry())

        assert await next_message(one) == await next_message(two)


async def test_a_client_that_falls_behind_is_told_to_come_again(
    operations: FakeOperations,
) -> None:
    """No gap without knowing: what was heard is a prefix, then the end says so."""
    operations.buffer = 3
    async with served(operations) as port, opened(port) as stream:
        await next_message(stream)
        for _ in range(10):
            operations.publish(states.order_filled(), states.filled_entry())

        code, reason = await closed(stream)

    assert code == 1013
    assert reason == "fell behind; reconnect for a snapshot"
    assert not operations.subscribers


async def test_a_stream_ends_when_the_daemon_stops(operations: FakeOperations) -> None:
    shutdown = trio.Event()
    with trio.fail_after(10):
        async with served(operations, shutdown=shutdown) as port, opened(port) as stream:
            await next_message(stream)
            shutdown.set()

            assert await closed(stream) == (1001, "the daemon is stopping")


@pytest.mark.parametrize(
    ("why", "end"),
    [
        (StreamEnd.STOPPING, (1001, "the daemon is stopping")),
        (StreamEnd.BROKEN_OFF, (1013, "the journal cannot commit; reconnect for a snapshot")),
        (StreamEnd.FELL_BEHIND, (1013, "fell behind; reconnect for a snapshot")),
    ],
)
async def test_a_stream_ends_for_the_reason_that_its_publisher_gives(
    operations: FakeOperations, why: StreamEnd, end: tuple[int, str]
) -> None:
    """Also where nobody has told the server of the stop yet."""
    async with served(operations) as port, opened(port) as stream:
        await next_message(stream)
        (subscriber,) = operations.subscribers
        operations.end_stream(subscriber, why)

        assert await closed(stream) == end


async def test_a_client_that_talks_is_not_listened_to_and_still_served(
    operations: FakeOperations,
) -> None:
    """Nobody reads in many servers; after ten messages they no longer see the client leave."""
    async with served(operations) as port:
        async with opened(port) as stream:
            await next_message(stream)
            for _ in range(50):
                await stream.send_message("hello")
            operations.publish(states.order_filled(), states.filled_entry())
            assert (await next_message(stream))["type"] == "fill"
        with trio.fail_after(5):
            await operations.left.wait()


async def test_a_message_that_is_too_long_ends_the_connection(
    operations: FakeOperations,
) -> None:
    async with served(operations) as port, opened(port) as stream:
        await next_message(stream)
        await stream.send_message("x" * 100_000)

        code, _ = await closed(stream)

    assert code == 1009


async def test_a_defect_ends_the_stream_and_says_so(
    operations: FakeOperations, logs: list[Any]
) -> None:
    operations.broken = RuntimeError("secret")
    async with served(operations) as port, opened(port) as stream:
        code, reason = await closed(stream)

    assert code == 1011
    assert "secret" not in (reason or "")
    assert [entry["event"] for entry in logs] == ["http.stream_failed"]


async def test_with_tokens_the_stream_demands_one(operations: FakeOperations) -> None:
    settings = evolve(SETTINGS, token_hashes=(TOKEN_HASH,))
    async with served(operations, settings) as port:
        refusal = await say(port, UPGRADE % b"/v1/stream")
        async with opened(port, BEARER) as stream:
            assert (await next_message(stream))["type"] == "snapshot"

    assert refusal.startswith(b"HTTP/1.1 401")
    assert b"www-authenticate: Bearer" in refusal
    assert body_of(refusal)["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("path", "status"), [(b"/nowhere", b"404"), (b"/v1/orders", b"400"), (b"/health", b"400")]
)
async def test_an_upgrade_of_another_path_is_refused(
    operations: FakeOperations, path: bytes, status: bytes
) -> None:
    async with served(operations) as port:
        refusal = await say(port, UPGRADE % path)

    assert refusal.startswith(b"HTTP/1.1 " + status)
    assert set(body_of(refusal)) == {"code", "message", "grpc_code", "details"}


async def test_a_closed_order_is_still_in_the_snapshot(operations: FakeOperations) -> None:
    operations.put(evolve(working(states.ENTRY), state=standing(OrderStatus.CANCELED)))

    async with served(operations) as port, opened(port) as stream:
        assert (await next_message(stream))["orders"][0]["status"] == "CANCELED"
