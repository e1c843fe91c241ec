"""How does a reply of the JSON interface get onto the wire?

Messages that no older contract knows have the fields of the JSON reply, by the same names: what
both interfaces say is worked out once, in the views.
"""

from datetime import datetime
from typing import Any, TypeVar

import attrs
from google.protobuf.message import Message

from cream.adapters.server.wire_values import wire_instant

M = TypeVar("M", bound=Message)


def message_of(view: attrs.AttrsInstance, kind: type[M]) -> M:
    """`view` as a message; what is null in JSON is absent.

    Raises: ValueError or TypeError for a view that `kind` has no such fields for, a defect.
    """
    return kind(**_fields(view))


def _fields(view: attrs.AttrsInstance) -> dict[str, Any]:
    return {one.name: _value(getattr(view, one.name)) for one in attrs.fields(type(view))}


def _value(value: Any) -> Any:
    """What the constructor of a message takes: dictionaries for messages, lists for repeated."""
    if isinstance(value, datetime):
        return wire_instant(value)
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    if attrs.has(type(value)):
        return _fields(value)
    return value
