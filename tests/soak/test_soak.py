"""A short version of `make soak`: too short to judge memory, long enough for the rest."""

from pathlib import Path

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
