"""A daemon that only answers: canned replies over HTTP, a script over a WebSocket."""

import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trio
import trustme
from attrs import define, field
from trio_websocket import WebSocketConnection, WebSocketRequest, serve_websocket

Json = dict[str, Any]
# Status and body by "METHOD path".
Replies = dict[str, tuple[int, Json | list[Any] | bytes | None]]


@define
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@define
class FakeDaemon:
    """Answers what `replies` says for "METHOD path"; everything else is NOT_FOUND.

    A reply is (status, body); a body that is bytes is sent as it is, and None ends the connection
    without an answer.
    """

    replies: Replies = field(factory=dict)
    asked: list[Asked] = field(factory=list)
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length", 0))
        body = request.rfile.read(length).decode()
        named = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.command, request.path, named, body))
        status, reply = self.replies.get(
            f"{request.command} {request.path}",
            (404, {"code": "NOT_FOUND", "message": "no such path", "details": []}),
        )
        if reply is None:
            return
        content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        request.send_response(status)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


def tls_of(authority: trustme.CA) -> ssl.SSLContext:
    """What a server needs to be 127.0.0.1 in the name of `authority`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@contextmanager
def serving(daemon: FakeDaemon, tls: ssl.SSLContext | None = None) -> Iterator[FakeDaemon]:
    """The daemon on a port of its own, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            daemon.answer(self)

        def do_POST(self) -> None:
            daemon.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        daemon.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        try:
            yield daemon
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def streaming(
    script: Callable[[WebSocketConnection], Awaitable[None]],
    met: Callable[[list[tuple[bytes, bytes]]], None] = lambda headers: None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """The URL of a daemon whose /v1/stream does what `script` says with each connection.

    `met` is told the headers of each handshake.

    The script ends where the client has left; a connection that it has not closed is dropped.
    """
    ready = threading.Event()
    running: dict[str, Any] = {}

    async def meet(request: WebSocketRequest) -> None:
        if request.path != "/v1/stream":
            await request.reject(404)
            return
        met([(name.lower(), value) for name, value in request.headers])
        stream = await request.accept()
        await script(stream)

    async def serve() -> None:
        async with trio.open_nursery() as nursery:
            server = await nursery.start(serve_websocket, meet, "127.0.0.1", 0, tls)
            running.update(port=server.port, scope=nursery.cancel_scope)
            running["token"] = trio.lowlevel.current_trio_token()
            ready.set()

    thread = threading.Thread(target=trio.run, args=(serve,))
    thread.start()
    ready.wait()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{running['port']}"
    finally:
        running["token"].run_sync_soon(running["scope"].cancel)
        thread.join()
