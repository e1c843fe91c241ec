"""Do messages come out of the bytes of a stream as they went in, and within their limits?"""

import gzip
import struct
import zlib

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.rpc.framing import MessageReader, deflate

LIMIT = 1_000


def _framed(message: bytes, flag: int = 0) -> bytes:
    return struct.pack(">BI", flag, len(message)) + message


def _all_messages(reader: MessageReader) -> list[bytes]:
    return list(iter(reader.next_message, None))


@given(
    messages=st.lists(st.tuples(st.binary(max_size=LIMIT), st.booleans()), max_size=8),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=50),
)
def test_messages_come_out_whole_wherever_the_bytes_are_cut(
    messages: list[tuple[bytes, bool]], sizes: list[int]
) -> None:
    data = b"".join(
        _framed(gzip.compress(message), 1) if zipped else _framed(message)
        for message, zipped in messages
        if not zipped or len(gzip.compress(message)) <= LIMIT
    )
    expected = [
        message
        for message, zipped in messages
        if not zipped or len(gzip.compress(message)) <= LIMIT
    ]
    reader = MessageReader(LIMIT, gzip=True)
    got: list[bytes] = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        reader.feed(data[:size])
        data = data[size:]
        if turn % 3:
            got += _all_messages(reader)
        turn += 1
    got += _all_messages(reader)

    assert got == expected
    assert reader.buffered_bytes == 0


def test_many_small_messages_in_one_piece_are_not_copied_over_and_over() -> None:
    """A quarter of a megabyte of empty messages: each is a step, not a copy of the rest."""
    reader = MessageReader(LIMIT, gzip=False)
    whole = _framed(b"") * 50_000
    reader.feed(whole)

    for _ in range(10):
        assert reader.next_message() == b""

    assert reader._data is whole


@pytest.mark.parametrize("size", [LIMIT + 1, 2**32 - 1])
def test_too_much_is_refused_as_soon_as_it_is_announced(size: int) -> None:
    reader = MessageReader(LIMIT, gzip=False)
    reader.feed(struct.pack(">BI", 0, size))

    with pytest.raises(GRPCError) as caught:
        reader.next_message()

    assert caught.value.status is Status.RESOURCE_EXHAUSTED


def test_a_prefix_in_pieces_waits_for_its_rest() -> None:
    reader = MessageReader(LIMIT, gzip=False)
    for byte in _framed(b"hi")[:-1]:
        reader.feed(bytes([byte]))
        assert reader.next_message() is None

    reader.feed(b"i")

    assert reader.next_message() == b"hi"


@pytest.mark.parametrize(
    ("data", "zips"),
    [
        (_framed(b"x", flag=2), True),
        (_framed(gzip.compress(b"x"), flag=1), False),
        (_framed(b"no gzip", flag=1), True),
        (_framed(gzip.compress(b"x" * 100)[:-4], flag=1), True),
        (_framed(gzip.compress(b"x") + b"more", flag=1), True),
        (_framed(zlib.compress(b"x"), flag=1), True),
    ],
    ids=["flag", "not-announced", "not-gzip", "cut", "trailing", "zlib"],
)
def test_malformed_bytes_are_an_internal_error(data: bytes, zips: bool) -> None:
    reader = MessageReader(LIMIT, gzip=zips)
    reader.feed(data)

    with pytest.raises(GRPCError) as caught:
        reader.next_message()

    assert caught.value.status is Status.INTERNAL


def test_a_gzip_bomb_is_refused_without_being_inflated() -> None:
    reader = MessageReader(LIMIT, gzip=True)
    bomb = gzip.compress(bytes(100_000))
    assert len(bomb) < LIMIT
    reader.feed(_framed(bomb, flag=1))

    with pytest.raises(GRPCError) as caught:
        reader.next_message()

    assert caught.value.status is Status.RESOURCE_EXHAUSTED


def test_a_message_of_exactly_the_limit_is_accepted_zipped_or_not() -> None:
    reader = MessageReader(LIMIT, gzip=True)
    reader.feed(_framed(bytes(LIMIT)) + _framed(gzip.compress(bytes(LIMIT)), flag=1))

    assert _all_messages(reader) == [bytes(LIMIT)] * 2


def test_clear_forgets_everything() -> None:
    reader = MessageReader(LIMIT, gzip=False)
    reader.feed(_framed(b"abc")[:6])
    reader.next_message()
    reader.feed(b"xx")

    reader.clear()

    assert (reader.buffered_bytes, reader.next_message()) == (0, None)
    reader.feed(_framed(b"new"))
    assert reader.next_message() == b"new"


@given(st.binary())
def test_deflate_makes_gzip(data: bytes) -> None:
    assert gzip.decompress(deflate(data)) == data
