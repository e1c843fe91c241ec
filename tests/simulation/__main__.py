"""How is the simulation run by hand? `python -m tests.simulation run|replay|digests ...`"""

import argparse
import sys
from collections import Counter

from tests.simulation.explore import Ending, Question, command, many, tell


def main() -> int:
    """The exit code: 0 if nothing was found wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("run", "digests"):
        one = verbs.add_parser(verb)
        one.add_argument("--seeds", type=int, default=20)
        one.add_argument("--first-seed", type=int, default=1)
        one.add_argument("--jobs", type=int, default=1)
        one.add_argument("--mutant", default="")
    replay = verbs.add_parser("replay")
    replay.add_argument("seed", type=int)
    replay.add_argument("--mutant", default="")
    replay.add_argument("--only", help="a comma between the only faults that may happen")
    given = parser.parse_args()
    return {"run": _run, "digests": _digests, "replay": _replay}[given.verb](given)


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
    return 1 if any(one.violation for one in endings) else 0


def _digests(given: argparse.Namespace) -> int:
    for ending in many(_questions(given), given.jobs):
        print(ending.seed, ending.digest, ending.steps, flush=True)
    return 0


def _replay(given: argparse.Namespace) -> int:
    permitted = frozenset(given.only.split(",")) if given.only is not None else None
    question = Question(seed=given.seed, mutant=given.mutant, permitted=permitted, keep_lines=True)
    ending = tell(question)
    print("\n".join(ending.lines))
    print(ending.digest, ending.violation or "nothing is wrong", file=sys.stderr)
    return 1 if ending.violation else 0


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
