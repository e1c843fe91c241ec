"""What can an agent ask about the daemon itself?"""

from cream.client import v1
from cream.client.calls import Calls


class StatusCalls(Calls):
    """How the daemon's parts do."""

    async def get_readiness(self, *, timeout: float | None = None) -> v1.GetReadinessResponse:
        """Whether a risk-increasing order would be accepted now, and every reason why not."""
        return await self._ask(self._status.get_readiness, v1.GetReadinessRequest(), timeout)

    async def get_feed_health(self, *, timeout: float | None = None) -> v1.GetFeedHealthResponse:
        """How the market data does."""
        return await self._ask(self._status.get_feed_health, v1.GetFeedHealthRequest(), timeout)

    async def get_circuit_breakers(
        self, *, timeout: float | None = None
    ) -> v1.GetCircuitBreakersResponse:
        """Whether calls to the broker are held back."""
        return await self._ask(
            self._status.get_circuit_breakers, v1.GetCircuitBreakersRequest(), timeout
        )

    async def get_supervision(self, *, timeout: float | None = None) -> v1.GetSupervisionResponse:
        """Every subsystem: its state, restarts and last error."""
        return await self._ask(self._status.get_supervision, v1.GetSupervisionRequest(), timeout)

    async def get_reconciliation(
        self, *, timeout: float | None = None
    ) -> v1.GetReconciliationResponse:
        """How the broker's view and the daemon's compared the last time."""
        return await self._ask(
            self._status.get_reconciliation, v1.GetReconciliationRequest(), timeout
        )

    async def reconcile(self, *, timeout: float | None = None) -> v1.ReconcileResponse:
        """How the two compare now. Repeated without harm: it is asked of the broker anew."""
        return await self._ask(self._status.reconcile, v1.ReconcileRequest(), timeout)

    @property
    def _status(self) -> v1.StatusServiceStub:
        return v1.StatusServiceStub(self._open.channel)
