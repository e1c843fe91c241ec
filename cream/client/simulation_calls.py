"""How does a test of an agent move the simulated market?"""

from decimal import Decimal

from cream.client import v1
from cream.client.calls import Calls
from cream.client.v1.google.protobuf import Struct


class SimulationCalls(Calls):
    """The levers of the simulated broker; NotFound with a real one. None of them is repeated."""

    async def set_quote(
        self,
        symbol: str,
        bid: Decimal | str,
        ask: Decimal | str,
        *,
        bid_size: int | None = None,
        ask_size: int | None = None,
        timeout: float | None = None,
    ) -> v1.SetQuoteResponse:
        """The quote as it now is.   Units: dollars per share; sizes 1,000 unless they are given."""
        request = v1.SetQuoteRequest(
            symbol=symbol, bid=str(bid), ask=str(ask), bid_size=bid_size, ask_size=ask_size
        )
        return await self._call(self._simulation.set_quote, request, timeout)

    async def disconnect(
        self, seconds: float, *, timeout: float | None = None
    ) -> v1.DisconnectResponse:
        """The broker is unreachable for `seconds`."""
        request = v1.DisconnectRequest(seconds=seconds)
        return await self._call(self._simulation.disconnect, request, timeout)

    async def set_fault(
        self, name: str, *, timeout: float | None = None, **parameters: bool | float | str
    ) -> v1.SetFaultResponse:
        """A named fault is switched on or off: `on=False`, `count=2`."""
        request = v1.SetFaultRequest(name=name, parameters=Struct.from_dict(parameters))
        return await self._call(self._simulation.set_fault, request, timeout)

    @property
    def _simulation(self) -> v1.SimulationServiceStub:
        return v1.SimulationServiceStub(self._open.channel)
