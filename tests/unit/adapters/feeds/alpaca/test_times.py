"""Times on the wire, to the nanosecond."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cream.adapters.brokers.alpaca.document import SchemaMismatch, read_moment
from cream.adapters.feeds.alpaca.times import read_text_ns, read_timestamp_ns


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 86_399), st.integers(0, 9), st.data())
def test_a_text_is_read_as_the_slow_reader_reads_it(
    second: int, digits: int, data: st.DataObject
) -> None:
    fraction = data.draw(st.integers(0, 10**digits - 1)) if digits else None
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    text = f"2026-11-23T{clock}{'' if fraction is None else f'.{fraction:0{digits}}'}Z"

    for _ in range(2):
        assert read_text_ns(text) == read_moment(text).nanoseconds


def test_offsets_are_taken_into_account() -> None:
    zulu = read_text_ns("2026-11-23T15:30:00.123456789Z")

    assert zulu % 1_000_000_000 == 123_456_789
    assert read_text_ns("2026-11-23T10:30:00.123456789-05:00") == zulu


@pytest.mark.parametrize("text", ["", "Z", "yesterday", "2026-11-23T15:30:00.1_0Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    read_text_ns("2026-11-23T15:30:00Z")
    with pytest.raises(SchemaMismatch):
        read_text_ns(text)


@pytest.mark.parametrize(
    ("data", "nanoseconds"),
    [
        (bytes.fromhex("1fbd280065ef08a7"), 1_710_164_135_133_122_560),
        (bytes.fromhex("65ef08a7"), 1_710_164_135_000_000_000),
        (
            (133_122_560).to_bytes(4, "big") + (1_710_164_135).to_bytes(8, "big"),
            1_710_164_135_133_122_560,
        ),
    ],
)
def test_a_msgpack_timestamp_has_three_forms(data: bytes, nanoseconds: int) -> None:
    assert read_timestamp_ns(-1, data) == nanoseconds


@pytest.mark.parametrize(("code", "data"), [(-1, b"12345"), (5, b"12345678")])
def test_another_extension_is_no_timestamp(code: int, data: bytes) -> None:
    extension = msgspec.msgpack.Ext(code, data)
    with pytest.raises(SchemaMismatch):
        read_timestamp_ns(extension.code, bytes(extension.data))


@pytest.mark.parametrize("seconds", [-1, 2**63 - 1, -(2**63), 7_258_118_400])
def test_a_time_that_no_calendar_knows_is_refused(seconds: int) -> None:
    with pytest.raises(SchemaMismatch, match="no time of a market"):
        read_timestamp_ns(-1, bytes(4) + seconds.to_bytes(8, "big", signed=True))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_neither_is_one_in_words(text: str) -> None:
    for _ in range(2):
        with pytest.raises(SchemaMismatch, match="no time of a market"):
            read_text_ns(text)
