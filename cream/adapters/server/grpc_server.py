"""How does the gRPC port open, serve and close?"""

from collections.abc import Callable
from datetime import datetime

import trio
from grpclib.const import Status

from cream.adapters.rpc import Health, RpcServer, RpcSettings, bound_port, with_reflection
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.grpc_account import AccountService
from cream.adapters.server.grpc_control import ControlService
from cream.adapters.server.grpc_edge import Barrier, Service, call_authorizer
from cream.adapters.server.grpc_execution import ExecutionService
from cream.adapters.server.grpc_market_data import MarketDataService
from cream.adapters.server.grpc_options import OptionService
from cream.adapters.server.grpc_simulation import SimulationService
from cream.adapters.server.grpc_status import StatusService
from cream.adapters.server.listening import open_port
from cream.adapters.server.settings import ServerSettings
from cream.adapters.server.tls import grpc_context
from cream.core.model.plan import Environment
from cream.core.operations import Operations

# Liveness is open on both ports (`auth.OPEN_PATHS`).
HEALTH_SERVICE = "grpc.health.v1.Health"

SERVICE_NAMES = (
    "cream.v1.ExecutionService",
    "cream.v1.MarketDataService",
    "cream.v1.ControlService",
    "cream.v1.OptionService",
    "cream.v1.AccountService",
    "cream.v1.StatusService",
    "cream.v1.SimulationService",
)


def create_services(
    operations: Operations,
    gatekeeper: Gatekeeper,
    *,
    environment: Environment,
    now: Callable[[], datetime],
    shutdown: trio.Event,
) -> list[Service]:
    """Cream's services, each behind its barrier, for any server of grpclib services."""
    execution = ExecutionService(
        operations, gatekeeper, environment=environment, now=now, shutdown=shutdown
    )
    market_data = MarketDataService(operations, environment=environment, now=now, shutdown=shutdown)
    return [
        Barrier(execution),
        Barrier(market_data),
        Barrier(ControlService(operations, gatekeeper)),
        Barrier(OptionService(operations, gatekeeper)),
        Barrier(AccountService(operations)),
        Barrier(StatusService(operations)),
        Barrier(SimulationService(operations)),
    ]


async def serve_grpc(
    operations: Operations,
    settings: ServerSettings,
    *,
    environment: Environment,
    now: Callable[[], datetime],
    shutdown: trio.Event,
    observe: Callable[[str, Status, float], None] | None = None,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `shutdown`, then drain. Reports the bound port once calls are answered.

    Raises: PortUnavailable where the port cannot be opened, OSError where TLS files cannot be read.
    Cancellation: ends calls and connections at once.
    """
    gatekeeper = Gatekeeper(settings.token_hashes)
    services = create_services(
        operations,
        gatekeeper,
        environment=environment,
        now=now,
        shutdown=shutdown,
    )
    health = Health(SERVICE_NAMES)
    health.set_all_serving(True)
    server = RpcServer(
        with_reflection([*services, health]),
        settings=RpcSettings(
            body_timeout_seconds=settings.body_timeout_seconds,
            drain_grace_seconds=settings.drain_grace_seconds,
            send_timeout_seconds=settings.send_timeout_seconds,
        ),
        tls=grpc_context(settings.tls),
        authorize=call_authorizer(gatekeeper),
        observe=observe,
        public_services=(HEALTH_SERVICE,),
    )
    listeners = await open_port("server.grpc_port", settings.bind_address, settings.grpc_port)
    async with trio.open_nursery() as nursery:
        await nursery.start(server.serve, listeners)
        task_status.started(bound_port(listeners))
        await shutdown.wait()
        health.close()
        await server.drain()
