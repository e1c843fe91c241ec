"""Field metadata: what a settings class says about itself."""

from decimal import Decimal

import attrs
import pytest
from attrs import field, frozen

from cream.core.model.setting import Setting, described, section, setting, setting_of


@frozen
class Inner:
    size: int = setting(3, doc="Size.", ge=1, le=9, unit="pieces", alias="length", example="4")


@frozen
class Outer:
    name: str = field(metadata=described(Setting(doc="Name.")))
    plain: int = 7
    inner: Inner = section(Inner, doc="Inner things.", not_effective="later")
    prices: dict[str, Decimal] = setting({"A": Decimal(1)}, doc="Prices.", gt="0.01", lt=1.5)


def info(settings_type: type, name: str) -> Setting:
    return setting_of(attrs.fields_dict(settings_type)[name])


def test_a_setting_carries_everything_that_was_said_of_it() -> None:
    size = info(Inner, "size")

    assert Inner().size == 3
    assert (size.doc, size.unit, size.alias, size.example) == ("Size.", "pieces", "length", "4")
    assert (size.env, size.not_effective, size.choices, size.pattern) == (None, "", None, None)


def test_bounds_are_exact_whatever_they_were_written_as() -> None:
    assert info(Outer, "prices").bounds == ((">", Decimal("0.01")), ("<", Decimal("1.5")))
    assert info(Inner, "size").bounds == ((">=", Decimal(1)), ("<=", Decimal(9)))


@pytest.mark.parametrize(
    ("value", "within"),
    [("0.01", False), ("0.011", True), ("1.499", True), ("1.5", False), ("-1", False)],
)
def test_exclusive_bounds_do_not_admit_the_bound_itself(value: str, within: bool) -> None:
    assert info(Outer, "prices").admits(Decimal(value)) is within


@pytest.mark.parametrize(("value", "within"), [(0, False), (1, True), (9, True), (10, False)])
def test_inclusive_bounds_admit_the_bound_itself(value: int, within: bool) -> None:
    assert info(Inner, "size").admits(Decimal(value)) is within


def test_a_table_that_is_a_default_is_never_shared_between_instances() -> None:
    first, second = Outer("a"), Outer("b")

    first.prices["B"] = Decimal(2)

    assert second.prices == {"A": Decimal(1)}


def test_a_section_defaults_to_the_settings_of_its_part() -> None:
    assert Outer("a").inner == Inner()
    assert info(Outer, "inner").not_effective == "later"


def test_a_field_without_default_must_be_given_and_is_described_all_the_same() -> None:
    with pytest.raises(TypeError):
        Outer()  # type: ignore[call-arg]

    assert info(Outer, "name").doc == "Name."


def test_nothing_is_said_of_a_field_that_is_no_setting() -> None:
    assert info(Outer, "plain") == Setting()
