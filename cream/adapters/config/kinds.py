"""Which shapes of settings are there, and which one is a field of a settings class?

The one place that reads type annotations. Loading, schema, documentation and display all follow
the `Kind` that is found here; a type that has none is a mistake of the programmer.
"""

import types
from collections.abc import Hashable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final, Literal, Union, cast, get_args, get_origin

import attrs
from attrs import frozen

from cream.core.model.secret import Secret
from cream.core.model.setting import Setting, setting_of


class Plain(Enum):
    """A single value; the enumeration's value says in words what is expected of the text."""

    TEXT = "text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    DECIMAL = "a number"
    FLOAT = "a finite number"
    PATH = "a path"
    INSTANT = "a time with its zone, like 2026-01-05T14:30:00Z"
    SECRET = "a secret text"


@frozen
class Choice:
    """One of a few values, each written as its text."""

    value_by_text: Mapping[str, object]


@frozen
class Maybe:
    """A value or null."""

    inner: "Kind"


@frozen
class Many:
    """A list, kept as a tuple."""

    item: "Kind"


@frozen
class Table:
    """A mapping whose keys are free texts."""

    value: "Kind"


@frozen
class Section:
    """A mapping whose keys are the fields of a settings class."""

    settings_type: type


Kind = Plain | Choice | Maybe | Many | Table | Section

PLAIN_BY_TYPE: Final[Mapping[object, Plain]] = {
    str: Plain.TEXT,
    bool: Plain.FLAG,
    int: Plain.WHOLE,
    Decimal: Plain.DECIMAL,
    float: Plain.FLOAT,
    Path: Plain.PATH,
    datetime: Plain.INSTANT,
    Secret: Plain.SECRET,
}

NUMBERS: Final = (Plain.WHOLE, Plain.DECIMAL, Plain.FLOAT)
TEXTS: Final = (Plain.TEXT, Plain.SECRET)


@frozen
class Field:
    """One setting of a class: its name, shape and meaning, and the default as attrs holds it."""

    name: str
    kind: Kind
    info: Setting
    default: object

    @property
    def is_required(self) -> bool:
        """Whether there is no default, so that the setting must be given."""
        return self.default is attrs.NOTHING

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys under which the setting may be written."""
        return (self.name,) if self.info.alias is None else (self.name, self.info.alias)


@cache
def kind_of(annotation: object) -> Kind:
    """The shape of a setting with this type.   Raises: TypeError: there is none."""
    plain = PLAIN_BY_TYPE.get(annotation)
    if plain is not None:
        return plain
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Choice({str(member.value): member for member in annotation})
    if isinstance(annotation, type) and attrs.has(annotation):
        return Section(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal and all(type(option) in (str, int) for option in arguments):
        return Choice({str(option): option for option in arguments})
    if origin in (Union, types.UnionType) and type(None) in arguments and len(arguments) == 2:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return Maybe(kind_of(inner))
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return Many(kind_of(arguments[0]))
    if origin in (dict, Mapping) and arguments[0] is str:
        return Table(kind_of(arguments[1]))
    raise TypeError(f"{annotation!r} is not a type of settings")


@cache
def fields_of(settings_type: type) -> tuple[Field, ...]:
    """The settings of a class, in the order of its fields.

    Raises: TypeError for a type, a bound or a key that cannot be meant.
    """
    attrs.resolve_types(settings_type)
    fields = tuple(
        _field(settings_type, attribute)
        for attribute in attrs.fields(settings_type)
        if attribute.init
    )
    keys = [key for field in fields for key in field.keys]
    if len(set(keys)) != len(keys):
        raise TypeError(f"{settings_type.__name__} has one key for two settings")
    return fields


def core_of(kind: Kind) -> Kind:
    """The shape of a single value within lists, tables and options."""
    match kind:
        case Maybe(inner) | Many(inner) | Table(inner):
            return core_of(inner)
        case _:
            return kind


def section_within(kind: Kind) -> type | None:
    """The settings class that `kind` holds directly or as an option, None for anything else."""
    match kind:
        case Section(settings_type) | Maybe(Section(settings_type)):
            return settings_type
        case _:
            return None


def default_value(default: object) -> object:
    """What attrs puts in for a default; NOTHING where that is none, or depends on the instance."""
    if not isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return default
    if default.takes_self:  # type: ignore[attr-defined]
        return attrs.NOTHING
    value: object = default.factory()  # type: ignore[attr-defined]
    return value


def default_instance(settings_type: type) -> object | None:
    """The settings with all defaults, None where some must be given."""
    if any(field.is_required for field in fields_of(settings_type)):
        return None
    instance: object = settings_type()
    return instance


def _field(settings_type: type, attribute: "attrs.Attribute[object]") -> Field:
    where = f"{settings_type.__name__}.{attribute.name}"
    try:
        kind = kind_of(cast(Hashable, attribute.type))
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from error
    info = setting_of(attribute)
    core = core_of(kind)
    if info.bounds and core not in NUMBERS:
        raise TypeError(f"{where} has bounds but is no number")
    if (info.pattern or info.choices) and core not in TEXTS:
        raise TypeError(f"{where} has a pattern or choices but is no text")
    if info.env and kind != core and not (isinstance(kind, Maybe) and kind.inner == core):
        raise TypeError(f"{where} is no single value, so no variable can hold it")
    if info.env and isinstance(core, Section):
        raise TypeError(f"{where} is a section, so no variable can hold it")
    _check_default(where, attribute.default, info)
    return Field(attribute.name, kind, info, attribute.default)


def _check_default(where: str, default: object, info: Setting) -> None:
    is_number = isinstance(default, int | float | Decimal) and not isinstance(default, bool)
    if is_number and not info.admits(Decimal(str(default))):
        raise TypeError(f"{where} has a default outside its own bounds")
    if info.choices and isinstance(default, str) and default not in info.choices:
        raise TypeError(f"{where} has a default that is not among its choices")
