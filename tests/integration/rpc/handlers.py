"""Which handlers do the tests of the gRPC transport serve?"""

from collections.abc import Awaitable, Callable
from typing import Any

import trio
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError

from cream.adapters.rpc import rpc_error
from tests.integration.rpc.gen.echo_grpc import EchoBase
from tests.integration.rpc.gen.echo_pb2 import Payload, Script

UNARY = "/cream.test.echo.v1.Echo/Unary"
SERVER_STREAM = "/cream.test.echo.v1.Echo/ServerStream"
CLIENT_STREAM = "/cream.test.echo.v1.Echo/ClientStream"
BIDI = "/cream.test.echo.v1.Echo/Bidi"
ONE = "/cream.test.One/Call"


class ScriptedEcho(EchoBase):
    """Does what the request's script says, and awaits nothing but the stream's own methods.

    So it runs under grpclib's asyncio server as well as under ours.
    """

    async def Unary(self, stream: Any) -> None:
        script = await stream.recv_message()
        assert script is not None
        if script.at_once:
            _raise_as_told(script)
        await _begin(stream, script)
        if script.no_reply:
            return
        await self.pause(script)
        await stream.send_message(script.payload)
        if script.reply_twice:
            await stream.send_message(script.payload)
        _raise_as_told(script)
        await _finish(stream, script)

    async def ServerStream(self, stream: Any) -> None:
        script = await stream.recv_message()
        assert script is not None
        if script.at_once:
            _raise_as_told(script)
        await _begin(stream, script)
        for _ in range(script.replies):
            await stream.send_message(script.payload)
        await self.pause(script)
        _raise_as_told(script)
        await _finish(stream, script)

    async def ClientStream(self, stream: Any) -> None:
        last = Script()
        texts = []
        async for script in stream:
            last = script
            texts.append(script.payload.text)
            if script.at_once:
                _raise_as_told(script)
        await stream.send_message(Payload(text=",".join(texts), numbers=[len(texts)]))
        _raise_as_told(last)

    async def Bidi(self, stream: Any) -> None:
        async for script in stream:
            for _ in range(script.replies):
                await stream.send_message(script.payload)
            _raise_as_told(script)

    async def pause(self, script: Script) -> None:
        """For those who wait: before a unary reply, after the replies of a stream."""


def _raise_as_told(script: Script) -> None:
    if script.fault:
        raise RuntimeError("a secret that no client may read")
    if script.status:
        status = Status(script.status)
        if script.with_details:
            raise rpc_error(
                status,
                script.message,
                reason="SCRIPTED",
                domain="cream.test",
                metadata={"text": script.payload.text},
                fields=[("payload.text", "was told to be wrong")],
            )
        raise GRPCError(status, script.message)


def _custom(stream: Any) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in stream.metadata.items() if key.startswith("x-")]


async def _begin(stream: Any, script: Script) -> None:
    if script.initial_metadata:
        await stream.send_initial_metadata(metadata=_custom(stream))


async def _finish(stream: Any, script: Script) -> None:
    if script.cancel:
        await stream.cancel()
    elif script.trailing_metadata:
        await stream.send_trailing_metadata(metadata=_custom(stream))


class WaitingEcho(ScriptedEcho):
    """Waits on the Trio clock as the script says, and counts what becomes of its calls."""

    def __init__(self) -> None:
        self.started = 0
        self.finished = 0
        self.cancelled = 0

    async def pause(self, script: Script) -> None:
        self.started += 1
        try:
            await trio.sleep(script.wait_milliseconds / 1000)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        self.finished += 1


class OneMethod:
    """A service with one method, whose handler is the test's."""

    def __init__(
        self, func: Callable[[Any], Awaitable[None]], kind: Cardinality = Cardinality.UNARY_UNARY
    ) -> None:
        self._handler = Handler(func, kind, Script, Payload)

    def __mapping__(self) -> dict[str, Handler]:
        return {ONE: self._handler}
