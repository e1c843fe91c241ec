"""How does a command talk to the daemon? Over its JSON API, wherever that is configured to be."""

import argparse
import json
import os
import ssl
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from cream.adapters.config import ConfigErrors
from cream.cli.exits import CONFIGURATION, NOT_LET_IN, REFUSED, UNREACHABLE, USAGE
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
        if not _is_url(given):
            raise CommandFailed(f"{given}: is no http:// or https:// URL of a host", USAGE)
        return str(given).rstrip("/")
    try:
        server = load_settings(options.config).settings.server
    except ConfigErrors as errors:
        message = f"no --url, no CREAM_URL, and the configuration is not usable:\n{errors}"
        raise CommandFailed(message, CONFIGURATION) from None
    scheme = "https" if server.tls.enabled else "http"
    host = f"[{server.bind_address}]" if ":" in server.bind_address else server.bind_address
    return f"{scheme}://{host}:{server.http_port}"


def _is_url(given: str) -> bool:
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        return False
    return given.startswith(("http://", "https://")) and bool(parts.hostname) and port != 0


def token(options: argparse.Namespace) -> str | None:
    """The bearer token, where there is one.   Raises: CommandFailed for what can be none."""
    given: str | None = options.token or os.environ.get("CREAM_TOKEN")
    if given and not all("!" <= character <= "~" for character in given):
        message = "the token (--token, CREAM_TOKEN) holds a blank or a character beyond ASCII"
        raise CommandFailed(message, USAGE)
    return given


def headers(options: argparse.Namespace) -> Mapping[str, str]:
    """What every request carries."""
    given = token(options)
    return {"authorization": f"Bearer {given}"} if given else {}


def call(
    options: argparse.Namespace, method: str, path: str, body: Json | str | None = None
) -> Json:
    """The reply to one request. A `body` that is text is JSON already.

    A 503 of `/ready` is a reply like any other: it carries the reasons.

    Raises: CommandFailed with the daemon's own words.
    """
    url = base_url(options)
    content = body if body is None or isinstance(body, str) else json.dumps(body)
    carried = {**headers(options), "content-type": "application/json"}
    try:
        with _client() as client:
            reply = client.request(method, url + path, content=content, headers=carried)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
        message = f"no daemon answers at {url}: {error}\nStart it with `cream run`, or give --url."
        raise CommandFailed(message, UNREACHABLE) from None
    except httpx.RequestError as error:
        message = f"{url} did not answer to the end: {error!r}"
        if method != "GET":
            message += "\nIt may have done what was asked: look before asking again."
        raise CommandFailed(message, UNREACHABLE) from None
    return _content(reply)


def _client() -> httpx.Client:
    """Without the proxies of the environment: they are for the way out, and would see the token."""
    trusted = ssl.create_default_context()
    return httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False, verify=trusted)


def _content(reply: httpx.Response) -> Json:
    try:
        content = reply.json()
    except ValueError:
        content = None
    known = isinstance(content, dict) and (reply.is_success or content.keys() & {"ready", "code"})
    if not known:
        message = f"{reply.url} answered {reply.status_code}, but not as Cream does"
        raise CommandFailed(message, UNREACHABLE)
    if reply.is_success or "ready" in content:
        return dict(content)
    lines = [f"{content.get('code')}: {content.get('message')}"]
    details = content.get("details") or []
    lines += [f"  {one['field']}: {one['problem']}" for one in details]
    code = NOT_LET_IN if reply.status_code in (401, 403) else REFUSED
    raise CommandFailed("\n".join(lines), code)


def guarded(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run `command(options)`, with failures as one line for people."""
    try:
        return command(options)
    except CommandFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.code


def print_json(content: object) -> None:
    """The reply as it is, indented."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")
