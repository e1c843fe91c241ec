"""What does a JSON text say, with nothing lost: exact numbers, duplicate keys, NaN?

The standard decoder with its hooks. A faster one would turn numbers into floats and keep the last
of two equal keys; both lose what an order must not lose.
"""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Union

from attrs import frozen

from cream.core.model.errors import CreamError, FieldProblem

# Python refuses to convert longer integers for a reason (its cost is quadratic); as decimals they
# are out of every domain all the same.
_INTEGER_DIGITS = 30


@frozen
class NotFinite:
    """A number that is none: NaN, an infinity, or one that does not fit a decimal."""

    text: str

    def __str__(self) -> str:
        return self.text


class JsonObject(dict[str, "Json"]):
    """An object, and which of its keys stood there more than once."""

    duplicates: tuple[str, ...] = ()


Json = Union[None, bool, int, str, Decimal, NotFinite, list["Json"], JsonObject]  # noqa: UP007


def decode(body: bytes) -> Json:
    """The value that `body` holds.

    Raises: CreamError INVALID_REQUEST.
    """
    if not body.strip():
        raise _refusal("the body is empty")
    try:
        value: Json = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _refusal(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refusal(f"not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise _refusal("not JSON that can be read: nested too deeply") from None
    return value


def decode_nested(text: str) -> Json:
    """The value in a text that came as a JSON string.   Raises: CreamError as `decode`."""
    return decode(text.encode("utf-8", "surrogatepass"))


def _refusal(problem: str) -> CreamError:
    return CreamError("INVALID_REQUEST", problem, FieldProblem("", problem))


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    members = JsonObject(pairs)
    if len(members) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        members.duplicates = tuple(key for key, count in counts.items() if count > 1)
    return members


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INTEGER_DIGITS else Decimal(text)


def _fraction(text: str) -> Decimal | NotFinite:
    try:
        return Decimal(text)
    except InvalidOperation:
        return NotFinite(text[:_INTEGER_DIGITS])


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_fraction,
    parse_int=_integer,
    parse_constant=NotFinite,
)
