"""What is shared by everything in one simulated history: chance, time, the trace, the verdict?"""

import trio
from attrs import define, field

from cream.adapters.clock import ShiftedClock
from tests.simulation.chance import Chance
from tests.simulation.profiles import Profile
from tests.simulation.scheduling import Trace
from tests.simulation.seasons import Season


class ProcessDied(BaseException):
    """The simulated `kill -9`: no `except Exception` of the daemon can swallow it."""


class Violation(BaseException):
    """Something was false that must never be. No barrier of the daemon may swallow it."""


@define(eq=False)
class CalmClock:
    """How long the world has been free of faults. Bounds are told in this time.

    A bound that counted the time in which three requests in a row were lost would have to be so
    wide that it bounds nothing.
    """

    _disturbed_until: float = 0.0
    _counted_to: float = 0.0
    _total: float = 0.0

    def disturb(self, until: float) -> None:
        """Something is wrong up to this moment."""
        self.now()
        self._disturbed_until = max(self._disturbed_until, until)

    @property
    def is_calm(self) -> bool:
        """Whether no fault is felt at this moment."""
        return trio.current_time() > self._disturbed_until

    def now(self) -> float:
        """Seconds without a fault, so far."""
        moment = trio.current_time()
        began = max(self._counted_to, self._disturbed_until)
        if moment > began:
            self._total += moment - began
            self._counted_to = moment
        return self._total


@define(eq=False)
class World:
    """One history. `violation` is the first thing found wrong; it ends the history."""

    seed: int
    profile: Profile
    chance: Chance
    trace: Trace
    nursery: trio.Nursery
    season: Season = Season.SHARES
    clock: ShiftedClock = field(init=False)
    calm: CalmClock = field(factory=CalmClock)
    violation: str | None = None

    def __attrs_post_init__(self) -> None:
        self.clock = ShiftedClock(self.season.start)

    def violate(self, invariant: str, text: str) -> None:
        """End the history. Raises: Violation."""
        if self.violation is None:
            self.violation = f"{invariant}: {text}"
            self.trace.note(f"VIOLATION {self.violation}")
            self.nursery.cancel_scope.cancel()
        raise Violation(self.violation)

    def demand(self, holds: bool, invariant: str, text: str) -> None:
        """What must be true.   Raises: Violation."""
        if not holds:
            self.violate(invariant, text)

    def fault(self, kind: str, probability: float, *key: object, seconds: float = 0.0) -> bool:
        """Whether a fault happens here; it disturbs the world for `seconds`."""
        if not self.chance.happens(kind, probability, *key):
            return False
        self.calm.disturb(trio.current_time() + seconds)
        return True
