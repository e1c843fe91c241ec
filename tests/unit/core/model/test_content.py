"""Two requests are one if their decoded content is."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.content import content_hash
from tests.fakes.builders import NOW, order_terms


def test_the_scale_of_a_number_does_not_matter() -> None:
    one, other = order_terms(limit="238.5"), order_terms(limit="238.50")

    assert content_hash(one) == content_hash(other)


@pytest.mark.parametrize(
    "change",
    [{"quantity": Decimal(101)}, {"limit_price": Decimal(1)}, {"plan_id": "other"}, {"legs": (1,)}],
)
def test_any_field_that_differs_makes_another_request(change: dict[str, object]) -> None:
    terms = order_terms()

    assert content_hash(terms) != content_hash(evolve(terms, **change))


def test_kinds_are_told_apart() -> None:
    values = ["1", 2, Decimal("1.5"), True, None, NOW, NOW.date(), ("1",), {"a": 2}, {"a": "1"}]

    assert len({content_hash(value) for value in values}) == len(values)


def test_the_order_of_a_mapping_does_not_matter_and_that_of_a_list_does() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash([1, 2]) != content_hash([2, 1])


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        content_hash(object())


@pytest.mark.parametrize(
    "equal",
    [
        [5000, Decimal(5000), Decimal("5000.00"), Decimal("5E+3"), 5000.0],
        [0, Decimal("-0"), Decimal("0.00"), Decimal("0E+7"), 0.0, -0.0],
        [Decimal("0.1"), 0.1, Decimal("0.10")],
        [-3, Decimal("-3.0"), -3.0],
        [(1, 2), [1, 2]],
        [NOW, NOW.astimezone(timezone(timedelta(hours=-5)))],
    ],
)
def test_the_same_content_is_the_same_however_it_was_written(equal: list[object]) -> None:
    assert len({content_hash(value) for value in equal}) == 1


@given(st.decimals(allow_nan=False), st.decimals(allow_nan=False))
def test_numbers_share_a_digest_exactly_when_they_are_equal(one: Decimal, other: Decimal) -> None:
    assert (content_hash(one) == content_hash(other)) is (one == other)


def test_no_digit_is_rounded_away() -> None:
    one, other = Decimal("1." + "0" * 40 + "1"), Decimal("1." + "0" * 40 + "2")

    assert content_hash(one) != content_hash(other)


def test_a_number_of_absurd_size_costs_no_memory() -> None:
    """Written out it would have a billion digits."""
    assert content_hash(Decimal("1E+999999999")) != content_hash(Decimal("1E+999999998"))


def test_true_is_not_one_and_a_text_is_not_a_number() -> None:
    assert len({content_hash(value) for value in (True, 1, "1", "True", None, "None")}) == 6


def test_half_a_surrogate_pair_is_content_too() -> None:
    assert content_hash("\ud800") != content_hash("\ud801")


def test_texts_are_framed() -> None:
    """No two texts can be cut otherwise into the same whole."""
    assert content_hash(["a,1:b"]) != content_hash(["a", "b"])
    assert content_hash({"a": "b"}) != content_hash({"a=1:b": ""})


def test_a_moment_without_a_zone_is_not_taken_for_one_in_utc() -> None:
    bare = datetime(2026, 11, 23, 15)  # noqa: DTZ001 - the missing zone is what is tested

    assert content_hash(bare) != content_hash(NOW)


def test_what_is_no_number_is_itself() -> None:
    values = [float("nan"), float("inf"), float("-inf")]

    assert len({content_hash(value) for value in values}) == 3
