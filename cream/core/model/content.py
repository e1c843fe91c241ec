"""Are two requests the same request? By decoded content, not by the text that carried it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256

import attrs


def content_hash(value: object) -> str:
    """A digest that two equal values share: `5000` and `5000.0` are equal, and order matters.

    Raises: TypeError for a type that the model does not use.
    """
    return sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: object) -> str:
    match value:
        case None | bool() | int() | float():
            return repr(value)
        case str():
            return f"{len(value)}:{value}"
        case Decimal():
            return "d" + format(value.normalize(), "f")
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case datetime() | date():
            return value.isoformat()
        case tuple() | list():
            return "[" + ",".join(_canonical(item) for item in value) + "]"
        case Mapping():
            pairs = (f"{_canonical(key)}={_canonical(value[key])}" for key in sorted(value))
            return "{" + ",".join(pairs) + "}"
        case _:
            return _canonical_record(value)


def _canonical_record(value: object) -> str:
    kind = type(value)
    if not attrs.has(kind):
        raise TypeError(f"no canonical form for {kind.__name__}")
    fields = (f"{one.name}={_canonical(getattr(value, one.name))}" for one in attrs.fields(kind))
    return f"{kind.__name__}({','.join(fields)})"
