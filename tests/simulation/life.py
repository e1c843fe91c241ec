"""When does a simulated process die, and what of it dies with it?

Every effect that a process has on the outside asks its leave here, so it can die before any of
them, and at any step of any task. A dead process has no effects: tasks of it that still unwind
find that every port raises.
"""

from collections.abc import Callable

import trio
from attrs import define, field

from tests.simulation.world import ProcessDied, World

# What was in flight when a process died is looked up; that it is absent takes this long to prove.
DOUBT_SECONDS = 45.0
# A planned crash lets pass at most so many effects, or task steps, after its time.
_EFFECTS_LET_PASS = 12
_STEPS_LET_PASS = 120


@define(eq=False)
class PlannedCrash:
    """Dies at the first occasion after `at` once `let_pass` effects or steps have passed."""

    name: str
    at: float
    by_step: bool
    let_pass: int


@define(eq=False)
class Process:
    """One life of the daemon. `committed` are the kinds of events that were last made durable."""

    world: World
    number: int
    crashes: "Crashes"
    is_alive: bool = True
    died_at: str = ""
    committed: tuple[str, ...] = ()
    _scopes: dict[trio.CancelScope, None] = field(factory=dict)
    _waiting: dict[trio.Event, None] = field(factory=dict)

    async def wait(self, event: trio.Event, point: str) -> None:
        """Wait for an answer from outside, and take it. Raises: ProcessDied."""
        self._waiting[event] = None
        try:
            await event.wait()
        finally:
            self._waiting.pop(event, None)
        self.effect(point)

    def effect(self, point: str) -> None:
        """Called just before an effect. Raises: ProcessDied."""
        if not self.passes(point):
            raise ProcessDied(point)

    def passes(self, point: str) -> bool:
        """Whether the process lives past this point."""
        if self.is_alive and self.crashes.strikes(point):
            self.die(point)
        return self.is_alive

    def ties(self, scope: trio.CancelScope) -> trio.CancelScope:
        """A scope that ends when the process does: the daemon's own, or a caller's connection."""
        self._scopes[scope] = None
        return scope

    def unties(self, scope: trio.CancelScope) -> None:
        """The scope is over."""
        self._scopes.pop(scope, None)

    def die(self, point: str) -> None:
        """End, here and now."""
        if self.is_alive:
            self.died_at = point
            self.world.trace.note(f"process {self.number} dies at {point}")
            self.world.calm.disturb(trio.current_time() + DOUBT_SECONDS)
            self.end()

    def end(self) -> None:
        """Have no effects any more; whoever is connected loses the connection."""
        self.is_alive = False
        for scope in list(self._scopes):
            scope.cancel()
        # What waits behind a shield is not cancelled, and is not waited for either.
        for event in list(self._waiting):
            event.set()


@define(eq=False)
class Crashes:
    """When processes die. `effects` counts the effects so far; `at_effect` are
    some of them chosen by hand. Once they `are_over` nobody dies and nothing is counted.
    `places` are where all effects were.

    `struck` is told the point at which a process dies.
    """

    world: World
    at_effect: frozenset[int] = frozenset()
    effects: int = 0
    are_over: bool = False
    places: list[str] = field(factory=list)
    struck: Callable[[str], None] = field(default=lambda _point: None)
    _planned: list[PlannedCrash] = field(factory=list)

    def plan(self) -> None:
        """Draw the crashes of this history."""
        chance, profile = self.world.chance, self.world.profile
        if not profile.crashes:
            return
        for index in range(chance.below(profile.crashes + 1, "crashes")):
            by_step = chance.draw("crash by step", index) < 0.4
            bound = _STEPS_LET_PASS if by_step else _EFFECTS_LET_PASS
            one = PlannedCrash(
                name=f"crash/{index}",
                at=chance.uniform(5, profile.horizon, "crash at", index),
                by_step=by_step,
                let_pass=chance.below(bound, "crash lets pass", index),
            )
            self._planned.append(one)
        self._planned.sort(key=lambda one: one.at)

    def plan_now(self, name: str) -> None:
        """Have a process die at once, or after some effects or steps."""
        chance = self.world.chance
        by_step = chance.draw("crash by step", name) < 0.4
        bound = _STEPS_LET_PASS if by_step else _EFFECTS_LET_PASS
        let_pass = chance.below(bound, "crash lets pass", name)
        self._planned.insert(0, PlannedCrash(name, trio.current_time(), by_step, let_pass))

    def strikes(self, point: str) -> bool:
        """Whether the process that is at this effect dies of it."""
        if self.are_over:
            return False
        self.effects += 1
        self.places.append(point)
        if self.effects in self.at_effect:
            self.struck(point)
            return True
        if not self._is_due(by_step=False):
            return False
        self.struck(point)
        return True

    def strikes_at_step(self) -> bool:
        """Whether the process dies before this step of a task of it."""
        return not self.are_over and self._is_due(by_step=True)

    def _is_due(self, *, by_step: bool) -> bool:
        if not self._planned:
            return False
        first = self._planned[0]
        if first.by_step is not by_step or trio.current_time() < first.at:
            return False
        if first.let_pass > 0:
            first.let_pass -= 1
            return False
        self._planned.pop(0)
        return self.world.chance.strike("crash", first.name)
