"""How are the calls of cream.v1.SimulationService answered?"""

from typing import Any

from cream.adapters.server.grpc_edge import request_of
from cream.adapters.server.json_state_views import quote_view
from cream.adapters.server.simulation_requests import (
    disconnect_from_wire,
    fault_from_wire,
    levers,
    quote_from_wire,
)
from cream.adapters.server.wire_shapes import message_of
from cream.core.operations import Operations
from cream.wire import simulation_pb2
from cream.wire.simulation_grpc import SimulationServiceBase


class SimulationService(SimulationServiceBase):
    """The levers of the simulated broker; with a real one there are none."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def SetQuote(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The market is moved by hand."""
        request = await request_of(stream)
        simulation = levers(self._operations)
        asked = quote_from_wire(request)
        quote = simulation.set_quote(
            asked.instrument.symbol, asked.bid, asked.ask, asked.bid_size, asked.ask_size
        )
        await stream.send_message(message_of(quote_view(quote), simulation_pb2.SetQuoteResponse))

    async def Disconnect(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """The broker is unreachable for a while."""
        request = await request_of(stream)
        levers(self._operations).disconnect(disconnect_from_wire(request))
        await stream.send_message(simulation_pb2.DisconnectResponse())

    async def SetFault(self, stream: Any) -> None:  # noqa: N802 - the contract's name
        """A named fault is switched on or off."""
        request = await request_of(stream)
        simulation = levers(self._operations)
        asked = fault_from_wire(request)
        simulation.fault(asked.name, asked.parameters)
        await stream.send_message(simulation_pb2.SetFaultResponse())
