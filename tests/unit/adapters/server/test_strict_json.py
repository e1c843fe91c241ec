"""Nothing that an order must not lose is lost between the bytes and the values."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.server.strict_json import JsonObject, NotFinite, decode, decode_nested
from cream.core.model.errors import CreamError


def problem_of(body: bytes) -> str:
    with pytest.raises(CreamError) as caught:
        decode(body)
    assert caught.value.kind.code == "INVALID_REQUEST"
    (problem,) = caught.value.problems
    assert problem.field == ""
    return problem.problem


@pytest.mark.parametrize("body", [b"", b"  \n\t"])
def test_an_empty_body_is_refused(body: bytes) -> None:
    assert problem_of(body) == "the body is empty"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "line 1, column 2"),
        (b"{}\n}", "line 2, column 1"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 01}', "not JSON"),
        (b"\xff\xfe{}", "not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(body: bytes, words: str) -> None:
    assert words in problem_of(body)


def test_a_number_keeps_every_digit_of_its_text() -> None:
    """0.1 as a float has a binary tail; 20 digits do not fit one at all."""
    value = decode(b"[0.1, 238.50, 1e2, 12345678901234567890, 1234567890.123456789012345]")

    assert value == [
        Decimal("0.1"),
        Decimal("238.50"),
        Decimal("1E+2"),
        12345678901234567890,
        Decimal("1234567890.123456789012345"),
    ]
    assert isinstance(value, list)
    assert str(value[1]) == "238.50"


def test_an_integer_of_a_megabyte_does_not_cost_quadratic_time() -> None:
    value = decode(b"[" + b"9" * 1_000_000 + b"]")

    assert isinstance(value, list)
    assert isinstance(value[0], Decimal)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_token_that_is_no_number_is_kept_apart_from_numbers(token: str) -> None:
    assert decode(f'{{"a": {token}}}'.encode()) == {"a": NotFinite(token)}


def test_an_exponent_that_no_decimal_has_is_no_number() -> None:
    value = decode(b"[1e99999999999999999999]")

    assert isinstance(value, list)
    assert isinstance(value[0], NotFinite)
    assert str(value[0]).startswith("1e9999")


def test_keys_that_stand_twice_are_known() -> None:
    value = decode(b'{"a": 1, "b": {"c": 1, "c": 2, "c": 3}, "a": 2}')

    assert isinstance(value, JsonObject)
    assert value.duplicates == ("a",)
    inner = value["b"]
    assert isinstance(inner, JsonObject)
    assert inner.duplicates == ("c",)


def test_a_text_within_a_text_is_read_by_the_same_rules() -> None:
    assert decode_nested('[{"a": 0.10}]') == [{"a": Decimal("0.10")}]
    with pytest.raises(CreamError):
        decode_nested("\ud800")


@given(st.binary(max_size=200))
def test_no_body_raises_anything_but_a_refusal(body: bytes) -> None:
    with suppress(CreamError):
        decode(body)
