"""How does one serve gRPC on Trio? A server for grpclib service bases and protobuf messages.

    server = RpcServer(services, settings=RpcSettings(), authorize=..., observe=...)
    listeners = await trio.open_tcp_listeners(port, host=host)
    await nursery.start(server.serve, listeners)
    ...
    await server.drain()

Nothing of Cream's trading is in here. Shape and reasons: docs/adr.
"""

from cream.adapters.rpc.errors import StatusDetailsCodec, rpc_error
from cream.adapters.rpc.health import Health
from cream.adapters.rpc.reflection import with_reflection
from cream.adapters.rpc.server import RpcServer, bound_port
from cream.adapters.rpc.settings import RpcSettings
from cream.adapters.rpc.statistics import RpcStatistics
from cream.adapters.rpc.stream import Stream
from cream.adapters.rpc.tls import server_context

__all__ = [
    "Health",
    "RpcServer",
    "RpcSettings",
    "RpcStatistics",
    "StatusDetailsCodec",
    "Stream",
    "bound_port",
    "rpc_error",
    "server_context",
    "with_reflection",
]
