"""How is the simulation run by hand? `python -m tests.simulation run|replay|digests ...`"""

import argparse
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.explore import Ending, Question, command, many, tell
from tests.simulation.hunting import hunt_all
from tests.simulation.mutants.registry import REGISTRY
from tests.simulation.scenario import play
from tests.simulation.scenario_rolls import play_rolls
from tests.simulation.shrink import Shrunk, shrink

# What is told with a death at each effect of it.
_STORIES = {"shares": play, "rolls": play_rolls}
# Failing seeds of a run that are shrunk: each takes as long as a hundred seeds.
_SHRUNK = 1


def main() -> int:
    """The exit code: 0 if nothing was found wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("run", "digests", "same"):
        one = verbs.add_parser(verb)
        one.add_argument("--seeds", type=int, default=20)
        one.add_argument("--first-seed", type=int, default=1)
        one.add_argument("--jobs", type=int, default=1)
        one.add_argument("--mutant", default="")
    replay = verbs.add_parser("replay")
    replay.add_argument("seed", type=int)
    replay.add_argument("--mutant", default="")
    replay.add_argument("--only", help="a comma between the only faults that may happen")
    shrunk = verbs.add_parser("shrink")
    shrunk.add_argument("seed", type=int)
    shrunk.add_argument("--mutant", default="")
    hunted = verbs.add_parser("mutants")
    hunted.add_argument("--seeds", type=int, default=20)
    hunted.add_argument("--first-seed", type=int, default=1)
    hunted.add_argument("--jobs", type=int, default=1)
    hunted.add_argument("--mutant", default="")
    effects = verbs.add_parser("effects")
    effects.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    doing = {
        "run": _run,
        "digests": _digests,
        "same": _same,
        "replay": _replay,
        "shrink": _shrink,
        "mutants": _mutants,
        "effects": _effects,
    }
    return doing[given.verb](given)


def _questions(given: argparse.Namespace) -> list[Question]:
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    return [Question(seed=seed, mutant=given.mutant) for seed in seeds]


def _run(given: argparse.Namespace) -> int:
    endings: list[Ending] = []
    for ending in many(_questions(given), given.jobs):
        endings.append(ending)
        if ending.violation:
            print(f"seed {ending.seed}: {ending.violation}")
            print(f"    {command(ending, given.mutant)}", flush=True)
    _summary(endings)
    failed = [one for one in endings if one.violation]
    for ending in failed[:_SHRUNK]:
        print(f"seed {ending.seed}: {ending.violation}", flush=True)
        _show_shrunk(shrink(Question(seed=ending.seed, mutant=given.mutant), ending), given.mutant)
    return 1 if failed else 0


def _effects(given: argparse.Namespace) -> int:
    """The stories, in which the daemon dies at each effect."""
    wrong = 0
    for name, story in _STORIES.items():
        effects = story(frozenset())[0].crashes.effects
        with ProcessPoolExecutor(given.jobs) as pool:
            dies = partial(_dies_at, name)
            for number, violation in enumerate(pool.map(dies, range(1, effects + 1)), start=1):
                if violation:
                    wrong += 1
                    print(f"{name}, effect {number}: {violation}", flush=True)
        print(f"{name}: the daemon has died at each of {effects} effects: {wrong} violations")
    return 1 if wrong else 0


def _dies_at(name: str, number: int) -> str:
    return _STORIES[name](frozenset([number]))[0].world.violation or ""


def _digests(given: argparse.Namespace) -> int:
    for ending in many(_questions(given), given.jobs):
        print(ending.seed, ending.digest, ending.steps, flush=True)
    return 0


def _same(given: argparse.Namespace) -> int:
    """The same digests in two processes that order their sets and dicts differently."""
    command = [sys.executable, "-m", "tests.simulation", "digests"]
    command += ["--seeds", str(given.seeds), "--first-seed", str(given.first_seed)]
    running = [
        subprocess.Popen(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True
        )
        for seed in ("1", "2")
    ]
    one, other = (process.communicate()[0].splitlines() for process in running)
    differing = [line for line, again in zip(one, other, strict=True) if line != again]
    print(f"{len(one)} seeds in two processes: {len(differing)} digests differ {differing}")
    return 1 if differing or len(one) != given.seeds else 0


def _replay(given: argparse.Namespace) -> int:
    permitted = frozenset(given.only.split(",")) if given.only is not None else None
    question = Question(seed=given.seed, mutant=given.mutant, permitted=permitted, keep_lines=True)
    ending = tell(question)
    print("\n".join(ending.lines))
    print(ending.digest, ending.violation or "nothing is wrong", file=sys.stderr)
    return 1 if ending.violation else 0


def _shrink(given: argparse.Namespace) -> int:
    question = Question(seed=given.seed, mutant=given.mutant)
    ending = tell(question)
    if not ending.violation:
        print(f"seed {given.seed}: nothing is wrong")
        return 0
    print(f"seed {given.seed}: {ending.violation}: {len(ending.fired)} faults", flush=True)
    _show_shrunk(shrink(question, ending), given.mutant)
    return 1


def _show_shrunk(found: Shrunk, mutant: str) -> None:
    print(f"    {len(found.faults)} faults are enough, found in {found.runs} histories:")
    print(f"    {command(found.ending, mutant)} --only '{','.join(found.faults)}'", flush=True)


def _mutants(given: argparse.Namespace) -> int:
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    names = [given.mutant] if given.mutant else list(REGISTRY)
    survivors = []
    for one in hunt_all(names, seeds, given.jobs):
        if one.found is None:
            survivors.append(one.mutant)
            print(f"{one.mutant}: SURVIVED {one.tried} seeds", flush=True)
            continue
        print(f"{one.mutant}: seed {one.found.seed} ({one.tried}): {one.found.violation[:150]}")
        print(end="", flush=True)
    print(f"{len(names) - len(survivors)} of {len(names)} found; survivors: {survivors}")
    return 0


def _summary(endings: list[Ending]) -> None:
    count, cpu = len(endings), sum(one.cpu_seconds for one in endings)
    faults: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for one in endings:
        faults.update(one.faults)
        seen.update(one.seen)
    failed = sum(bool(one.violation) for one in endings)
    each = {
        "faults": sum(faults.values()),
        "lives": sum(one.lives for one in endings),
        "acknowledged": sum(one.acknowledged for one in endings),
        "trades": sum(one.trades for one in endings),
        "effects": sum(one.effects for one in endings),
        "steps": sum(one.steps for one in endings),
    }
    speed = 60 * count / cpu if cpu else 0
    print(f"{count} seeds, {failed} failed, {cpu:.1f} CPU s: {speed:.0f} seeds per CPU minute")
    print("a seed: " + ", ".join(f"{value / count:.1f} {name}" for name, value in each.items()))
    for title, counter in (("faults", faults), ("sometimes", seen)):
        print(f"{title}:")
        for name, value in sorted(counter.items()):
            if not name.startswith("died: "):
                print(f"    {value:7} {name}")


if __name__ == "__main__":
    sys.exit(main())
