"""`make soak`: load and random faults for minutes; fails if a bound or invariant does not hold.

Options: --seconds 600 --quotes 2000 --orders 20 --seed 1
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.driver import Findings, SoakSettings, quarters, soak

# What memory may grow by from the third quarter of the run to the last: the noise of an allocator.
MOST_GROWTH = 0.05
# A run of which less than this share of the load has come says nothing: the machine was busy.
LEAST_LOAD = 0.98
# Runs that are shorter than this say nothing of memory: the window of the tape alone is a minute.
SHORTEST_SECONDS = 180.0


def main(arguments: list[str]) -> int:
    """The exit code: 0 if everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--quotes", type=float, default=2_000.0)
    parser.add_argument("--orders", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    settings = SoakSettings(
        seconds=options.seconds, quotes=options.quotes, orders=options.orders, seed=options.seed
    )
    with tempfile.TemporaryDirectory() as folder:
        found = soak(settings, Path(folder))
    _tell(settings, found)
    if settings.seconds >= SHORTEST_SECONDS:
        found.problems += judged(settings, found)
    for problem in found.problems:
        print(f"PROBLEM: {problem}")
    return 1 if found.problems else 0


def judged(settings: SoakSettings, found: Findings) -> list[str]:
    """What a run that is long enough was to show and did not."""
    problems = []
    if found.growth() > MOST_GROWTH:
        problems.append(f"memory grew by {found.growth():.0%} in the last quarter")
    if found.quotes() < LEAST_LOAD * settings.quotes:
        problems.append(f"only {found.quotes():.0f} quotes/s came")
    if found.submitted < LEAST_LOAD * settings.orders * settings.seconds:
        problems.append(f"only {found.submitted / settings.seconds:.1f} plans/s were submitted")
    return problems


def _tell(settings: SoakSettings, found: Findings) -> None:
    print(
        f"{settings.seconds:.0f} s, seed {settings.seed}: "
        f"{found.submitted} plans ({found.submitted / settings.seconds:.1f}/s), "
        f"{found.refused.total()} refused {dict(found.refused)}, {found.failed} without an answer, "
        f"{found.cancelled} cancelled; {found.quotes():.0f} quotes/s; "
        f"{len(found.faults)} faults"
    )
    print(f"most that waited: {found.most_waiting}")
    memory = ", ".join(f"{one / 1024:.1f}" for one in quarters(found.memory))
    orders = ", ".join(f"{one:.0f}" for one in quarters(found.open_orders))
    print(
        f"by quarter: memory {memory} MiB (last against third {found.growth():+.1%}), "
        f"open orders {orders}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
