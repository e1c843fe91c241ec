"""After how many histories is a planted bug found, if at all?"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from attrs import frozen

from tests.simulation.explore import Ending, Question, tell


@frozen
class Hunt:
    """What became of one mutant. `found` is None where it has survived all seeds."""

    mutant: str
    tried: int
    found: Ending | None


def hunt(seeds: Sequence[int], mutant: str) -> Hunt:
    """Try seed after seed until one notices the mutant."""
    for count, seed in enumerate(seeds, start=1):
        ending = tell(Question(seed=seed, mutant=mutant))
        if ending.violation:
            return Hunt(mutant, count, ending)
    return Hunt(mutant, len(seeds), None)


def hunt_all(mutants: Iterable[str], seeds: Sequence[int], jobs: int) -> Iterator[Hunt]:
    """Every mutant, in order."""
    if jobs <= 1:
        yield from map(partial(hunt, seeds), mutants)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(hunt, seeds), mutants, chunksize=1)
