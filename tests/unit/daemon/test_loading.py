"""Secrets of a broker that is not in use need not be there."""

import pytest

from cream.daemon.loading import inactive_sections


@pytest.mark.parametrize(
    ("active", "unused"),
    [
        (None, {"brokers.alpaca", "feeds.alpaca"}),
        ("", {"brokers.alpaca", "feeds.alpaca"}),
        ("simulated", {"brokers.alpaca", "feeds.alpaca"}),
        ("alpaca", {"brokers.simulated"}),
        # Wrong, and reported as such; nothing else should be reported because of it.
        ("alpacca", {"brokers.simulated", "brokers.alpaca", "feeds.alpaca"}),
    ],
)
def test_the_sections_of_the_other_broker_are_not_in_use(
    active: str | None, unused: set[str]
) -> None:
    asked: list[str] = []

    def text_at(path: str) -> str | None:
        asked.append(path)
        return active

    keys = {"brokers.alpaca.api_key", "brokers.alpaca.api_secret"}
    assert inactive_sections(text_at) == unused | keys
    assert asked == ["brokers.active"]
