"""A daemon that says what a test told it to, over real gRPC in the test's own event loop."""

import asyncio
import socket
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Any

from attrs import define, field, frozen
from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.encoding.base import StatusDetailsCodecBase
from grpclib.encoding.proto import ProtoCodec
from grpclib.exceptions import GRPCError
from grpclib.server import Server, Stream

from cream.client import CreamClient, RetryPolicy
from cream.wire.account_grpc import AccountServiceBase
from cream.wire.control_grpc import ControlServiceBase
from cream.wire.execution_grpc import ExecutionServiceBase
from cream.wire.market_snapshot_grpc import MarketDataServiceBase
from cream.wire.options_grpc import OptionServiceBase
from cream.wire.simulation_grpc import SimulationServiceBase
from cream.wire.status_grpc import StatusServiceBase

AT_ONCE = RetryPolicy(first_delay_seconds=0)


@frozen
class Hold:
    """Say nothing until the caller leaves."""


@frozen
class Pause:
    """Say nothing until the test lets the script go on."""


@frozen
class HangUp:
    """Break the connection off."""


@frozen
class Seen:
    """A call that arrived."""

    name: str
    request: Any
    authorization: str


Answer = Message | GRPCError | Hold | Pause | HangUp


@define
class Script:
    """What the daemon says next to each call, and what it saw. Without a script it says Hold."""

    answers: dict[str, deque[Answer]] = field(factory=lambda: defaultdict(deque))
    seen: list[Seen] = field(factory=list)
    arrived: asyncio.Event = field(factory=asyncio.Event)
    left: asyncio.Event = field(factory=asyncio.Event)
    go: asyncio.Event = field(factory=asyncio.Event)

    def will(self, name: str, *answers: Answer) -> None:
        """Answer the next calls of this name, or send this on the next stream."""
        self.answers[name].extend(answers)

    def names(self) -> list[str]:
        """The calls in the order of their arrival."""
        return [call.name for call in self.seen]

    async def call(self, name: str, stream: Stream[Any, Any]) -> None:
        """Take one unary call."""
        await self._receive(name, stream)
        answers = self.answers[name]
        await self._say(answers.popleft() if answers else Hold(), stream)

    async def flow(self, name: str, stream: Stream[Any, Any]) -> None:
        """Take one streaming call and send everything of the script."""
        await self._receive(name, stream)
        answers = self.answers[name]
        while answers:
            await self._say(answers.popleft(), stream)

    async def _receive(self, name: str, stream: Stream[Any, Any]) -> None:
        request = await stream.recv_message()
        assert request is not None
        assert stream.metadata is not None
        authorization = stream.metadata.get("authorization", "")
        self.seen.append(Seen(name, request, str(authorization)))
        self.arrived.set()

    async def _say(self, answer: Answer, stream: Stream[Any, Any]) -> None:
        match answer:
            case GRPCError():
                raise answer
            case Hold():
                try:
                    await asyncio.Event().wait()
                finally:
                    self.left.set()
            case Pause():
                await self.go.wait()
            case HangUp():
                stream._stream.connection.close()
                await asyncio.Event().wait()
            case Message():
                await stream.send_message(answer)


class RawDetails(StatusDetailsCodecBase):
    """Sends the bytes that a test has made as grpc-status-details-bin."""

    def encode(self, status: Status, message: str | None, details: bytes) -> bytes:
        """As they are."""
        return details

    def decode(self, status: Status, message: str | None, data: bytes) -> bytes:
        """As they are."""
        return data


def taker(name: str, script: Script) -> Callable[[object, Stream[Any, Any]], Awaitable[None]]:
    """A service method that goes by the script."""
    streams = name in ("StreamExecutions", "SubscribeMarketData", "ListOrders")

    async def take(_: object, stream: Stream[Any, Any]) -> None:
        await (script.flow if streams else script.call)(name, stream)

    return take


def scripted(base: type[Any], script: Script) -> Any:
    """An instance of a generated service base that goes by the script."""
    methods = {name: taker(name, script) for name in base.__abstractmethods__}
    return type(f"Scripted{base.__name__}", (base,), methods)()


@asynccontextmanager
async def serving(script: Script, *, ssl: SSLContext | None = None) -> AsyncIterator[int]:
    """A daemon on a free port of the loopback, which is what it gives."""
    bases: list[type[Any]] = [
        ExecutionServiceBase,
        MarketDataServiceBase,
        ControlServiceBase,
        OptionServiceBase,
        AccountServiceBase,
        StatusServiceBase,
        SimulationServiceBase,
    ]
    services = [scripted(base, script) for base in bases]
    server = Server(services, codec=ProtoCodec(), status_details_codec=RawDetails())
    listener = socket.create_server(("127.0.0.1", 0))
    await server.start(sock=listener, ssl=ssl)
    try:
        yield listener.getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def run(
    script: Script,
    scenario: Callable[[CreamClient], Awaitable[None]],
    *,
    token: str | None = None,
    timeout: float = 10,
    retry: RetryPolicy = AT_ONCE,
    jitter: Callable[[], float] = lambda: 1.0,
) -> None:
    """Play a scenario between a client and the daemon of the script."""

    async def play() -> None:
        async with (
            serving(script) as port,
            CreamClient(
                port=port, token=token, timeout=timeout, retry=retry, jitter=jitter
            ) as client,
        ):
            await scenario(client)

    asyncio.run(play())
