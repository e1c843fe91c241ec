import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
import structlog.testing

from cream.adapters.brokers.alpaca import frames
from cream.adapters.brokers.alpaca.document import SchemaMismatch
from cream.adapters.brokers.alpaca.frames import (
    ExecutionNames,
    FrameReader,
    Message,
    messages_in,
    text_at,
)
from cream.core.model.broker import OrderUpdate
from cream.core.model.order import OrderStatus, Side
from tests.unit.adapters.brokers.alpaca.scripted import NOW, STAMP, order


def frame(event: str, *, qty: str | None = None, price: str = "238.41", **changes: Any) -> str:
    data: dict[str, Any] = {"event": event, "timestamp": STAMP, "order": order(**changes)}
    if qty is not None:
        data |= {"qty": qty, "price": price, "execution_id": "x", "position_qty": "10"}
    return json.dumps({"stream": "trade_updates", "data": data})


def heard(reader: FrameReader, frames: Iterable[str | bytes]) -> list[OrderUpdate]:
    return [update for one in frames for update in reader.updates_in(one)]


def partial(filled: str, qty: str) -> str:
    return frame("partial_fill", qty=qty, filled_qty=filled, status="partially_filled")


def quantities(updates: Iterable[OrderUpdate]) -> list[Decimal]:
    return [one.quantity for update in updates for one in update.executions]


def test_a_fill_is_an_execution_of_its_own_slice() -> None:
    (update,) = heard(FrameReader(), [frame("fill", qty="10", filled_qty="10", status="filled")])
    (execution,) = update.executions
    assert (execution.execution_id, execution.broker_order_id) == ("b-1/10", "b-1")
    assert (execution.side, execution.quantity, execution.price) == (
        Side.BUY,
        10,
        Decimal("238.41"),
    )
    assert execution.executed_at == NOW.replace(microsecond=1)
    assert (update.event, update.order.status) == ("fill", OrderStatus.FILLED)


def test_slices_that_follow_each_other_are_all_taken() -> None:
    updates = heard(FrameReader(), [frame("new"), partial("4", "4"), partial("10", "6")])
    assert quantities(updates) == [4, 6]


def test_a_slice_that_comes_twice_is_taken_once() -> None:
    """Alpaca has replayed `new, fill` three times."""
    updates = heard(FrameReader(), [partial("4", "4"), partial("4", "4"), partial("4", "4")])
    assert quantities(updates) == [4]
    assert [one.order.filled for one in updates] == [4, 4, 4]


def test_after_a_lost_frame_the_history_is_to_be_asked() -> None:
    """The order shows ten; only the history knows in which slices."""
    with structlog.testing.capture_logs() as logs:
        updates = heard(FrameReader(), [partial("10", "6")])
    assert quantities(updates) == []
    assert updates[0].order.filled == 10
    assert [one["event"] for one in logs] == ["alpaca.fill_out_of_line"]


def test_once_the_total_is_known_slices_are_taken_again() -> None:
    updates = heard(FrameReader(), [partial("6", "2"), partial("10", "4")])
    assert quantities(updates) == [4]


@pytest.mark.parametrize(
    "changes", [{"qty": "0", "filled_qty": "0"}, {"qty": "-5", "filled_qty": "5"}, {}]
)
def test_a_fill_without_a_quantity_is_none(changes: dict[str, str]) -> None:
    (update,) = heard(FrameReader(), [frame("fill", **changes)])
    assert update.executions == ()


def spread_frame(first: str = "2", second: str = "2", **leg: Any) -> str:
    sides = (("l-1", "buy", "AAPL261218C00240000"), ("l-2", "sell", "AAPL261218C00250000"))
    legs = [
        order(id=key, side=side, symbol=symbol, filled_qty="2", order_class="mleg", ratio_qty="1")
        for key, side, symbol in sides
    ]
    parent = order(symbol="", side="", order_class="mleg", legs=legs, filled_qty="2")
    fills = [
        {"order_id": key, "symbol": symbol, "qty": qty, "price": "4.31", "timestamp": STAMP}
        for (key, _, symbol), qty in zip(sides, (first, second), strict=True)
    ]
    fills[1] |= leg
    data = {"event": "fill", "timestamp": STAMP, "order": parent, "legs": fills, "qty": "2"}
    return json.dumps({"stream": "trade_updates", "data": data})


def test_a_spread_fills_leg_by_leg_under_its_own_id() -> None:
    (update,) = heard(FrameReader(), [spread_frame()])
    assert {one.broker_order_id for one in update.executions} == {"b-1"}
    assert [one.execution_id for one in update.executions] == ["l-1/2", "l-2/2"]
    assert [one.side for one in update.executions] == [Side.BUY, Side.SELL]


@pytest.mark.parametrize("frame", [spread_frame(second="1"), spread_frame(order_id="stranger")])
def test_half_a_spread_is_not_taken(frame: str) -> None:
    (update,) = heard(FrameReader(), [frame])
    assert update.executions == ()
    assert update.order.filled == 2


