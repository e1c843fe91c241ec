"""Which exception does an agent get when a call fails, and may it try again?

Three kinds, as for everything outside a process: `Refused` (final, nothing happened),
`Unavailable` (nothing happened, try later) and `OutcomeUnknown` (it may have happened: ask before
trying again). A plan that the risk gate turns down is none of them: it is a reply.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from attrs import field, frozen
from grpclib.const import Status
from grpclib.encoding.base import StatusDetailsCodecBase
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from cream.client.v1.google import rpc


@frozen
class FieldProblem:
    """One thing wrong with one field of the request, such as `decisions[0].size.quantity`."""

    field: str
    problem: str


@frozen
class ErrorDetails:
    """What the daemon said beyond code and message.

    `reason` is the stable code of docs/api.md, empty where the error is not the daemon's own.
    `problems` names every field at fault at once.
    """

    reason: str = ""
    domain: str = ""
    metadata: Mapping[str, str] = field(factory=dict)
    problems: tuple[FieldProblem, ...] = ()


NO_DETAILS = ErrorDetails()


class CallError(Exception):
    """A call that gave no reply. Catch one of the three kinds below it."""

    def __init__(self, code: Status, message: str, details: ErrorDetails = NO_DETAILS) -> None:
        problems = "".join(f"; {p.field}: {p.problem}" for p in details.problems)
        super().__init__(f"[{details.reason or code.name}] {message}{problems}")
        self.code = code
        self.message = message
        self.details = details


class Refused(CallError):
    """The daemon will not do this, now or when asked again. Nothing happened."""


class InvalidRequest(Refused):
    """The request cannot be read; `details.problems` has every field at fault."""


class NotFound(Refused):
    """Nothing is known under this id."""


class DuplicateId(Refused):
    """The id was used before with other content."""


class PreconditionFailed(Refused):
    """Things would have to stand otherwise; `details.reason` says which."""


class Unauthenticated(Refused):
    """The token is missing or wrong."""


class PermissionDenied(Refused):
    """The token may not do this."""


class Unimplemented(Refused):
    """This daemon does not offer the call."""


class Unavailable(CallError):
    """The daemon could not be reached, or does not take requests now. Nothing happened."""


class Busy(Unavailable):
    """Too much at once: too many requests, a message over the limit, a stream read too slowly."""


class OutcomeUnknown(CallError):
    """The answer got lost. Ask what happened, or repeat under the same id, before anything else."""


class DeadlineExceeded(OutcomeUnknown):
    """No answer in time."""


class ConnectionLost(OutcomeUnknown):
    """The connection or the call broke off."""


class ServerFault(OutcomeUnknown):
    """The daemon has a defect, or something in between does."""


KIND_BY_STATUS: dict[Status, type[CallError]] = {
    Status.INVALID_ARGUMENT: InvalidRequest,
    Status.OUT_OF_RANGE: InvalidRequest,
    Status.NOT_FOUND: NotFound,
    Status.ALREADY_EXISTS: DuplicateId,
    Status.FAILED_PRECONDITION: PreconditionFailed,
    Status.UNAUTHENTICATED: Unauthenticated,
    Status.PERMISSION_DENIED: PermissionDenied,
    Status.UNIMPLEMENTED: Unimplemented,
    Status.UNAVAILABLE: Unavailable,
    Status.RESOURCE_EXHAUSTED: Busy,
    Status.DEADLINE_EXCEEDED: DeadlineExceeded,
    Status.CANCELLED: OutcomeUnknown,
    Status.ABORTED: OutcomeUnknown,
    Status.UNKNOWN: ServerFault,
    Status.INTERNAL: ServerFault,
    Status.DATA_LOSS: ServerFault,
}


@contextmanager
def call_errors() -> Iterator[None]:
    """Turn what grpclib and the socket raise into a `CallError`, and let all else pass.

    Wrap the awaiting of one grpclib call in it and nothing more: an agent's own TimeoutError is
    none of the call's.
    """
    try:
        yield
    except GRPCError as error:
        raise from_status(error) from error
    except StreamTerminatedError as error:
        # UNAVAILABLE is what gRPC calls this too, but here the request may have arrived.
        raise ConnectionLost(Status.UNAVAILABLE, str(error)) from error
    except ProtocolError as error:
        raise ServerFault(Status.INTERNAL, str(error)) from error
    except OSError as error:
        # TimeoutError is an OSError. The deadline's has no number; the kernel's, which gave up on
        # connecting, has one. All other errors of a socket arise while connecting.
        if isinstance(error, TimeoutError) and error.errno is None:
            raise DeadlineExceeded(Status.DEADLINE_EXCEEDED, "no answer in time") from error
        raise Unavailable(Status.UNAVAILABLE, str(error)) from error


def from_status(error: GRPCError) -> CallError:
    """The exception for a status that is not OK."""
    details = error.details if isinstance(error.details, ErrorDetails) else NO_DETAILS
    kind = KIND_BY_STATUS.get(error.status, ServerFault)
    return kind(error.status, error.message or "", details)


class ErrorDetailsCodec(StatusDetailsCodecBase):
    """Reads the trailer grpc-status-details-bin into `ErrorDetails`; a client writes none."""

    def encode(self, status: Status, message: str | None, details: object) -> bytes:
        """Not for clients."""
        raise NotImplementedError

    def decode(self, status: Status, message: str | None, data: bytes) -> ErrorDetails:
        """The details, or none where they cannot be read: the status counts all the same."""
        try:
            return read_details(data)
        except Exception:  # noqa: BLE001 - barrier: bytes from outside must not hide the status
            return NO_DETAILS


def read_details(data: bytes) -> ErrorDetails:
    """What a google.rpc.Status holds of the details that Cream sends; others are passed over."""
    info = rpc.ErrorInfo()
    problems: list[FieldProblem] = []
    for packed in rpc.Status.parse(data).details:
        # The name after the last slash is the type; the prefix may be anything.
        match packed.type_url.rpartition("/")[2]:
            case "google.rpc.ErrorInfo":
                info = rpc.ErrorInfo.parse(packed.value)
            case "google.rpc.BadRequest":
                violations = rpc.BadRequest.parse(packed.value).field_violations
                problems += [FieldProblem(v.field, v.description) for v in violations]
            case "google.rpc.PreconditionFailure":
                failures = rpc.PreconditionFailure.parse(packed.value).violations
                problems += [FieldProblem(v.subject, v.description) for v in failures]
            case _:
                pass
    return ErrorDetails(info.reason, info.domain, dict(info.metadata), tuple(problems))
