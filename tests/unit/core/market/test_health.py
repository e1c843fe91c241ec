"""How a feed's figures and issues come about."""

from typing import Any

import pytest

from cream.core.market.health import (
    DISCONNECTED,
    EXCESSIVE_GAPS,
    FEED_STALE,
    HIGH_LATENCY,
    LOW_MESSAGE_RATE,
    MAX_SAMPLES,
    FeedHealth,
    HealthLimits,
    HealthTracker,
    percentile,
)


def seen(tracker: HealthTracker, now: float, **more: Any) -> FeedHealth:
    return tracker.health(now, **({"is_open": True, "symbols": 1} | more))


@pytest.mark.parametrize(
    ("count", "share", "rank"), [(100, 0.99, 99), (100, 0.5, 50), (1, 0.99, 1), (3, 0.5, 2)]
)
def test_a_percentile_is_the_nearest_rank(count: int, share: float, rank: int) -> None:
    assert percentile([float(one) for one in range(1, count + 1)], share) == rank


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 0.5) is None


def test_a_feed_that_speaks_is_healthy() -> None:
    tracker = HealthTracker(HealthLimits())
    for second in range(10):
        tracker.arrived(float(second), 0.010)

    health = seen(tracker, 10.0)

    assert health.is_healthy
    assert (health.health_score, health.messages_per_second) == (1.0, 1.0)
    assert health.latency_p99_milliseconds == 10.0
    assert health.last_message_age_seconds == 1.0


def test_silence_is_stale_only_while_the_market_is_open_and_someone_listens() -> None:
    tracker = HealthTracker(HealthLimits())

    assert seen(tracker, 0.0).issues == (FEED_STALE,)
    assert seen(tracker, 0.0, is_open=False).is_healthy
    assert seen(tracker, 0.0, symbols=0).is_healthy


def test_one_silent_symbol_makes_a_feed_stale() -> None:
    tracker = HealthTracker(HealthLimits())
    tracker.arrived(10.0, 0.0, 50)

    assert seen(tracker, 10.0, stale=("AAPL",)).issues == (FEED_STALE,)


def test_a_slow_trickle_a_late_feed_and_gaps_are_issues() -> None:
    tracker = HealthTracker(HealthLimits())
    tracker.arrived(0.0, 2.0)
    tracker.arrived(50.0, 2.0)
    tracker.gap(49.0)

    health = seen(tracker, 50.0, symbols=100, disconnected=True)

    issues = {LOW_MESSAGE_RATE, HIGH_LATENCY, EXCESSIVE_GAPS, DISCONNECTED}
    assert set(health.issues) == issues
    assert health.health_score == 0.0
    assert health.gap_count == 1


def test_the_window_slides() -> None:
    """What is older than a minute counts no more, gaps, latencies and messages alike."""
    tracker = HealthTracker(HealthLimits())
    tracker.gap(0.0)
    for second in range(200):
        tracker.arrived(float(second), 9.0 if second < 100 else 0.001)

    health = seen(tracker, 199.0)

    assert health.messages_per_second == 1.0
    assert health.latency_p99_milliseconds == 1.0
    assert health.issues == ()
    assert tracker.messages == 200


def test_samples_are_bounded() -> None:
    tracker = HealthTracker(HealthLimits())
    for _ in range(2 * MAX_SAMPLES):
        tracker.arrived(1.0, -0.5)

    assert len(tracker._latencies) == MAX_SAMPLES
    assert seen(tracker, 1.0).latency_p50_milliseconds == 0.0
