"""How does the JSON port open, serve and close?"""

from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import wrap_app

from cream.adapters.server.guard import Door
from cream.adapters.server.http_app import create_app
from cream.adapters.server.listening import open_port
from cream.adapters.server.settings import ServerSettings
from cream.adapters.server.tls import http_context
from cream.core.model.plan import Environment
from cream.core.operations import Operations

# Connections that wait for accept(2); a burst of reconnecting dashboards fits.
_BACKLOG = 1024

# Dashboards reuse a connection for days; Hypercorn's default of 1,000 requests would drop calls.
_REQUESTS_PER_CONNECTION = 10**9

# Silence before and between requests is `keep_alive_seconds`. While a reply is awaited or a stream
# is open a peer has nothing to say but pongs; one that says nothing for this long is gone. Longer
# than any reply takes (a submit may wait for the broker for a minute).
_DEAD_PEER_SECONDS = 120


async def serve_http(
    operations: Operations,
    settings: ServerSettings,
    *,
    environment: Environment,
    now: Callable[[], datetime],
    metrics: Callable[[], tuple[bytes, str]],
    shutdown: trio.Event,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `shutdown`, then drain. Reports the bound port once requests are answered.

    Raises: PortUnavailable where the port cannot be opened, OSError where TLS files cannot be read.
    Cancellation: ends requests and connections at once.
    """
    app = create_app(
        operations,
        settings,
        environment=environment,
        now=now,
        metrics=metrics,
        shutdown=shutdown,
    )
    config = _config(settings)
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    state: dict[str, Any] = {}
    lifespan = Lifespan(wrapped, config, state)
    listeners, port = await _open(settings)
    context = WorkerContext(None)
    door = Door(
        wrapped,
        config,
        context,
        state,
        most=settings.max_connections,
        send_timeout_seconds=settings.send_timeout_seconds,
    )
    async with trio.open_nursery() as life:
        await life.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                await accepting.start(_accept, door, listeners, connections)
                task_status.started(port)
                await shutdown.wait()
                accepting.cancel_scope.cancel()
            # Tells idle connections to close and the others to close after their reply.
            await context.terminated.set()
            with trio.move_on_after(settings.drain_grace_seconds):
                await door.wait_empty()
            await door.drop_all()
            connections.cancel_scope.cancel()
        await lifespan.wait_for_shutdown()
        life.cancel_scope.cancel()


async def _accept(
    door: Door,
    listeners: list[Any],
    connections: trio.Nursery,
    *,
    task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED,
) -> None:
    await trio.serve_listeners(
        door.serve, listeners, handler_nursery=connections, task_status=task_status
    )


async def _open(settings: ServerSettings) -> tuple[list[Any], int]:
    """The listening sockets, with TLS where it is configured, and the bound port."""
    context = http_context(settings.tls)
    listeners: list[Any] = await open_port(
        "server.http_port", settings.bind_address, settings.http_port, _BACKLOG
    )
    port = int(listeners[0].socket.getsockname()[1])
    if context is not None:
        listeners = [trio.SSLListener(one, context, https_compatible=True) for one in listeners]
    return listeners, port


def _config(settings: ServerSettings) -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = None
    config.alpn_protocols = ["http/1.1"]
    config.keep_alive_timeout = settings.keep_alive_seconds
    config.keep_alive_max_requests = _REQUESTS_PER_CONNECTION
    config.read_timeout = ceil(max(_DEAD_PEER_SECONDS, 3 * settings.websocket_ping_seconds))
    config.graceful_timeout = settings.drain_grace_seconds
    config.websocket_ping_interval = settings.websocket_ping_seconds
    # A client of /v1/stream has nothing to say.
    config.websocket_max_message_size = 64 * 1024
    config.include_server_header = False
    return config
