"""Do the agent's message classes say the same as the daemon's, and do they stand alone?"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import cast

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from cream.client import CreamClient, v1
from cream.client.v1.google.protobuf import Struct as ClientStruct
from cream.wire import (
    account_pb2,
    common_pb2,
    control_pb2,
    decision_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)

MODULES = (
    common_pb2,
    decision_pb2,
    execution_pb2,
    market_snapshot_pb2,
    control_pb2,
    options_pb2,
    account_pb2,
    status_pb2,
    simulation_pb2,
)
MESSAGES: list[type[Message]] = [
    getattr(module, name) for module in MODULES for name in module.DESCRIPTOR.message_types_by_name
]

SAMPLES = {
    FieldDescriptor.TYPE_DOUBLE: -238.5,
    FieldDescriptor.TYPE_STRING: "schön",
    FieldDescriptor.TYPE_BOOL: True,
    FieldDescriptor.TYPE_INT32: -3,
    FieldDescriptor.TYPE_INT64: -(2**40),
    FieldDescriptor.TYPE_UINT64: 2**63,
}


def sample(field: FieldDescriptor) -> object:
    """A value that differs from the default, with everything below it filled in too."""
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.message_type is None:
        return SAMPLES[field.type]
    match field.message_type.full_name:
        case "google.protobuf.Timestamp":
            # betterproto2 makes it a datetime, which knows microseconds and nothing finer.
            return Timestamp(seconds=1_800_000_000, nanos=123_456_000)
        case "google.protobuf.Struct":
            struct = Struct()
            struct.update({"slices": 6, "market": True, "venues": ["A"]})
            return struct
        case _:
            return filled(field.message_type)


def filled(descriptor: Descriptor) -> Message:
    """A message with every field set, of a oneof the last."""
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)["crossed"] = 2**40
            continue
        value = sample(field)
        if field.is_repeated:
            getattr(message, field.name).extend([value, value])
        elif isinstance(value, Message):
            getattr(message, field.name).CopyFrom(value)
        else:
            setattr(message, field.name, value)
    return message


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_every_message_survives_the_trip_through_the_agents_classes(kind: type[Message]) -> None:
    ours = filled(cast(Descriptor, kind.DESCRIPTOR))
    agents = getattr(v1, kind.__name__)

    theirs = agents.parse(ours.SerializeToString())

    assert kind.FromString(bytes(theirs)) == ours


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_an_empty_message_is_no_bytes_at_all(kind: type[Message]) -> None:
    assert bytes(getattr(v1, kind.__name__)()) == b""


def test_a_value_that_is_set_to_nothing_is_still_there() -> None:
    """Presence: false and zero are not the same as absent."""
    plan = v1.DecisionPlan(critic_approved=False)
    order = v1.SubmitOrderRequest(limit_price=0.0)

    assert decision_pb2.DecisionPlan.FromString(bytes(plan)).HasField("critic_approved")
    assert not decision_pb2.DecisionPlan.FromString(bytes(plan)).HasField("risk_manager_approved")
    assert execution_pb2.SubmitOrderRequest.FromString(bytes(order)).HasField("limit_price")


def test_enums_drop_the_prefix_and_times_are_datetimes() -> None:
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    plan = v1.DecisionPlan(environment=v1.Environment.PAPER, as_of_timestamp=at)
    params = ClientStruct.from_dict({"slices": 6})
    tactic = v1.OrderPlan(execution_tactic="TWAP", execution_params=params)

    read = decision_pb2.DecisionPlan.FromString(bytes(plan))

    assert read.environment == common_pb2.ENVIRONMENT_PAPER
    assert read.as_of_timestamp.ToDatetime(UTC) == at
    assert decision_pb2.OrderPlan.FromString(bytes(tactic)).execution_params["slices"] == 6


def test_every_call_is_a_method_of_the_client() -> None:
    """In snake case, as docs/api.md says."""
    calls = [
        re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower()
        for module in MODULES
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]

    assert [one for one in calls if not callable(getattr(CreamClient, one, None))] == []
    assert len(calls) > 30


def test_the_client_brings_nothing_of_the_daemon_with_it() -> None:
    """An agent imports it alone: no trio, no Google protobuf, no other part of Cream."""
    script = (
        "import sys, cream.client;"
        "print(*[m for m in sys.modules if m.startswith('cream.') or"
        " m.partition('.')[0] in ('trio', 'google', 'sqlalchemy', 'quart')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    loaded = done.stdout.split()
    assert "cream.client.client" in loaded
    assert [name for name in loaded if not name.startswith("cream.client")] == []
