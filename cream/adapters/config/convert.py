"""Which value does the text of a single setting mean, if it means one?

Numbers are read from their digits: a price never passes through a float. What YAML itself would
make of a text (octal 010, sexagesimal 1:30, `yes`, `.nan`) is of no account, and what one reader
takes for eight and another for ten is refused.
"""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Final, assert_never

from attrs import frozen

from cream.adapters.config.kinds import Choice, Kind, Many, Maybe, Plain, Section, Table, core_of
from cream.adapters.config.problems import quoted
from cream.adapters.config.yaml_nodes import Scalar
from cream.core.model.secret import MASK, Secret
from cream.core.model.setting import Setting

# What a Decimal of Python's default context (28 digits) adds and multiplies without rounding, and
# magnitudes that no amount of money or shares has.
MAX_SIGNIFICANT_DIGITS: Final = 28
MAX_EXPONENT: Final = 28

# Whole numbers end up in 64-bit columns and protobuf fields.
MAX_WHOLE: Final = 2**63 - 1

# No number within the bounds above needs more; longer texts are not even looked at.
_MAX_NUMBER_CHARACTERS: Final = 100

WHOLE_PATTERN: Final = r"[+-]?(0|[1-9][0-9]*)"
NUMBER_PATTERN: Final = r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
INSTANT_PATTERN: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

_WHOLE: Final = re.compile(WHOLE_PATTERN)
_NUMBER: Final = re.compile(NUMBER_PATTERN)
_INSTANT: Final = re.compile(INSTANT_PATTERN)

# Closer than the default of difflib would call "fals" a word for "falling".
_SIMILARITY: Final = 0.6

# Longer than any key there is; comparing takes time with the square of the length.
_MAX_COMPARED_CHARACTERS: Final = 64


@frozen
class NoValue:
    """The text does not mean a value of the setting; `hint` says how it could, if known."""

    hint: str = ""


def read(scalar: Scalar, kind: Plain | Choice, info: Setting) -> object:
    """The value of a single setting, or `NoValue`."""
    if kind in (Plain.FLAG, Plain.WHOLE) and not scalar.is_bare:
        return NoValue("write it without quotes")
    value = _value(scalar.text, kind)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value if info.admits(Decimal(str(value))) else NoValue()
    if kind in (Plain.TEXT, Plain.SECRET):
        return _admitted_text(value, scalar.text, info)
    return value


def _value(text: str, kind: Plain | Choice) -> object:
    match kind:
        case Plain.TEXT:
            return text
        case Plain.SECRET:
            return Secret(text)
        case Plain.FLAG:
            return _flag(text)
        case Plain.WHOLE:
            return _whole(text)
        case Plain.DECIMAL:
            return _decimal(text)
        case Plain.FLOAT:
            return _float(text)
        case Plain.PATH:
            return Path(text) if text and "\0" not in text else NoValue()
        case Plain.INSTANT:
            return _instant(text)
        case Choice(value_by_text):
            options = list(value_by_text)
            return value_by_text.get(text, NoValue(did_you_mean(text, options)))
        case _:
            assert_never(kind)


def _flag(text: str) -> bool | NoValue:
    if text in ("true", "false"):
        return text == "true"
    word = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(text.lower())
    word = word or (text.lower() if text.lower() in ("true", "false") else None)
    return NoValue(f"did you mean {word}?" if word else "")


def _whole(text: str) -> int | NoValue:
    if len(text) > _MAX_NUMBER_CHARACTERS or not _WHOLE.fullmatch(text):
        return NoValue(_number_hint(text))
    value = int(text)
    return value if abs(value) <= MAX_WHOLE else NoValue("it does not fit into 64 bits")


def _decimal(text: str) -> Decimal | NoValue:
    if len(text) > _MAX_NUMBER_CHARACTERS or not _NUMBER.fullmatch(text):
        return NoValue(_number_hint(text))
    value = Decimal(text)
    if len(value.as_tuple().digits) > MAX_SIGNIFICANT_DIGITS:
        return NoValue(f"more than {MAX_SIGNIFICANT_DIGITS} digits cannot be kept exactly")
    if abs(value.adjusted()) > MAX_EXPONENT:
        return NoValue(f"beyond 10 to the {MAX_EXPONENT} there are no amounts")
    return value


def _float(text: str) -> float | NoValue:
    if len(text) > _MAX_NUMBER_CHARACTERS or not _NUMBER.fullmatch(text):
        return NoValue(_number_hint(text))
    value = float(text)
    return value if math.isfinite(value) else NoValue("it is beyond all floating-point numbers")


def _number_hint(text: str) -> str:
    if "_" in text or "," in text:
        return "write the digits without separators"
    if re.fullmatch(r"[+-]?0[0-9]+(\.[0-9]*)?", text):
        return "leave out the zeros in front: some readers take such a number for an octal one"
    return ""


def _instant(text: str) -> datetime | NoValue:
    if len(text) > _MAX_NUMBER_CHARACTERS or not _INSTANT.fullmatch(text):
        return NoValue()
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return NoValue("there is no such time")


def _admitted_text(value: object, text: str, info: Setting) -> object:
    if info.choices is not None and text not in info.choices:
        return NoValue(did_you_mean(text, info.choices))
    if info.pattern is not None and not re.fullmatch(info.pattern, text):
        return NoValue()
    return value


def did_you_mean(text: str, words: list[str] | tuple[str, ...]) -> str:
    """A hint that names the word nearest to `text`, empty where none is near."""
    if len(text) > _MAX_COMPARED_CHARACTERS:
        return ""
    word_by_lower = {word.lower(): word for word in words}
    near = get_close_matches(text.lower(), word_by_lower, n=1, cutoff=_SIMILARITY)
    return f"did you mean {word_by_lower[near[0]]}?" if near else ""


def found_words(scalar: Scalar, kind: Kind) -> str:
    """How a message names what stands there; a secret is not named."""
    if kind == Plain.SECRET:
        shown = MASK
    elif kind != core_of(kind) or isinstance(kind, Section):
        # A key in the place of the section for it is still a key.
        shown = "null" if scalar.is_null else "a single value"
    elif scalar.is_null:
        return "null"
    else:
        shown = quoted(scalar.text)
    if scalar.variables:
        return f"{shown} (from {', '.join(scalar.variables)})"
    return shown


def expected_words(kind: Kind, info: Setting) -> str:
    """How a message names the values that the setting can have."""
    match kind:
        case Plain.TEXT | Plain.SECRET if info.choices is not None:
            return "one of " + ", ".join(info.choices)
        case Plain.TEXT | Plain.SECRET if info.pattern is not None:
            return f"{kind.value} that matches {info.pattern}"
        case Plain():
            bounds = " and ".join(f"{sign} {bound:f}" for sign, bound in info.bounds)
            unit = f" ({info.unit})" if info.unit else ""
            return kind.value + (f" {bounds}" if bounds else "") + unit
        case Choice(value_by_text):
            return "one of " + ", ".join(value_by_text)
        case Maybe(inner):
            return expected_words(inner, info) + " or null"
        case Many():
            return "a list (each entry after a dash; [] for none)"
        case Table():
            return "a table of names and values ({} for none)"
        case Section():
            return "a section with keys of its own"
        case _:
            assert_never(kind)
