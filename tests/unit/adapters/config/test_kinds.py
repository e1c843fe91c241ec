"""Shapes of settings, and the mistakes of programmers that are found before any file is read."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Optional

import attrs
import pytest
from attrs import field, frozen

from cream.adapters.config.kinds import (
    Choice,
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
    kind_of,
    section_within,
)
from cream.core.model.secret import Secret
from cream.core.model.setting import section, setting


class Colour(str, Enum):  # noqa: UP042 - mixes in a type that has a shape of its own
    RED = "red"


class Size(Enum):
    SMALL = 1


@frozen
class Inner:
    size: int = setting(3, doc="Size.")


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, Plain.TEXT),
        (bool, Plain.FLAG),
        (int, Plain.WHOLE),
        (Decimal, Plain.DECIMAL),
        (float, Plain.FLOAT),
        (Path, Plain.PATH),
        (datetime, Plain.INSTANT),
        (Secret, Plain.SECRET),
        (Colour, Choice({"red": Colour.RED})),
        (Size, Choice({"1": Size.SMALL})),
        (Literal["a", 2], Choice({"a": "a", "2": 2})),
        (int | None, Maybe(Plain.WHOLE)),
        (Optional[int], Maybe(Plain.WHOLE)),  # noqa: UP045 - the older spelling works too
        (tuple[int, ...], Many(Plain.WHOLE)),
        (tuple[int | None, ...], Many(Maybe(Plain.WHOLE))),
        (dict[str, Decimal], Table(Plain.DECIMAL)),
        (Mapping[str, Inner], Table(Section(Inner))),
        (Inner, Section(Inner)),
        (Inner | None, Maybe(Section(Inner))),
    ],
)
def test_every_type_of_settings_has_its_shape(annotation: object, kind: Kind) -> None:
    assert kind_of(annotation) == kind


@pytest.mark.parametrize(
    "annotation",
    [
        bytes,
        date,
        list[int],
        tuple[int, str],
        tuple[int],
        dict[int, str],
        int | str,
        int | str | None,
        Literal[True],
        Literal[b"x"],
        Any,
        set[str],
        tuple[bytes, ...],
    ],
)
def test_a_type_without_a_shape_is_refused(annotation: object) -> None:
    with pytest.raises(TypeError, match="is not a type of settings"):
        kind_of(annotation)


def made(**fields: Any) -> type:
    return attrs.make_class("Made", fields, frozen=True)


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        (field(type=bytes, default=b""), "Made.x: .* is not a type of settings"),
        (field(default=1), "Made.x: None is not a type of settings"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(attribute: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        fields_of(made(x=attribute))


@frozen
class BoundsOnText:
    x: str = setting("", doc="", gt=1)


@frozen
class PatternOnNumber:
    x: int = setting(1, doc="", pattern="1")


@frozen
class ChoicesOnFlag:
    x: bool = setting(True, doc="", choices=("true",))


@frozen
class VariableForList:
    x: tuple[str, ...] = setting((), doc="", env="X")


@frozen
class VariableForSection:
    x: Inner = setting(Inner(), doc="", env="X")


@frozen
class DefaultOutOfBounds:
    x: float = setting(0.0, doc="", gt=0)


@frozen
class DefaultNoChoice:
    x: str = setting("c", doc="", choices=("a", "b"))


@frozen
class OneKeyTwice:
    x: int = setting(1, doc="", alias="y")
    y: int = setting(1, doc="")


@pytest.mark.parametrize(
    ("settings_type", "message"),
    [
        (BoundsOnText, "BoundsOnText.x has bounds but is no number"),
        (PatternOnNumber, "PatternOnNumber.x has a pattern or choices but is no text"),
        (ChoicesOnFlag, "ChoicesOnFlag.x has a pattern or choices but is no text"),
        (VariableForList, "VariableForList.x is no single value"),
        (VariableForSection, "VariableForSection.x is a section"),
        (DefaultOutOfBounds, "DefaultOutOfBounds.x has a default outside its own bounds"),
        (DefaultNoChoice, "DefaultNoChoice.x has a default that is not among its choices"),
        (OneKeyTwice, "OneKeyTwice has one key for two settings"),
    ],
)
def test_metadata_that_cannot_be_meant_is_refused(settings_type: type, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        fields_of(settings_type)


@frozen
class Outer:
    name: str
    inner: Inner = section(Inner, doc="")
    many: "tuple[Inner, ...]" = ()
    twice: int = field(init=False, default=1)
    derived: int = attrs.field()

    @derived.default
    def _derived(self) -> int:
        return len(self.name)


def test_fields_come_in_order_without_those_that_init_does_not_take() -> None:
    fields = {each.name: each for each in fields_of(Outer)}

    assert list(fields) == ["name", "inner", "many", "derived"]
    assert fields["many"].kind == Many(Section(Inner))
    assert [each.name for each in fields.values() if each.is_required] == ["name"]


def test_the_value_of_a_default_is_known_unless_it_hangs_on_the_instance() -> None:
    defaults = {each.name: default_value(each.default) for each in fields_of(Outer)}

    assert defaults == {
        "name": attrs.NOTHING,
        "inner": Inner(),
        "many": (),
        "derived": attrs.NOTHING,
    }


def test_only_a_class_without_required_settings_has_an_instance_of_defaults() -> None:
    assert default_instance(Inner) == Inner(3)
    assert default_instance(Outer) is None


def test_the_core_of_a_shape_is_the_shape_of_its_single_values() -> None:
    assert core_of(kind_of(dict[str, tuple[int | None, ...]])) == Plain.WHOLE


def test_a_section_is_found_directly_or_as_an_option() -> None:
    assert section_within(kind_of(Inner)) is Inner
    assert section_within(kind_of(Inner | None)) is Inner
    assert section_within(kind_of(tuple[Inner, ...])) is None
