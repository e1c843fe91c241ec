"""How is an event written to disk, and read back years later?

One JSON object per event: `{"v": 1, "event": "OrderFilled", ...fields}`. Decimals are their exact
text, instants RFC 3339 in UTC with microseconds, enums their value, an instrument says which kind
it is. Keys that are not known are passed over, so that a record of a later version with one field
more can be read; a kind of event that is not known is an error, because skipping a fact would
falsify every state that is folded from it.

`FORMAT_VERSION` rises when an old field gets another meaning or form; then this module keeps a way
to read the old one. A new field with a default, or a new event, needs no new version.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Final, TypeVar, get_args

import msgspec
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.strategies import configure_tagged_union

from cream.core.execution.events import Event, PlanJudged
from cream.core.model.fill import Fill
from cream.core.model.instrument import Instrument
from cream.core.model.order import Order, OrderStatus, OrderTerms
from cream.core.model.order_state import state_of, statuses
from cream.core.model.verdict import Check

T = TypeVar("T")

FORMAT_VERSION: Final = 1

EVENT_BY_KIND: Final[dict[str, type[Event]]] = {kind.__name__: kind for kind in get_args(Event)}

# Keys that the record adds to the fields of an event; no event has a field of such a name.
VERSION_KEY: Final = "v"
KIND_KEY: Final = "event"
_INSTRUMENT_KEY: Final = "type"

# Where an order stands, and where it stood before each request that is not answered.
_STATE_KEYS: Final = ("status", "status_before_pending", "status_before_replace")

# For a field that came after its kind of event had been written: it is left out while it says
# nothing, so that an event of before keeps its text, and with it its hash.
_LATER: Final = override(omit_if_default=True)

# Moments whose text is remembered: what is decided in one turn has one, and it is written with
# every record, in its index, and once more by what the broker says of it.
_MOMENTS: Final = 64

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UnreadableRecord(Exception):
    """These bytes are no event that this version of Cream knows."""


def kind_of(event: Event) -> str:
    """The name under which the event's kind is recorded."""
    return type(event).__name__


def encode(event: Event) -> str:
    """The event as one line of JSON; the same event always gives the same text.

    Raises: ValueError for what has no place in a journal: an instant without a zone, a number
    that is not finite, half a surrogate pair.
    """
    fields: dict[str, object] = _CONVERTER.unstructure(event, unstructure_as=type(event))
    record = {VERSION_KEY: FORMAT_VERSION, KIND_KEY: kind_of(event), **fields}
    return msgspec.json.encode(record).decode()


def decode(body: str | bytes) -> Event:
    """The event that was encoded to `body`.   Raises: UnreadableRecord."""
    try:
        record = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise UnreadableRecord(f"the record is not a JSON object: {error}") from error
    version = record.get(VERSION_KEY)
    if version != FORMAT_VERSION:
        raise UnreadableRecord(f"the record has format {version!r}, known is {FORMAT_VERSION}")
    kind = record.get(KIND_KEY)
    event_type = EVENT_BY_KIND.get(kind) if isinstance(kind, str) else None
    if event_type is None:
        raise UnreadableRecord(f"no event of kind {kind!r} is known")
    try:
        return _CONVERTER.structure(record, event_type)
    except Exception as error:  # barrier: whatever it is, the record is unreadable
        problem = f"{kind} has a field that cannot be read: {type(error).__name__}: {error}"
        raise UnreadableRecord(problem) from error


def encode_value(value: object) -> str:
    """Any value of the model as one line of JSON.   Raises: as `encode`."""
    fields: object = _CONVERTER.unstructure(value, unstructure_as=type(value))
    return msgspec.json.encode(fields).decode()


def decode_value(body: str, kind: type[T]) -> T:
    """The value that was encoded to `body`.   Raises: UnreadableRecord."""
    try:
        return _CONVERTER.structure(msgspec.json.decode(body), kind)
    except Exception as error:  # barrier: whatever it is, the value is unreadable
        problem = f"{kind.__name__} cannot be read: {type(error).__name__}: {error}"
        raise UnreadableRecord(problem) from error


def instant_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: `2026-01-05T14:30:00.000000Z`.

    Raises: ValueError for a moment without a zone.
    """
    return _utc_text(_in_utc(moment))


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds since 1970, exact.   Raises: ValueError for a moment without a zone."""
    return _utc_nanoseconds(_in_utc(moment))


