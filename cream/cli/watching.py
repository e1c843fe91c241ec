"""`cream watch`: follow /v1/stream, one line a message."""

import argparse
import json
import sys
from urllib.parse import SplitResult, urlsplit

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import LocalProtocolError

from cream.cli.client import CommandFailed, base_url, headers
from cream.cli.exits import DONE, NOT_LET_IN, UNREACHABLE

# The first message shows every order, about 1 KB each; the daemon keeps fewer than this holds.
_MESSAGE_BYTES = 64 * 1024 * 1024
# How long a daemon that does not answer the goodbye is waited for.
_GOODBYE_SECONDS = 2.0
# How long a stream may take to open; the snapshot comes after that.
_OPENING_SECONDS = 10.0


def watch(options: argparse.Namespace) -> int:
    """Print messages until the daemon ends the stream, `--count` is reached, or Ctrl-C."""
    url = base_url(options).replace("http", "ws", 1) + "/v1/stream"
    given = [(name.encode(), value.encode()) for name, value in headers(options).items()]
    failure: Exception | None = None
    try:
        trio.run(_follow, url, given, options.count, options.json)
    except* (KeyboardInterrupt, LocalProtocolError):
        # Ctrl-C is the way to leave. A ping that crosses our goodbye is answered too late, which
        # wsproto takes for a fault of ours.
        failure = None
    except* BrokenPipeError:
        # Our reader's end, which `main` knows.
        failure = BrokenPipeError()
    except* (HandshakeError, OSError, trio.BrokenResourceError, trio.TooSlowError) as group:
        failure = _no_stream(url, group.exceptions[0])
    if failure is not None:
        raise failure
    return DONE


def _no_stream(url: str, error: BaseException) -> CommandFailed:
    """Why there is no stream, and the exit code."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ConnectionRejected):
        code = NOT_LET_IN if error.status_code in (401, 403) else UNREACHABLE
        return CommandFailed(f"no stream at {url}: it answered {error.status_code}", code)
    if isinstance(error, trio.TooSlowError):
        return CommandFailed(f"no stream at {url}: no answer", UNREACHABLE)
    why = error.__cause__ or error
    return CommandFailed(f"no stream at {url}: {str(why) or repr(why)}", UNREACHABLE)


async def _follow(url: str, given: list[tuple[bytes, bytes]], count: int, as_json: bool) -> None:
    parts = urlsplit(url)
    with trio.fail_after(_OPENING_SECONDS):
        raw = await _connected(parts)
    async with raw, trio.open_nursery() as nursery:
        with trio.fail_after(_OPENING_SECONDS):
            if isinstance(raw, trio.SSLStream):
                # Here a failure is told; wrapped, it would only never answer.
                await raw.do_handshake()
            stream = await wrap_client_stream(
                nursery,
                raw,
                parts.netloc.rpartition("@")[2],
                parts.path,
                extra_headers=given,
                max_message_size=_MESSAGE_BYTES,
            )
        await _print(stream, count, as_json)
        # The nursery ends with its reader, which ends when the daemon has closed its side.
        nursery.cancel_scope.deadline = trio.current_time() + _GOODBYE_SECONDS
        await stream.aclose()


async def _connected(parts: SplitResult) -> trio.SocketStream | trio.SSLStream[trio.SocketStream]:
    """A connection to the daemon, secured where the URL says so. Raises: OSError."""
    host = parts.hostname or ""
    if parts.scheme == "ws":
        return await trio.open_tcp_stream(host, parts.port or 80)
    return await trio.open_ssl_over_tcp_stream(host, parts.port or 443, https_compatible=True)


async def _print(stream: WebSocketConnection, count: int, as_json: bool) -> None:
    seen = 0
    while not count or seen < count:
        try:
            text = await stream.get_message()
        except ConnectionClosed as closed:
            reason = closed.reason.reason if closed.reason else ""
            sys.stderr.write(f"the stream ended: {reason or 'closed'}\n")
            return
        seen += 1
        sys.stdout.write((str(text) if as_json else _line(json.loads(text))) + "\n")
        sys.stdout.flush()


def _line(message: dict[str, object]) -> str:
    """One message in one line: what kind, and the handful of fields that people look for."""
    kind = message.get("type", "?")
    body = message.get(str(kind))
    if not isinstance(body, dict):
        return f"{kind} {json.dumps({k: v for k, v in message.items() if k != 'type'})[:200]}"
    keys = ("symbol", "side", "purpose", "status", "quantity", "filled_quantity", "price", "state")
    shown = (f"{key}={body[key]}" for key in keys if body.get(key) is not None)
    return f"{message.get('sequence', '')} {kind} {' '.join(shown)}"
