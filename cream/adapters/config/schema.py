"""Which JSON Schema describes the file, so that an editor completes and checks it while one types?

It says what `load` says as far as a schema can: `${NAME}` is allowed in place of any value, and
rules between settings are not in it.
"""

from decimal import Decimal
from typing import Final, assert_never

import yaml

from cream.adapters.config.convert import INSTANT_PATTERN, NUMBER_PATTERN
from cream.adapters.config.kinds import (
    NUMBERS,
    Choice,
    Field,
    Kind,
    Many,
    Maybe,
    Plain,
    Section,
    Table,
    core_of,
    default_instance,
    default_value,
    fields_of,
)
from cream.adapters.config.show import plain
from cream.core.model.setting import Setting

Json = dict[str, object]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

# A text with a variable in it; its value is known only when the daemon starts.
_PLACEHOLDER: Final[Json] = {"type": "string", "pattern": r"\$\{"}

_WORD_BY_SIGN: Final = {
    ">": "exclusiveMinimum",
    ">=": "minimum",
    "<": "exclusiveMaximum",
    "<=": "maximum",
}


def json_schema(settings_type: type) -> Json:
    """A JSON Schema (draft 2020-12) for files that load as `settings_type`."""
    section = _section(settings_type, default_instance(settings_type))
    return {"$schema": DIALECT, "title": settings_type.__name__, **section}


def _section(settings_type: type, defaults: object) -> Json:
    properties: Json = {}
    exclusive: list[Json] = []
    fields = fields_of(settings_type)
    for each in fields:
        properties[each.name] = _property(each, defaults)
        if each.info.alias is not None:
            other = _property(each, defaults)
            other["description"] = f"Another name of {each.name}. {each.info.doc}".strip()
            properties[each.info.alias] = other
            exclusive.append({"not": {"required": [each.name, each.info.alias]}})
    schema: Json = {
        "description": _first_line(settings_type),
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": properties,
    }
    required = [each for each in fields if each.is_required]
    named = [{"anyOf": [{"required": [key]} for key in each.keys]} for each in required]
    rules = [*named, *exclusive]
    if required:
        schema["type"] = "object"
    if rules:
        schema["allOf"] = rules
    return schema


def _property(each: Field, defaults: object) -> Json:
    default = default_value(each.default) if defaults is None else getattr(defaults, each.name)
    schema = _shape(each.kind, each.info, default)
    schema["title"] = each.name
    description = description_of(each)
    if description:
        schema["description"] = description
    if each.info.example:
        schema["examples"] = [_example(each)]
    if not each.is_required and _has_plain_default(each.kind):
        schema["default"] = _json(plain(default, each.kind))
    return schema


def _has_plain_default(kind: Kind) -> bool:
    return not isinstance(kind, Section) and core_of(kind) != Plain.SECRET


def _shape(kind: Kind, info: Setting, default: object = None) -> Json:
    match kind:
        case Section(settings_type):
            is_same = isinstance(default, settings_type)
            return _section(settings_type, default if is_same else default_instance(settings_type))
        case Maybe(inner):
            return {"anyOf": [_shape(inner, info, default), {"type": "null"}]}
        case Many(item):
            return {"type": "array", "items": _shape(item, info)}
        case Table(value):
            return {"type": "object", "additionalProperties": _shape(value, info)}
        case Choice(value_by_text):
            options = [_option(option, text) for text, option in value_by_text.items()]
            return {"anyOf": [{"enum": options}, dict(_PLACEHOLDER)]}
        case Plain():
            return _single(kind, info)
        case _:
            assert_never(kind)


def _option(option: object, text: str) -> object:
    # The members of an enumeration are written as the text of their value, or as the number.
    number = getattr(option, "value", option)
    return number if isinstance(number, int) else text


def _single(kind: Plain, info: Setting) -> Json:
    bounds: Json = {_WORD_BY_SIGN[sign]: _json(bound) for sign, bound in info.bounds}
    placeholder = dict(_PLACEHOLDER)
    match kind:
        case Plain.TEXT | Plain.SECRET:
            return _text(info)
        case Plain.FLAG:
            return {"anyOf": [{"type": "boolean"}, placeholder]}
        case Plain.WHOLE:
            return {"anyOf": [{"type": "integer", **bounds}, placeholder]}
        case Plain.DECIMAL | Plain.FLOAT:
            digits: Json = {"type": "string", "pattern": f"^{NUMBER_PATTERN}$"}
            return {"anyOf": [{"type": "number", **bounds}, digits, placeholder]}
        case Plain.PATH:
            return {"type": "string", "minLength": 1}
        case Plain.INSTANT:
            instant: Json = {"type": "string", "pattern": f"^{INSTANT_PATTERN}$"}
            return {"anyOf": [instant, placeholder]}
        case _:
            assert_never(kind)


def _text(info: Setting) -> Json:
    if info.choices is not None:
        return {"anyOf": [{"enum": list(info.choices)}, dict(_PLACEHOLDER)]}
    if info.pattern is not None:
        matching: Json = {"type": "string", "pattern": f"^(?:{info.pattern})$"}
        return {"anyOf": [matching, dict(_PLACEHOLDER)]}
    return {"type": "string"}


def description_of(each: Field) -> str:
    """All that is said of a setting in words: meaning, unit, variable, what it waits for."""
    info = each.info
    parts = [info.doc]
    if info.unit:
        parts.append(f"Unit: {info.unit}.")
    if info.env:
        parts.append(f"The environment variable {info.env} wins over the file.")
    if info.not_effective:
        parts.append(f"Not yet effective: {info.not_effective}.")
    return " ".join(part for part in parts if part)


def _example(each: Field) -> object:
    example = each.info.example
    if isinstance(each.kind, Many | Table):
        return yaml.safe_load(example)
    return _json(Decimal(example)) if core_of(each.kind) in NUMBERS else example


def _json(value: object) -> object:
    """The value in the types of JSON; a schema's numbers are for editors and need not be exact."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {key: _json(inner) for key, inner in value.items()}
        case list():
            return [_json(inner) for inner in value]
        case _:
            return value


def _first_line(settings_type: type) -> str:
    # attrs gives no docstring of its own; a class without one inherits none.
    lines = (settings_type.__doc__ or "").strip().splitlines()
    return lines[0] if lines else ""
