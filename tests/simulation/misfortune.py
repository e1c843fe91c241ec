"""What strikes in the middle of a roll? Dying, or losing the broker, when half of it is done.

Crashes and outages that are drawn over a whole history seldom meet the moments between the first
order of a roll and its end, so some are drawn when one begins and when an order of it trades.
"""

import trio
from attrs import define

from tests.simulation.life import DOUBT_SECONDS, Crashes
from tests.simulation.network import Network, Sky
from tests.simulation.world import World

# Of all such moments, and how many of them strike in a history.
_CRASH_SHARE, _OUTAGE_SHARE, _MOST = 0.05, 0.05, 4
_SHORTEST, _LONGEST = 0.3, 25.0


@define(eq=False)
class Misfortune:
    """Strikes at moments that matter."""

    world: World
    crashes: Crashes
    network: Network
    _struck: int = 0

    def moment(self, name: str) -> None:
        """A moment at which it would hurt."""
        chance, p = self.world.chance, self.world.profile
        if self._struck >= _MOST or self.crashes.are_over:
            return
        fate = chance.draw("misfortune", name)
        if fate < _CRASH_SHARE:
            if p.crashes:
                self._struck += 1
                self.crashes.plan_now(f"crash/{name}")
        elif fate < _CRASH_SHARE + _OUTAGE_SHARE and p.outages:
            self._struck += 1
            self.world.nursery.start_soon(self._outage, name)

    async def _outage(self, name: str) -> None:
        chance = self.world.chance
        seconds = chance.uniform(_SHORTEST, _LONGEST, "misfortune lasts", name)
        sky = chance.choose((Sky.REFUSING, Sky.SILENT), "misfortune is", name)
        await trio.sleep(chance.uniform(0, 1, "misfortune waits", name))
        if self.network.sky is not Sky.CLEAR:
            return
        if not chance.strike(f"outage.{sky.value}.roll", f"outage/{name}"):
            return
        self.world.calm.disturb(trio.current_time() + seconds + DOUBT_SECONDS)
        self.network.becomes(sky)
        await trio.sleep(seconds)
        if self.network.sky is sky:
            self.network.becomes(Sky.CLEAR)
