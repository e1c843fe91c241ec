"""Which two servers are compared by `tests.benchmarks.rpc`? The same echo on Trio and on grpcio.

Run as `python -m tests.benchmarks.rpc_servers trio|grpcio`: prints its port, serves until killed.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
import trio

from cream.adapters.rpc import RpcServer, Stream, bound_port
from tests.integration.rpc.gen.echo_grpc import EchoBase
from tests.integration.rpc.gen.echo_pb2 import Payload, Script

SERVICE = "cream.test.echo.v1.Echo"


class TrioEcho(EchoBase):
    """Each unary call makes one checkpoint, as a handler that asks an actor does."""

    async def Unary(self, stream: Stream[Script, Payload]) -> None:
        script = await stream.recv_message()
        assert script is not None
        await trio.lowlevel.checkpoint()
        await stream.send_message(script.payload)

    async def ServerStream(self, stream: Stream[Script, Payload]) -> None:
        script = await stream.recv_message()
        assert script is not None
        for _ in range(script.replies):
            await stream.send_message(script.payload)

    async def ClientStream(self, stream: Stream[Script, Payload]) -> None:
        raise NotImplementedError

    async def Bidi(self, stream: Stream[Script, Payload]) -> None:
        raise NotImplementedError


async def serve_trio() -> None:
    server = RpcServer([TrioEcho()])
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(server.serve, listeners)
        print(bound_port(listeners), flush=True)


async def _unary(script: Script, context: Any) -> Payload:
    await asyncio.sleep(0)
    return script.payload


async def _server_stream(script: Script, context: Any) -> AsyncIterator[Payload]:
    for _ in range(script.replies):
        yield script.payload


async def serve_grpcio() -> None:
    codec: dict[str, Any] = {
        "request_deserializer": Script.FromString,
        "response_serializer": Payload.SerializeToString,
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                SERVICE,
                {
                    "Unary": grpc.unary_unary_rpc_method_handler(_unary, **codec),
                    "ServerStream": grpc.unary_stream_rpc_method_handler(_server_stream, **codec),
                },
            ),
        )
    )
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


def main() -> None:
    # One core each for server and client, so that neither moves the other about.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if sys.argv[1] == "trio":
        trio.run(serve_trio)
    else:
        asyncio.run(serve_grpcio())


if __name__ == "__main__":
    main()
