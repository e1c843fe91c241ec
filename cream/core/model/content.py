"""Are two requests the same request? By decoded content, not by the text that carried it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from operator import attrgetter

import attrs

# How to read the fields of every kind of record that came by, and what is written before each: as
# many as the model has.
_Fields = tuple[Callable[[object], Sequence[object]], tuple[str, ...]]
_fields_by_record: dict[type, _Fields] = {}


def content_hash(value: object) -> str:
    """A digest that two equal values share: `5000` and `5000.0` are equal, and order matters.

    Equal moments are equal in whatever zone they were written.

    Raises: TypeError for a type that the model does not use.
    """
    return sha256(_canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: object) -> str:
    # What most of a plan consists of first: to match one case after the other takes longer.
    if value is None:
        return "None"
    kind = type(value)
    if kind is str:
        return f"{len(value)}:{value}"  # type: ignore[arg-type]
    if kind is Decimal:
        return _canonical_number(value)  # type: ignore[arg-type]
    if kind in _fields_by_record:
        return _canonical_record(value)
    return _canonical_other(value)


def _canonical_other(value: object) -> str:
    match value:
        case Decimal():
            return _canonical_number(value)
        case Enum():
            return f"{type(value).__name__}.{value._name_}"
        case bool():
            return repr(value)
        case str():
            return f"{len(value)}:{value}"
        case int():
            return _canonical_number(Decimal(value))
        case float():
            # Its shortest text, as everywhere; NaN and infinities are numbers of their own.
            return _canonical_number(Decimal(repr(value)))
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat()
        case datetime() | date():
            return value.isoformat()
        case tuple() | list():
            return "[" + ",".join([_canonical(item) for item in value]) + "]"
        case Mapping():
            pairs = (f"{_canonical(key)}={_canonical(value[key])}" for key in sorted(value))
            return "{" + ",".join(pairs) + "}"
        case _:
            return _canonical_record(value)


def _canonical_number(value: Decimal) -> str:
    """Sign, digits without zeros at their end, exponent: nothing rounded, nothing written out."""
    written = str(value)
    whole, _, fraction = written.lstrip("-").partition(".")
    text = whole + fraction
    if text.isdecimal():
        return _of_digits("-" if written[0] == "-" else "", text.lstrip("0"), -len(fraction))
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return f"d{value}"
    return _of_digits("-" * sign, "".join(map(str, digits)).lstrip("0"), exponent)


def _of_digits(sign: str, digits: str, exponent: int) -> str:
    short = digits.rstrip("0")
    return f"d{sign}{short}e{exponent + len(digits) - len(short)}" if short else "d0"


def _canonical_record(value: object) -> str:
    kind = type(value)
    read, labels = _fields_by_record.get(kind) or _fields_of(kind)
    fields = [label + _canonical(one) for label, one in zip(labels, read(value), strict=True)]
    return f"{kind.__name__}({','.join(fields)})"


def _fields_of(kind: type) -> _Fields:
    """Looked up once for each kind."""
    if not attrs.has(kind):
        raise TypeError(f"no canonical form for {kind.__name__}")
    names = tuple(one.name for one in attrs.fields(kind))
    found: _Fields = (_all_of(names), tuple(f"{name}=" for name in names))
    _fields_by_record[kind] = found
    return found


def _all_of(names: Sequence[str]) -> Callable[[object], Sequence[object]]:
    if len(names) > 1:
        # One look for all of them.
        return attrgetter(*names)
    return lambda value: [getattr(value, name) for name in names]
