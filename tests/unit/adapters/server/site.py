"""How do tests reach the JSON API: as an application, and as a server on loopback?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from typing import Any

import trio
from quart import Quart

from cream.adapters.server.http_app import create_app
from cream.adapters.server.http_server import serve_http
from cream.adapters.server.settings import ServerSettings
from cream.core.model.plan import Environment
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW

TOKEN = "s3cret-token"
TOKEN_HASH = sha256(TOKEN.encode()).hexdigest()
BEARER = {"authorization": f"Bearer {TOKEN}"}

METRICS = (b"cream_up 1\n", "text/plain; version=0.0.4; charset=utf-8")

# Nothing in these tests waits for these on purpose, except where a test sets its own.
SETTINGS = ServerSettings(http_port=0, grpc_port=0, drain_grace_seconds=2.0)


def application(
    operations: FakeOperations,
    settings: ServerSettings = SETTINGS,
    shutdown: trio.Event | None = None,
) -> Quart:
    """The application over `operations`."""
    return create_app(
        operations,
        settings,
        environment=Environment.PAPER,
        now=lambda: NOW,
        metrics=lambda: METRICS,
        shutdown=trio.Event() if shutdown is None else shutdown,
    )


@asynccontextmanager
async def served(
    operations: FakeOperations,
    settings: ServerSettings = SETTINGS,
    shutdown: trio.Event | None = None,
) -> AsyncIterator[int]:
    """A server on loopback; its port. It is drained in the end."""
    stop = trio.Event() if shutdown is None else shutdown
    async with trio.open_nursery() as nursery:
        yield await nursery.start(partial(_serve, operations, settings, stop))
        stop.set()


async def _serve(
    operations: FakeOperations,
    settings: ServerSettings,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[Any],
) -> None:
    await serve_http(
        operations,
        settings,
        environment=Environment.PAPER,
        now=lambda: NOW,
        metrics=lambda: METRICS,
        shutdown=stop,
        task_status=task_status,
    )


async def call(
    operations: FakeOperations,
    method: str,
    path: str,
    body: Any = None,
    settings: ServerSettings = SETTINGS,
    **more: Any,
) -> Any:
    client = application(operations, settings).test_client()
    if body is not None:
        more["json"] = body
    return await client.open(path, method=method, **more)


async def get(operations: FakeOperations, path: str) -> Any:
    reply = await call(operations, "GET", path)
    assert reply.status_code == 200
    return await reply.get_json()


async def post(operations: FakeOperations, path: str, body: Any) -> Any:
    reply = await call(operations, "POST", path, body)
    assert reply.status_code == 200, await reply.get_data()
    assert reply.content_type == "application/json"
    return await reply.get_json()


async def refused(reply: Any, status: int, code: str) -> dict[str, str]:
    """The details of an error of the one shape."""
    content = await reply.get_json()
    assert reply.status_code == status
    assert reply.content_type == "application/json"
    assert set(content) == {"code", "message", "grpc_code", "details"}
    assert content["code"] == code
    assert content["message"]
    assert isinstance(content["grpc_code"], int)
    return {each["field"]: each["problem"] for each in content["details"]}
