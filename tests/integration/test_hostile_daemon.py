"""Hostile clients hurt only themselves: the daemon answers others, stays small, and does not cry.

After each attack both ports answer, memory is bounded, and the log has no error: whatever a client
does wrong is the client's affair.
"""

import re
import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from hpack import Decoder

from cream.client import CreamClient, v1
from tests.integration import attacks
from tests.integration.agents import ask
from tests.integration.attacks import FRAMES, PATIENCE_SECONDS, REQUESTS, heard, open_socket, said
from tests.integration.daemon import Daemon, running
from tests.integration.rpc import raw_client as raw
from tests.integration.witness import complaints, resident_bytes, state_of

MIB = 1024 * 1024
# What all clients together may make the daemon hold: 64 MiB of unread request bytes and 20,000
# open calls of 6 KiB (`RpcSettings`), and as much again for the allocator, which keeps what it had.
GROWTH_BYTES = (64 + 120) * 2 * MIB
# A single HTTP/1 connection has 64 KiB reads, a body of 1 MiB and its decoded form.
SMALL_GROWTH_BYTES = 64 * MIB

BODY_SECONDS, KEEP_ALIVE_SECONDS = 1, 5
MAX_HTTP, MAX_GRPC = 256, 500

CHECK = "/cream.v1.ExecutionService/CheckConstraints"
STREAM = "/cream.v1.ExecutionService/StreamExecutions"
QUOTES = "/cream.v1.MarketDataService/SubscribeMarketData"
GREETING = raw.PREFACE + raw.frame(raw.SETTINGS, 0, 0)
HEAD = raw.block(raw.request_headers(CHECK))
UNARY = raw.frame(raw.HEADERS, raw.END_HEADERS, 1, HEAD)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    server = {
        "body_timeout_seconds": BODY_SECONDS,
        "keep_alive_seconds": KEEP_ALIVE_SECONDS,
        # Ten thousand calls that begin at once keep the loop busy for some seconds.
        "send_timeout_seconds": 5,
        "max_connections": MAX_HTTP,
    }
    with running(tmp_path_factory.mktemp("hostile"), server=server) as started:
        started.idle_bytes = resident_bytes(started)  # type: ignore[attr-defined]
        yield started


@pytest.fixture(autouse=True)
def nobody_else_is_hurt(daemon: Daemon) -> Iterator[None]:
    before, logged = state_of(daemon), daemon.log_path.stat().st_size
    yield
    assert serves(daemon)
    assert state_of(daemon) == before
    assert complaints(daemon, logged) == []
    assert resident_bytes(daemon) < daemon.idle_bytes + GROWTH_BYTES  # type: ignore[attr-defined]