@lru_cache(maxsize=_MOMENTS)
def _utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


@lru_cache(maxsize=_MOMENTS)
def _utc_nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND * 1_000


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"Expected an instant with its zone, was {moment.isoformat()}")
    return moment.astimezone(UTC)


def _decimal_text(value: Decimal) -> str:
    # str() keeps sign, digits and exponent, so it is the only text that gives the same Decimal.
    if not value.is_finite():
        raise ValueError(f"Expected a finite number, was {value}")
    return str(value)


def _decimal(text: object, _: object) -> Decimal:
    if not isinstance(text, str):
        raise TypeError(f"Expected a decimal as text, was {text!r}")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"Expected a decimal, was {text!r}") from None
    if not value.is_finite():
        raise ValueError(f"Expected a finite number, was {text!r}")
    return value


def _instant(text: object, _: object) -> datetime:
    if not (isinstance(text, str) and text.endswith("Z")):
        raise TypeError(f"Expected an instant in UTC as text, was {text!r}")
    return datetime.fromisoformat(text)


def _day(text: object, _: object) -> date:
    if not isinstance(text, str):
        raise TypeError(f"Expected a day as text, was {text!r}")
    return date.fromisoformat(text)


def _is_enum(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _exactly(expected: type[T]) -> Callable[[object, object], T]:
    """A hook that takes a value of the type itself; the library's own would coerce others."""

    def check(value: object, _: object) -> T:
        if type(value) is not expected:
            raise TypeError(f"Expected {expected.__name__}, was {value!r}")
        return value

    return check


def _new_converter() -> Converter:
    # Detailed validation would build a path for an error that a person can read off the record.
    converter = Converter(detailed_validation=False)
    converter.register_unstructure_hook(Decimal, _decimal_text)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_unstructure_hook(datetime, instant_text)
    converter.register_structure_hook(datetime, _instant)
    converter.register_unstructure_hook(date, date.isoformat)
    # `value` looks the member's class up first; `_value_` is the same, and documented.
    converter.register_unstructure_hook_func(_is_enum, lambda member: member._value_)
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook(str, _exactly(str))
    converter.register_structure_hook(int, _exactly(int))
    converter.register_structure_hook(bool, _exactly(bool))
    converter.register_unstructure_hook(
        PlanJudged,
        make_dict_unstructure_fn(
            PlanJudged,
            converter,
            session_id=_LATER,
            asked=_LATER,
            checks=_LATER,
            rationale=_LATER,
        ),
    )
    converter.register_unstructure_hook(Check, _check_record)
    configure_tagged_union(Instrument, converter, tag_name=_INSTRUMENT_KEY)
    converter.register_unstructure_hook(
        Fill, make_dict_unstructure_fn(Fill, converter, fees=_LATER)
    )
    plain = make_dict_unstructure_fn(OrderTerms, converter, guard=_LATER, walk=_LATER)
    converter.register_unstructure_hook(OrderTerms, plain)
    _know_orders(converter)
    return converter


def _check_record(check: Check) -> dict[str, object]:
    """As the library would write it, for half the time: a verdict has some two dozen of them."""
    observed, limit = check.observed, check.limit
    return {
        "code": check.code,
        "result": check.result._value_,
        "description": check.description,
        "observed": None if observed is None else _decimal_text(observed),
        "limit": None if limit is None else _decimal_text(limit),
        "unit": check.unit._value_,
    }


def _know_orders(converter: Converter) -> None:
    """An order's state is written as the words that it is called by, outermost first."""
    write = make_dict_unstructure_fn(Order, converter, state=override(omit=True))
    read = make_dict_structure_fn(
        Order, converter, state=override(struct_hook=lambda words, _: state_of(*words))
    )

    def unstructure(order: Order) -> dict[str, object]:
        words = (one.value for one in statuses(order.state))
        return {**write(order), **dict(zip(_STATE_KEYS, words, strict=False))}

    def structure(record: dict[str, object], kind: type[Order]) -> Order:
        words = [OrderStatus(record[key]) for key in _STATE_KEYS if record.get(key) is not None]
        return read({**record, "state": words}, kind)

    converter.register_unstructure_hook(Order, unstructure)
    converter.register_structure_hook(Order, structure)


_CONVERTER: Final = _new_converter()
