"""How are the calls of cream.v1.StatusService answered?"""

from typing import Any

from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.json_state_views import (
    breakers_view,
    feed_view,
    readiness_view,
    reconciliation_view,
    subsystems_view,
)
from cream.adapters.server.wire_shapes import message_of
from cream.core.operations import Operations
from cream.wire import status_pb2
from cream.wire.status_grpc import StatusServiceBase


class StatusService(StatusServiceBase):
    """How the daemon's parts do."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def GetReadiness(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Whether a risk-increasing order would be accepted now."""
        await request_of(stream)
        view = readiness_view(self._operations.readiness())
        await stream.send_message(message_of(view, status_pb2.GetReadinessResponse))

    async def GetFeedHealth(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """How the market data does."""
        await request_of(stream)
        view = feed_view(self._operations.feed_health())
        await stream.send_message(message_of(view, status_pb2.GetFeedHealthResponse))

    async def GetCircuitBreakers(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Whether calls to the broker are held back."""
        await request_of(stream)
        view = breakers_view(self._operations.circuit_breakers())
        await stream.send_message(message_of(view, status_pb2.GetCircuitBreakersResponse))

    async def GetSupervision(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Every subsystem: its state, restarts and last error."""
        await request_of(stream)
        view = subsystems_view(self._operations.supervision())
        await stream.send_message(message_of(view, status_pb2.GetSupervisionResponse))

    async def GetReconciliation(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """How the broker's view and ours compared the last time."""
        await request_of(stream)
        view = reconciliation_view(self._operations.reconciliation())
        found = message_of(view, status_pb2.Reconciliation)
        await stream.send_message(status_pb2.GetReconciliationResponse(reconciliation=found))

    async def Reconcile(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """Everything is compared with the broker now."""
        await request_of(stream)
        view = reconciliation_view(await self._operations.reconcile_now())
        found = message_of(view, status_pb2.Reconciliation)
        await stream.send_message(status_pb2.ReconcileResponse(reconciliation=found))