def serves(daemon: Daemon) -> bool:
    """Whether both ports answer a caller that comes now."""

    async def work(client: CreamClient) -> v1.GetTradingStateResponse:
        return await client.get_trading_state()

    with open_socket(daemon.http_port) as connection:
        said(connection, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer, _ = heard(connection, PATIENCE_SECONDS)
    ask(daemon.grpc_port, work)
    return attacks.status_of(answer) == 200


# The JSON port ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "statuses"), REQUESTS.values(), ids=REQUESTS.keys())
def test_a_hostile_request_is_refused(daemon: Daemon, sent: bytes, statuses: set[int]) -> None:
    before = resident_bytes(daemon)
    with open_socket(daemon.http_port) as connection:
        said(connection, sent)
        answer = attacks.answered(connection)

    assert attacks.status_of(answer) in statuses
    assert resident_bytes(daemon) < before + SMALL_GROWTH_BYTES


@pytest.mark.parametrize(("frames", "ends"), FRAMES.values(), ids=FRAMES.keys())
def test_a_hostile_websocket_client_is_left(
    daemon: Daemon, frames: list[bytes], ends: bool
) -> None:
    before = resident_bytes(daemon)
    extensions = b"permessage-deflate; server_max_window_bits=x"
    with open_socket(daemon.http_port) as connection:
        said(connection, attacks.upgrade(sec_websocket_extensions=extensions))
        answer = connection.recv(65_536)
        said(connection, *frames)
        _, closed = heard(connection, PATIENCE_SECONDS if ends else attacks.SILENCE_SECONDS)

    assert attacks.status_of(answer) == 101
    assert closed == ends
    assert resident_bytes(daemon) < before + SMALL_GROWTH_BYTES


def test_a_websocket_client_that_never_reads_is_dropped(daemon: Daemon) -> None:
    """It asks for pongs and takes none; the socket's buffers fill, then its time runs out."""
    with open_socket(daemon.http_port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        said(connection, attacks.upgrade())
        pings = attacks.frame(attacks.PING, bytes(125)) * 500
        connection.settimeout(PATIENCE_SECONDS)

        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            talk_on(connection, pings)


def talk_on(connection: socket.socket, pings: bytes) -> None:
    while True:
        connection.sendall(pings)


def test_headers_that_come_slowly_do_not_come_for_ever(daemon: Daemon) -> None:
    with open_socket(daemon.http_port) as connection:
        said(connection, b"GET /health HTTP/1.1\r\nhost: x\r\n")

        assert closes_while_fed(connection, b"x: y\r\n")


def test_a_body_that_comes_slowly_does_not_come_for_ever(daemon: Daemon) -> None:
    with open_socket(daemon.http_port) as connection:
        said(connection, attacks.POST + b"content-length: 1000\r\n\r\n")

        assert closes_while_fed(connection, b" ")


def closes_while_fed(connection: socket.socket, crumb: bytes) -> bool:
    """Whether the server ends a connection on which a little comes all the time."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        said(connection, crumb)
        _, closed = heard(connection, 0.1)
        if closed:
            return True
    return False


def test_a_length_that_promises_more_than_comes_is_not_waited_for(daemon: Daemon) -> None:
    with open_socket(daemon.http_port) as connection:
        said(connection, attacks.POST + b"content-length: 1000\r\n\r\n" + attacks.BODY)
        answer, closed = heard(connection, PATIENCE_SECONDS)

    assert attacks.status_of(answer) in (400, 408)
    assert closed


def test_ten_thousand_connections_are_bounded_and_keep_nobody_out(daemon: Daemon) -> None:
    """The operator's request is answered while the flood is held open."""
    opened: list[socket.socket] = []
    open_at_once = room_for_sockets()
    try:
        for number in range(10_000):
            connection = open_socket(daemon.http_port)
            said(connection, b"GET /hea")
            opened.append(connection)
            if len(opened) > open_at_once:
                opened.pop(0).close()
            if number % 2_500 == 0:
                assert serves(daemon)
        assert serves(daemon)
        assert daemon_sockets(daemon) <= MAX_HTTP + MAX_GRPC + OWN_FILES
    finally:
        for connection in opened:
            connection.close()


# Databases, logs, listeners, event loop.
OWN_FILES = 60


def daemon_sockets(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))


def room_for_sockets() -> int:
    """Sockets that this process may have open at one time, with some left for the rest."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(10_000, soft - 200) if soft > 0 else 10_000


# The gRPC port ----------------------------------------------------------------------------------

GRPC_GARBAGE = {
    "random bytes": attacks.REQUESTS["random bytes"][0],
    "zeros": bytes(100_000),
    "a TLS hello": attacks.REQUESTS["a TLS hello"][0],
    "HTTP/1": b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n",
    "a POST of HTTP/1": attacks.POST + b"content-length: 17\r\n\r\n" + attacks.BODY,
    "an upgrade": attacks.upgrade(),
    "half a preface": raw.PREFACE[:10],
    "frames without a preface": raw.frame(raw.SETTINGS, 0, 0) * 100,
    "a frame of 16 MiB": GREETING + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + bytes(100_000),
    "headers that are no HPACK": GREETING + raw.frame(raw.HEADERS, 5, 1, b"\xff" * 100),
    "a stream of the server": GREETING + raw.frame(raw.HEADERS, 5, 2, HEAD),
    "headers for ever": GREETING
    + raw.frame(raw.HEADERS, 0, 1, HEAD)
    + raw.frame(raw.CONTINUATION, 0, 1, bytes(16_000)) * 100,
    "pings for ever": GREETING + raw.frame(raw.PING, 0, 0, bytes(8)) * 100_000,
    "settings for ever": GREETING + raw.frame(raw.SETTINGS, 0, 0, b"\0\4\0\0\xff\xff") * 50_000,
    "a window that overflows": GREETING
    + raw.frame(raw.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
}


@pytest.mark.parametrize("sent", GRPC_GARBAGE.values(), ids=GRPC_GARBAGE.keys())
def test_garbage_closes_its_own_connection(daemon: Daemon, sent: bytes) -> None:
    with open_socket(daemon.grpc_port) as connection:
        said(connection, sent)
        _, closed = heard(connection, PATIENCE_SECONDS)

    assert closed


def grpc_status(answer: bytes) -> int:
    """The gRPC status in the reply to a raw call; -1 where there is none."""
    decoder, status = Decoder(), -1
    while len(answer) >= 9:
        size, kind = int.from_bytes(answer[:3], "big"), answer[3]
        payload, answer = answer[9 : 9 + size], answer[9 + size :]
        if kind == raw.HEADERS:
            found = dict(decoder.decode(payload))
            status = int(found.get("grpc-status", status))
    return status


def ending_of(connection: socket.socket, feeding: bytes = b"") -> int:
    """The status with which the call ends, while it is fed now and then."""
    answer, give_up_at = b"", time.monotonic() + PATIENCE_SECONDS
    while grpc_status(answer) < 0 and time.monotonic() < give_up_at:
        said(connection, feeding)
        answer += heard(connection, 0.1)[0]
    return grpc_status(answer)


def test_a_message_that_says_it_has_four_gib_is_refused_at_once(daemon: Daemon) -> None:
    prefix = raw.frame(raw.DATA, 0, 1, b"\x00\xff\xff\xff\xff" + bytes(100))
    with open_socket(daemon.grpc_port) as connection:
        said(connection, GREETING + UNARY + prefix)

        assert ending_of(connection) == 8


def test_a_message_that_never_comes_ends_its_call(daemon: Daemon) -> None:
    with open_socket(daemon.grpc_port) as connection:
        said(connection, GREETING + UNARY)

        assert ending_of(connection) == 4


def test_a_message_that_comes_slowly_ends_its_call(daemon: Daemon) -> None:
    begun = raw.frame(raw.DATA, 0, 1, b"\x00\x00\x00\x10\x00")
    with open_socket(daemon.grpc_port) as connection:
        said(connection, GREETING + UNARY + begun)

        assert ending_of(connection, feeding=raw.frame(raw.DATA, 0, 1, b"\x00")) == 4


def test_three_thousand_rapid_resets_end_their_connection(daemon: Daemon) -> None:
    """CVE-2023-44487: each call is begun and taken back, so that no limit of streams is met."""
    calls = b"".join(
        raw.frame(raw.HEADERS, raw.END_HEADERS, number, HEAD)
        + raw.frame(raw.RST_STREAM, 0, number, struct.pack(">I", 8))
        for number in range(1, 6_001, 2)
    )
    with open_socket(daemon.grpc_port) as connection:
        said(connection, GREETING + calls)
        _, closed = heard(connection, PATIENCE_SECONDS)

    assert closed


def test_ten_thousand_open_streams_are_carried(daemon: Daemon) -> None:
    """Ten clients follow executions a thousand times each, and an eleventh is served."""
    head = raw.block(raw.request_headers(STREAM))
    calls = b"".join(
        raw.frame(raw.HEADERS, raw.END_HEADERS, number, head)
        + raw.frame(raw.DATA, raw.END_STREAM, number, raw.message(b""))
        for number in range(1, 2_001, 2)
    )
    connections = [open_socket(daemon.grpc_port) for _ in range(10)]
    try:
        for connection in connections:
            said(connection, GREETING + calls)
        daemon.eventually("all of them are open", lambda: open_calls(daemon) >= 10_000)
        assert serves(daemon)
        assert resident_bytes(daemon) < daemon.idle_bytes + GROWTH_BYTES  # type: ignore[attr-defined]
    finally:
        for connection in connections:
            connection.close()
    daemon.eventually("all of them are gone", lambda: open_calls(daemon) == 0)


def test_clients_that_vanish_within_their_streams_are_nobodys_defect(daemon: Daemon) -> None:
    """Gone with a reset or politely, before, while and after the first message is on its way."""
    streams = [(STREAM, b""), (QUOTES, b"\x0a\x04AAPL")] * 5
    calls = b"".join(
        raw.frame(raw.HEADERS, raw.END_HEADERS, 2 * index + 1, raw.block(raw.request_headers(path)))
        + raw.frame(raw.DATA, raw.END_STREAM, 2 * index + 1, raw.message(request))
        for index, (path, request) in enumerate(streams)
    )
    for number in range(200):
        with open_socket(daemon.grpc_port) as connection:
            if number % 2:
                # Close with a reset.
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            said(connection, GREETING + calls)
            heard(connection, number % 5 / 500 or 0.0001)

    daemon.eventually("all of them are gone", lambda: open_calls(daemon) == 0)


def open_calls(daemon: Daemon) -> int:
    """How many streams are followed; -1 where the daemon was too busy to keep the connection."""
    try:
        metrics = httpx.get(f"{daemon.url}/metrics", timeout=PATIENCE_SECONDS).text
    except httpx.TransportError:
        return -1
    found = re.search(r"^cream_subscribers (\S+)", metrics, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def test_more_grpc_connections_than_the_bound_are_closed_at_once(daemon: Daemon) -> None:
    with ExitStack() as opened:
        for _ in range(MAX_GRPC + 50):
            last = opened.enter_context(open_socket(daemon.grpc_port))
        _, closed = heard(last, PATIENCE_SECONDS)

    assert closed
