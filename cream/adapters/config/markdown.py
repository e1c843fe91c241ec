"""How does the reference of all settings read, made from the classes themselves?"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, assert_never

from cream.adapters.config.convert import expected_words
from cream.adapters.config.kinds import (
    Choice,
    Field,
    Kind,
    Many,
    Maybe,
    Plain,
    Section,
    Table,
    default_instance,
    default_value,
    fields_of,
)
from cream.adapters.config.show import plain
from cream.core.model.money import decimal_text
from cream.core.model.setting import Setting

_HEAD: Final = "| Key | Type | Default | Unit | Bounds | Meaning |\n|---|---|---|---|---|---|"

_TYPE_WORDS: Final = {
    Plain.TEXT: "text",
    Plain.FLAG: "true or false",
    Plain.WHOLE: "whole number",
    Plain.DECIMAL: "decimal",
    Plain.FLOAT: "number",
    Plain.PATH: "path",
    Plain.INSTANT: "time (RFC 3339)",
    Plain.SECRET: "secret",
}


def render_markdown(settings_type: type) -> str:
    """A table for each section, in the order of the classes, with every setting in one row."""
    defaults = default_instance(settings_type)
    return "\n\n".join(_sections("", settings_type, defaults, "")) + "\n"


def _sections(path: str, settings_type: type, defaults: object, doc: str) -> Iterator[str]:
    fields = fields_of(settings_type)
    rows = [_row(each, defaults) for each in fields if _is_row(each.kind)]
    parts = [f"## `{path}`"] if path else []
    parts += [doc] if doc else []
    parts += ["\n".join([_HEAD, *rows])] if rows else []
    if parts:
        yield "\n\n".join(parts)
    for each in fields:
        inner = _inner(each.kind)
        if inner is not None:
            inner_type, suffix = inner
            inner_path = (f"{path}.{each.name}" if path else each.name) + suffix
            inner_defaults = _default(each, defaults)
            if not isinstance(inner_defaults, inner_type):
                inner_defaults = default_instance(inner_type)
            yield from _sections(inner_path, inner_type, inner_defaults, _about(each))


def _is_row(kind: Kind) -> bool:
    return not isinstance(kind, Section)


def _inner(kind: Kind) -> tuple[type, str] | None:
    match kind:
        case Section(settings_type):
            return settings_type, ""
        case Maybe(inner):
            return _inner(inner)
        case Many(inner):
            found, suffix = inner, "[]"
        case Table(inner):
            found, suffix = inner, ".NAME"
        case _:
            return None
    within = _inner(found)
    return None if within is None else (within[0], suffix + within[1])


def _row(each: Field, defaults: object) -> str:
    cells = (
        f"`{each.name}`",
        type_words(each.kind, each.info),
        _default_words(each, defaults),
        each.info.unit,
        ", ".join(f"{_SIGNS[sign]} {bound:f}" for sign, bound in each.info.bounds),
        _about(each),
    )
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


_SIGNS: Final = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _about(each: Field) -> str:
    info = each.info
    parts = []
    if info.not_effective:
        parts.append(f"**Not yet effective** ({info.not_effective}).")
    parts.append(info.doc)
    if info.alias:
        parts.append(f"May also be written `{info.alias}`.")
    if info.env:
        parts.append(f"The environment variable `{info.env}` wins over the file.")
    if info.example:
        parts.append(f"Example: `{info.example}`.")
    return " ".join(part for part in parts if part)


def type_words(kind: Kind, info: Setting) -> str:
    """The type of a setting in words."""
    match kind:
        case Plain.TEXT | Plain.SECRET if info.choices is not None or info.pattern is not None:
            return expected_words(kind, info)
        case Plain():
            return _TYPE_WORDS[kind]
        case Choice(value_by_text):
            return " or ".join(f"`{text}`" for text in value_by_text)
        case Maybe(inner):
            return f"{type_words(inner, info)}, or null"
        case Many(item):
            return f"list of: {type_words(item, info)}"
        case Table(value):
            return f"table of: {type_words(value, info)}"
        case Section():
            return "section"
        case _:
            assert_never(kind)


def _default(each: Field, defaults: object) -> object:
    return default_value(each.default) if defaults is None else getattr(defaults, each.name)


def _default_words(each: Field, defaults: object) -> str:
    if each.is_required:
        return "must be given"
    return _words(plain(_default(each, defaults), each.kind))


def _words(value: object) -> str:
    match value:
        case None:
            return "null"
        case True | False:
            return "`true`" if value else "`false`"
        case "":
            return "empty"
        case [] | {} if not value:
            return "none"
        case Decimal():
            return f"`{decimal_text(value)}`"
        case list():
            return ", ".join(_words(each) for each in value)
        case dict():
            return ", ".join(f"{key}: {_words(each)}" for key, each in value.items())
        case _:
            return f"`{value}`"
