"""A data stream over a real WebSocket on loopback, to a server that keeps to a script."""

from typing import Any

import pytest
import trio
import trio_websocket

from cream.adapters.feeds.alpaca import stream as subject
from cream.adapters.feeds.alpaca.frames import FrameReader
from cream.core.model.market import Quote
from tests.unit.adapters.feeds.alpaca.script import (
    Notes,
    account,
    confirm,
    let_in,
    quote,
    said,
    served,
    tell,
    until_closed,
)

Request = trio_websocket.WebSocketRequest
OPTION = "AAPL  261218C00240000"


async def test_it_logs_in_subscribes_and_hands_on_what_it_is_told() -> None:
    heard: list[Any] = []

    async def serve(request: Request) -> None:
        socket = await request.accept()
        heard.append(await let_in(socket))
        heard.append(await said(socket))
        await confirm(socket, "AAPL", "XOM")
        await tell(socket, quote("AAPL", 100.1, 100.2), quote("XOM", 50, 51))
        await until_closed(socket)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        stream.want(["XOM", "AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: len(notes.ticks) == 2)
        assert stream.connected
        nursery.cancel_scope.cancel()
    assert heard == [
        {"action": "auth", "key": "PK-key", "secret": "very-secret"},
        {"action": "subscribe", "quotes": ["XOM", "AAPL"], "trades": ["XOM", "AAPL"]},
    ]
    assert [one.symbol for one in notes.ticks if isinstance(one, Quote)] == ["AAPL", "XOM"]
    assert notes.away == [None]
    assert not stream.connected


async def test_options_are_asked_for_in_msgpack_by_the_other_sides_names() -> None:
    heard: list[Any] = []

    async def serve(request: Request) -> None:
        heard.append(dict(request.headers)[b"content-type"])
        socket = await request.accept()
        await let_in(socket, packed=True)
        heard.append((await said(socket))["quotes"])
        await confirm(socket, "AAPL261218C00240000", packed=True)
        await until_closed(socket)

    notes = Notes()
    async with served(serve, packed=True) as stream, trio.open_nursery() as nursery:
        stream.want([OPTION])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: notes.away)
        nursery.cancel_scope.cancel()
    assert heard == [b"application/msgpack", ["AAPL261218C00240000"]]


async def test_nothing_is_connected_before_something_is_wanted() -> None:
    connections: list[Request] = []

    async def serve(request: Request) -> None:
        connections.append(request)
        socket = await request.accept()
        await let_in(socket)
        await until_closed(socket)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(stream.run, notes)
        await trio.testing.wait_all_tasks_blocked()
        assert not connections
        stream.want(["AAPL"])
        await notes.until(lambda: stream.connected)
        nursery.cancel_scope.cancel()


async def test_what_is_wanted_may_change_at_any_time() -> None:
    heard: list[Any] = []

    async def serve(request: Request) -> None:
        socket = await request.accept()
        await let_in(socket)
        heard.append(await said(socket))
        await confirm(socket, "AAPL", "XOM")
        heard.append(await said(socket))
        heard.append(await said(socket))
        await confirm(socket, "AAPL", "MSFT")
        await tell(socket, quote("MSFT", 1, 2))
        await until_closed(socket)

    notes = Notes()
    async with served(serve, channels=("quotes",)) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL", "XOM"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: notes.away)
        stream.want(["AAPL", "MSFT"])
        await notes.until(lambda: notes.ticks)
        nursery.cancel_scope.cancel()
    assert heard == [
        {"action": "subscribe", "quotes": ["AAPL", "XOM"]},
        {"action": "unsubscribe", "quotes": ["XOM"]},
        {"action": "subscribe", "quotes": ["MSFT"]},
    ]


async def test_a_lost_stream_comes_back_with_everything_and_says_how_long_it_was_away() -> None:
    subscribed: list[Any] = []

    async def serve(request: Request) -> None:
        socket = await request.accept()
        await let_in(socket)
        subscribed.append((await said(socket))["quotes"])
        await confirm(socket, "AAPL")
        if len(subscribed) == 1:
            await socket.aclose()
        else:
            await until_closed(socket)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: len(notes.away) == 2)
        nursery.cancel_scope.cancel()
    assert subscribed == [["AAPL"], ["AAPL"]]
    first, second = notes.away
    assert first is None
    assert second is not None


