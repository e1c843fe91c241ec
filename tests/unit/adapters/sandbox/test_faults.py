from typing import Any

import pytest

from cream.adapters.sandbox.faults import Armed, FaultName, Faults, read_fault
from cream.adapters.sandbox.refusals import Refusal

CUT = FaultName.CUT


class Hands:
    """A clock and a chance that the test moves."""

    now = 0.0
    chance = 0.5


def faults(hands: Hands) -> Faults:
    return Faults(lambda: hands.now, lambda: hands.chance)


def test_what_is_not_on_does_not_happen() -> None:
    one = faults(Hands())
    assert one.happens(CUT) is None
    assert one.armed() == []


def test_a_fault_happens_until_it_is_switched_off() -> None:
    one = faults(Hands())
    one.arm(Armed(name=CUT))
    assert all(one.happens(CUT) for _ in range(10))
    one.clear(CUT)
    assert one.happens(CUT) is None


def test_a_fault_happens_as_often_as_it_was_said() -> None:
    one = faults(Hands())
    one.arm(Armed(name=CUT, count=2))
    assert [one.happens(CUT) is not None for _ in range(3)] == [True, True, False]


def test_a_fault_ends_by_itself() -> None:
    hands = Hands()
    one = faults(hands)
    one.arm(Armed(name=CUT, until=5.0))
    assert one.armed() == ["ws.cut_silently"]
    hands.now = 5.0
    assert one.armed() == []


def test_chance_decides_and_does_not_count_what_did_not_happen() -> None:
    hands = Hands()
    one = faults(hands)
    one.arm(Armed(name=CUT, p=0.3, count=1))
    assert one.happens(CUT) is None
    hands.chance = 0.1
    assert one.happens(CUT) is not None
    assert one.happens(CUT) is None


def test_a_fault_may_be_narrowed_to_paths() -> None:
    one = faults(Hands())
    one.arm(Armed(name=FaultName.FLAKY, path="/v2/orders"))
    assert one.happens(FaultName.FLAKY, "/v2/positions") is None
    assert one.happens(FaultName.FLAKY, "/v2/orders/x") is not None


def test_all_can_be_switched_off_at_once() -> None:
    one = faults(Hands())
    for name in FaultName:
        one.arm(Armed(name=name, count=1))
    assert len(one.armed()) == len(FaultName)
    one.clear()
    assert one.armed() == []


def test_a_body_says_everything_about_a_fault() -> None:
    body = {
        "name": "rest.flaky",
        "count": 3,
        "for_seconds": 10,
        "seconds": "1.5",
        "p": 0.5,
        "times": 4,
        "status": 500,
        "path": "/v2",
    }
    assert read_fault(body, 100.0) == Armed(
        name=FaultName.FLAKY,
        count=3,
        until=110.0,
        seconds=1.5,
        p=0.5,
        times=4,
        status=500,
        path="/v2",
    )
    assert read_fault({"name": "rest.flaky"}, 0.0) == Armed(name=FaultName.FLAKY)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name must be one of"),
        ({"name": "rest.teleport"}, "rest.flaky"),
        ({"name": "rest.flaky", "propability": 1}, "unknown: propability"),
        ({"name": "rest.flaky", "p": 2}, "p must be a number from 0.0 to 1.0"),
        ({"name": "rest.flaky", "count": 0}, "count"),
        ({"name": "rest.flaky", "seconds": "long"}, "seconds"),
        ({"name": "rest.flaky", "status": 200}, "status"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_with_what_there_is(
    body: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refusal) as caught:
        read_fault(body, 0.0)
    assert words in caught.value.message


def test_a_fault_happens_from_a_certain_time_on() -> None:
    """The third request, say: the first two pass."""
    one = faults(Hands())
    one.arm(Armed(name=CUT, skip=2, count=1))
    assert [one.happens(CUT) is not None for _ in range(4)] == [False, False, True, False]
    one.arm(Armed(name=CUT, skip=1))
    assert [one.happens(CUT) is not None for _ in range(3)] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "figure"), [("count", 1.5), ("skip", 0.5), ("times", 2.5), ("status", 500.5)]
)
def test_what_is_counted_is_a_whole_number(name: str, figure: float) -> None:
    with pytest.raises(Refusal, match=f"{name} must be a whole number"):
        read_fault({"name": "rest.flaky", name: figure}, 0.0)
