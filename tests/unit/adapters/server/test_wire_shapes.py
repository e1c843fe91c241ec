"""A message of our own has the fields of the JSON reply: the same names, in the same order."""

from datetime import UTC, datetime
from types import NoneType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from attrs import frozen
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from cream.adapters.server import json_account_types as account
from cream.adapters.server import json_holdings_risk_types as risk
from cream.adapters.server import json_roll_types as rolls
from cream.adapters.server import json_state_types as state
from cream.adapters.server import market_types as market
from cream.adapters.server.wire_shapes import message_of
from cream.wire import (
    account_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)

PAIRS: list[tuple[type[Any], type[Message]]] = [
    (risk.HoldingsRisk, options_pb2.GetOptionRiskResponse),
    (account.OptionAlarms, options_pb2.GetOptionAlarmsResponse),
    (rolls.OptionRolls, options_pb2.GetOptionRollsResponse),
    (rolls.OptionRollUnderWay, options_pb2.OptionRollUnderWay),
    (account.Activities, account_pb2.ListActivitiesResponse),
    (account.Fees, account_pb2.GetFeesResponse),
    (state.Readiness, status_pb2.GetReadinessResponse),
    (state.FeedHealth, status_pb2.GetFeedHealthResponse),
    (state.Breakers, status_pb2.GetCircuitBreakersResponse),
    (state.Subsystems, status_pb2.GetSupervisionResponse),
    (state.Reconciliation, status_pb2.Reconciliation),
    (state.Quote, simulation_pb2.SetQuoteResponse),
    (state.Fill, execution_pb2.Fill),
    (state.Difference, status_pb2.ReconciliationDifference),
    (market.Microstructure, market_snapshot_pb2.Microstructure),
]

KINDS: dict[int, type[Any]] = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_INT32: int,
    FieldDescriptor.TYPE_INT64: int,
    FieldDescriptor.TYPE_DOUBLE: float,
}


def view_shape(kind: Any) -> Any:
    """A type of a JSON reply: what it is called or, of a class, the shape of each field."""
    if get_origin(kind) is tuple:
        return ["many", view_shape(get_args(kind)[0])]
    if get_origin(kind) is dict:
        return ["map", *map(view_shape, get_args(kind))]
    if NoneType in get_args(kind):
        (one,) = (each for each in get_args(kind) if each is not NoneType)
        # A list on the wire is empty where JSON has null, and a message is always optional there.
        whole = get_origin(one) is tuple or one is datetime
        return view_shape(one) if whole else ["perhaps", view_shape(one)]
    if attrs.has(kind):
        hints = get_type_hints(kind)
        return {one.name: view_shape(hints[one.name]) for one in attrs.fields(kind)}
    return kind.__name__


def wire_shape(field: FieldDescriptor) -> Any:
    """The same of a field of a message."""
    named = field.message_type
    if named is not None and named.GetOptions().map_entry:
        return ["map", *map(wire_shape, named.fields)]
    if named is None:
        shape: Any = KINDS[field.type].__name__
    elif named.full_name == "google.protobuf.Timestamp":
        shape = "datetime"
    else:
        shape = message_shape(named)
    if field.is_repeated:
        return ["many", shape]
    return ["perhaps", shape] if field.containing_oneof is not None else shape


def message_shape(descriptor: Descriptor) -> dict[str, Any]:
    return {field.name: wire_shape(field) for field in descriptor.fields}


@pytest.mark.parametrize(("view", "message"), PAIRS, ids=lambda kind: kind.__name__)
def test_the_message_has_the_fields_of_the_reply(view: type[Any], message: type[Message]) -> None:
    expected, found = view_shape(view), message_shape(message.DESCRIPTOR)

    assert found == expected
    assert list(found) == list(expected)


def test_the_shapes_tell_a_missing_value_from_a_given_one() -> None:
    assert view_shape(Union[str, None]) == ["perhaps", "str"]  # noqa: UP007
    assert view_shape(str | None) != view_shape(str)
    assert view_shape(tuple[str, ...]) == ["many", "str"]


def a_feed(**fields: Any) -> state.FeedHealth:
    given: dict[str, Any] = dict.fromkeys(one.name for one in attrs.fields(state.FeedHealth))
    given |= {"enabled": True, "status": "HEALTHY", "provider": "x", "messages": 2**40}
    given |= {"stale_symbols": ("XOM",), "issues": (), "halted_symbols": ()}
    return state.FeedHealth(**{**given, "unusable_quotes": {"CROSSED": 3}, **fields})


def test_what_is_null_is_absent_and_what_is_zero_is_there() -> None:
    absent = message_of(a_feed(), status_pb2.GetFeedHealthResponse)
    there = message_of(a_feed(health_score=0.0, gap_count=0), status_pb2.GetFeedHealthResponse)

    assert not absent.HasField("health_score")
    assert not absent.HasField("gap_count")
    assert there.HasField("health_score")
    assert there.HasField("gap_count")
    assert list(absent.stale_symbols) == ["XOM"]
    assert dict(absent.unusable_quotes) == {"CROSSED": 3}
    assert absent.messages == 2**40


def test_what_lies_within_a_reply_lies_within_the_message() -> None:
    at = datetime(2026, 11, 23, 15, 0, 0, 250_000, tzinfo=UTC)
    view = state.Subsystems(
        subsystems=(
            state.Subsystem(name="a", state="RUNNING", restarts=0, since=at, last_error=""),
            state.Subsystem(name="b", state="FAILED", restarts=2, since=at, last_error="no"),
        )
    )

    message = message_of(view, status_pb2.GetSupervisionResponse)

    assert [one.name for one in message.subsystems] == ["a", "b"]
    assert message.subsystems[1].since.ToDatetime(UTC) == at
    assert (message.subsystems[1].restarts, message.subsystems[1].last_error) == (2, "no")


def test_a_reply_that_the_message_has_no_field_for_is_a_defect() -> None:
    @frozen
    class Other:
        readiness: bool

    with pytest.raises(ValueError, match="readiness"):
        message_of(Other(True), status_pb2.GetReadinessResponse)
