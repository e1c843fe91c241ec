"""A sign of life means the same over both interfaces."""

import json
from typing import Any

import pytest

from cream.adapters.server.heartbeats import Heartbeat, heartbeat_from_wire, heartbeat_request
from cream.core.model.errors import CreamError
from cream.core.model.promise import OnLoss
from cream.wire import control_pb2
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.calls import Caller

Json = dict[str, Any]


def over_json(**fields: Any) -> Heartbeat:
    return heartbeat_request(json.dumps(fields).encode())


def over_wire(**fields: Any) -> Heartbeat:
    word = fields.pop("on_loss", None)
    if word is not None:
        fields["on_loss"] = f"ON_CLIENT_LOSS_{word.upper()}"
    return heartbeat_from_wire(control_pb2.HeartbeatRequest(**fields))


@pytest.mark.parametrize(
    ("fields", "beat"),
    [
        ({"session_id": "a"}, Heartbeat(session_id="a")),
        (
            {"session_id": "a", "timeout_seconds": 12.5, "on_loss": "reduce"},
            Heartbeat(session_id="a", timeout_seconds=12.5, on_loss=OnLoss.REDUCE),
        ),
        (
            {"session_id": "a", "on_loss": "none", "close": True},
            Heartbeat(session_id="a", on_loss=OnLoss.NONE, close=True),
        ),
    ],
)
def test_both_interfaces_understand_the_same(fields: Json, beat: Heartbeat) -> None:
    assert over_json(**fields) == over_wire(**fields) == beat


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"session_id": ""}, "session_id"),
        ({"session_id": "a", "timeout_seconds": 0.5}, "timeout_seconds"),
        ({"session_id": "a", "timeout_seconds": 4000}, "timeout_seconds"),
    ],
)
def test_what_makes_no_sense_is_named(fields: Json, field: str) -> None:
    for read in (over_json, over_wire):
        with pytest.raises(CreamError) as refused:
            read(**fields)
        assert [one.field for one in refused.value.problems] == [field]


async def test_the_call_answers_what_is_expected_now(operations: FakeOperations) -> None:
    caller = Caller(operations)
    request = control_pb2.HeartbeatRequest(session_id="a", timeout_seconds=7)

    kept = await caller.call("ControlService/Heartbeat", request)
    left = await caller.call(
        "ControlService/Heartbeat", control_pb2.HeartbeatRequest(session_id="a", close=True)
    )

    assert (kept.timeout_seconds, kept.on_loss) == (7, control_pb2.ON_CLIENT_LOSS_CANCEL_ENTRIES)
    assert (left.session_id, left.timeout_seconds) == ("a", 0)
    assert operations.commands == [
        ("heartbeat", "a", 7.0, None, "local"),
        ("close_session", "a"),
    ]
