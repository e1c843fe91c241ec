from datetime import UTC, datetime

import msgspec
import pytest

from cream.adapters.sandbox.data_words import NUMBERS, PACKED, Stamp

AT = datetime(2024, 3, 11, 13, 35, 35, 133122, tzinfo=UTC)


def test_a_moment_has_nine_places_in_json() -> None:
    assert NUMBERS.encode({"t": Stamp(AT, 560)}) == b'{"t":"2024-03-11T13:35:35.133122560Z"}'


def test_a_moment_is_packed_as_alpaca_does() -> None:
    """The bytes are those of a recorded message."""
    packed = PACKED.encode({"t": Stamp(AT, 560)})
    assert packed.hex() == "81a174d7ff1fbd280065ef08a7"
    assert msgspec.msgpack.decode(packed)["t"].replace(microsecond=0) == AT.replace(microsecond=0)


def test_what_cannot_be_written_becomes_text() -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd"

    assert msgspec.msgpack.decode(PACKED.encode([Odd()])) == ["odd"]


@pytest.mark.parametrize("nanos", [0, 7, 999])
def test_nanoseconds_are_kept_in_both(nanos: int) -> None:
    assert str(Stamp(AT, nanos)).endswith(f".133122{nanos:03d}Z")
    data = Stamp(AT, nanos).packed().data
    assert int.from_bytes(data) >> 34 == 133_122_000 + nanos
