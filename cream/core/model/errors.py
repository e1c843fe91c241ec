"""Which error does a caller get, with which stable code, over gRPC and over HTTP?

One hierarchy. A refusal by the gate is *not* an error: it is a verdict. Codes that clients retry
(UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, ABORTED) are used only where trying again is
right. The table in docs/api.md is generated from `CATALOGUE`.
"""

from enum import Enum

from attrs import frozen


class GrpcCode(Enum):
    """gRPC status codes that Cream answers with, by number."""

    INVALID_ARGUMENT = 3
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@frozen
class FieldProblem:
    """One thing wrong with one field. `field` is a path: `decisions[0].size.quantity`."""

    field: str
    problem: str


@frozen
class ErrorKind:
    """One row of the catalogue: code, gRPC status, HTTP status, and what it means."""

    code: str
    grpc: GrpcCode
    http: int
    meaning: str


CATALOGUE: tuple[ErrorKind, ...] = (
    ErrorKind(
        "INVALID_REQUEST",
        GrpcCode.INVALID_ARGUMENT,
        400,
        "The request cannot be decoded or a field is out of its domain; `details` name them.",
    ),
    ErrorKind(
        "TACTIC_UNAVAILABLE",
        GrpcCode.INVALID_ARGUMENT,
        400,
        "The plan names an execution tactic that this version does not have.",
    ),
    ErrorKind(
        "UNAUTHENTICATED",
        GrpcCode.UNAUTHENTICATED,
        401,
        "No valid bearer token came with the request.",
    ),
    ErrorKind("NOT_FOUND", GrpcCode.NOT_FOUND, 404, "Nothing is known under this id or path."),
    ErrorKind(
        "METHOD_NOT_ALLOWED", GrpcCode.UNIMPLEMENTED, 405, "The path exists, the method does not."
    ),
    ErrorKind(
        "DUPLICATE_ID",
        GrpcCode.ALREADY_EXISTS,
        409,
        "The id was used before with other content; nothing was done.",
    ),
    ErrorKind(
        "BODY_TOO_LARGE", GrpcCode.INVALID_ARGUMENT, 413, "The body is over the configured limit."
    ),
    ErrorKind(
        "UNSUPPORTED_MEDIA_TYPE",
        GrpcCode.INVALID_ARGUMENT,
        415,
        "The body is not declared as application/json.",
    ),
    ErrorKind(
        "ORDER_NOT_CANCELABLE",
        GrpcCode.FAILED_PRECONDITION,
        409,
        "The order is closed, so it cannot be cancelled.",
    ),
    ErrorKind(
        "STATE_NOT_CLEARED",
        GrpcCode.FAILED_PRECONDITION,
        409,
        "The trading state cannot become what was asked; the message says which cause stands.",
    ),
    ErrorKind(
        "NOT_IN_SIMULATION",
        GrpcCode.NOT_FOUND,
        404,
        "The path exists only while the simulated broker is active.",
    ),
    ErrorKind(
        "UNIMPLEMENTED", GrpcCode.UNIMPLEMENTED, 501, "This version does not offer the call yet."
    ),
    ErrorKind(
        "PERSISTENCE_UNAVAILABLE",
        GrpcCode.FAILED_PRECONDITION,
        503,
        "The journal cannot commit: nothing is taken in, only cancels leave.",
    ),
    ErrorKind(
        "ROLL_REFUSED",
        GrpcCode.FAILED_PRECONDITION,
        409,
        "The position cannot be rolled now; the message says why.",
    ),
    ErrorKind(
        "NOT_READY",
        GrpcCode.UNAVAILABLE,
        503,
        "The daemon is starting, draining or cannot reach the broker; try again.",
    ),
    ErrorKind(
        "BUSY", GrpcCode.RESOURCE_EXHAUSTED, 429, "Too many requests are waiting; try again later."
    ),
    ErrorKind(
        "FELL_BEHIND",
        GrpcCode.RESOURCE_EXHAUSTED,
        429,
        "A stream was read too slowly and has ended; open it again for a snapshot.",
    ),
    ErrorKind(
        "INTERNAL",
        GrpcCode.INTERNAL,
        500,
        "A defect in Cream; the log has the story under the correlation id.",
    ),
)

KIND_BY_CODE = {kind.code: kind for kind in CATALOGUE}


class CreamError(Exception):
    """An answer that is an error, with a code from `CATALOGUE` and the fields at fault."""

    def __init__(self, code: str, message: str, *problems: FieldProblem) -> None:
        super().__init__(message)
        self.kind = KIND_BY_CODE[code]
        self.message = message
        self.problems = problems


class JournalFailed(Exception):
    """The journal could not commit. What was being written is not durable; trading must stop."""


class BrokerUnavailable(Exception):
    """A question to the broker went unanswered. Nothing was asked to happen, so nothing did."""
