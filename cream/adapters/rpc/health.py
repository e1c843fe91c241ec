"""Is a service ready? (grpc.health.v1, Check and Watch, on Trio)"""

from collections.abc import Iterable
from typing import Any

import trio
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.health.v1.health_grpc import HealthBase
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from cream.adapters.rpc.stream import Stream

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = HealthCheckResponse.SERVICE_UNKNOWN

# The name that stands for the server as a whole.
WHOLE_SERVER = ""


class Health(HealthBase):
    """The health service; all services start as not serving.

    `services` are full names (`cream.v1.ExecutionService`); the whole server is always known.
    """

    def __init__(self, services: Iterable[str] = ()) -> None:
        self._serving = dict.fromkeys((WHOLE_SERVER, *services), False)
        self._changed = trio.Event()
        self._closed = False

    def set_serving(self, serving: bool, service: str = WHOLE_SERVER) -> None:
        """Say how a service is; watchers learn it. A name not known before is added."""
        self._serving[service] = serving
        self._announce()

    def set_all_serving(self, serving: bool) -> None:
        """Say how the server and all services are."""
        self._serving = dict.fromkeys(self._serving, serving)
        self._announce()

    def close(self) -> None:
        """Nothing serves any more, and watchers are sent away: call it before a drain."""
        self._closed = True
        self.set_all_serving(False)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def _status(self, service: str) -> Any:
        serving = self._serving.get(service)
        if serving is None:
            return SERVICE_UNKNOWN
        return SERVING if serving else NOT_SERVING

    async def Check(  # type: ignore[override]  # noqa: N802 - the name in the contract
        self, stream: Stream[HealthCheckRequest, HealthCheckResponse]
    ) -> None:
        """The status now; NOT_FOUND for a service that does not exist."""
        request = await stream.recv_message()
        assert request is not None
        status = self._status(request.service)
        if status == SERVICE_UNKNOWN:
            raise GRPCError(Status.NOT_FOUND, "Unknown service")
        await stream.send_message(HealthCheckResponse(status=status))

    async def Watch(  # type: ignore[override]  # noqa: N802 - the name in the contract
        self, stream: Stream[HealthCheckRequest, HealthCheckResponse]
    ) -> None:
        """The status now and after each change, until the client or the server leaves."""
        request = await stream.recv_message()
        assert request is not None
        told = None
        while True:
            changed = self._changed
            status = self._status(request.service)
            if status != told:
                await stream.send_message(HealthCheckResponse(status=status))
                told = status
                continue  # it may have changed while the message was being sent
            if self._closed:
                raise GRPCError(Status.UNAVAILABLE, "The server is shutting down")
            await changed.wait()
