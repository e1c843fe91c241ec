"""The power fails under SQLite, at every kind of moment: nothing acknowledged is lost.

A small part of what `make crash` runs.
"""

import pytest

from tests.crash import power

SEEDS = range(60)
# Enough that a weaker setting is caught out; the real one passes all of them.
WEAK_SEEDS = range(1, 20)

# A cursor that is dropped on a dead disk says so once more when it is collected.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_no_acknowledged_record_is_lost_when_the_power_fails() -> None:
    """Invariant 2, with an honest disk. Every third disk also fails a sync before that."""
    outcomes = [power.run(seed) for seed in SEEDS]

    assert sum(one.acknowledged for one in outcomes) > len(SEEDS)
    assert sum(one.cut_short for one in outcomes) > len(SEEDS)
    assert sum(one.syncs_failed for one in outcomes) >= len(SEEDS) // 4


def test_a_weaker_setting_would_lose_records() -> None:
    """The disk does fail: without a sync at every commit the same runs lose what was told."""
    losses = 0
    for seed in WEAK_SEEDS:
        try:
            power.run(seed, lambda driver: driver.execute("PRAGMA synchronous = NORMAL"))
        except power.Lost:
            losses += 1

    assert losses > 0
