"""Does an agent learn whether something may have happened, and what was wrong?"""

import errno
import ssl

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from cream.client.errors import (
    KIND_BY_STATUS,
    NO_DETAILS,
    Busy,
    CallError,
    ConnectionLost,
    DeadlineExceeded,
    ErrorDetails,
    ErrorDetailsCodec,
    FieldProblem,
    InvalidRequest,
    OutcomeUnknown,
    Refused,
    ServerFault,
    Unavailable,
    call_errors,
    read_details,
)


def framed(number: int, payload: bytes | str) -> bytes:
    """A length-delimited protobuf field, short enough for one byte of length."""
    data = payload.encode() if isinstance(payload, str) else payload
    assert number < 16
    assert len(data) < 128
    return bytes([number * 8 + 2, len(data)]) + data


def packed(name: str, payload: bytes, prefix: str = "type.googleapis.com") -> bytes:
    """One entry of Status.details: an Any."""
    return framed(3, framed(1, f"{prefix}/google.rpc.{name}") + framed(2, payload))


INFO = (
    framed(1, "INVALID_REQUEST") + framed(2, "cream") + framed(3, framed(1, "k") + framed(2, "v"))
)
BAD = framed(1, framed(1, "a.b") + framed(2, "too big")) + framed(1, framed(1, "c"))
UNMET = framed(1, framed(1, "state") + framed(2, "HALTED") + framed(3, "operator"))
STATUS = b"\x08\x03" + framed(2, "bad plan")


def test_details_hold_the_reason_and_every_field_at_fault() -> None:
    data = STATUS + packed("ErrorInfo", INFO) + packed("BadRequest", BAD)

    assert read_details(data) == ErrorDetails(
        reason="INVALID_REQUEST",
        domain="cream",
        metadata={"k": "v"},
        problems=(FieldProblem("a.b", "too big"), FieldProblem("c", "")),
    )


def test_what_would_have_to_be_otherwise_is_a_problem_too() -> None:
    details = read_details(STATUS + packed("PreconditionFailure", UNMET))

    assert details.problems == (FieldProblem("HALTED", "operator"),)


def test_details_of_other_kinds_and_under_other_prefixes_do_no_harm() -> None:
    data = STATUS + packed("Help", b"") + packed("ErrorInfo", INFO, prefix="types.example/x")

    assert read_details(data).reason == "INVALID_REQUEST"


def test_details_that_cannot_be_read_leave_the_status_alone() -> None:
    codec = ErrorDetailsCodec()

    assert codec.decode(Status.INTERNAL, "m", b"\x1a\x7f\x0a") == NO_DETAILS
    assert codec.decode(Status.INTERNAL, "m", packed("ErrorInfo", INFO)).domain == "cream"


def test_a_client_sends_no_status() -> None:
    with pytest.raises(NotImplementedError):
        ErrorDetailsCodec().encode(Status.OK, None, None)


def test_every_status_but_ok_has_a_kind() -> None:
    assert set(KIND_BY_STATUS) == set(Status) - {Status.OK}


@pytest.mark.parametrize("status", KIND_BY_STATUS)
def test_each_kind_says_whether_something_may_have_happened(status: Status) -> None:
    """What clients of the contract retry is never a refusal, and the other way round."""
    kinds = (Refused, Unavailable, OutcomeUnknown)

    with pytest.raises(CallError) as caught, call_errors():
        raise GRPCError(status, "m", ErrorDetails(reason="R"))

    assert caught.value.code is status
    assert caught.value.message == "m"
    assert caught.value.details.reason == "R"
    assert sum(isinstance(caught.value, kind) for kind in kinds) == 1


@pytest.mark.parametrize(
    ("raised", "kind", "code"),
    [
        (StreamTerminatedError("goaway"), ConnectionLost, Status.UNAVAILABLE),
        (ProtocolError("twice"), ServerFault, Status.INTERNAL),
        (TimeoutError(), DeadlineExceeded, Status.DEADLINE_EXCEEDED),
        (TimeoutError(errno.ETIMEDOUT, "connect"), Unavailable, Status.UNAVAILABLE),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), Unavailable, Status.UNAVAILABLE),
        (ssl.SSLError("certificate"), Unavailable, Status.UNAVAILABLE),
        (GRPCError(Status.RESOURCE_EXHAUSTED), Busy, Status.RESOURCE_EXHAUSTED),
    ],
    ids=repr,
)
def test_what_the_transport_raises_becomes_a_kind(
    raised: Exception, kind: type[CallError], code: Status
) -> None:
    """Before a connection stands nothing can have happened; after it, anything can."""
    with pytest.raises(kind) as caught, call_errors():
        raise raised

    assert type(caught.value) is kind
    assert caught.value.code is code
    assert caught.value.details == NO_DETAILS


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError), call_errors():
        raise KeyError("the agent's own")


def test_the_text_of_an_error_names_reason_message_and_fields() -> None:
    problems = (FieldProblem("decisions[0].size", "missing"), FieldProblem("cycle_id", "empty"))
    details = ErrorDetails(reason="INVALID_REQUEST", problems=problems)

    named = InvalidRequest(Status.INVALID_ARGUMENT, "cannot be read", details)
    bare = Unavailable(Status.UNAVAILABLE, "gone")

    assert str(named) == (
        "[INVALID_REQUEST] cannot be read; decisions[0].size: missing; cycle_id: empty"
    )
    assert str(bare) == "[UNAVAILABLE] gone"
