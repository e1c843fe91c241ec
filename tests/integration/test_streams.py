"""Streams of the real daemon look as the documentation says, and say why they end."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from cream.adapters.server import json_state_types
from cream.client import CallError, CreamClient
from cream.client.errors import Busy, Unavailable
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running

ROOT = Path(__file__).parents[2]
PLAN = json.loads((ROOT / "examples/plans/equity-swing-long.json").read_text())

# A group of changes is published at once, and a plan's judgement and its order are one group.
TOO_SMALL = {"stream_buffer": 1}

Json = dict[str, Any]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path) as started:
        yield started


@asynccontextmanager
async def followed(daemon: Daemon) -> AsyncIterator[WebSocketConnection]:
    """The daemon's WebSocket stream."""
    host, port = "127.0.0.1", daemon.http_port
    with trio.fail_after(60):
        # The socket is ours: the library leaves it open where the server closes first.
        async with await trio.open_tcp_stream(host, port) as raw, trio.open_nursery() as nursery:
            yield await wrap_client_stream(nursery, raw, f"{host}:{port}", "/v1/stream")
            nursery.cancel_scope.cancel()


async def messages_until(stream: WebSocketConnection, last: Callable[[Json], object]) -> list[Json]:
    """Messages up to the first of which `last` is true."""
    heard: list[Json] = []
    while not heard or not last(heard[-1]):
        heard.append(json.loads(await stream.get_message()))
    return heard


async def end_of(stream: WebSocketConnection) -> tuple[int, str | None]:
    """The close code and the reason, after whatever was still to be read."""
    with pytest.raises(ConnectionClosed):
        await messages_until(stream, lambda _: False)
    assert stream.closed is not None
    return stream.closed.code, stream.closed.reason


def submit(daemon: Daemon) -> None:
    daemon.post("/v1/submit-orders", {"decision_plan": PLAN})


def halt(daemon: Daemon) -> None:
    daemon.post("/v1/trading-state", {"state": "HALTED", "reason": "news", "actor": "kim"})


# Why they end -----------------------------------------------------------------------------------


async def test_a_websocket_ends_with_1001_when_the_daemon_stops(daemon: Daemon) -> None:
    async with followed(daemon) as stream:
        await stream.get_message()
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGTERM)

        assert await end_of(stream) == (1001, "the daemon is stopping")


async def test_a_websocket_ends_with_1013_when_it_fell_behind(tmp_path: Path) -> None:
    with running(tmp_path, server=TOO_SMALL) as daemon:
        async with followed(daemon) as stream:
            await stream.get_message()
            submit(daemon)

            assert await end_of(stream) == (1013, "fell behind; reconnect for a snapshot")


async def _end_of_executions(client: CreamClient, then: Callable[[], object]) -> CallError:
    async with client.stream_executions() as updates:
        await anext(updates)
        await asyncio.to_thread(then)
        with pytest.raises(CallError) as caught:
            async for _ in updates:
                pass
    return caught.value


def test_a_grpc_stream_is_unavailable_when_the_daemon_stops(daemon: Daemon) -> None:
    assert daemon.process is not None
    process = daemon.process

    end = ask(
        daemon.grpc_port,
        lambda client: _end_of_executions(client, lambda: process.send_signal(signal.SIGTERM)),
    )

    assert isinstance(end, Unavailable)
    assert (end.message, end.details.reason) == ("The daemon is stopping", "NOT_READY")


def test_a_grpc_stream_is_exhausted_when_it_fell_behind(tmp_path: Path) -> None:
    with running(tmp_path, server=TOO_SMALL) as daemon:
        end = ask(
            daemon.grpc_port, lambda client: _end_of_executions(client, lambda: submit(daemon))
        )

    assert isinstance(end, Busy)
    assert end.details.reason == "FELL_BEHIND"
    assert "reconnect for a snapshot" in end.message


# What the documentation shows -------------------------------------------------------------------


def documented() -> dict[str, Json]:
    """The example of each type of message in docs/api.md."""
    text = (ROOT / "docs/api.md").read_text()
    section = text[text.index("## WebSocket") : text.index("## gRPC")]
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]
    by_type = {one["type"]: one for one in shown}
    assert len(by_type) == len(shown), "one example each"
    return by_type


def differences(shown: Any, real: Any, path: str = "$") -> Iterator[str]:
    """Where the example has another shape. "…" stands for keys and values that are left out."""
    match shown, real:
        case "…", _:
            return
        case dict(), dict():
            left_out = "…" in shown
            names = set(shown) - {"…"}
            if not (names <= set(real) if left_out else names == set(real)):
                yield f"{path}: {sorted(names ^ set(real))}"
            for name in names & set(real):
                yield from differences(shown[name], real[name], f"{path}.{name}")
        case list(), list():
            for one in shown:
                for other in real:
                    yield from differences(one, other, f"{path}[]")
        case (None, _) | (_, None):
            return
        case _ if type(shown) is not type(real):
            yield f"{path}: {shown!r} for {real!r}"


async def test_the_documentation_shows_messages_as_they_are(daemon: Daemon) -> None:
    async with followed(daemon) as stream:
        (first,) = await messages_until(stream, lambda _: True)
        submit(daemon)
        halt(daemon)
        heard = await messages_until(stream, lambda one: one["type"] == "trading_state")
    async with followed(daemon) as stream:
        (second,) = await messages_until(stream, lambda _: True)

    examples = documented()
    # An alert takes a broker that holds something else: its message is in the unit tests.
    alert = examples.pop("alert")["alert"]
    assert set(alert) == {one.name for one in attrs.fields(json_state_types.Difference)}
    assert set(examples) == {"snapshot", "order", "fill", "position", "trading_state"}
    assert {one["type"] for one in heard} == set(examples) - {"snapshot"}
    for message in [second, *heard]:
        assert list(differences(examples[message["type"]], message)) == []

    sequences = [one["sequence"] for one in [first, *heard, second]]
    assert sequences == sorted(sequences)
    assert sequences[1] > sequences[0], "changes come after what the snapshot shows"
    assert all({"sequence", "at", "event"} <= set(one) for one in heard)