@pytest.mark.parametrize(
    "noise",
    [
        '{"stream":"trade_updates","data":null}',
        '{"stream":"something_new","data":{}}',
        '{"stream":"trade_updates","data":{"event":"new"}}',
        '{"stream":"trade_updates","data":{"event":"new","order":{"id":"a"}}}',
        "not json",
        "5",
        b"\xff",
    ],
)
def test_noise_never_ends_the_stream(noise: str | bytes) -> None:
    assert quantities(heard(FrameReader(), [noise, partial("4", "4")])) == [4]


def test_an_event_that_nobody_knows_is_passed_on() -> None:
    (update,) = heard(FrameReader(), [frame("order_teleported", status="teleported")])
    assert (update.event, update.order.raw_status) == ("order_teleported", "teleported")


def test_a_correction_raises_an_alarm() -> None:
    with structlog.testing.capture_logs() as logs:
        heard(FrameReader(), [frame("trade_bust")])
    assert [one["log_level"] for one in logs] == ["error", "error"]


def corrected(event: str, **data: Any) -> str:
    raw = json.loads(frame(event, status="partially_filled", filled_qty=data.pop("filled")))
    raw["data"] |= data
    return json.dumps(raw)


def test_an_execution_that_is_taken_back_is_named_as_it_was_booked() -> None:
    """Alpaca names it by an id of its own; the reader of another connection may have read it."""
    names = ExecutionNames()
    heard(FrameReader(names), [partial("4", "4")])
    bust = corrected("trade_bust", filled="0", execution_id="y", previous_execution_id="x")
    (update,) = heard(FrameReader(names), [bust])
    assert (update.busted, update.executions, update.order.filled) == (("b-1/4",), (), 0)


def test_after_a_bust_the_next_slice_continues_the_lower_total() -> None:
    reader = FrameReader()
    bust = corrected("trade_bust", filled="0", previous_execution_id="x")
    updates = heard(reader, [partial("4", "4"), bust, partial("3", "3")])
    assert quantities(updates) == [4, 3]


def test_a_correction_takes_the_place_of_what_was_booked_and_can_be_corrected_again() -> None:
    fields = {"qty": "3", "price": "10.00", "filled": "3", "timestamp": STAMP}
    first = corrected("trade_correct", execution_id="y", previous_execution_id="x", **fields)
    again = corrected("trade_correct", execution_id="z", previous_execution_id="y", **fields)
    updates = heard(FrameReader(), [partial("4", "4"), first, again])
    one, two = updates[1].executions[0], updates[2].executions[0]
    assert (one.execution_id, one.corrects, one.quantity, one.price) == ("b-1/4~y", "b-1/4", 3, 10)
    assert (two.execution_id, two.corrects) == ("b-1/4~y~z", "b-1/4~y")


@pytest.mark.parametrize(
    "data",
    [
        {"previous_execution_id": "nobody's"},
        {"previous_execution_id": "x", "qty": "0"},
        {"previous_execution_id": "x", "order_class": "mleg"},
    ],
)
def test_a_correction_that_cannot_be_explained_only_raises_the_alarm(data: dict[str, str]) -> None:
    reader = FrameReader()
    heard(reader, [partial("4", "4")])
    raw = json.loads(corrected("trade_correct", filled="4", **data))
    raw["data"]["order"] |= {key: data[key] for key in ("order_class",) if key in data}
    with structlog.testing.capture_logs() as logs:
        (update,) = heard(reader, [json.dumps(raw)])
    assert (update.executions, update.busted) == ((), ())
    assert [one["event"] for one in logs] == [
        "alpaca.trade_corrected",
        "alpaca.correction_unexplained",
    ]


def test_only_so_many_names_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_MOST_NAMES", 2)
    names = ExecutionNames()
    for number in range(3):
        names.learn(f"x-{number}", f"b-{number}")
    assert (names.ours("x-0"), names.ours("x-2")) == (None, "b-2")


def test_frames_are_text_or_binary_one_message_or_many() -> None:
    one, two = frame("new"), partial("4", "4")
    assert len(heard(FrameReader(), [one.encode(), f"[{one},{two}]"])) == 3


def test_a_message_is_of_its_stream_or_its_action() -> None:
    assert list(messages_in('{"stream":"a","data":1}')) == [Message("a", 1)]
    (message,) = messages_in('{"action":"error","data":{"error_message":"x"}}')
    assert message.stream == "error"
    with pytest.raises(SchemaMismatch):
        list(messages_in("[5]"))
    assert (text_at({"a": "b"}, "a"), text_at({"a": 1}, "a"), text_at(5, "a")) == ("b", "", "")


def test_only_so_many_orders_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_MOST_ORDERS", 1)
    reader = FrameReader()
    heard(reader, [frame("fill", id=one, filled_qty="10", status="filled") for one in "ab"])
    assert list(reader._filled) == ["b"]


def test_of_an_order_that_never_fills_nothing_is_remembered() -> None:
    reader = FrameReader()
    heard(reader, [frame("new"), frame("canceled", status="canceled")])
    assert reader._filled == {}


def test_a_fill_without_any_time_cannot_be_read() -> None:
    raw = json.loads(frame("fill", qty="10", filled_qty="10"))
    del raw["data"]["timestamp"], raw["data"]["order"]["updated_at"]
    assert heard(FrameReader(), [json.dumps(raw)]) == []
