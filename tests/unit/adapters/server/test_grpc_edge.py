"""Whatever a handler raises becomes a status that says why, and no more than trailers can carry."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from cream.adapters.rpc.google_rpc import BadRequest, ErrorInfo
from cream.adapters.server.auth import Gatekeeper
from cream.adapters.server.grpc_edge import Barrier, call_authorizer, grpc_error, request_of
from cream.core.model.errors import CATALOGUE, CreamError, FieldProblem
from tests.unit.adapters.server.calls import FakeStream
from tests.unit.adapters.server.site import BEARER, TOKEN_HASH

PATH = "/cream.v1.ExecutionService/CheckConstraints"


class Raising:
    """A service whose one handler raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def _answer(self, stream: Any) -> None:
        raise self._error

    def __mapping__(self) -> dict[str, Handler]:
        return {PATH: Handler(self._answer, Cardinality.UNARY_UNARY, bytes, str)}


async def raised(error: Exception) -> Exception:
    handler = Barrier(Raising(error)).__mapping__()[PATH]
    assert (handler.request_type, handler.reply_type) == (bytes, str)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the test looks at what it is
        await handler.func(FakeStream(None, {"x-request-id": "mine"}))
    return caught.value


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)
def test_every_code_of_the_catalogue_is_a_status_with_its_reason(kind: Any) -> None:
    error = grpc_error(CreamError(kind.code, "text"))

    assert error.status.value == kind.grpc.value
    assert error.message == "text"
    (info,) = error.details
    assert isinstance(info, ErrorInfo)
    assert (info.reason, info.domain) == (kind.code, "cream.execution")


def test_no_refusal_has_a_status_that_clients_retry() -> None:
    """Retried by the known client: UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, ABORTED."""
    retried = {
        kind.code
        for kind in CATALOGUE
        if Status(kind.grpc.value)
        in (
            Status.UNAVAILABLE,
            Status.RESOURCE_EXHAUSTED,
            Status.DEADLINE_EXCEEDED,
            Status.ABORTED,
        )
    }

    assert retried == {"NOT_READY", "BUSY", "FELL_BEHIND"}


def test_wrong_fields_travel_as_a_bad_request() -> None:
    problems = [FieldProblem("a.b", "is required"), FieldProblem("c", "must be above 0")]

    _, bad = grpc_error(CreamError("INVALID_REQUEST", "text", *problems)).details

    assert isinstance(bad, BadRequest)
    assert [(one.field, one.description) for one in bad.field_violations] == [
        ("a.b", "is required"),
        ("c", "must be above 0"),
    ]


def test_more_problems_than_trailers_can_carry_are_counted() -> None:
    """C-core clients refuse trailers over 8 KiB; base64 makes them a third longer."""
    problems = [FieldProblem(f"decisions[{n}].size.quantity", "x" * 80) for n in range(100)]

    error = grpc_error(CreamError("INVALID_REQUEST", "y" * 5_000, *problems))
    _, bad = error.details

    shown = len(bad.field_violations) - 1
    assert bad.field_violations[-1].description == f"and {100 - shown} more problems"
    assert sum(detail.ByteSize() for detail in error.details) < 5_000
    assert error.message is not None
    assert len(error.message) == 300


async def test_an_error_of_ours_is_a_status() -> None:
    error = await raised(CreamError("DUPLICATE_ID", "used before"))

    assert isinstance(error, GRPCError)
    assert error.status is Status.ALREADY_EXISTS


async def test_an_error_in_a_group_is_the_error_that_was_meant() -> None:
    error = await raised(ExceptionGroup("", [CreamError("NOT_FOUND", "nothing")]))

    assert isinstance(error, GRPCError)
    assert error.status is Status.NOT_FOUND


async def test_a_status_and_the_end_of_a_stream_pass_unchanged() -> None:
    for error in (GRPCError(Status.DATA_LOSS, "slow"), StreamTerminatedError("gone")):
        assert await raised(error) is error


async def test_a_defect_is_internal_says_nothing_of_itself_and_is_logged(logs: list[Any]) -> None:
    defect = RuntimeError("secret")

    error = await raised(defect)

    assert isinstance(error, GRPCError)
    assert error.status is Status.INTERNAL
    assert "secret" not in str(error.message)
    (entry,) = logs
    assert entry["event"] == "server.call_failed"
    assert (entry["path"], entry["request_id"]) == (PATH, "mine")
    assert entry["exc_info"] is defect


async def test_a_call_without_a_request_is_refused() -> None:
    with pytest.raises(CreamError) as caught:
        await request_of(FakeStream(None))

    assert caught.value.kind.code == "INVALID_REQUEST"


def test_the_server_asks_before_each_call() -> None:
    authorize = call_authorizer(Gatekeeper((TOKEN_HASH,)))

    authorize(BEARER, PATH)
    with pytest.raises(GRPCError) as caught:
        authorize({}, PATH)

    assert caught.value.status is Status.UNAUTHENTICATED


class UnreadableStream:
    """The stream of a request that the transport could not parse, or gave up for `cause`."""

    def __init__(self, cause: Exception) -> None:
        self._cause = cause

    async def recv_message(self) -> None:
        raise GRPCError(Status.INTERNAL, "Cannot parse request message") from self._cause


async def test_bytes_that_are_no_message_are_the_callers_fault() -> None:
    """INTERNAL is for defects; an agent would have to suspect that something was done."""
    with pytest.raises(CreamError) as caught:
        await request_of(UnreadableStream(DecodeError("truncated")))

    assert caught.value.kind.code == "INVALID_REQUEST"
    assert [one.field for one in caught.value.problems] == [""]


async def test_any_other_failure_of_the_transport_stays_as_it_is() -> None:
    with pytest.raises(GRPCError) as caught:
        await request_of(UnreadableStream(ValueError("something else")))

    assert caught.value.status is Status.INTERNAL
