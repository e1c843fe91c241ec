"""Is a failing history shrunk to the faults that it needs, and can it be shown again?"""

from tests.simulation.explore import Ending, Question, command, tell
from tests.simulation.shrink import invariant_of, shrink

# A bug that needs few faults to show, and early in a history.
MUTANT = "blind_resend"
SEED = 1


def test_a_failing_seed_is_shrunk_to_the_few_faults_it_needs() -> None:
    question = Question(seed=SEED, mutant=MUTANT)
    ending = tell(question)
    assert invariant_of(ending.violation) == "I1"

    found = shrink(question, ending, most_runs=8)

    assert invariant_of(found.ending.violation) == "I1"
    assert len(found.faults) < len(ending.fired)
    again = tell(Question(seed=SEED, mutant=MUTANT, permitted=frozenset(found.faults)))
    assert again.violation == found.ending.violation


def test_the_command_names_seed_and_mutant() -> None:
    line = command(Ending(seed=7), MUTANT)

    assert line.endswith(f"-m tests.simulation replay 7 --mutant {MUTANT}")
