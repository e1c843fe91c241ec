"""What does an agent import to talk to Cream?

The typed asyncio client, its errors, and `v1`, the messages. It needs grpclib, betterproto2 and
attrs, and nothing else of Cream, so that an agent can take this folder and leave the rest.
"""

from cream.client import v1
from cream.client.client import CreamClient
from cream.client.connection import Updates
from cream.client.errors import (
    Busy,
    CallError,
    ConnectionLost,
    DeadlineExceeded,
    DuplicateId,
    ErrorDetails,
    FieldProblem,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PreconditionFailed,
    Refused,
    ServerFault,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from cream.client.retry import NEVER, RetryPolicy

__all__ = [
    "NEVER",
    "Busy",
    "CallError",
    "ConnectionLost",
    "CreamClient",
    "DeadlineExceeded",
    "DuplicateId",
    "ErrorDetails",
    "FieldProblem",
    "InvalidRequest",
    "NotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "PreconditionFailed",
    "Refused",
    "RetryPolicy",
    "ServerFault",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Updates",
    "v1",
]
