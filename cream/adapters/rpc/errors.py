"""How does a handler fail so that programs can read why?

A handler raises `GRPCError`; its details are google.rpc messages and travel in the trailer
`grpc-status-details-bin`, which every gRPC client library can decode.
"""

from collections.abc import Iterable, Mapping, Sequence

from google.protobuf.message import Message
from google.protobuf.symbol_database import Default
from grpclib.const import Status
from grpclib.encoding.base import StatusDetailsCodecBase
from grpclib.exceptions import GRPCError

from cream.adapters.rpc import google_rpc


def rpc_error(
    status: Status,
    message: str,
    *,
    reason: str = "",
    domain: str = "",
    metadata: Mapping[str, str] | None = None,
    fields: Iterable[tuple[str, str]] = (),
) -> GRPCError:
    """The error to raise: an ErrorInfo where `reason` is given, a BadRequest where `fields` are.

    `reason` is a stable code (`PLAN_STALE`), `domain` says whose code it is, `fields` are pairs
    of field path and problem.
    """
    details: list[Message] = []
    if reason:
        details.append(
            google_rpc.ErrorInfo(reason=reason, domain=domain, metadata=dict(metadata or {}))
        )
    violations = [
        google_rpc.BadRequest.FieldViolation(field=field, description=problem)
        for field, problem in fields
    ]
    if violations:
        details.append(google_rpc.BadRequest(field_violations=violations))
    return GRPCError(status, message, details or None)


def encode_details(status: Status, message: str | None, details: Sequence[Message]) -> bytes:
    """The bytes of a google.rpc.Status."""
    container = google_rpc.Status(code=status.value, message=message or "")
    for detail in details:
        container.details.add().Pack(detail)
    return container.SerializeToString()


def decode_details(data: bytes) -> list[Message]:
    """The details in a google.rpc.Status, without those whose type this process does not know.

    Raises: google.protobuf.message.DecodeError.
    """
    known: list[Message] = []
    for packed in google_rpc.Status.FromString(data).details:
        try:
            detail = Default().GetSymbol(packed.TypeName())()
        except KeyError:
            continue
        packed.Unpack(detail)
        known.append(detail)
    return known


class StatusDetailsCodec(StatusDetailsCodecBase):
    """The same details for grpclib's own client and server."""

    def encode(self, status: Status, message: str | None, details: Sequence[Message]) -> bytes:
        """The value of grpc-status-details-bin."""
        return encode_details(status, message, details)

    def decode(self, status: Status, message: str | None, data: bytes) -> list[Message]:
        """What `GRPCError.details` holds in a client."""
        return decode_details(data)
