"""Does a server begin, end and survive as its owner expects?"""

import errno
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.adapters.rpc import RpcServer, RpcSettings, bound_port
from cream.adapters.rpc.connection import Connection
from tests.integration.rpc.gen.echo_pb2 import Payload, Script
from tests.integration.rpc.handlers import ScriptedEcho, WaitingEcho
from tests.integration.rpc.raw_client import MemoryListener, RawClient, message, serving

HELLO = Script(payload=Payload(text="hello"))


async def test_a_server_on_a_socket_serves_and_drains(nursery: trio.Nursery) -> None:
    server = RpcServer([ScriptedEcho()])
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    started = await nursery.start(server.serve, listeners)
    assert started is listeners

    port = bound_port(listeners)
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        client = RawClient(stream)
        await client.start()
        assert (await client.call(HELLO)).payloads() == [HELLO.payload]
        nursery.start_soon(server.drain)
        await client.receive_until(lambda: False)
    with trio.fail_after(5):
        await server.drain()

    with pytest.raises(OSError, match="all attempts"):
        await trio.open_tcp_stream("127.0.0.1", port)


async def test_a_server_without_connections_drains_at_once(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    server = RpcServer([ScriptedEcho()])
    await nursery.start(server.serve, [MemoryListener()])

    await server.drain()

    assert trio.current_time() == 0


async def test_a_drain_tells_clients_and_waits_for_their_calls(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    server, listener = RpcServer([WaitingEcho()]), MemoryListener()
    await nursery.start(server.serve, [listener])
    busy, idle = await listener.connect(), await listener.connect()
    call = await busy.open(body=message(Script(wait_milliseconds=2_000)))
    await wait_all_tasks_blocked()

    server.start_drain()
    server.start_drain()
    for client in (idle, busy):
        await client.receive_until(lambda: False)
        await client.stream.aclose()
    await server.drain()

    assert busy.replies[call].status == 0
    assert (len(idle.goaways), len(busy.goaways)) == (1, 1)
    # The call's two seconds, and the moment that its client has to read the reply.
    assert trio.current_time() == pytest.approx(2.1)


async def test_a_call_that_does_not_end_even_when_cancelled_is_left_behind(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """Grace, then UNAVAILABLE, then the last words: then the server ends with what it has."""
    settings = RpcSettings(drain_grace_seconds=5.0, close_timeout_seconds=1.0)
    server = RpcServer([WaitingEcho()], settings=settings)
    listener = MemoryListener()
    await nursery.start(server.serve, [listener])
    client = await listener.connect()
    await client.open(body=message(Script(wait_milliseconds=3_600_000)))
    await wait_all_tasks_blocked()

    await server.drain()

    assert trio.current_time() == pytest.approx(6.1)


async def test_a_connection_that_is_accepted_during_the_drain_is_told_to_go(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    server, listener = RpcServer([WaitingEcho()]), MemoryListener()
    await nursery.start(server.serve, [listener])
    busy = await listener.connect()
    await busy.open(body=message(Script(wait_milliseconds=2_000)))
    await wait_all_tasks_blocked()
    late = await listener.connect_stream()

    server.start_drain()
    client = RawClient(late)
    await client.start()
    await client.receive_until(lambda: False)
    await late.aclose()
    await busy.stream.aclose()
    await server.drain()

    assert len(client.goaways) == 1 or not client.replies


class Failing(MemoryListener):
    """Raises once before it accepts."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self._code = code

    async def accept(self) -> trio.abc.Stream:
        if self._code:
            code, self._code = self._code, 0
            raise OSError(code, "accept")
        return await super().accept()


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ECONNABORTED])
async def test_a_failed_accept_does_not_end_the_server(
    nursery: trio.Nursery, autojump_clock: MockClock, code: int, logs: list[Any]
) -> None:
    server, listener = RpcServer([ScriptedEcho()]), Failing(code)
    await nursery.start(server.serve, [listener])
    client = await listener.connect()

    assert (await client.call(HELLO)).status == 0
    assert server.statistics().accept_errors == 1
    assert [entry["event"] for entry in logs] == ["rpc.accept_failed"]
    await client.stream.aclose()
    await server.drain()


async def test_an_accept_that_cannot_work_ends_the_server() -> None:
    """A supervisor has to know of a socket that is none."""
    server = RpcServer([ScriptedEcho()])

    with pytest.RaisesGroup(pytest.RaisesGroup(OSError)):
        await server.serve([Failing(errno.EINVAL)])

    await server.drain()


async def test_a_connection_that_crashes_takes_no_other_along(
    monkeypatch: pytest.MonkeyPatch, logs: list[Any]
) -> None:
    server = RpcServer([ScriptedEcho()])
    async with serving(server) as listener:
        client = await listener.connect()
        assert (await client.call(HELLO)).status == 0
        victim = await listener.connect()
        with monkeypatch.context() as patched:
            patched.setattr(Connection, "on_control_frame", _fail)
            await victim.receive_until(lambda: False)

        assert (await client.call(HELLO)).status == 0
        assert server.statistics().connection_crashes == 1
        assert server.statistics().connections_open == 1
    assert [entry["event"] for entry in logs] == ["rpc.connection_crashed"]


def _fail(connection: Connection) -> None:
    raise ZeroDivisionError


async def test_statistics_tell_what_happened() -> None:
    server = RpcServer([ScriptedEcho()])
    async with serving(server) as listener:
        client = await listener.connect()
        await client.call(HELLO)
        statistics = server.statistics()
        await client.call(HELLO)

    assert (statistics.connections_open, statistics.connections_accepted) == (1, 1)
    assert (statistics.calls_started, statistics.calls_open) == (1, 0)
    assert (statistics.messages_received, statistics.messages_sent) == (1, 1)


def test_services_that_contradict_each_other_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="one handler"):
        RpcServer([ScriptedEcho(), ScriptedEcho()])
