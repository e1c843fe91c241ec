"""A short version of `make soak`: too short to judge memory, long enough for the rest."""

from pathlib import Path

from tests.soak.__main__ import judged
from tests.soak.driver import Findings, SoakSettings, quarters, soak


def test_under_load_and_random_faults_both_sides_agree_in_the_end(tmp_path: Path) -> None:
    """Invariants 1, 3 and 4, and no queue that grows without a bound."""
    found = soak(SoakSettings(seconds=20, quotes=2_000, orders=20), tmp_path)
    assert found.problems == []
    assert found.submitted > found.refused.total() + found.failed
    assert found.faults
    assert found.memory
    assert max(found.open_orders) > 0
    assert found.quotes() > 0


def test_growth_is_what_the_last_quarter_has_more_than_the_third() -> None:
    assert Findings(memory=[1, 50, 90, 90, 100, 100, 100, 100]).growth() == 0
    assert Findings(memory=[10] * 10 + [100] * 5 + [150] * 5).growth() == 0.5
    assert Findings(memory=[100]).growth() == 0


def test_quarters_are_counted_from_the_end() -> None:
    assert quarters([7, 1, 1, 2, 2, 3, 3, 4, 4]) == [1, 2, 3, 4]
    assert quarters([5]) == [5, 5, 5, 5]


def test_a_run_without_its_load_and_one_whose_memory_grew_have_shown_nothing() -> None:
    asked = SoakSettings(seconds=100, quotes=2_000, orders=20)
    sound = Findings(submitted=2_000, memory=[100] * 8, rates=[2_000.0] * 61)
    assert judged(asked, sound) == []
    poor = Findings(submitted=1_900, memory=[100] * 6 + [110] * 2, rates=[2_000.0] * 60 + [1_900.0])
    assert judged(asked, poor) == [
        "memory grew by 10% in the last quarter",
        "only 1900 quotes/s came",
        "only 19.0 plans/s were submitted",
    ]
