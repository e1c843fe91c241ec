"""Changes are printed as they come, until either side has had enough."""

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme
from trio_websocket import ConnectionClosed, WebSocketConnection

from cream.cli import exits, watching
from cream.cli.main import main
from tests.unit.cli.fake_daemon import FakeDaemon, streaming, tls_of

SNAPSHOT: dict[str, Any] = {"type": "snapshot", "sequence": 4, "orders": [], "positions": []}
ORDER: dict[str, Any] = {
    "type": "order",
    "sequence": 5,
    "event": "OrderFilled",
    "order": {"symbol": "AAPL", "side": "BUY", "status": "FILLED", "limit_price": None},
}
STATE: dict[str, Any] = {
    "type": "trading_state",
    "sequence": 6,
    "trading_state": {"state": "HALTED", "causes": []},
}
LINES = [
    'snapshot {"sequence": 4, "orders": [], "positions": []}',
    "5 order symbol=AAPL side=BUY status=FILLED",
    "6 trading_state state=HALTED",
]


async def say_all_and_wait(stream: WebSocketConnection) -> None:
    try:
        for message in (SNAPSHOT, ORDER, STATE):
            await stream.send_message(json.dumps(message))
        await stream.get_message()
    except ConnectionClosed:
        return


async def say_all_and_close(stream: WebSocketConnection) -> None:
    for message in (SNAPSHOT, ORDER, STATE):
        await stream.send_message(json.dumps(message))
    await stream.aclose(1013, "fell behind; reconnect for a snapshot")


def test_each_message_is_a_line_until_the_count_is_reached(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with streaming(say_all_and_wait) as url:
        assert main(["watch", "--url", url, "--count", "3"]) == exits.DONE

    printed = capsys.readouterr()
    assert printed.out.splitlines() == LINES
    assert printed.err == ""


def test_the_end_of_the_stream_is_told_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with streaming(say_all_and_close) as url:
        assert main(["watch", "--url", url]) == exits.DONE

    printed = capsys.readouterr()
    assert printed.out.splitlines() == LINES
    assert printed.err == "the stream ended: fell behind; reconnect for a snapshot\n"


def test_a_close_without_a_reason_is_a_close(capsys: pytest.CaptureFixture[str]) -> None:
    async def close(stream: WebSocketConnection) -> None:
        await stream.aclose()

    with streaming(close) as url:
        assert main(["watch", "--url", url]) == exits.DONE

    assert capsys.readouterr().err == "the stream ended: closed\n"


def test_json_is_each_message_as_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    with streaming(say_all_and_wait) as url:
        assert main(["watch", "--url", url, "--count", "3", "--json"]) == exits.DONE

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [SNAPSHOT, ORDER, STATE]


def test_a_long_message_is_read_and_shown_by_its_beginning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A snapshot of many orders is larger than WebSocket libraries expect."""
    long = json.dumps({"type": "snapshot", "orders": ["x" * 100] * 20_000})

    async def say(stream: WebSocketConnection) -> None:
        try:
            await stream.send_message(long)
            await stream.get_message()
        except ConnectionClosed:
            return

    with streaming(say) as url:
        assert main(["watch", "--url", url, "--count", "1"]) == exits.DONE

    [line] = capsys.readouterr().out.splitlines()
    assert 200 <= len(line) < 300


def test_the_token_goes_with_the_handshake() -> None:
    seen: list[list[tuple[bytes, bytes]]] = []
    with streaming(say_all_and_wait, seen.append) as url:
        assert main(["watch", "--url", url, "--count", "1", "--token", "given"]) == exits.DONE

    assert (b"authorization", b"Bearer given") in seen[0]


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [(401, exits.NOT_LET_IN), (403, exits.NOT_LET_IN), (404, exits.UNREACHABLE)],
)
def test_a_refused_handshake_is_told_with_its_status(
    status: int, exit_code: int, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.replies["GET /v1/stream"] = (status, {"code": "NO", "message": "No."})

    assert main(["watch"]) == exit_code
    assert f"it answered {status}" in capsys.readouterr().err


def test_a_daemon_that_is_not_there_is_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert main(["watch", "--url", f"http://127.0.0.1:{port}"]) == exits.UNREACHABLE
    printed = capsys.readouterr().err
    assert printed.startswith(f"no stream at ws://127.0.0.1:{port}/v1/stream: ")
    assert "Traceback" not in printed


def test_a_server_that_never_answers_is_given_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_OPENING_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert main(["watch", "--url", f"http://127.0.0.1:{port}"]) == exits.UNREACHABLE
    assert capsys.readouterr().err.endswith(": no answer\n")


def test_a_daemon_that_does_not_say_goodbye_is_left_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "_GOODBYE_SECONDS", 0.05)
    left = threading.Event()

    def stall(listener: socket.socket) -> None:
        """A handshake by hand, one message, and then nothing, whatever comes."""
        client, _ = listener.accept()
        with client:
            request = client.recv(65536).decode()
            client.sendall(upgraded(request) + b"\x81\x02{}")
            left.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=stall, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            assert main(["watch", "--url", url, "--count", "1"]) == exits.DONE
        finally:
            left.set()
            thread.join()


def upgraded(request: str) -> bytes:
    """The answer to a WebSocket handshake (RFC 6455 4.2.2)."""
    lines = dict(line.split(": ", 1) for line in request.split("\r\n") if ": " in line)
    key = {name.lower(): value for name, value in lines.items()}["sec-websocket-key"]
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )


def test_control_c_is_the_way_to_leave(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(message: dict[str, object]) -> str:
        if message["type"] == "trading_state":
            signal.raise_signal(signal.SIGINT)
        return str(message["type"])

    monkeypatch.setattr(watching, "_line", typed)
    # A shell starts what runs in its background with the signal ignored, and CI does just that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with streaming(say_all_and_wait) as url:
            assert main(["watch", "--url", url]) == exits.DONE
    finally:
        signal.signal(signal.SIGINT, before)

    printed = capsys.readouterr()
    assert printed.out.splitlines() == ["snapshot", "order"]
    assert printed.err == ""


def test_whoever_reads_only_the_beginning_is_no_failure() -> None:
    """`cream watch | head -1`: nothing on standard error, and 0."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    try:
        with streaming(say_all_and_wait) as url:
            ended = subprocess.run(
                [sys.executable, "-m", "cream", "watch", "--url", url],
                cwd=Path(__file__).parents[3],
                stdout=writing_end,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
    finally:
        os.close(writing_end)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_https_url_means_a_secured_stream(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The certificate must be known: SSL_CERT_FILE names the authority of one that is not."""
    authority = trustme.CA()
    with streaming(say_all_and_wait, tls=tls_of(authority)) as url:
        arguments = ["watch", "--url", url, "--count", "1"]
        assert main(arguments) == exits.UNREACHABLE
        assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err

        authority.cert_pem.write_to_path(directory / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(directory / "ca.pem"))
        assert main(arguments) == exits.DONE
    assert capsys.readouterr().out.splitlines() == LINES[:1]