async def test_where_too_many_are_refused_the_most_important_are_asked_for_one_by_one() -> None:
    heard: list[Any] = []

    async def serve(request: Request) -> None:
        socket = await request.accept()
        await let_in(socket)
        heard.append((await said(socket))["quotes"])
        await tell(socket, {"T": "error", "code": 405, "msg": "symbol limit exceeded"})
        granted: list[str] = []
        for _ in range(3):
            (symbol,) = (await said(socket))["quotes"]
            heard.append(symbol)
            if len(granted) < 2:
                granted.append(symbol)
                await confirm(socket, *granted)
            else:
                await tell(socket, {"T": "error", "code": 405, "msg": "symbol limit exceeded"})
        await until_closed(socket)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        stream.want(["HELD", "B", "A"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: len(heard) == 4 and stream.refused == {"A"})
        assert stream.connected, "what was granted goes on"
        nursery.cancel_scope.cancel()
    assert heard == [["HELD", "B", "A"], "HELD", "B", "A"]


async def test_room_is_made_for_what_is_more_important_than_what_is_read() -> None:
    """A position that is opened while the plan is used up by what somebody looks at."""
    heard: list[tuple[str, list[str]]] = []

    async def serve(request: Request) -> None:
        socket = await request.accept()
        await let_in(socket)
        granted: list[str] = []
        while True:
            try:
                asked = await said(socket)
            except trio_websocket.ConnectionClosed:
                return
            symbols = asked["quotes"]
            heard.append((asked["action"], symbols))
            if asked["action"] == "unsubscribe":
                granted = [one for one in granted if one not in symbols]
            elif len(granted) + len(symbols) > 2:
                await tell(socket, {"T": "error", "code": 405, "msg": "symbol limit exceeded"})
                continue
            else:
                granted += symbols
            await confirm(socket, *granted)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        stream.want(["A", "B", "C"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: stream._granted == {"A", "B"} and stream.refused == {"C"})
        stream.want(["HELD", "A", "B", "C"])
        await notes.until(lambda: stream._granted == {"HELD", "A"})
        assert stream.refused == {"B", "C"}
        stream.want(["C", "HELD", "A", "B"])
        await notes.until(lambda: stream._granted == {"C", "HELD"})
        assert stream.refused == {"A", "B"}
        stream.want(["A"])
        await notes.until(lambda: stream._granted == {"A"})
        assert not stream.refused
        nursery.cancel_scope.cancel()
    assert heard[:4] == [("subscribe", [*"ABC"])] + [("subscribe", [one]) for one in "ABC"]
    assert heard[4:6] == [("unsubscribe", ["B"]), ("subscribe", ["HELD"])]


@pytest.mark.parametrize("code", [406, 402, 408, 409, 411])
async def test_a_ghost_refused_keys_and_a_feed_without_subscription_are_given_their_time(
    code: int,
) -> None:
    """Knocking goes on only after the long wait; it was every thirty seconds for SIP on Basic."""
    knocks: list[float] = []

    async def serve(request: Request) -> None:
        knocks.append(trio.current_time())
        socket = await request.accept()
        await tell(socket, {"T": "error", "code": code, "msg": "no"})
        await until_closed(socket)

    notes = Notes()
    async with served(serve, ghost=1000.0) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: stream.reconnects.wait_seconds(trio.current_time()) > 900)
        nursery.cancel_scope.cancel()
    assert len(knocks) == 1


async def test_a_throttled_upgrade_is_given_its_time() -> None:
    async def serve(request: Request) -> None:
        await request.reject(429)

    notes = Notes()
    async with served(serve, ghost=1000.0) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: stream.reconnects.wait_seconds(trio.current_time()) > 900)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("code", [407, 500])
