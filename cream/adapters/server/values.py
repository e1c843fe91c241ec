"""Is this value what its field may hold? The domains that both formats share.

Every function gives the value back, or notes what is wrong under `path` and gives None.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.strict_json import Json, NotFinite
from cream.core.model.instrument import Instrument
from cream.core.options.occ import parse_instrument

E = TypeVar("E", bound=Enum)

# The broker takes client order ids up to 128 characters; ours are shorter.
LONGEST_IDENTIFIER = 128
# A rationale is a page or two of prose.
LONGEST_PROSE = 16_384
# Factors are bullet points.
MAX_FACTORS = 100
LONGEST_FACTOR = 2_000
# Beyond any order that any venue takes, and small enough that no product overflows.
LARGEST_NUMBER = Decimal(10) ** 9
# Money is larger than sizes.
LARGEST_AMOUNT = Decimal(10) ** 15
# The finest fractions of shares and of prices that brokers use.
MAX_PLACES = 9
# A number whose text is longer than this is no price and no size.
_LONGEST_NUMBER = 64
# Exponents beyond this would make the plain text of a number megabytes long.
_LARGEST_EXPONENT = 40

# No blanks, no NaN, no underscores, ASCII digits only; Decimal itself would take all of these.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,9})?", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def decimal_value(value: Json, path: str, problems: Problems) -> Decimal | None:
    """A finite number, from its text."""
    number: Decimal | None = None
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        problems.add(path, "must be a decimal, as a string or a number")
    elif isinstance(value, NotFinite):
        problems.add(path, f"must be a finite number, was {shown(value)}")
    elif isinstance(value, str):
        if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
            number = Decimal(value)
        else:
            problems.add(path, f"must be a decimal such as 238.50, was {shown(value)}")
    else:
        number = Decimal(value)
    return None if number is None else _bounded(number, path, problems)


def _bounded(number: Decimal, path: str, problems: Problems) -> Decimal | None:
    if not number:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "NaN and infinities do not come this far"
    if number.adjusted() > _LARGEST_EXPONENT or exponent > _LARGEST_EXPONENT:
        problems.add(path, f"is too large, was {shown(number)}")
        return None
    if exponent < -_LARGEST_EXPONENT:
        problems.add(path, f"has too many decimal places, was {shown(number)}")
        return None
    return number


def within(
    number: Decimal | None,
    path: str,
    problems: Problems,
    *,
    least: Decimal | None = None,
    above: Decimal | None = None,
    most: Decimal = LARGEST_NUMBER,
) -> Decimal | None:
    """`number` if it lies in its domain and has at most nine decimal places."""
    if number is None:
        return None
    if above is not None and number <= above:
        problems.add(path, f"must be above {above}, was {shown(number)}")
    elif least is not None and number < least:
        problems.add(path, f"must be at least {least}, was {shown(number)}")
    elif abs(number) > most:
        problems.add(path, f"must be at most {most:f}, was {shown(number)}")
    elif places(number) > MAX_PLACES:
        problems.add(path, f"may have {MAX_PLACES} decimal places, was {shown(number)}")
    else:
        return number
    return None


def places(number: Decimal) -> int:
    """Decimal places that are needed to write `number`, trailing zeros not counted."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "NaN and infinities do not come this far"
    zeros = 0
    for digit in reversed(digits):
        if digit:
            break
        zeros += 1
    return max(0, -exponent - zeros)


def is_whole(number: Decimal) -> bool:
    """Whether `number` is an integer."""
    return places(number) == 0


def whole_value(value: Json, path: str, problems: Problems, *, least: int, most: int) -> int | None:
    """An integer from `least` to `most`, as a number or its text."""
    number = decimal_value(value, path, problems)
    if number is None:
        return None
    if not is_whole(number):
        problems.add(path, f"must be a whole number, was {shown(number)}")
    elif not least <= number <= most:
        problems.add(path, f"must be from {least} to {most}, was {shown(number)}")
    else:
        return int(number)
    return None


def text_value(value: Json, path: str, problems: Problems, *, longest: int) -> str | None:
    """A text of at most `longest` characters that can be stored anywhere."""
    if not isinstance(value, str):
        problems.add(path, "must be a string")
    elif len(value) > longest:
        problems.add(path, f"may have {longest} characters, has {len(value)}")
    elif "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        problems.add(path, "holds a character that is none (NUL or half a surrogate pair)")
    else:
        return value
    return None


def identifier_value(value: Json, path: str, problems: Problems) -> str | None:
    """A name that others refer to: not empty, printable, no blanks around it."""
    text = text_value(value, path, problems, longest=LONGEST_IDENTIFIER)
    if text is None:
        return None
    if not text:
        problems.add(path, "must not be empty")
    elif not text.isprintable() or text != text.strip():
        problems.add(path, f"must be printable, without blanks around it, was {shown(text)}")
    else:
        return text
    return None


def choice_value(value: Json, path: str, problems: Problems, choices: type[E]) -> E | None:
    """The member of `choices` that `value` names."""
    if isinstance(value, str):
        for member in choices:
            if member.value == value:
                return member
    words = ", ".join(str(member.value) for member in choices)
    problems.add(path, f"must be one of {words}; was {shown(value)}")
    return None


def instrument_value(value: Json, path: str, problems: Problems) -> Instrument | None:
    """The share or the option contract that a symbol names."""
    text = text_value(value, path, problems, longest=LONGEST_IDENTIFIER)
    if text is None:
        return None
    try:
        return parse_instrument(text)
    except ValueError as error:
        problems.add(path, str(error))
        return None


def instant_value(value: Json, path: str, problems: Problems) -> datetime | None:
    """A moment in UTC, from RFC 3339; digits beyond microseconds are dropped."""
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        problems.add(path, "must be an RFC 3339 time with its zone, such as 2026-11-23T15:00:00Z")
        return None
    *numbers, fraction, zone = found.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        offset = _offset(zone)
        local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=offset)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        problems.add(path, f"is not a time that exists: {shown(found[0])}")
        return None


def day_value(value: Json, path: str, problems: Problems) -> date | None:
    """A day, from ISO 8601 with its dashes."""
    day = None
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
    if day is None or day.isoformat() != value:
        problems.add(path, f"must be a day such as 2026-12-18, was {shown(value)}")
        return None
    return day


def _offset(zone: str) -> timezone:
    if zone in "Zz":
        return UTC
    sign = -1 if zone[0] == "-" else 1
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    return timezone(sign * timedelta(hours=hours, minutes=minutes))
