"""`cream watch`: follow /v1/stream, one line a message."""

import argparse
import json
import sys

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    DisconnectionTimeout,
    HandshakeError,
    open_websocket_url,
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
    try:
        trio.run(_follow, url, given, options.count, options.json)
    except (KeyboardInterrupt, DisconnectionTimeout, LocalProtocolError):
        # Ctrl-C is the way to leave, with or without a goodbye. A ping that crosses our goodbye
        # is answered too late, which wsproto takes for a fault of ours.
        return DONE
    except ConnectionRejected as refusal:
        code = NOT_LET_IN if refusal.status_code in (401, 403) else UNREACHABLE
        message = f"no stream at {url}: it answered {refusal.status_code}"
        raise CommandFailed(message, code) from None
    except HandshakeError as error:
        raise CommandFailed(
            f"no stream at {url}: {error.__cause__ or error!r}", UNREACHABLE
        ) from None
    return DONE


async def _follow(url: str, given: list[tuple[bytes, bytes]], count: int, as_json: bool) -> None:
    seen = 0
    opened = open_websocket_url(
        url,
        extra_headers=given,
        max_message_size=_MESSAGE_BYTES,
        disconnect_timeout=_GOODBYE_SECONDS,
    )
    async with opened as stream:
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
