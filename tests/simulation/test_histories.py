"""Does everything hold that must never be false, in some histories of ten minutes each?

`make simulate SEEDS=N FIRST_SEED=K` runs as many as wanted.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.crash_points import every_point, points_of
from tests.simulation.explore import Question, tell
from tests.simulation.scenario import play
from tests.simulation.scenario_rolls import play_rolls

ROOT = Path(__file__).parent.parent.parent
# A few of the endless many, so that a run of all tests stays within its time.
SEEDS = range(1, 5)
COMPARED = "1"
# The loop kills at every effect; here at each so many, beginning with another one for each step.
EVERY = 12


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_ever_false(seed: int) -> None:
    ending = tell(Question(seed=seed))

    assert not ending.violation, f"python -m tests.simulation replay {seed}"
    assert ending.acknowledged > 20
    assert sum(ending.faults.values()) > 30


def test_the_same_seeds_have_the_same_digests_in_two_processes() -> None:
    """Of every step of every task, and of every line of the log, whatever the hash seed."""
    told = []
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-W", "ignore", "-m", "tests.simulation", "digests"]
        done = subprocess.run(
            [*command, "--seeds", COMPARED, "--first-seed", "1"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "COVERAGE_PROCESS_START": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout)

    assert told[0].count("\n") == int(COMPARED)
    assert told[0] == told[1]


def test_the_story_has_every_named_point() -> None:
    """Whoever makes the daemon die at each effect of the story has made it die at each point."""
    history, _trace = play(frozenset())

    assert history.world.violation is None
    there = {point for place in history.crashes.places for point in points_of(place)}
    assert there >= set(every_point())


def test_it_may_die_at_any_effect() -> None:
    """A sample; `make simulate` goes through all of them."""
    effects = play(frozenset())[0].crashes.effects

    wrong = {}
    for number in range(1, effects + 1, EVERY):
        history, _trace = play(frozenset([number]))
        if history.world.violation is not None:
            wrong[number] = history.world.violation
    assert effects > 200
    assert not wrong


def test_it_may_die_at_any_effect_of_a_roll() -> None:
    """A sample; `make simulate` goes through all of them."""
    plain = play_rolls(frozenset())[0]
    seen, effects = plain.world.chance.seen, plain.crashes.effects
    assert seen["a roll by one order was owed"] == seen["a roll by two orders was owed"] == 1
    assert seen["a roll ended: rolled"] == 2

    wrong = {}
    for number in range(5, effects + 1, EVERY):
        history, _trace = play_rolls(frozenset([number]))
        if history.world.violation is not None:
            wrong[number] = history.world.violation
    assert effects > 200
    assert not wrong
