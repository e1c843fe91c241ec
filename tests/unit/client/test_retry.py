"""Are the pauses between attempts as long as the policy says?"""

import pytest

from cream.client.retry import NEVER, RetryPolicy


def test_pauses_grow_to_the_longest_and_there_is_one_less_than_attempts() -> None:
    policy = RetryPolicy(attempts=5, first_delay_seconds=1, factor=3, longest_delay_seconds=10)

    assert list(policy.delays()) == [1, 3, 9, 10]


def test_jitter_shortens_each_pause_by_its_own_number() -> None:
    numbers = iter([0.0, 0.5, 1.0])
    policy = RetryPolicy(attempts=4, first_delay_seconds=2, factor=1)

    assert list(policy.delays(lambda: next(numbers))) == [0, 1, 2]


def test_never_has_no_pause() -> None:
    assert list(NEVER.delays()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"first_delay_seconds": -1.0},
        {"factor": 0.5},
        {"longest_delay_seconds": -0.1},
    ],
    ids=str,
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]
