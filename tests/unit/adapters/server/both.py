"""What does a message say, in the shape in which JSON says it?"""

from datetime import datetime
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def as_json(message: Message) -> dict[str, Any]:
    """Every field by its name, None where it is absent, as a reply of the JSON API has it."""
    return {field.name: _value(message, field) for field in message.DESCRIPTOR.fields}


def _value(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return dict(value)
    if field.is_repeated:
        return [as_json(one) if isinstance(one, Message) else one for one in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    if isinstance(value, Timestamp):
        return datetime.fromisoformat(value.ToJsonString())
    return as_json(value) if isinstance(value, Message) else value


def with_times(reply: Any) -> Any:
    """A JSON reply, its times of RFC 3339 as times, and null lists as empty ones."""
    if isinstance(reply, list):
        return [with_times(one) for one in reply]
    if isinstance(reply, dict):
        return {name: _member(name, value) for name, value in reply.items()}
    return reply


def _member(name: str, value: Any) -> Any:
    if name in ("as_of", "since", "noted_at", "at", "completed_at") and value is not None:
        return datetime.fromisoformat(value)
    # Lists are empty on the wire where JSON says null.
    if name == "into_legs" and value is None:
        return []
    return with_times(value)
