"""Which messages carry the details of an error? (google.rpc, generated from protos/google/rpc.)"""

from cream.adapters.rpc.google_rpc.error_details_pb2 import BadRequest, ErrorInfo
from cream.adapters.rpc.google_rpc.status_pb2 import Status

__all__ = ["BadRequest", "ErrorInfo", "Status"]
