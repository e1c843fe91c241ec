"""Does the simulation notice deliberate bugs? `make mutants` plants all of them."""

import pytest

from tests.simulation.explore import Question, tell
from tests.simulation.mutants import REGISTRY, planted
from tests.simulation.mutants.registry import Bench
from tests.simulation.shrink import invariant_of

# Bugs that show within moments of a history, with a seed in which they do.
QUICK = {
    "send_before_journal": 1,
    "blind_resend": 1,
    "fills_are_not_deduplicated": 1,
    "a_status_goes_back": 1,
    "an_update_is_skipped": 1,
}
# What `judge_*.py` look for. I18 is not judged: ten minutes are too short to see memory grow.
JUDGED = {f"I{number}" for number in range(1, 27)} - {"I18"}


@pytest.mark.parametrize("name", QUICK)
def test_a_bug_is_noticed(name: str) -> None:
    ending = tell(Question(seed=QUICK[name], mutant=name))

    assert invariant_of(ending.violation) not in ("", "harness")


def test_each_invariant_has_a_bug_that_is_meant_to_break_it() -> None:
    assert {one.breaks for one in REGISTRY.values()} >= JUDGED


def test_there_are_enough_of_them_and_each_says_what_it_is() -> None:
    assert len(REGISTRY) >= 20
    assert all(one.sentence for one in REGISTRY.values())


def test_what_was_planted_is_taken_out_again() -> None:
    class Thing:
        value = 1

    bench = Bench()
    bench.swap(Thing, "value", 2)
    bench.swap(Thing, "value", 3)
    assert Thing.value == 3

    bench.restore()

    assert Thing.value == 1


@pytest.mark.parametrize("name", REGISTRY)
def test_every_bug_can_be_planted(name: str) -> None:
    """Whatever it swaps is still there: a mutant of code that has gone proves nothing."""
    with planted(name):
        pass
