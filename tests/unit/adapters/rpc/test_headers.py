"""Is a request read as the gRPC protocol says?"""

from base64 import b64encode
from math import inf
from typing import Any

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.metadata import encode_metadata
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.rpc.headers import (
    BAD_TIMEOUT,
    NO_TRAILERS,
    NOT_GRPC,
    NOT_POST,
    UNKNOWN_ENCODING,
    Refusal,
    Request,
    decode_metadata,
    decode_timeout,
    read_request,
)

GOOD = {
    b":method": b"POST",
    b":path": b"/a.B/C",
    b"te": b"trailers",
    b"content-type": b"application/grpc",
}


def _read(**changes: bytes | None) -> Request | Refusal:
    """The good request with changes; None removes a header."""
    names = {"method": b":method", "content_type": b"content-type", "timeout": b"grpc-timeout"}
    names |= {"encoding": b"grpc-encoding", "accept": b"grpc-accept-encoding", "te": b"te"}
    headers = dict(GOOD)
    for key, value in changes.items():
        if value is None:
            headers.pop(names[key], None)
        else:
            headers[names[key]] = value
    return read_request(list(headers.items()))


def test_a_plain_request_is_served_without_limit_and_compression() -> None:
    assert _read() == Request(b"/a.B/C", inf, False, False)


def test_what_a_request_says_of_time_and_compression_is_heard() -> None:
    request = _read(timeout=b"250m", encoding=b"gzip", accept=b"identity, deflate, gzip")

    assert request == Request(b"/a.B/C", 0.25, True, True)


@pytest.mark.parametrize("content_type", [b"application/grpc+proto", b"application/grpc; x=y"])
def test_protobuf_content_types_are_accepted(content_type: bytes) -> None:
    assert isinstance(_read(content_type=content_type), Request)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"method": b"GET"}, NOT_POST),
        ({"method": None}, NOT_POST),
        ({"content_type": None}, NOT_GRPC),
        ({"content_type": b"application/json"}, NOT_GRPC),
        ({"content_type": b"application/grpc+json"}, NOT_GRPC),
        ({"content_type": b"application/grpc-web"}, NOT_GRPC),
        ({"te": b"gzip"}, NO_TRAILERS),
        ({"encoding": b"snappy"}, UNKNOWN_ENCODING),
        ({"timeout": b"soon"}, BAD_TIMEOUT),
    ],
)
def test_what_cannot_be_served_is_refused(changes: Any, refusal: Refusal) -> None:
    assert _read(**changes) == refusal


def test_a_client_without_te_is_served() -> None:
    assert isinstance(_read(te=None), Request)


def test_an_encoding_whose_name_only_contains_gzip_is_another_one() -> None:
    request = _read(accept=b"x-gzip")

    assert isinstance(request, Request)
    assert not request.accepts_gzip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(b"1H", 3600), (b"2M", 120), (b"3S", 3), (b"4m", 0.004), (b"5u", 5e-6), (b"6n", 6e-9)],
)
def test_timeouts_have_six_units(text: bytes, seconds: float) -> None:
    assert decode_timeout(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", [b"", b"S", b"1", b"-1S", b"1.5S", b"123456789S", b"1S ", "٣S".encode(), b"1x"]
)
def test_other_timeouts_are_malformed(text: bytes) -> None:
    with pytest.raises(ValueError, match="at most 8 digits"):
        decode_timeout(text)


KEYS = st.from_regex(r"x-[a-z]{1,5}", fullmatch=True)


@given(
    texts=st.lists(st.tuples(KEYS, st.from_regex(r"[!-~]{1,20}", fullmatch=True)), max_size=5),
    blobs=st.lists(st.tuples(KEYS.map(lambda key: key + "-bin"), st.binary()), max_size=5),
)
def test_metadata_that_grpclib_encodes_is_decoded_as_it_was(
    texts: list[tuple[str, str]], blobs: list[tuple[str, bytes]]
) -> None:
    pairs: list[tuple[str, str | bytes]] = [*texts, *blobs]
    headers = [(key.encode(), value.encode()) for key, value in encode_metadata(pairs)]

    assert list(decode_metadata(headers).items()) == pairs


def test_the_transports_own_headers_are_no_metadata() -> None:
    own = [*GOOD.items(), (b"user-agent", b"x"), (b"grpc-timeout", b"1S")]

    assert not decode_metadata([*own])
    assert list(decode_metadata([*own, (b"x", b"\xe9")]).items()) == [("x", "é")]


def test_joined_binary_values_are_taken_apart_padded_or_not() -> None:
    joined = b64encode(b"a") + b", " + b64encode(b"bc").rstrip(b"=")

    assert decode_metadata([(b"x-bin", joined)]).getall("x-bin") == [b"a", b"bc"]


def test_binary_metadata_that_is_no_base64_is_the_clients_error() -> None:
    with pytest.raises(GRPCError) as caught:
        decode_metadata([(b"x-bin", b"!?")])

    assert caught.value.status is Status.INTERNAL
