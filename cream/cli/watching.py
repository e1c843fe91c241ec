"""`cream watch`: follow /v1/stream, one line a message."""

import argparse
import json
import sys

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    connect_websocket_url,
)
from wsproto.utilities import LocalProtocolError

from cream.cli.client import CommandFailed, base_url, headers
from cream.cli.exits import DONE, NOT_LET_IN, UNREACHABLE

# The first message shows every order, about 1 KB each; the daemon keeps fewer than this holds.
_MESSAGE_BYTES = 64 * 1024 * 1024
# How long a daemon that does not answer the goodbye is waited for.
_GOODBYE_SECONDS = 2.0


def watch(options: argparse.Namespace) -> int:
    """Print messages until the daemon ends the stream, `--count` is reached, or Ctrl-C."""
    url = base_url(options).replace("http", "ws", 1) + "/v1/stream"
    given = [(name.encode(), value.encode()) for name, value in headers(options).items()]
    failure: CommandFailed | None = None
    try:
        trio.run(_follow, url, given, options.count, options.json)
    except* (KeyboardInterrupt, LocalProtocolError):
        # Ctrl-C is the way to leave. A ping that crosses our goodbye is answered too late, which
        # wsproto takes for a fault of ours.
        failure = None
    except* HandshakeError as group:
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
    return CommandFailed(f"no stream at {url}: {error.__cause__ or error!r}", UNREACHABLE)


async def _follow(url: str, given: list[tuple[bytes, bytes]], count: int, as_json: bool) -> None:
    async with trio.open_nursery() as nursery:
        stream = await connect_websocket_url(
            nursery, url, extra_headers=given, max_message_size=_MESSAGE_BYTES
        )
        await _print(stream, count, as_json)
        with trio.move_on_after(_GOODBYE_SECONDS):
            await stream.aclose()
        nursery.cancel_scope.cancel()


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
