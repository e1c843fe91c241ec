"""What does a request's header block ask for, and may it be served at all?"""

import binascii
import re
from base64 import b64decode
from functools import lru_cache
from math import inf

from attrs import frozen
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from multidict import MultiDict

from cream.adapters.rpc.engine import Headers
from cream.adapters.rpc.hpack_blocks import encode_block

Metadata = MultiDict[str | bytes]

CONTENT_TYPE = b"application/grpc"
ACCEPTED_ENCODINGS = b"identity,gzip"

REPLY_HEADERS: Headers = (
    (b":status", b"200"),
    (b"content-type", b"application/grpc+proto"),
    (b"grpc-accept-encoding", ACCEPTED_ENCODINGS),
)
REPLY_BLOCK = encode_block(REPLY_HEADERS)
GZIP_REPLY_HEADERS: Headers = (*REPLY_HEADERS, (b"grpc-encoding", b"gzip"))
GZIP_REPLY_BLOCK = encode_block(GZIP_REPLY_HEADERS)

# "TimeoutValue: positive integer as ASCII string of at most 8 digits"
_TIMEOUT = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNIT_SECONDS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}

# Not custom metadata: the transport's own. The rest of the names starts with ":" or "grpc-".
_RESERVED = frozenset({b"te", b"content-type", b"user-agent"})


@frozen
class Request:
    """A request that names a method and can be served."""

    path: bytes
    timeout_seconds: float
    gzip: bool
    accepts_gzip: bool


@frozen
class Refusal:
    """A request that cannot be served, as the headers that say so."""

    headers: Headers


def _grpc_refusal(status: Status, text: bytes) -> Refusal:
    return Refusal(
        (*REPLY_HEADERS, (b"grpc-status", b"%d" % status.value), (b"grpc-message", text))
    )


def _http_refusal(code: bytes, status: Status, text: bytes) -> Refusal:
    """For clients that may not even speak gRPC: the HTTP status says it as well."""
    return Refusal(
        ((b":status", code), (b"grpc-status", b"%d" % status.value), (b"grpc-message", text))
    )


NOT_POST = Refusal(((b":status", b"405"), (b"allow", b"POST")))
NOT_GRPC = _http_refusal(b"415", Status.UNKNOWN, b"Unacceptable content-type header")
NO_TRAILERS = _http_refusal(b"400", Status.INTERNAL, b"Unacceptable te header")
BAD_TIMEOUT = _grpc_refusal(Status.INTERNAL, b"Malformed grpc-timeout header")
UNKNOWN_ENCODING = _grpc_refusal(Status.UNIMPLEMENTED, b"Unsupported grpc-encoding")
DRAINING = _grpc_refusal(Status.UNAVAILABLE, b"The server is shutting down")
UNKNOWN_METHOD = _grpc_refusal(Status.UNIMPLEMENTED, b"Method not found")


def read_request(headers: Headers) -> Request | Refusal:
    """What the client asks for, or why it cannot have it."""
    values = dict(headers)
    if values.get(b":method") != b"POST":
        return NOT_POST
    if not _is_grpc(values.get(b"content-type", b"")):
        return NOT_GRPC
    # Required by the protocol to find proxies that drop trailers; a client without it can be
    # served, one that announces something else cannot.
    if values.get(b"te", b"trailers") != b"trailers":
        return NO_TRAILERS
    encoding = values.get(b"grpc-encoding", b"identity")
    if encoding not in (b"identity", b"gzip"):
        return UNKNOWN_ENCODING
    timeout = inf
    if b"grpc-timeout" in values:
        try:
            timeout = decode_timeout(values[b"grpc-timeout"])
        except ValueError:
            return BAD_TIMEOUT
    return Request(
        values.get(b":path", b""),
        timeout,
        encoding == b"gzip",
        _accepts_gzip(values.get(b"grpc-accept-encoding", b"")),
    )


@lru_cache(maxsize=64)
def _is_grpc(content_type: bytes) -> bool:
    """Messages here are protobuf, so that subtypes such as +json are not for us."""
    kind, _, _ = content_type.partition(b";")
    return kind.strip() in (CONTENT_TYPE, CONTENT_TYPE + b"+proto")


@lru_cache(maxsize=64)
def _accepts_gzip(encodings: bytes) -> bool:
    return b"gzip" in [encoding.strip() for encoding in encodings.split(b",")]


def decode_timeout(value: bytes) -> float:
    """Seconds.   Raises: ValueError."""
    match = _TIMEOUT.fullmatch(value)
    if match is None:
        raise ValueError(f"Expected at most 8 digits and a unit, was {value!r}")
    return int(match[1]) * _UNIT_SECONDS[match[2]]


def decode_metadata(headers: Headers) -> Metadata:
    """The custom metadata; values of names that end with -bin are bytes.

    Raises: GRPCError INTERNAL for binary values that are not base64.
    """
    metadata: Metadata = MultiDict()
    for name, value in headers:
        if name in _RESERVED or name.startswith((b":", b"grpc-")):
            continue
        key = name.decode("latin-1")
        if not key.endswith("-bin"):
            metadata.add(key, value.decode("latin-1"))
            continue
        for part in value.split(b","):  # several values may have been joined on the way
            metadata.add(key, _decode_base64(part))
    return metadata


def _decode_base64(value: bytes) -> bytes:
    try:
        digits = value.strip().rstrip(b"=")  # padding is optional in gRPC
        return b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error as error:
        raise GRPCError(Status.INTERNAL, "Malformed binary metadata") from error
