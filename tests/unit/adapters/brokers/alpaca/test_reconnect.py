from cream.adapters.brokers.alpaca.reconnect import SETTLED_SECONDS, Reconnects
from cream.core.resilience.backoff import Backoff


def waits() -> Reconnects:
    return Reconnects(Backoff(base=1, cap=8), 90, lambda: 1.0)


def test_the_first_connection_does_not_wait() -> None:
    assert waits().wait_seconds(0) == 0


def test_each_loss_waits_longer_up_to_the_cap() -> None:
    one, seen = waits(), []
    for _ in range(6):
        one.lost(0)
        seen.append(one.wait_seconds(0))
    assert seen == [1, 2, 4, 8, 8, 8]


def test_a_flapping_connection_does_not_begin_anew() -> None:
    one = waits()
    one.lost(0)
    one.connected(0)
    one.lost(1)
    assert one.wait_seconds(1) == 2


def test_a_connection_that_held_begins_anew() -> None:
    one = waits()
    for _ in range(5):
        one.lost(0)
    one.connected(10)
    one.lost(10 + SETTLED_SECONDS)
    assert one.wait_seconds(10 + SETTLED_SECONDS) == 1


def test_a_ghost_is_given_its_whole_time() -> None:
    """Alpaca counts a dead connection for some ninety seconds."""
    one = waits()
    one.haunted(0)
    assert one.wait_seconds(0) >= 90
    assert one.wait_seconds(100) == 0


def test_the_wait_passes() -> None:
    one = waits()
    one.lost(5)
    assert one.wait_seconds(5.5) == 0.5
    assert one.wait_seconds(7) == 0
