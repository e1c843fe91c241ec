from typing import Any

import pytest
import trio

from cream.adapters.sandbox import broadcast
from cream.adapters.sandbox.broadcast import Broadcast
from cream.adapters.sandbox.faults import Armed, FaultName, Faults


def made() -> Broadcast:
    return Broadcast(Faults(trio.current_time, lambda: 0.0))


def frame(number: int, order_class: str = "", legs: Any = None) -> dict[str, Any]:
    return {"event": str(number), "order": {"order_class": order_class, "legs": legs}}


def heard(listener: broadcast.Listener) -> list[str]:
    events = []
    while True:
        try:
            events.append(str(listener.receiver.receive_nowait().get("event")))
        except trio.WouldBlock:
            return events


async def test_nothing_is_kept_for_who_comes_later() -> None:
    one = made()
    one.tell(frame(1))
    listener = one.listen()
    one.tell(frame(2))
    assert heard(listener) == ["2"]


async def test_an_account_has_one_connection() -> None:
    one = made()
    assert one.may_connect()
    one.connect()
    assert not one.may_connect()
    one.disconnect()
    assert one.may_connect()


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        (Armed(name=FaultName.MUTE), []),
        (Armed(name=FaultName.DROP_EVENT, count=1), ["2"]),
        (Armed(name=FaultName.SHUFFLE, count=1), ["2", "1"]),
        (Armed(name=FaultName.DUPLICATE, times=1, count=1), ["1", "1", "2"]),
        (Armed(name=FaultName.NULL_DATA, count=1), ["None", "1", "2"]),
        (Armed(name=FaultName.UNKNOWN_EVENT, count=1), ["order_teleported", "1", "2"]),
    ],
)
async def test_each_fault_is_heard(fault: Armed, events: list[str]) -> None:
    one = made()
    listener = one.listen()
    one.faults.arm(fault)
    one.tell(frame(1))
    one.tell(frame(2))
    assert heard(listener) == events


async def test_the_tail_can_come_again() -> None:
    one = made()
    for number in range(5):
        one.tell(frame(number))
    one.faults.arm(Armed(name=FaultName.REPLAY_TAIL, times=2))
    assert heard(one.listen()) == ["3", "4"]


async def test_exits_of_a_group_can_be_kept_quiet() -> None:
    one = made()
    listener = one.listen()
    one.faults.arm(Armed(name=FaultName.SUPPRESS_LEG_EVENT))
    one.tell(frame(1, "bracket", [{}]))
    one.tell(frame(2, "bracket"))
    assert heard(listener) == ["1"]


async def test_who_reads_too_slowly_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "MAX_WAITING", 1)
    one = made()
    listener = one.listen()
    one.tell(frame(1))
    one.tell(frame(2))
    assert listener.cut.is_set()


async def test_a_connection_can_be_cut_by_a_fault_and_by_hand() -> None:
    one = made()
    one.cut()
    listener = one.listen()
    one.faults.arm(Armed(name=FaultName.CUT))
    one.tell(frame(1))
    assert listener.cut.is_set()
