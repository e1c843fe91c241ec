"""Does one task write for all calls, and does a slow socket make the right ones wait?"""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics
from cream.adapters.rpc.writer import Writer


class Tray:
    """As much of an engine as a writer sees."""

    def __init__(self) -> None:
        self.waiting = b""

    def take(self) -> bytes:
        data, self.waiting = self.waiting, b""
        return data

    def pending(self) -> int:
        return len(self.waiting)


class Socket(trio.abc.SendStream):
    """Remembers each write; takes it when `open` is set."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.open = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        await self.open.wait()

    async def wait_send_all_might_not_block(self) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError


def _writer() -> tuple[Writer, Tray, Socket, RpcStatistics]:
    tray, socket, statistics = Tray(), Socket(), RpcStatistics()
    settings = RpcSettings(send_buffer_bytes=100, send_timeout_seconds=30.0)
    return Writer(tray, socket, settings, statistics), tray, socket, statistics  # type: ignore[arg-type]


async def test_what_piled_up_goes_out_in_one_piece(nursery: trio.Nursery) -> None:
    writer, tray, socket, _ = _writer()
    nursery.start_soon(writer.run)
    await wait_all_tasks_blocked()

    tray.waiting += b"one"
    writer.wake()
    tray.waiting += b"two"
    await wait_all_tasks_blocked()
    tray.waiting += b"three"
    tray.waiting += b"four"
    socket.open.set()
    writer.finish()
    await wait_all_tasks_blocked()

    assert socket.writes == [b"onetwo", b"threefour"]


async def test_finish_writes_the_rest_and_returns() -> None:
    writer, tray, socket, _ = _writer()
    socket.open.set()
    tray.waiting = b"last words"
    writer.finish()

    await writer.run()

    assert socket.writes == [b"last words"]
    assert writer.in_flight_bytes == 0


async def test_who_waits_goes_on_when_most_has_been_taken(nursery: trio.Nursery) -> None:
    writer, tray, socket, _ = _writer()
    tray.waiting = bytes(101)
    assert writer.is_congested()
    nursery.start_soon(writer.run)
    went_on: list[int] = []

    async def wait(name: int) -> None:
        await writer.wait_uncongested()
        went_on.append(name)

    nursery.start_soon(wait, 1)
    nursery.start_soon(wait, 2)
    await wait_all_tasks_blocked()
    assert writer.is_congested(), "what the socket has not taken counts"
    assert went_on == []

    socket.open.set()
    await wait_all_tasks_blocked()

    assert sorted(went_on) == [1, 2]
    assert not writer.is_congested()
    writer.finish()


async def test_who_waits_for_an_empty_tray_goes_on_at_once(nursery: trio.Nursery) -> None:
    writer, _, _, _ = _writer()
    nursery.start_soon(writer.run)

    with trio.fail_after(10):
        await writer.wait_uncongested()
    writer.finish()


async def test_much_more_than_congestion_is_a_flood() -> None:
    writer, tray, _, _ = _writer()
    tray.waiting = bytes(400)
    assert not writer.is_flooded()

    tray.waiting += b"x"

    assert writer.is_flooded()


async def test_a_client_that_does_not_read_is_given_up(autojump_clock: MockClock) -> None:
    writer, tray, _, statistics = _writer()
    tray.waiting = b"x"

    await writer.run()

    assert trio.current_time() == pytest.approx(30.0)
    assert statistics.send_timeouts == 1
    assert writer.in_flight_bytes == 1, "so that nobody writes behind half a frame"


async def test_waiting_for_work_has_no_timeout(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    writer, _, _, statistics = _writer()
    nursery.start_soon(writer.run)

    await trio.sleep(1_000)

    assert statistics.send_timeouts == 0
    writer.finish()


def _socket_writer() -> tuple[Writer, Tray, trio.SocketStream, trio.SocketStream]:
    left, right = (trio.SocketStream(one) for one in trio.socket.socketpair())
    tray = Tray()
    writer = Writer(tray, left, RpcSettings(), RpcStatistics())  # type: ignore[arg-type]
    return writer, tray, left, right


async def test_a_socket_that_takes_a_part_gets_the_rest_later(nursery: trio.Nursery) -> None:
    writer, tray, left, right = _socket_writer()
    data = bytes(range(256)) * 20_000
    tray.waiting = data
    writer.finish()
    nursery.start_soon(writer.run)
    received = bytearray()
    async with left, right:
        while len(received) < len(data):
            received += await right.receive_some()

    assert received == data
    assert writer.in_flight_bytes == 0


async def test_a_broken_socket_is_reported() -> None:
    writer, tray, left, right = _socket_writer()
    tray.waiting = b"x"
    async with left:
        await right.aclose()

        with pytest.raises(trio.BrokenResourceError):
            await writer.run()


async def test_a_closed_socket_is_reported() -> None:
    writer, tray, left, right = _socket_writer()
    tray.waiting = b"x"
    async with right:
        await left.aclose()

        with pytest.raises(trio.ClosedResourceError):
            await writer.run()
