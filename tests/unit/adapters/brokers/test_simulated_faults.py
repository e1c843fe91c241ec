"""Faults by name: what is read, what is refused, and how often an armed one happens."""

import pytest

from cream.adapters.brokers.simulated_faults import (
    MAX_COUNT,
    ArmedFaults,
    Fault,
    FaultSwitch,
    read_switch,
)
from cream.core.model.errors import CreamError

LOST = Fault.SUBMIT_LOST


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_switched_on_by_its_name(fault: Fault) -> None:
    assert read_switch(fault.value, {}) == FaultSwitch(fault, True, None)


def test_a_fault_can_be_limited_and_switched_off() -> None:
    assert read_switch("submit_lost", {"count": 3}) == FaultSwitch(LOST, True, 3)
    assert read_switch("submit_lost", {"on": False}) == FaultSwitch(LOST, False, None)


@pytest.mark.parametrize(
    ("name", "parameters", "fields"),
    [
        ("nonsense", {}, ["name"]),
        ("", {"on": True}, ["name"]),
        ("submit_lost", {"on": 1}, ["on"]),
        ("submit_lost", {"count": 0}, ["count"]),
        ("submit_lost", {"count": True}, ["count"]),
        ("submit_lost", {"count": 1.0}, ["count"]),
        ("submit_lost", {"count": "1"}, ["count"]),
        ("submit_lost", {"count": MAX_COUNT + 1}, ["count"]),
        ("submit_lost", {"often": 1}, ["often"]),
        ("nonsense", {"on": "yes", "count": -1, "x": 1}, ["x", "name", "on", "count"]),
    ],
)
def test_what_is_not_a_fault_is_refused_with_every_field(
    name: str, parameters: dict[str, object], fields: list[str]
) -> None:
    with pytest.raises(CreamError) as caught:
        read_switch(name, parameters)
    assert caught.value.kind.code == "INVALID_REQUEST"
    assert [one.field for one in caught.value.problems] == fields


def test_nothing_goes_wrong_by_itself() -> None:
    assert not any(ArmedFaults().happens(fault) for fault in Fault)


def test_a_fault_happens_until_it_is_switched_off() -> None:
    armed = ArmedFaults()
    armed.set(FaultSwitch(LOST, True, None))
    assert all(armed.happens(LOST) for _ in range(5))
    assert not armed.happens(Fault.REJECT_SUBMIT)
    armed.set(FaultSwitch(LOST, False, None))
    assert not armed.happens(LOST)
    armed.set(FaultSwitch(LOST, False, None))


def test_a_counted_fault_happens_so_often_and_no_more() -> None:
    armed = ArmedFaults()
    armed.set(FaultSwitch(LOST, True, 2))
    assert [armed.happens(LOST) for _ in range(4)] == [True, True, False, False]


def test_looking_at_a_fault_does_not_use_it_up() -> None:
    armed = ArmedFaults()
    armed.set(FaultSwitch(LOST, True, 1))
    assert armed.is_on(LOST)
    assert armed.is_on(LOST)
    assert armed.happens(LOST)
    assert not armed.is_on(LOST)


def test_the_last_word_counts() -> None:
    armed = ArmedFaults()
    armed.set(FaultSwitch(LOST, True, None))
    armed.set(FaultSwitch(LOST, True, 1))
    assert [armed.happens(LOST) for _ in range(2)] == [True, False]
