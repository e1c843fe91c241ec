"""Do trailers say what happened, and fit into what clients accept?"""

from typing import Any

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.metadata import decode_bin_value, decode_grpc_message
from hypothesis import given
from hypothesis import strategies as st

from cream.adapters.rpc.errors import decode_details
from cream.adapters.rpc.google_rpc import ErrorInfo
from cream.adapters.rpc.status import OK, Ending, encode_pairs, leaf_error, trailers

ROOM = 8_000


def _size(headers: Any) -> int:
    return sum(len(name) + len(value) + 32 for name, value in headers)


def test_success_is_one_field() -> None:
    assert list(trailers(OK, max_bytes=ROOM)) == [(b"grpc-status", b"0")]


def test_status_text_details_and_metadata_are_all_sent() -> None:
    ending = Ending(Status.NOT_FOUND, "größer", [ErrorInfo(reason="X")])

    fields = dict(trailers(ending, [(b"x-a", b"b")], max_bytes=ROOM))

    assert fields[b"grpc-status"] == b"5"
    assert fields[b"grpc-message"] == b"gr%C3%B6%C3%9Fer"
    assert decode_details(decode_bin_value(fields[b"grpc-status-details-bin"])) == [
        ErrorInfo(reason="X")
    ]
    assert fields[b"x-a"] == b"b"


def test_details_that_do_not_fit_are_left_out_and_the_text_stays() -> None:
    ending = Ending(Status.NOT_FOUND, "text", [ErrorInfo(reason="x" * ROOM)])

    assert list(trailers(ending, max_bytes=ROOM)) == [
        (b"grpc-status", b"5"),
        (b"grpc-message", b"text"),
    ]


@given(st.text(max_size=300), st.integers(60, 300))
def test_a_text_that_does_not_fit_is_shortened_between_encoded_bytes(text: str, room: int) -> None:
    fields = trailers(Ending(Status.INTERNAL, text), max_bytes=room)

    assert _size(fields) <= max(room, _size([(b"grpc-status", b"13"), (b"grpc-message", b"")]))
    sent = dict(fields)[b"grpc-message"].decode()
    decoded = decode_grpc_message(sent).rstrip("\ufffd")
    assert text.startswith(decoded) or "\ufffd" in text


FAULT, REFUSAL = ValueError("x"), GRPCError(Status.ABORTED)


@pytest.mark.parametrize(
    ("raised", "meant"),
    [
        (FAULT, FAULT),
        (ExceptionGroup("", [FAULT]), FAULT),
        (ExceptionGroup("", [FAULT, ExceptionGroup("", [REFUSAL])]), REFUSAL),
        (ExceptionGroup("", [ExceptionGroup("", [REFUSAL]), FAULT]), REFUSAL),
    ],
)
def test_the_error_that_a_nursery_wraps_is_found(raised: Exception, meant: Exception) -> None:
    assert leaf_error(raised) is meant


def test_several_faults_stay_together() -> None:
    group = ExceptionGroup("", [ValueError("x"), KeyError("y")])

    assert leaf_error(group) is group


def test_metadata_is_encoded_or_refused() -> None:
    assert encode_pairs(None) == []
    assert encode_pairs({"x-a": "b", "x-bin": b"\x00"}) == [(b"x-a", b"b"), (b"x-bin", b"AA")]
    with pytest.raises(ValueError, match="Invalid metadata key"):
        encode_pairs({"grpc-status": "0"})
