"""The levers of the simulation reach the market and the broker."""

from decimal import Decimal

import pytest
import trio.testing

from cream.adapters.brokers.levers import SimulationLevers
from cream.adapters.brokers.simulated import SimulatedBroker
from cream.adapters.brokers.simulated_settings import SimulatedSettings
from cream.adapters.brokers.simulated_store import IN_MEMORY
from cream.adapters.clock import ShiftedClock
from cream.adapters.feeds.settings import SyntheticSettings
from cream.adapters.feeds.synthetic import SyntheticMarket
from cream.core.model.broker import Refused
from cream.core.model.errors import BrokerUnavailable, CreamError
from cream.core.operations import Simulation
from tests.fakes.venue_lab import NOON, terms


async def test_the_levers_move_what_they_name(mock_clock: trio.testing.MockClock) -> None:
    clock = ShiftedClock(NOON)
    market = SyntheticMarket(SyntheticSettings(), clock)
    broker = SimulatedBroker.open(SimulatedSettings(db_path=IN_MEMORY), market, clock)
    levers: Simulation = SimulationLevers(broker, market)

    quote = levers.set_quote("AAPL", Decimal(200), Decimal("200.02"), 10, 20)
    assert market.latest("AAPL") == quote
    with pytest.raises(CreamError, match="does not list"):
        levers.set_quote("ZZZZ", Decimal(1), Decimal(2), 1, 1)

    levers.fault("reject_submit", {"count": 1})
    assert isinstance(await broker.submit(terms()), Refused)
    with pytest.raises(CreamError, match="no such fault"):
        levers.fault("meteor", {})

    levers.disconnect(5)
    with pytest.raises(BrokerUnavailable):
        await broker.ping()
    broker.close()
