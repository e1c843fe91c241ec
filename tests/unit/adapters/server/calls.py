"""How does a test call a gRPC handler without a server?"""

from typing import Any

import trio
from attrs import define, field

from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.grpc_server import create_services
from cream.core.model.plan import Environment
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW


@define
class FakeStream:
    """The surface of grpclib's Stream that handlers use."""

    request: Any
    metadata: dict[str, str] = field(factory=dict)
    sent: list[Any] = field(factory=list)
    # Set at every message, for a test that follows a stream.
    heard: trio.Event = field(factory=trio.Event)
    wanted: int = 1

    async def recv_message(self) -> Any:
        await trio.lowlevel.checkpoint()
        return self.request

    async def send_message(self, message: Any) -> None:
        await trio.lowlevel.checkpoint()
        self.sent.append(message)
        if len(self.sent) >= self.wanted:
            self.heard.set()

    async def wait_sent(self, count: int) -> list[Any]:
        """Everything sent, once it is `count` messages."""
        self.wanted, self.heard = count, trio.Event()
        if len(self.sent) < count:
            with trio.fail_after(5):
                await self.heard.wait()
        return self.sent


@define
class Caller:
    """Calls the services over `operations`, by path."""

    operations: FakeOperations
    shutdown: trio.Event = field(factory=trio.Event)
    token_hashes: tuple[str, ...] = ()

    async def run(self, path: str, stream: FakeStream) -> None:
        """Run the handler of `path` to its end.   Raises: GRPCError."""
        services = create_services(
            self.operations,
            Gatekeeper(self.token_hashes),
            environment=Environment.PAPER,
            now=lambda: NOW,
            shutdown=self.shutdown,
        )
        handlers: dict[str, Any] = {}
        for service in services:
            handlers |= service.__mapping__()
        await handlers[f"/cream.v1.{path}"].func(stream)

    async def call(self, path: str, request: Any, **metadata: str) -> Any:
        """The one reply to a unary call.   Raises: GRPCError."""
        stream = FakeStream(request, metadata)
        await self.run(path, stream)
        (reply,) = stream.sent
        return reply
