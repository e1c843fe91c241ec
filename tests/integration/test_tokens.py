"""With tokens configured both ports of the running daemon demand one, on every call."""

import hashlib
from collections.abc import Iterator

import pytest
import trio
from grpclib.const import Status

from cream.client import CreamClient, Unauthenticated, v1
from cream.wire import (
    account_pb2,
    control_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)
from tests.integration import attacks
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running
from tests.integration.rpc.raw_client import RawClient
from tests.integration.witness import complaints

TOKEN = "a token that is long enough to be one"
OTHERS = ("?", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), hashlib.sha256(TOKEN.encode()).hexdigest())
OPEN_ROUTE = "/health"

FILES = (
    execution_pb2,
    control_pb2,
    market_snapshot_pb2,
    options_pb2,
    account_pb2,
    status_pb2,
    simulation_pb2,
)
METHODS = [
    f"/{service.full_name}/{method.name}"
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    hashes = [hashlib.sha256(TOKEN.encode()).hexdigest()]
    with running(tmp_path_factory.mktemp("tokens"), server={"token_hashes": hashes}) as started:
        yield started
        assert complaints(started) == []
        assert TOKEN not in started.log_path.read_text()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def routes(daemon: Daemon) -> list[tuple[str, str]]:
    document = daemon.http.get("/openapi.json", headers=bearer(TOKEN)).json()
    return [(method, path) for path, item in document["paths"].items() for method in item]


def test_every_route_but_liveness_demands_a_token(daemon: Daemon) -> None:
    found = routes(daemon)
    assert len(found) > 15
    for method, path in [*found, ("get", "/docs"), ("get", "/metrics"), ("get", "/nowhere")]:
        reply = daemon.http.request(method, path)

        expected = 200 if path == OPEN_ROUTE else 401
        assert reply.status_code == expected, path
        if expected == 401:
            assert reply.headers["www-authenticate"] == "Bearer"
            assert reply.json()["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("token", OTHERS)
def test_another_token_opens_nothing(daemon: Daemon, token: str) -> None:
    async def work(client: CreamClient) -> None:
        await client.get_trading_state()

    assert daemon.http.get("/v1/orders", headers=bearer(token)).status_code == 401
    with pytest.raises(Unauthenticated):
        ask(daemon.grpc_port, work, token=token)


def test_the_token_opens_both_ports(daemon: Daemon) -> None:
    async def work(client: CreamClient) -> v1.GetTradingStateResponse:
        return await client.get_trading_state()

    assert daemon.http.get("/v1/orders", headers=bearer(TOKEN)).status_code == 200
    assert ask(daemon.grpc_port, work, token=TOKEN) is not None


@pytest.mark.parametrize("path", METHODS)
def test_every_method_demands_a_token(daemon: Daemon, path: str) -> None:
    assert status_of(daemon, path) == Status.UNAUTHENTICATED.value


def test_liveness_is_open_on_the_grpc_port_too(daemon: Daemon) -> None:
    assert status_of(daemon, "/grpc.health.v1.Health/Check") == Status.OK.value


def status_of(daemon: Daemon, path: str) -> int:
    async def main() -> int:
        async with await trio.open_tcp_stream("127.0.0.1", daemon.grpc_port) as stream:
            client = RawClient(stream)
            await client.start()
            with trio.fail_after(attacks.PATIENCE_SECONDS):
                return (await client.call(b"", path)).status

    return trio.run(main)


def test_a_stream_is_not_opened_without_a_token(daemon: Daemon) -> None:
    with attacks.open_socket(daemon.http_port) as connection:
        attacks.said(connection, attacks.upgrade())
        refused = attacks.answered(connection)
    with attacks.open_socket(daemon.http_port) as connection:
        attacks.said(connection, attacks.upgrade(authorization=f"Bearer {TOKEN}".encode()))
        opened = attacks.answered(connection)

    assert attacks.status_of(refused) == 401
    assert attacks.status_of(opened) == 101
