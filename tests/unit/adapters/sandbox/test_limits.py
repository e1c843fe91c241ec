import pytest

from cream.adapters.sandbox import limits
from cream.adapters.sandbox.limits import RateLimits


class Hands:
    now = 0.0


def rates(hands: Hands) -> RateLimits:
    return RateLimits(60, lambda: hands.now, lambda: 1_000.0 + hands.now)


def test_a_key_has_as_many_requests_as_it_may_ask_in_a_minute() -> None:
    one = rates(Hands())
    allowed = [one.take("a").allowed for _ in range(61)]
    assert allowed == [True] * 60 + [False]
    assert one.take("b").allowed


def test_the_bucket_fills_again() -> None:
    hands = Hands()
    one = rates(hands)
    for _ in range(60):
        one.take("a")
    hands.now = 2.0
    assert [one.take("a").allowed for _ in range(3)] == [True, True, False]


def test_an_answer_says_what_is_left_and_until_when() -> None:
    allowance = rates(Hands()).take("a")
    assert (allowance.limit, allowance.remaining, allowance.reset_at) == (60, 59, 1_001)


def test_only_so_many_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 2)
    one = rates(Hands())
    for key in "abc":
        one.take(key)
    assert [key for key, _ in one._buckets] == ["b", "c"]
