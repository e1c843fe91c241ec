"""Calls with the server's own messages, or with none: what a broken agent might send."""

import asyncio
from typing import Any

import trio
from google.protobuf.message import Message
from grpclib.client import Channel
from grpclib.const import Cardinality, Status
from grpclib.encoding.base import CodecBase
from grpclib.exceptions import GRPCError

from cream.adapters.rpc import StatusDetailsCodec
from cream.wire import decision_pb2, execution_pb2
from cream.wire.execution_grpc import ExecutionServiceStub
from tests.integration.rpc.raw_client import RawClient

CHECK, SUBMIT, ORDER = "CheckConstraints", "SubmitOrders", "SubmitOrder"
SERVICE = "/cream.v1.ExecutionService"

_PLAN_REQUESTS = {
    CHECK: execution_pb2.CheckConstraintsRequest,
    SUBMIT: execution_pb2.SubmitOrdersRequest,
}


def unary(port: int, method: str, request: Message | None) -> Any:
    """The reply. A plan is put into the request of `method`.   Raises: GRPCError."""
    if isinstance(request, decision_pb2.DecisionPlan):
        request = _PLAN_REQUESTS[method](decision_plan=request)
    elif request is None:
        request = _PLAN_REQUESTS[method]()

    async def main() -> Any:
        async with Channel("127.0.0.1", port, status_details_codec=StatusDetailsCodec()) as channel:
            return await getattr(ExecutionServiceStub(channel), method)(request)

    return asyncio.run(main())


def problem_fields(error: GRPCError) -> list[str]:
    """The paths in the BadRequest of `error`."""
    return [
        violation.field
        for detail in error.details or ()
        for violation in getattr(detail, "field_violations", ())
    ]


class _Bytes(CodecBase):
    """Bytes as they are."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        return data


def call_bytes(port: int, method: str, data: bytes) -> tuple[Status, str]:
    """Send `data` as the message; the status and its text."""

    async def main() -> tuple[Status, str]:
        async with Channel("127.0.0.1", port, codec=_Bytes()) as channel:
            path = f"{SERVICE}/{method}"
            stream = channel.request(path, Cardinality.UNARY_UNARY, bytes, bytes)
            try:
                async with stream:
                    await stream.send_message(data, end=True)
                    await stream.recv_message()
            except GRPCError as error:
                return error.status, error.message or ""
        return Status.OK, ""

    return asyncio.run(main())


def http_status_of(port: int, method: str, content_type: str) -> int:
    """The HTTP status of a call whose content type is another than gRPC's."""

    async def main() -> int:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            client = RawClient(stream)
            await client.start()
            headers = [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", f"{SERVICE}/{method}"),
                (":authority", "test"),
                ("te", "trailers"),
                ("content-type", content_type),
            ]
            stream_id = await client.open_with(headers, body=bytes(5))
            reply = await client.reply(stream_id)
            return int(reply.headers[":status"])

    return trio.run(main)
