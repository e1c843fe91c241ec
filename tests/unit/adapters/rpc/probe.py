"""How does a test look at a call from inside its handler?"""

from collections.abc import Awaitable, Callable
from typing import Any

from grpclib.const import Cardinality

from cream.adapters.rpc import RpcServer, RpcSettings
from tests.integration.rpc.handlers import ONE, OneMethod
from tests.integration.rpc.raw_client import serving

Func = Callable[[Any], Awaitable[None]]
UU, US, SU, SS = (
    Cardinality.UNARY_UNARY,
    Cardinality.UNARY_STREAM,
    Cardinality.STREAM_UNARY,
    Cardinality.STREAM_STREAM,
)


class Probe:
    """A handler that runs what the test gives it and keeps what came of it."""

    def __init__(self, func: Callable[[Any], Awaitable[Any]]) -> None:
        self._func = func
        self.result: Any = None
        self.error: Exception | None = None

    async def __call__(self, stream: Any) -> None:
        try:
            self.result = await self._func(stream)
        except Exception as error:
            self.error = error
            raise


async def run_call(
    func: Callable[[Any], Awaitable[Any]],
    kind: Cardinality,
    *messages: bytes,
    headers: list[tuple[str, str]] | None = None,
    settings: RpcSettings | None = None,
) -> Probe:
    probe = Probe(func)
    async with serving(RpcServer([OneMethod(probe, kind)], settings=settings)) as listener:
        client = await listener.connect()
        call = await client.open(ONE, *(headers or ()), body=b"".join(messages))
        await client.reply(call)
    return probe
