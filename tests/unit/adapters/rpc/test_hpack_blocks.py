"""Do header blocks mean the same with and without our shortcuts?"""

import pytest
from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError, OversizedHeaderListError
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.rpc.hpack_blocks import (
    MAX_KNOWN_BLOCK_BYTES,
    MAX_KNOWN_BLOCKS,
    MAX_KNOWN_HEADERS,
    NO_DYNAMIC_TABLE,
    CachingDecoder,
    encode_block,
)

LIMIT = 16_384
NAMES = st.sampled_from([b":status", b"content-type", b"grpc-status", b"x-text"])
HEADERS = st.lists(
    st.tuples(NAMES, st.one_of(st.sampled_from([b"200", b"400"]), st.binary(max_size=400)))
)


@given(HEADERS)
def test_an_encoded_block_decodes_to_its_headers(headers: list[tuple[bytes, bytes]]) -> None:
    block = NO_DYNAMIC_TABLE + encode_block(headers)

    assert [tuple(pair) for pair in Decoder().decode(block, raw=True)] == headers


def test_a_block_may_be_decoded_again_and_again_on_any_connection() -> None:
    """Nothing in it depends on what was sent before."""
    decoder = Decoder()
    block = encode_block([(b":status", b"200"), (b"x-text", b"words")])

    assert decoder.decode(block) == decoder.decode(block)
    assert not decoder.header_table.dynamic_entries


def test_a_long_value_has_its_length_in_several_bytes() -> None:
    headers = [(b"x-text", b"x" * 40_000)]

    decoded = Decoder(max_header_list_size=100_000).decode(encode_block(headers), raw=True)
    assert [tuple(pair) for pair in decoded] == headers


REQUESTS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                st.sampled_from([b":path", b"te", b"x-a", b"x-b"]),
                st.sampled_from([b"", b"/Echo", b"trailers", b"v" * 900]),
                st.booleans(),
            ),
            max_size=5,
        ),
        st.sampled_from([None, 0, 100, 4_096]),
    ),
    max_size=30,
)


@given(REQUESTS)
def test_a_decoder_that_remembers_agrees_with_one_that_does_not(
    requests: list[tuple[list[tuple[bytes, bytes, bool]], int | None]],
) -> None:
    """Whatever a client's encoder does with its table, and however often it repeats itself."""
    encoder, ours, plain = Encoder(), CachingDecoder(LIMIT), Decoder(LIMIT)
    for headers, table_size in requests:
        if table_size is not None:
            encoder.header_table_size = table_size
        block = encoder.encode(headers)

        assert list(ours.decode(block, raw=True)) == list(plain.decode(block, raw=True))


def test_a_repeated_block_is_decoded_once() -> None:
    encoder, decoder = Encoder(), CachingDecoder(LIMIT)
    headers = [(b":path", b"/Echo"), (b"te", b"trailers")]
    decoder.decode(encoder.encode(headers))
    repeated = encoder.encode(headers)

    first = decoder.decode(repeated)

    assert decoder.decode(repeated) is first


def test_a_block_that_changes_the_table_is_not_remembered() -> None:
    """The same bytes mean other headers once the table has moved."""
    decoder = CachingDecoder(LIMIT)
    add, newest = b"\x40\x01x\x01", b"\xbe"
    decoder.decode(add + b"1")

    before = decoder.decode(newest)
    decoder.decode(add + b"2")
    after = decoder.decode(newest)

    assert [tuple(pair) for pair in before] == [(b"x", b"1")]
    assert [tuple(pair) for pair in after] == [(b"x", b"2")]


def test_a_block_that_resizes_the_table_is_not_remembered() -> None:
    decoder = CachingDecoder(LIMIT)
    decoder.decode(b"\x40\x01x\x011")
    decoder.decode(b"\xbe")

    decoder.decode(b"\x20")  # the table shrinks to nothing

    with pytest.raises(HPACKError):
        decoder.decode(b"\xbe")


def test_what_is_remembered_is_bounded() -> None:
    decoder = CachingDecoder(LIMIT)
    for n in range(3 * MAX_KNOWN_BLOCKS):
        decoder.decode(encode_block([(b"x", b"%d" % n)]))
    long = encode_block([(b"x", b"y" * MAX_KNOWN_BLOCK_BYTES)])
    many = b"\x82" * (MAX_KNOWN_HEADERS + 1)

    decoder.decode(long)
    decoder.decode(many)

    assert len(decoder._known) <= MAX_KNOWN_BLOCKS
    assert not {long, many} & decoder._known.keys()


def test_the_limit_on_the_header_list_holds() -> None:
    with pytest.raises(OversizedHeaderListError):
        CachingDecoder(100).decode(encode_block([(b"x", b"y" * 100)]))
