"""Do the details of an error survive the way to a client?"""

import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import DecodeError
from grpclib.const import Status

from cream.adapters.rpc import google_rpc
from cream.adapters.rpc.errors import StatusDetailsCodec, decode_details, rpc_error
from cream.adapters.rpc.google_rpc import BadRequest, ErrorInfo


def test_an_error_says_why_and_which_fields() -> None:
    error = rpc_error(
        Status.INVALID_ARGUMENT,
        "The plan cannot be read",
        reason="MALFORMED",
        domain="cream",
        metadata={"plan_id": "p1"},
        fields=[("decisions[0].size", "is negative"), ("timestamp", "is missing")],
    )

    info, bad_request = error.details
    assert (error.status, error.message) == (Status.INVALID_ARGUMENT, "The plan cannot be read")
    assert info == ErrorInfo(reason="MALFORMED", domain="cream", metadata={"plan_id": "p1"})
    assert [(v.field, v.description) for v in bad_request.field_violations] == [
        ("decisions[0].size", "is negative"),
        ("timestamp", "is missing"),
    ]


def test_an_error_without_reason_and_fields_has_no_details() -> None:
    assert rpc_error(Status.NOT_FOUND, "No such order").details is None


def test_the_codec_for_grpclib_gives_back_what_it_was_given() -> None:
    codec = StatusDetailsCodec()
    details = [ErrorInfo(reason="A"), BadRequest()]

    data = codec.encode(Status.ABORTED, "text", details)

    assert codec.decode(Status.ABORTED, "text", data) == details
    status = google_rpc.Status.FromString(data)
    assert (status.code, status.message) == (10, "text")


def test_details_of_unknown_types_are_left_out() -> None:
    status = google_rpc.Status(details=[Packed(type_url="type.googleapis.com/no.Such")])
    status.details.add().Pack(ErrorInfo(reason="A"))

    assert decode_details(status.SerializeToString()) == [ErrorInfo(reason="A")]


def test_bytes_that_are_no_status_are_an_error() -> None:
    with pytest.raises(DecodeError):
        decode_details(b"\xff")


def test_the_definitions_are_those_of_the_public_package() -> None:
    """Same file and type names, so that a process may load both."""
    assert google_rpc.Status.DESCRIPTOR.full_name == "google.rpc.Status"
    assert ErrorInfo.DESCRIPTOR.file.name == "google/rpc/error_details.proto"
    numbers = {field.name: field.number for field in ErrorInfo.DESCRIPTOR.fields}
    assert numbers == {"reason": 1, "domain": 2, "metadata": 3}
