"""The order stream: `/stream`, as Alpaca's paper account speaks it.

Both forms of logging in; JSON in binary frames, or msgpack by the content type of the upgrade; the
acknowledgement lists the streams that are granted and is silent about others, and what is asked for
last is all that is told; one connection per account.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import trio
from attrs import frozen
from quart import Response, abort, websocket
from quart_trio import QuartTrio

from cream.adapters.sandbox.app import Sandbox, keys_of
from cream.adapters.sandbox.broadcast import Listener
from cream.adapters.sandbox.faults import FaultName, Faults

TRADE_UPDATES = "trade_updates"
# In the state of a connection: what ends it below all protocols.
SEVER = "sever"


@frozen
class StreamRoutes:
    """The handler."""

    sandbox: Sandbox

    def register(self, app: QuartTrio) -> None:
        """Put it at its path."""
        app.add_websocket("/stream", "stream", self.stream)

    async def stream(self) -> None:
        """One connection, to its end."""
        sandbox = self.sandbox
        refuse_if_away(sandbox.faults)
        if not sandbox.broadcast.may_connect():
            abort(Response("too many connections", 429))
        sandbox.broadcast.connect()
        try:
            await self._converse()
        finally:
            sandbox.broadcast.disconnect()

    async def _converse(self) -> None:
        """Log in, then listen; whoever cannot log in is told so until it goes."""
        authorized = self.sandbox.lets_in(*keys_of(websocket.headers))
        telling = trio.CancelScope()
        async with trio.open_nursery() as nursery:
            while True:
                message = _read(await websocket.receive())
                match message.get("action"):
                    case "auth" | "authenticate":
                        authorized = self._knows(message)
                        await _authorization(authorized, "authenticate")
                    case "listen" if not authorized:
                        await _authorization(False, "listen")
                    case "listen":
                        telling.cancel()
                        self.sandbox.broadcast.stop_listening()
                        granted = await _listening(message)
                        if granted:
                            telling = trio.CancelScope()
                            listener = self.sandbox.broadcast.listen()
                            nursery.start_soon(_forward, listener, telling)
                    case _:
                        error = {"error_message": "unknown action"}
                        await _send({"action": "error", "data": error})
                        nursery.cancel_scope.cancel()

    def _knows(self, message: Mapping[str, Any]) -> bool:
        data = message.get("data")
        legacy = data if isinstance(data, Mapping) else {}
        key = message.get("key") or legacy.get("key_id") or ""
        secret = message.get("secret") or legacy.get("secret_key") or ""
        return self.sandbox.lets_in(str(key), str(secret))


async def _forward(listener: Listener, telling: trio.CancelScope) -> None:
    """Hand messages on until the connection is cut, or something else is asked for."""
    with telling:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cut_on, listener.cut)
            async for frame in listener.receiver:
                await _send({"stream": TRADE_UPDATES, "data": frame or None})


async def cut_on(cut: trio.Event) -> None:
    """End the connection once it is to be cut: without a closing frame, as a network does."""
    await cut.wait()
    websocket.scope["state"][SEVER]()


def refuse_if_away(faults: Faults) -> None:
    """Answer the upgrade with 503 while there is nobody to open a stream with."""
    if any(faults.peek(name) is not None for name in (FaultName.UNREACHABLE, FaultName.DROPPED)):
        abort(503)


async def _authorization(authorized: bool, action: str) -> None:
    status = "authorized" if authorized else "unauthorized"
    await _send({"stream": "authorization", "data": {"status": status, "action": action}})


async def _listening(message: Mapping[str, Any]) -> list[str]:
    data = message.get("data")
    asked = data.get("streams") if isinstance(data, Mapping) else None
    streams = asked if isinstance(asked, list) else []
    granted = [TRADE_UPDATES] if TRADE_UPDATES in streams else []
    await _send({"stream": "listening", "data": {"streams": granted}})
    return granted


async def _send(document: object) -> None:
    """In a binary frame, as the paper account does."""
    encode = msgspec.msgpack.encode if _is_packed() else msgspec.json.encode
    await websocket.send(encode(document))


def _is_packed() -> bool:
    return "msgpack" in websocket.headers.get("Content-Type", "")


def _read(frame: str | bytes) -> Mapping[str, Any]:
    try:
        if _is_packed() and isinstance(frame, bytes):
            document = msgspec.msgpack.decode(frame)
        else:
            document = msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return document if isinstance(document, Mapping) else {}
