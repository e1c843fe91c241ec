"""The gRPC port serves the official client, over plain text and TLS, and closes in order."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
import trio
import trustme
from attrs import evolve
from grpclib.const import Status
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpclib.reflection.v1.reflection_pb2 import (
    ServerReflectionRequest,
    ServerReflectionResponse,
)

from cream.adapters.rpc.errors import decode_details
from cream.adapters.server.grpc_server import SERVICE_NAMES, serve_grpc
from cream.adapters.server.settings import ServerSettings, TlsSettings
from cream.core.model.plan import Environment
from cream.wire import control_pb2, execution_pb2
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import SWING, swing
from tests.unit.adapters.server.site import SETTINGS, TOKEN, TOKEN_HASH
from tests.unit.adapters.server.wire_plans import plan_message

EXECUTION = "/cream.v1.ExecutionService/"
BEARER = (("authorization", f"Bearer {TOKEN}"),)


@asynccontextmanager
async def served(
    operations: FakeOperations,
    settings: ServerSettings = SETTINGS,
    shutdown: trio.Event | None = None,
    observe: Callable[[str, Status, float], None] | None = None,
) -> AsyncIterator[int]:
    """A server on loopback; its port. It is drained in the end."""
    stop = trio.Event() if shutdown is None else shutdown
    async with trio.open_nursery() as nursery:
        yield await nursery.start(
            partial(
                serve_grpc,
                operations,
                settings,
                environment=Environment.PAPER,
                now=lambda: NOW,
                shutdown=stop,
                observe=observe,
            )
        )
        stop.set()


async def in_thread(work: Callable[[], Any]) -> Any:
    """What `work`, which blocks as clients of grpcio do, returns."""
    with trio.fail_after(20):
        return await trio.to_thread.run_sync(work)


def unary(channel: grpc.Channel, path: str, reply: Any) -> Any:
    return channel.unary_unary(
        path, request_serializer=lambda one: one.SerializeToString(), response_deserializer=reply
    )


def call(port: int, method: str, request: Any, metadata: Any = ()) -> Any:
    """The reply to one call of the execution service.   Raises: grpc.RpcError."""
    name = "ExecutionAck" if method == "SubmitOrders" else f"{method}Response"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        reply = getattr(execution_pb2, name).FromString
        return unary(channel, EXECUTION + method, reply)(request, metadata=metadata, timeout=10)


def error_of(port: int, method: str, request: Any, metadata: Any = ()) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        call(port, method, request, metadata)
    return caught.value


async def test_a_plan_is_judged_and_placed(operations: FakeOperations) -> None:
    check = execution_pb2.CheckConstraintsRequest(decision_plan=plan_message(SWING))
    submit = execution_pb2.SubmitOrdersRequest(decision_plan=plan_message(SWING))
    seen: list[tuple[str, Status]] = []

    async with served(
        operations, observe=lambda path, status, _: seen.append((path, status))
    ) as port:
        checked = await in_thread(lambda: call(port, "CheckConstraints", check))
        placed = await in_thread(lambda: call(port, "SubmitOrders", submit))

    assert checked.approved
    assert placed.ok
    assert placed.orders[0].status_detail == "ACCEPTED"
    assert seen == [
        (EXECUTION + "CheckConstraints", Status.OK),
        (EXECUTION + "SubmitOrders", Status.OK),
    ]


async def test_every_field_at_fault_reaches_the_client(operations: FakeOperations) -> None:
    plan = plan_message(swing(size={"quantity": "0", "unit": "SHARES"}))
    plan.decisions.extend([plan.decisions[0]] * 60)
    request = execution_pb2.SubmitOrdersRequest(decision_plan=plan)

    async with served(operations) as port:
        error = await in_thread(lambda: error_of(port, "SubmitOrders", request))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailers = dict(error.trailing_metadata())
    info, bad = decode_details(trailers["grpc-status-details-bin"])
    assert info.reason == "INVALID_REQUEST"
    assert bad.field_violations[0].field == "decision_plan.decisions[0].size.quantity"
    assert bad.field_violations[-1].description.endswith("more problems")


async def test_a_stream_shows_changes_until_the_server_drains(operations: FakeOperations) -> None:
    shutdown = trio.Event()
    heard: list[Any] = []
    token = trio.lowlevel.current_trio_token()
    began = trio.Event()

    def follow(port: int) -> Any:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stream = channel.unary_stream(
                EXECUTION + "StreamExecutions",
                request_serializer=execution_pb2.StreamExecutionsRequest.SerializeToString,
                response_deserializer=execution_pb2.StreamExecutionsResponse.FromString,
            )(execution_pb2.StreamExecutionsRequest(), timeout=15)
            try:
                for message in stream:
                    heard.append(message)
                    if len(heard) in (2, 3):
                        token.run_sync_soon(publish_then_stop)
            except grpc.RpcError as error:
                return error
            return None

    def publish_then_stop() -> None:
        if began.is_set():
            shutdown.set()
        else:
            began.set()
            operations.publish(states.order_filled(), states.filled_entry())

    async with served(operations, shutdown=shutdown) as port:
        end = await in_thread(lambda: follow(port))

    assert [one.snapshot for one in heard] == [True, True, False]
    assert heard[2].execution.orders[0].exact_filled_quantity == "10.5"
    assert end.code() is grpc.StatusCode.UNAVAILABLE


async def test_with_tokens_everything_but_health_demands_one(operations: FakeOperations) -> None:
    settings = evolve(SETTINGS, token_hashes=(TOKEN_HASH,))
    request = execution_pb2.GetPositionsRequest()

    async with served(operations, settings) as port:
        without = await in_thread(lambda: error_of(port, "GetPositions", request))
        wrong = (("authorization", "Bearer wrong"),)
        with_wrong = await in_thread(lambda: error_of(port, "GetPositions", request, wrong))
        with_token = await in_thread(lambda: call(port, "GetPositions", request, BEARER))
        health = await in_thread(lambda: health_of(port, SERVICE_NAMES[0]))

    assert without.code() is grpc.StatusCode.UNAUTHENTICATED
    assert with_wrong.code() is grpc.StatusCode.UNAUTHENTICATED
    assert not with_token.positions
    assert health == HealthCheckResponse.SERVING


def health_of(port: int, service: str) -> Any:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = unary(channel, "/grpc.health.v1.Health/Check", HealthCheckResponse.FromString)
        return check(HealthCheckRequest(service=service), timeout=10).status


async def test_every_service_is_healthy_and_told_of_by_reflection(
    operations: FakeOperations,
) -> None:
    def listed(port: int) -> set[str]:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.stream_stream(
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                request_serializer=ServerReflectionRequest.SerializeToString,
                response_deserializer=ServerReflectionResponse.FromString,
            )
            (reply,) = call(iter([ServerReflectionRequest(list_services="*")]), timeout=10)
            return {one.name for one in reply.list_services_response.service}

    async with served(operations) as port:
        found = await in_thread(lambda: listed(port))
        health = [await in_thread(partial(health_of, port, name)) for name in SERVICE_NAMES]

    assert {name for name in found if name.startswith("cream.")} == set(SERVICE_NAMES)
    assert len(SERVICE_NAMES) == 7
    assert set(health) == {HealthCheckResponse.SERVING}


async def test_the_operators_service_is_served_too(operations: FakeOperations) -> None:
    def state(port: int) -> Any:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            return unary(
                channel,
                "/cream.v1.ControlService/GetTradingState",
                control_pb2.GetTradingStateResponse.FromString,
            )(control_pb2.GetTradingStateRequest(), timeout=10).state

    async with served(operations) as port:
        found = await in_thread(lambda: state(port))

    assert found == control_pb2.TRADING_STATE_ACTIVE


async def test_tls_is_spoken_where_it_is_configured(
    operations: FakeOperations, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    mine = authority.issue_cert("agent@example.org")
    tls = TlsSettings(cert_path=str(chain), key_path=str(key), client_ca_path=str(ca))

    def positions(port: int) -> Any:
        credentials = grpc.ssl_channel_credentials(
            ca.read_bytes(),
            mine.private_key_pem.bytes(),
            mine.cert_chain_pems[0].bytes(),
        )
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
            reply = execution_pb2.GetPositionsResponse.FromString
            request = execution_pb2.GetPositionsRequest()
            return unary(channel, EXECUTION + "GetPositions", reply)(request, timeout=10)

    async with served(operations, evolve(SETTINGS, tls=tls)) as port:
        assert not (await in_thread(lambda: positions(port))).positions
        plain = execution_pb2.GetPositionsRequest()
        refused = await in_thread(lambda: error_of(port, "GetPositions", plain))

    assert refused.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_port_that_is_taken_is_an_error(operations: FakeOperations) -> None:
    async with served(operations) as port:
        with pytest.RaisesGroup(OSError, flatten_subgroups=True):
            async with served(operations, evolve(SETTINGS, grpc_port=port)):
                pass  # pragma: no cover - never reached
