"""Which levers does the simulation have? Its market moved by hand, its broker cut off or at fault.

Implements `core.operations.Simulation` over the simulated broker and its market.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from attrs import frozen

from cream.adapters.brokers.simulated import SimulatedBroker
from cream.core.model.market import Quote


class MovableMarket(Protocol):
    """A market whose quotes can be set."""

    def set_quote(
        self, symbol: str, bid: Decimal, ask: Decimal, bid_size: int, ask_size: int
    ) -> Quote:
        """Move the market by hand.   Raises: CreamError NOT_FOUND, INVALID_REQUEST."""
        ...


@frozen
class SimulationLevers:
    """The levers."""

    broker: SimulatedBroker
    market: MovableMarket

    def set_quote(
        self, symbol: str, bid: Decimal, ask: Decimal, bid_size: int, ask_size: int
    ) -> Quote:
        """Move the market by hand.   Raises: CreamError NOT_FOUND, INVALID_REQUEST."""
        return self.market.set_quote(symbol, bid, ask, bid_size, ask_size)

    def disconnect(self, seconds: float) -> None:
        """Make the broker unreachable for `seconds`."""
        self.broker.disconnect(seconds)

    def fault(self, name: str, parameters: Mapping[str, object]) -> None:
        """Switch a named fault on or off.   Raises: CreamError INVALID_REQUEST."""
        self.broker.fault(name, parameters)
