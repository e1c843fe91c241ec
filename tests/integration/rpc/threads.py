"""How do servers run in threads of their own, so that any client can be used in a test?"""

import asyncio
import queue
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import grpclib.server
import trio
from attrs import frozen

from cream.adapters.rpc import RpcServer, StatusDetailsCodec, bound_port
from cream.adapters.rpc.method import Service

# Starting and stopping take milliseconds; this only keeps a broken test from hanging.
PATIENCE_SECONDS = 20


@frozen
class Running:
    """A server in a thread."""

    port: int
    server: RpcServer
    # From the test's thread: begin the drain.
    start_drain: Callable[[], None]

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def trio_server(
    services: list[Service], make: Callable[..., RpcServer] = RpcServer, **options: object
) -> Iterator[Running]:
    """Our server on loopback; drained at the end."""
    ready: queue.Queue[Running] = queue.Queue()

    async def main() -> None:
        server = make(services, **options)
        token = trio.lowlevel.current_trio_token()
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        async with trio.open_nursery() as nursery:
            await nursery.start(server.serve, listeners)
            ready.put(
                Running(
                    bound_port(listeners),
                    server,
                    lambda: token.run_sync_soon(server.start_drain),
                )
            )

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(trio.run, main)
        running = ready.get(timeout=PATIENCE_SECONDS)
        try:
            yield running
        finally:
            with suppress(trio.RunFinishedError):  # the test may have drained it
                running.start_drain()
            future.result(PATIENCE_SECONDS)


@contextmanager
def grpclib_server(services: list[Service], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """grpclib's own server on loopback: the oracle. Gives the target to connect to."""
    ready: queue.Queue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def main() -> None:
        server = grpclib.server.Server(services, status_details_codec=StatusDetailsCodec())
        await server.start("127.0.0.1", 0, ssl=tls)
        assert server._server is not None
        port = server._server.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        ready.put((port, asyncio.get_running_loop(), stop))
        await stop.wait()
        server.close()
        await server.wait_closed()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(asyncio.run, main())
        port, loop, stop = ready.get(timeout=PATIENCE_SECONDS)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            loop.call_soon_threadsafe(stop.set)
            future.result(PATIENCE_SECONDS)
