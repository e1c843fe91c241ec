"""How does a part of Cream say what can be set: meaning, default, bounds, unit, other names?

Each part defines an attrs class of its own settings; `setting` gives a field its meaning and its
bounds as metadata. The metadata is read by the configuration loader, which checks what the user
wrote, and by the schema and documentation made from the same class. Nothing here checks a value:
a class built in code (a test, a simulation) is taken at its word.
"""

from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Final, TypeVar

import attrs
from attrs import frozen

T = TypeVar("T")

# Whole numbers and texts are exact; a float is read by its shortest text, as everywhere in Cream.
Bound = int | str | float | Decimal

_KEY: Final = "cream.setting"


def _exact(bound: Bound | None) -> Decimal | None:
    return None if bound is None else Decimal(str(bound))


@frozen(kw_only=True)
class Setting:
    """What is known of one setting beyond its name, type and default.

    Bounds, choices and pattern hold for a single value: in a list or a table, for each of its
    values.
    """

    doc: str = ""
    gt: Decimal | None = attrs.field(default=None, converter=_exact)
    ge: Decimal | None = attrs.field(default=None, converter=_exact)
    lt: Decimal | None = attrs.field(default=None, converter=_exact)
    le: Decimal | None = attrs.field(default=None, converter=_exact)
    unit: str = ""
    example: str = ""
    alias: str | None = None
    env: str | None = None
    not_effective: str = ""
    choices: tuple[str, ...] | None = None
    pattern: str | None = None

    @property
    def bounds(self) -> tuple[tuple[str, Decimal], ...]:
        """The bounds that are set, each with its sign, lower ones first."""
        every = ((">", self.gt), (">=", self.ge), ("<", self.lt), ("<=", self.le))
        return tuple((sign, bound) for sign, bound in every if bound is not None)

    def admits(self, value: Decimal) -> bool:
        """Whether `value` lies within all bounds."""
        return (
            (self.gt is None or value > self.gt)
            and (self.ge is None or value >= self.ge)
            and (self.lt is None or value < self.lt)
            and (self.le is None or value <= self.le)
        )


_NOTHING_SAID: Final = Setting()


def described(info: Setting) -> dict[str, Setting]:
    """Metadata for a field that has no default and so must be given (an entry of a list)."""
    return {_KEY: info}


def setting(
    default: T,
    *,
    doc: str,
    gt: Bound | None = None,
    ge: Bound | None = None,
    lt: Bound | None = None,
    le: Bound | None = None,
    unit: str = "",
    example: str = "",
    alias: str | None = None,
    env: str | None = None,
    not_effective: str = "",
    choices: tuple[str, ...] | None = None,
    pattern: str | None = None,
) -> T:
    """A field of a settings class, with its default and what it means.

    `alias` is a second key under which the setting may be written, `env` a variable of the
    environment that wins over the file, `pattern` a regular expression for the whole text, and
    `not_effective` the reason why the value has no effect yet (empty: it has).
    """
    info = Setting(
        doc=doc,
        gt=gt,
        ge=ge,
        lt=lt,
        le=le,
        unit=unit,
        example=example,
        alias=alias,
        env=env,
        not_effective=not_effective,
        choices=choices,
        pattern=pattern,
    )
    if isinstance(default, dict):
        # Every instance gets a table of its own; a shared default could be changed for all.
        return attrs.field(factory=lambda: copy(default), metadata=described(info))
    return attrs.field(default=default, metadata=described(info))


def section(settings_type: Callable[[], T], *, doc: str, not_effective: str = "") -> T:
    """A field that holds the settings of a part; an absent section is `settings_type()`."""
    info = Setting(doc=doc, not_effective=not_effective)
    return attrs.field(factory=settings_type, metadata=described(info))


def setting_of(attribute: "attrs.Attribute[object]") -> Setting:
    """What `setting` said of this field; an empty `Setting` where nothing was said."""
    info = attribute.metadata.get(_KEY)
    return info if isinstance(info, Setting) else _NOTHING_SAID
