"""What stands between a gRPC call and the service that answers it?

The barrier that turns `CreamError` into a status with details, and a defect into INTERNAL.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog
from attrs import frozen
from google.protobuf.message import DecodeError
from grpclib.const import Handler, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from cream.adapters.rpc import rpc_error
from cream.adapters.rpc.status import leaf_error
from cream.adapters.server.auth import Gatekeeper
from cream.core.model.errors import KIND_BY_CODE, CreamError, FieldProblem

log = structlog.get_logger(__name__)

# Whose codes the reasons in ErrorInfo are.
ERROR_DOMAIN = "cream.execution"

# Trailers over 8 KiB are refused by C-core clients, details and message together; base64 makes
# three bytes four. What does not fit is counted in the last entry.
_MAX_DETAIL_CHARACTERS = 3_000
# The message is in the trailers twice: as grpc-message and in the details.
_MAX_MESSAGE_CHARACTERS = 300

_REQUEST_ID = "x-request-id"


class Service(Protocol):
    """A service as grpclib generates it."""

    def __mapping__(self) -> dict[str, Handler]:
        """`/package.Service/Method` to its handler."""
        ...


@frozen
class Barrier:
    """`service`, with every failure of its handlers turned into a status that says why."""

    service: Service

    def __mapping__(self) -> dict[str, Handler]:
        """The handlers behind the barrier."""
        return {
            path: Handler(
                _behind_barrier(path, handler.func),
                handler.cardinality,
                handler.request_type,
                handler.reply_type,
            )
            for path, handler in self.service.__mapping__().items()
        }


def _behind_barrier(
    path: str, answer: Callable[[Any], Awaitable[None]]
) -> Callable[[Any], Awaitable[None]]:
    async def answer_or_say_why(stream: Any) -> None:
        try:
            await answer(stream)
        except Exception as error:  # noqa: BLE001 - barrier: a defect ends its call only
            raise _status_of(leaf_error(error), path, stream) from None

    return answer_or_say_why


def _status_of(error: Exception, path: str, stream: Any) -> Exception:
    if isinstance(error, GRPCError | StreamTerminatedError):
        return error
    if isinstance(error, CreamError):
        return grpc_error(error)
    request_id = str(stream.metadata.get(_REQUEST_ID, ""))
    log.error("server.call_failed", path=path, request_id=request_id, exc_info=error)
    return grpc_error(CreamError("INTERNAL", KIND_BY_CODE["INTERNAL"].meaning))


def grpc_error(error: CreamError) -> GRPCError:
    """The status of `error`, with ErrorInfo and, for wrong fields, BadRequest."""
    message = error.message
    if len(message) > _MAX_MESSAGE_CHARACTERS:
        message = message[: _MAX_MESSAGE_CHARACTERS - 3] + "..."
    return rpc_error(
        Status(error.kind.grpc.value),
        message,
        reason=error.kind.code,
        domain=ERROR_DOMAIN,
        fields=_fitting(error.problems),
    )


def _fitting(problems: tuple[FieldProblem, ...]) -> list[tuple[str, str]]:
    """As many of `problems` as trailers can carry."""
    fields: list[tuple[str, str]] = []
    room = _MAX_DETAIL_CHARACTERS
    for problem in problems:
        room -= len(problem.field.encode()) + len(problem.problem.encode())
        if room < 0:
            fields.append(("", f"and {len(problems) - len(fields)} more problems"))
            break
        fields.append((problem.field, problem.problem))
    return fields


def call_authorizer(gatekeeper: Gatekeeper) -> Callable[[Mapping[str, str | bytes], str], None]:
    """What the server asks before each call.   Raises (when asked): GRPCError UNAUTHENTICATED."""

    def authorize(metadata: Mapping[str, str | bytes], path: str) -> None:
        try:
            gatekeeper.authorize(metadata, path)
        except CreamError as error:
            raise grpc_error(error) from None

    return authorize


async def request_of(stream: Any) -> Any:
    """The one message of a unary request.   Raises: CreamError where none came, or no message."""
    try:
        request = await stream.recv_message()
    except GRPCError as error:
        # The transport calls it INTERNAL, as every gRPC server does; here that word is for defects.
        if isinstance(error.__cause__, DecodeError):
            problem = "is not a message of this call: the bytes cannot be decoded"
            raise CreamError(
                "INVALID_REQUEST", f"The request {problem}", FieldProblem("", problem)
            ) from None
        raise
    if request is None:
        raise CreamError("INVALID_REQUEST", "Expected one request message, was none")
    return request
