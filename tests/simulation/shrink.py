"""Which few faults does a failing history need? Found by leaving out as many as can be left out."""

from collections.abc import Sequence
from typing import Final

from attrs import define

from tests.simulation.explore import Ending, Question, tell

# Histories that are run for one shrinking: a few minutes of CPU.
MOST_RUNS: Final = 120


@define
class Shrunk:
    """What is left, and how many histories were run to find it."""

    ending: Ending
    faults: list[str]
    runs: int


def invariant_of(violation: str) -> str:
    """The name of the invariant that a violation breaks."""
    return violation.partition(":")[0]


def shrink(question: Question, ending: Ending, most_runs: int = MOST_RUNS) -> Shrunk:
    """Leave out ever smaller parts of the faults, as long as the same invariant breaks."""
    wanted = invariant_of(ending.violation)
    runs = 0

    def still_fails(faults: Sequence[str]) -> Ending | None:
        nonlocal runs
        runs += 1
        tried = tell(
            Question(
                seed=question.seed,
                mutant=question.mutant,
                profile=question.profile,
                permitted=frozenset(faults),
            )
        )
        return tried if invariant_of(tried.violation) == wanted else None

    kept, last = list(ending.fired), ending
    size = max(1, len(kept) // 2)
    while kept and runs < most_runs:
        start = 0
        while start < len(kept) and runs < most_runs:
            rest = kept[:start] + kept[start + size :]
            tried = still_fails(rest)
            if tried is None:
                start += size
            else:
                kept, last = [one for one in rest if one in set(tried.fired)], tried
        if size == 1:
            break
        size = max(1, size // 2)
    return Shrunk(last, kept, runs)