async def test_other_errors_end_the_connection_and_the_next_begins(code: int) -> None:
    knocks: list[int] = []

    async def serve(request: Request) -> None:
        knocks.append(1)
        socket = await request.accept()
        await let_in(socket)
        await said(socket)
        await confirm(socket, "AAPL")
        await tell(socket, {"T": "error", "code": code, "msg": "no"})
        await until_closed(socket)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: len(knocks) >= 2)
        nursery.cancel_scope.cancel()


async def test_a_connected_but_silent_stream_is_opened_anew_in_an_open_market() -> None:
    knocks: list[int] = []

    async def serve(request: Request) -> None:
        knocks.append(1)
        socket = await request.accept()
        await let_in(socket)
        await said(socket)
        await confirm(socket, "AAPL")
        await until_closed(socket)

    notes = Notes()
    async with served(serve, silence=0.05) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: len(knocks) >= 2)
        nursery.cancel_scope.cancel()


async def test_a_silent_night_is_no_reason_to_reconnect() -> None:
    knocks: list[int] = []
    asked: list[bool] = []

    def is_open() -> bool:
        asked.append(False)
        return False

    async def serve(request: Request) -> None:
        knocks.append(1)
        socket = await request.accept()
        await let_in(socket)
        await until_closed(socket)

    notes = Notes()
    async with (
        served(serve, silence=0.02, is_open=is_open) as stream,
        trio.open_nursery() as nursery,
    ):
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: len(asked) >= 3)
        nursery.cancel_scope.cancel()
    assert len(knocks) == 1


async def test_a_stream_that_is_doubted_and_stays_silent_is_opened_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "DOUBT_SECONDS", 0.02)
    knocks: list[int] = []

    async def serve(request: Request) -> None:
        knocks.append(1)
        socket = await request.accept()
        await let_in(socket)
        await said(socket)
        await confirm(socket, "AAPL")
        await until_closed(socket)

    notes = Notes()
    async with served(serve) as stream, trio.open_nursery() as nursery:
        stream.want(["AAPL"])
        nursery.start_soon(stream.run, notes)
        await notes.until(lambda: notes.away)
        stream.doubt()
        await notes.until(lambda: len(knocks) == 2)
        nursery.cancel_scope.cancel()


async def test_a_host_that_says_nothing_is_tried_again() -> None:
    knocks: list[int] = []
    again = trio.Event()

    async def deaf(_stream: trio.SocketStream) -> None:
        """Takes the connection, and never reads."""
        knocks.append(1)
        if len(knocks) == 2:
            again.set()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, deaf, 0)
        port = listeners[0].socket.getsockname()[1]
        async with served(lambda request: request.reject(500)) as stream:
            stream.url = f"ws://127.0.0.1:{port}/v2/iex"
            stream.settings = account(answer_timeout_seconds=0.05)
            stream.want(["AAPL"])
            nursery.start_soon(stream.run, Notes())
            with trio.fail_after(30):
                await again.wait()
        nursery.cancel_scope.cancel()


async def test_where_nobody_listens_it_tries_again() -> None:
    async with served(lambda request: request.reject(500)) as stream:
        assert isinstance(stream.reader, FrameReader)
        stream.url = "ws://127.0.0.1:9/v2/iex"
        stream.want(["AAPL"])
        with trio.move_on_after(0.2):
            await stream.run(Notes())
        assert not stream.connected


def test_names_that_make_no_sense_go_as_they_are() -> None:
    assert subject.wire_name(OPTION) == "AAPL261218C00240000"
    assert subject.wire_name("BRK.B") == "BRK.B"
    assert subject.wire_name("FAKEPACA9") == "FAKEPACA9"
    assert subject.own_name("AAPL261218C00240000") == subject.own_name(OPTION) == OPTION
    assert subject.own_name("FAKEPACA9") == "FAKEPACA9"
