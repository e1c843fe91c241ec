from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.brokers.alpaca.document import (
    SchemaMismatch,
    Stamp,
    decode_json,
    read,
    read_list,
    read_moment,
    wire,
)


@frozen(kw_only=True)
class Inner:
    price: Decimal
    extra: dict[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Sample:
    id: str
    word: str = wire("type", "")
    qty: Decimal | None = None
    at: Stamp | None = None
    count: int | None = None
    on: bool = False
    legs: tuple[Inner, ...] = ()
    tables: dict[str, tuple[Inner, ...]] = field(factory=dict)
    extra: dict[str, Any] = field(factory=dict)


@pytest.mark.parametrize("text", ["0.1", "100", "1.2300", "123456789012345678901234567890.5", "-7"])
def test_a_number_keeps_its_text(text: str) -> None:
    assert str(read(Inner, decode_json(f'{{"price": {text}}}')).price) == text
    assert str(read(Inner, decode_json(f'{{"price": "{text}"}}')).price) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9))
@settings(max_examples=50)
def test_any_amount_with_nine_places_survives(amount: Decimal) -> None:
    text = f"{amount:f}"
    assert str(read(Inner, decode_json(f'{{"price": "{text}"}}')).price) == str(Decimal(text))


def test_what_no_field_names_is_kept() -> None:
    sample = read(Sample, {"id": "a", "new_thing": {"deep": [1]}})
    assert sample.extra == {"new_thing": {"deep": [1]}}


def test_a_word_that_nobody_knows_is_a_word() -> None:
    assert read(Sample, {"id": "a", "type": "market_on_moon"}).word == "market_on_moon"


def test_null_and_absent_are_the_default() -> None:
    assert read(Sample, {"id": "a", "qty": None, "type": None}) == read(Sample, {"id": "a"})


def test_an_empty_text_is_no_number() -> None:
    assert read(Sample, {"id": "a", "qty": ""}).qty is None


def test_parts_are_read_wherever_they_are() -> None:
    sample = read(Sample, {"id": "a", "legs": [{"price": 1}], "tables": {"X": [{"price": "2"}]}})
    assert [one.price for one in sample.legs] == [1]
    assert sample.tables["X"][0].price == 2


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "$.id"),
        ({"id": 5}, "$.id"),
        ({"id": "a", "qty": "many"}, "$.qty"),
        ({"id": "a", "qty": "NaN"}, "$.qty"),
        ({"id": "a", "qty": True}, "$.qty"),
        ({"id": "a", "count": "5"}, "$.count"),
        ({"id": "a", "count": True}, "$.count"),
        ({"id": "a", "on": "yes"}, "$.on"),
        ({"id": "a", "at": 5}, "$.at"),
        ({"id": "a", "at": "yesterday"}, "$.at"),
        ({"id": "a", "legs": {}}, "$.legs"),
        ({"id": "a", "legs": [{"price": 1}, {}]}, "$.legs[1].price"),
        ({"id": "a", "tables": []}, "$.tables"),
        ([], "$"),
    ],
)
def test_what_is_there_and_cannot_be_read_is_named(raw: object, path: str) -> None:
    with pytest.raises(SchemaMismatch) as caught:
        read(Sample, raw)
    assert caught.value.path == path


def test_a_list_is_read_entry_by_entry() -> None:
    assert [one.price for one in read_list(Inner, [{"price": 1}, {"price": 2}])] == [1, 2]
    with pytest.raises(SchemaMismatch, match=r"\$\[1\]\.price"):
        read_list(Inner, [{"price": 1}, {}])
    with pytest.raises(SchemaMismatch, match="no list"):
        read_list(Inner, {})


@pytest.mark.parametrize("data", [b"<html>502</html>", b"", b"\xff\xfe", b'{"a":'])
def test_what_is_no_json_is_a_mismatch(data: bytes) -> None:
    with pytest.raises(SchemaMismatch, match="no JSON"):
        decode_json(data)


@pytest.mark.parametrize(
    ("text", "at", "nanoseconds"),
    [
        ("2024-12-10T16:15:53.677230742Z", datetime(2024, 12, 10, 16, 15, 53, 677230, UTC), 742),
        ("2024-12-10T11:15:53-05:00", datetime(2024, 12, 10, 16, 15, 53, 0, UTC), 0),
        ("2022-07-27T08:12:33.66897767Z", datetime(2022, 7, 27, 8, 12, 33, 668977, UTC), 670),
        ("1969-12-31T23:59:59.5Z", datetime(1969, 12, 31, 23, 59, 59, 500000, UTC), 0),
    ],
)
def test_a_moment_is_kept_to_the_nanosecond(text: str, at: datetime, nanoseconds: int) -> None:
    stamp = read_moment(text)
    assert (stamp.text, stamp.at) == (text, at)
    assert stamp.nanoseconds % 1000 == nanoseconds


@pytest.mark.parametrize("text", ["2024-12-10", "2024-13-10T00:00:00Z", "2024-12-10T00:00:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(SchemaMismatch, match="no moment"):
        read_moment(text)


@pytest.mark.parametrize(
    "text",
    ["1e999999999", "1e-999999999", "0e999999999", "NaN", "-Infinity", "9" * 100_000],
)
def test_a_number_that_nobody_can_calculate_with_is_none(text: str) -> None:
    """To write such a number out takes a gigabyte, and to make a whole one of it for ever."""
    with pytest.raises(SchemaMismatch, match=r"\$\.price: is no number"):
        read(Inner, {"price": text})


def test_the_same_holds_for_a_number_of_the_document() -> None:
    with pytest.raises(SchemaMismatch, match=r"\$\.price: is no number"):
        read(Inner, decode_json('{"price": 1e999999999}'))


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_without_end_is_no_document(opening: str) -> None:
    with pytest.raises(SchemaMismatch, match="is no JSON"):
        decode_json(opening * 100_000)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999999-23:59"]
)
def test_a_moment_beyond_the_calendar_is_none(text: str) -> None:
    with pytest.raises(SchemaMismatch, match="is no moment"):
        read_moment(text)
