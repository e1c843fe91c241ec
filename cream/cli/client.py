"""How does a command talk to the daemon? Over its JSON API, wherever that is configured to be."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import httpx

from cream.adapters.config import ConfigErrors
from cream.cli.exits import NOT_LET_IN, REFUSED, UNREACHABLE
from cream.cli.settings import load_settings

# A submit waits for the broker at most this long; everything else answers at once.
_TIMEOUT_SECONDS = 30.0

Json = dict[str, Any]


class CommandFailed(Exception):
    """The command cannot be done: what to say, and the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def base_url(options: argparse.Namespace) -> str:
    """Where the daemon is: `--url`, `CREAM_URL`, or what the configuration says.

    Raises: CommandFailed.
    """
    given = options.url or os.environ.get("CREAM_URL")
    if given:
        return str(given).rstrip("/")
    try:
        server = load_settings(options.config).settings.server
    except ConfigErrors as errors:
        message = f"no --url, no CREAM_URL, and the configuration is not usable:\n{errors}"
        raise CommandFailed(message, 78) from None
    scheme = "https" if server.tls.enabled else "http"
    host = f"[{server.bind_address}]" if ":" in server.bind_address else server.bind_address
    return f"{scheme}://{host}:{server.http_port}"


def token(options: argparse.Namespace) -> str | None:
    """The bearer token, where there is one."""
    return options.token or os.environ.get("CREAM_TOKEN")


def headers(options: argparse.Namespace) -> Mapping[str, str]:
    """What every request carries."""
    given = token(options)
    return {"authorization": f"Bearer {given}"} if given else {}


def call(options: argparse.Namespace, method: str, path: str, body: Json | None = None) -> Json:
    """The reply to one request.

    A 503 of `/ready` is a reply like any other: it carries the reasons.

    Raises: CommandFailed with the daemon's own words.
    """
    url = base_url(options)
    try:
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            reply = client.request(method, url + path, json=body, headers=headers(options))
    except httpx.TransportError as error:
        message = f"no daemon answers at {url}: {error}\nStart it with `cream run`, or give --url."
        raise CommandFailed(message, UNREACHABLE) from None
    return _content(reply)


def _content(reply: httpx.Response) -> Json:
    try:
        content = reply.json()
    except json.JSONDecodeError:
        message = f"{reply.url} answered {reply.status_code}, but not as Cream does"
        raise CommandFailed(message, UNREACHABLE) from None
    if reply.is_success or "ready" in content:
        return dict(content)
    lines = [f"{content.get('code')}: {content.get('message')}"]
    details = content.get("details") or []
    lines += [f"  {one['field']}: {one['problem']}" for one in details]
    code = NOT_LET_IN if reply.status_code in (401, 403) else REFUSED
    raise CommandFailed("\n".join(lines), code)


def guarded(command: "Any", options: argparse.Namespace) -> int:
    """Run `command(options)`, with failures as one line for people."""
    try:
        return int(command(options))
    except CommandFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.code


def print_json(content: object) -> None:
    """The reply as it is, indented."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")
