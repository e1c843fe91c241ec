"""When is the broker out of reach? A few times in a history: for moments, or past all patience."""

import trio
from attrs import define

from tests.simulation.life import DOUBT_SECONDS
from tests.simulation.network import Network, Sky
from tests.simulation.world import World

# Long ones are longer than the daemon's interval, timeout and grace together.
_LONG_LOW, _LONG_HIGH = 18.0, 60.0
_SHORT_LOW, _SHORT_HIGH = 0.3, 8.0
_LONG_SHARE = 0.35
# How long after an outage connections and backoffs take; and what was sent into it is in doubt.
_AFTERMATH = DOUBT_SECONDS


@define(eq=False)
class Weather:
    """The outages of a history."""

    world: World
    network: Network

    async def run(self) -> None:
        """Let the network fail and come back."""
        chance, p = self.world.chance, self.world.profile
        count = chance.below(p.outages + 1, "outages") if p.outages else 0
        times = sorted(chance.uniform(10, p.horizon - 20, "outage at", n) for n in range(count))
        for index, at in enumerate(times):
            await trio.sleep_until(at)
            long = chance.draw("outage is long", index) < _LONG_SHARE
            low, high = (_LONG_LOW, _LONG_HIGH) if long else (_SHORT_LOW, _SHORT_HIGH)
            seconds = chance.uniform(low, high, "outage lasts", index)
            sky = chance.choose((Sky.REFUSING, Sky.SILENT), "outage is", index)
            kind = f"outage.{sky.value}.{'long' if long else 'short'}"
            if not chance.strike(kind, f"outage/{index}"):
                continue
            self.world.calm.disturb(trio.current_time() + seconds + _AFTERMATH)
            self.network.becomes(sky)
            await trio.sleep(seconds)
            self.network.becomes(Sky.CLEAR)
