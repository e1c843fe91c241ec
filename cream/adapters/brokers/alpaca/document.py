"""How does what Alpaca sends become typed values, with no number changed and no field lost?

JSON is decoded with its numbers exact, and read into attrs classes by their fields. Tolerant where
Alpaca grows: a field that no class names is kept in `extra`, a word that no list has stays a word,
and only a field without a default has to be there. Strict where money is: what is there and cannot
be read is a `SchemaMismatch`, never a zero.
"""

import re
import types
from collections.abc import Hashable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec
from attrs import frozen

from cream.core.model.money import MOST_PLACES, is_within_reason

M = TypeVar("M")

_WIRE = "alpaca.wire"
_EXTRA = "extra"

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:?\d\d)")
_NANOSECONDS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# How a number of that many digits on both sides of its point is written, sign included.
_MOST_TEXT = 2 * MOST_PLACES + 2

_json = msgspec.json.Decoder(float_hook=Decimal)


class SchemaMismatch(Exception):
    """Alpaca sent something that cannot be read. `path` says where: `$.legs[0].qty`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


@frozen(order=False)
class Stamp:
    """A moment as it was written, to the nanosecond. Units: nanoseconds since 1970, UTC."""

    text: str
    nanoseconds: int

    @property
    def at(self) -> datetime:
        """The moment in UTC, cut to the microsecond that Python can hold."""
        return _EPOCH + timedelta(microseconds=self.nanoseconds // 1000)


def decode_json(data: bytes | str) -> object:
    """The document in `data`: objects, lists, texts, and numbers as int or Decimal.

    Raises: SchemaMismatch where it is no JSON.
    """
    try:
        return _json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError) as error:
        raise SchemaMismatch("$", f"is no JSON: {error}") from None


def wire(name: str, default: Any = attrs.NOTHING) -> Any:
    """A field whose name on the wire is `name`."""
    return attrs.field(default=default, metadata={_WIRE: name})


def read(model: type[M], raw: object, path: str = "$") -> M:
    """The `model` that `raw` shows.   Raises: SchemaMismatch."""
    if not isinstance(raw, Mapping):
        raise SchemaMismatch(path, f"is no object but {_shown(raw)}")
    rest = dict(raw)
    values: dict[str, Any] = {}
    for name, on_wire, hint, required in _layout(cast(Hashable, model)):
        if name == _EXTRA:
            continue
        value = rest.pop(on_wire, None)
        where = f"{path}.{on_wire}"
        if value is None and not required:
            continue
        values[name] = _value(hint, value, where)
    made: Any = model
    return cast(M, made(**values, extra=rest))


def read_list(model: type[M], raw: object, path: str = "$") -> tuple[M, ...]:
    """Each entry of the list `raw` as a `model`.   Raises: SchemaMismatch."""
    if not isinstance(raw, list):
        raise SchemaMismatch(path, f"is no list but {_shown(raw)}")
    return tuple(read(model, one, f"{path}[{index}]") for index, one in enumerate(raw))


def read_moment(text: str, path: str = "$") -> Stamp:
    """The moment that RFC 3339 `text` names, up to nine places of seconds.

    Raises: SchemaMismatch.
    """
    match = _MOMENT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        day, clock, fraction, zone = match.groups()
        local = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'zZ' else zone}")
        whole = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SchemaMismatch(path, f"is no moment: {text!r}") from None
    seconds = int((whole - _EPOCH) / timedelta(seconds=1))
    return Stamp(text, seconds * _NANOSECONDS + int((fraction or "0").ljust(9, "0")))


@cache
def _layout(model: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    """Of each field: its name here, its name on the wire, its type, whether it must be there."""
    hints = get_type_hints(model)
    return tuple(
        (
            field.name,
            field.metadata.get(_WIRE, field.name),
            hints[field.name],
            field.default is attrs.NOTHING,
        )
        for field in attrs.fields(model)
    )


def _value(hint: Any, raw: object, path: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        # "" stands for "none" where Alpaca leaves out a number or a moment.
        return None if raw in (None, "") and str not in inner else _value(inner[0], raw, path)
    if origin is tuple:
        return _entries(inner[0], raw, path)
    if origin is not None:
        return _table(inner[1], raw, path)
    if attrs.has(hint) and hint is not Stamp:
        return read(hint, raw, path)
    return _plain(hint, raw, path)


def _entries(hint: Any, raw: object, path: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise SchemaMismatch(path, f"is no list but {_shown(raw)}")
    return tuple(_value(hint, one, f"{path}[{index}]") for index, one in enumerate(raw))


def _table(hint: Any, raw: object, path: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise SchemaMismatch(path, f"is no object but {_shown(raw)}")
    return {key: _value(hint, one, f"{path}.{key}") for key, one in raw.items()}


def _plain(hint: Any, raw: object, path: str) -> Any:
    if hint is Decimal:
        return _number(raw, path)
    if hint is Stamp and isinstance(raw, str):
        return read_moment(raw, path)
    if hint is object or (hint is not Stamp and type(raw) is hint):
        return raw
    raise SchemaMismatch(path, f"is no {hint.__name__} but {_shown(raw)}")


def _number(raw: object, path: str) -> Decimal:
    """A number, from a text or a number of the document; scale and digits as they were written."""
    number = raw if isinstance(raw, Decimal) else Decimal("NaN")
    if isinstance(raw, str) and len(raw) <= _MOST_TEXT:
        with suppress(InvalidOperation):
            number = Decimal(raw)
    elif isinstance(raw, int) and not isinstance(raw, bool):
        number = Decimal(raw)
    if is_within_reason(number):
        return number
    raise SchemaMismatch(path, f"is no number but {_shown(raw)}")


def _shown(raw: object) -> str:
    return "missing" if raw is None else repr(raw)[:80]
