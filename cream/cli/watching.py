"""`cream watch`: follow /v1/stream, one line a message."""

import argparse
import json
import sys

import trio
from trio_websocket import ConnectionClosed, HandshakeError, open_websocket_url

from cream.cli.client import CommandFailed, base_url, headers
from cream.cli.exits import DONE, UNREACHABLE


def watch(options: argparse.Namespace) -> int:
    """Print messages until the daemon ends the stream, `--count` is reached, or Ctrl-C."""
    url = base_url(options).replace("http", "ws", 1) + "/v1/stream"
    given = [(name.encode(), value.encode()) for name, value in headers(options).items()]
    failure: CommandFailed | None = None
    try:
        trio.run(_follow, url, given, options.count, options.json)
    except* (HandshakeError, OSError) as errors:
        failure = CommandFailed(f"no stream at {url}: {errors.exceptions[0]!r}", UNREACHABLE)
    except* KeyboardInterrupt:
        # The way to leave.
        failure = None
    if failure is not None:
        raise failure
    return DONE


async def _follow(url: str, given: list[tuple[bytes, bytes]], count: int, as_json: bool) -> None:
    seen = 0
    async with open_websocket_url(url, extra_headers=given) as stream:
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
