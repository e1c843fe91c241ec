"""How does one seed end? And many?"""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

import trio
from attrs import define, field, frozen

from tests.simulation import mutants
from tests.simulation.chance import Chance
from tests.simulation.history import History
from tests.simulation.life import Crashes
from tests.simulation.profiles import STORM, Profile, drawn
from tests.simulation.scheduling import Trace, run
from tests.simulation.seasons import SEASONS
from tests.simulation.world import World


@frozen(kw_only=True)
class Question:
    """Which history is wanted. `permitted`: the only faults, None for all that the seed has."""

    seed: int
    mutant: str = ""
    profile: Profile = STORM
    permitted: frozenset[str] | None = None
    at_effect: frozenset[int] = frozenset()
    keep_lines: bool = False


@define(kw_only=True)
class Ending:
    """How a history ended. `violation` is empty if it was a good one."""

    seed: int
    violation: str = ""
    digest: str = ""
    steps: int = 0
    cpu_seconds: float = 0.0
    lives: int = 0
    effects: int = 0
    trades: int = 0
    acknowledged: int = 0
    fired: list[str] = field(factory=list)
    faults: dict[str, int] = field(factory=dict)
    seen: dict[str, int] = field(factory=dict)
    lines: list[str] = field(factory=list)


def tell(question: Question) -> Ending:
    """Run one history to its end."""
    chance = Chance(question.seed, permitted=question.permitted)
    trace = Trace(keep_lines=question.keep_lines)
    chance.on_fault = lambda name: trace.note(f"FAULT {name}")
    ending = Ending(seed=question.seed)
    histories: list[History] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            profile = drawn(question.profile, chance)
            season = chance.choose(SEASONS, "season")
            world = World(question.seed, profile, chance, trace, nursery, season)
            crashes = Crashes(world, question.at_effect)
            crashes.struck = lambda point: chance.sometimes(f"died: {point}")
            history = History(world, crashes)
            histories.append(history)
            await history.run()

    try:
        with mutants.planted(question.mutant):
            ending.cpu_seconds = run(question.seed, trace, main)
    except BaseException as error:
        if not histories or histories[0].world.violation is None:
            ending.violation = f"harness: {_leaf(error)!r}"
            if question.keep_lines:
                raise
    if histories:
        history = histories[0]
        ending.violation = history.world.violation or ending.violation
        ending.lives, ending.effects = history.lives, history.crashes.effects
        ending.trades = len(history.exchange.executions)
        ending.acknowledged = history.agents.acknowledged
    ending.digest, ending.steps, ending.lines = trace.digest(), trace.steps, trace.lines
    ending.fired, ending.faults, ending.seen = chance.fired, dict(chance.faults), dict(chance.seen)
    return ending


def many(questions: Iterable[Question], jobs: int) -> Iterator[Ending]:
    """The endings, in the order of the questions."""
    if jobs <= 1:
        yield from map(tell, questions)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(tell, questions, chunksize=1)


def command(ending: Ending, mutant: str = "") -> str:
    """The line that shows a history again."""
    planted = f" --mutant {mutant}" if mutant else ""
    return f"{sys.executable} -m tests.simulation replay {ending.seed}{planted}"


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
