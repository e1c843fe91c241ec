"""Two requests are one if their decoded content is."""

from decimal import Decimal

import pytest
from attrs import evolve

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
