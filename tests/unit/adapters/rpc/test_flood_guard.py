"""Are floods told apart from busy clients?"""

from cream.adapters.rpc.flood_guard import FloodGuard
from cream.adapters.rpc.settings import RpcSettings

SETTINGS = RpcSettings(
    max_resets_per_window=10, max_control_frames_per_window=10, flood_window_seconds=10.0
)


def test_resets_that_follow_their_requests_are_a_flood_above_the_limit() -> None:
    guard = FloodGuard(SETTINGS)
    verdicts = []
    for _ in range(12):
        guard.request_opened(1.0)
        verdicts.append(guard.reset_is_flood(1.0, 1.0))

    assert verdicts == [False] * 10 + [True] * 2


def test_a_busy_client_may_cancel_less_than_half_of_its_calls() -> None:
    guard = FloodGuard(SETTINGS)
    for n in range(100):
        guard.request_opened(1.0)
        if n % 3 == 0:
            assert not guard.reset_is_flood(1.0, 1.0)


def test_calls_that_lived_long_may_all_be_cancelled_at_once() -> None:
    guard = FloodGuard(SETTINGS)
    for _ in range(100):
        guard.request_opened(1.0)

    assert not any(guard.reset_is_flood(60.0, 1.0) for _ in range(100))


def test_requests_of_the_window_before_still_count() -> None:
    guard = FloodGuard(SETTINGS)
    for _ in range(30):
        guard.request_opened(1.0)

    assert not any(guard.reset_is_flood(11.0, 10.9) for _ in range(15))
    assert guard.reset_is_flood(11.0, 10.9)


def test_slow_resets_are_no_flood() -> None:
    guard = FloodGuard(SETTINGS)

    assert not any(guard.reset_is_flood(n * 2.0, n * 2.0) for n in range(100))


def test_control_frames_are_counted_by_window() -> None:
    guard = FloodGuard(SETTINGS)

    assert [guard.control_frame_is_flood(1.0) for _ in range(11)] == [False] * 10 + [True]
    assert not guard.control_frame_is_flood(11.0)
