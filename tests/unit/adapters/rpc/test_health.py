"""Do clients learn whether services are ready, at once and when it changes?"""

from collections.abc import AsyncIterator

import pytest
import trio
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from trio.testing import wait_all_tasks_blocked

from cream.adapters.rpc import Health, RpcServer
from tests.integration.rpc.raw_client import MemoryListener, RawClient, message, serving

CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
ECHO = "cream.test.echo.v1.Echo"
SERVING, NOT_SERVING, UNKNOWN = 1, 2, 3


@pytest.fixture
def health() -> Health:
    return Health([ECHO])


@pytest.fixture
async def listener(health: Health) -> AsyncIterator[MemoryListener]:
    async with serving(RpcServer([health])) as listener:
        yield listener


def _statuses(data: bytes) -> list[int]:
    found = []
    while data:
        size = int.from_bytes(data[1:5], "big")
        found.append(HealthCheckResponse.FromString(data[5 : 5 + size]).status)
        data = data[5 + size :]
    return found


async def _check(client: RawClient, service: str = "") -> list[int]:
    reply = await client.call(HealthCheckRequest(service=service), CHECK)
    return _statuses(bytes(reply.data))


async def test_everything_begins_as_not_serving(listener: MemoryListener) -> None:
    client = await listener.connect()

    assert await _check(client) == [NOT_SERVING]
    assert await _check(client, ECHO) == [NOT_SERVING]


async def test_services_are_told_apart(health: Health, listener: MemoryListener) -> None:
    client = await listener.connect()
    health.set_serving(True)
    health.set_serving(True, "added.Later")

    assert await _check(client) == [SERVING]
    assert await _check(client, ECHO) == [NOT_SERVING]
    assert await _check(client, "added.Later") == [SERVING]

    health.set_all_serving(True)
    assert await _check(client, ECHO) == [SERVING]


async def test_a_service_that_nobody_knows_is_not_found(listener: MemoryListener) -> None:
    client = await listener.connect()

    reply = await client.call(HealthCheckRequest(service="x"), CHECK)

    assert reply.status == 5


async def test_a_watcher_is_told_of_each_change_and_of_nothing_else(
    health: Health, listener: MemoryListener
) -> None:
    client = await listener.connect()
    watch = await client.open(WATCH, body=message(HealthCheckRequest(service=ECHO)))
    told = client.replies[watch].data

    for serving_now in (False, True, True, False):
        await wait_all_tasks_blocked()
        health.set_serving(serving_now, ECHO)
        health.set_serving(serving_now)
    await client.receive_until(lambda: len(_statuses(bytes(told))) >= 3)
    assert await _check(client) == [NOT_SERVING], "and what came before it is here as well"

    assert _statuses(bytes(told)) == [NOT_SERVING, SERVING, NOT_SERVING]


async def test_a_service_that_is_watched_may_come_later(
    health: Health, listener: MemoryListener
) -> None:
    client = await listener.connect()
    watch = await client.open(WATCH, body=message(HealthCheckRequest(service="later")))
    told = client.replies[watch].data
    await client.receive_until(lambda: bool(told))

    health.set_serving(True, "later")
    await client.receive_until(lambda: len(_statuses(bytes(told))) == 2)

    assert _statuses(bytes(told)) == [UNKNOWN, SERVING]


async def test_watchers_are_sent_away_when_health_is_closed(
    health: Health, listener: MemoryListener
) -> None:
    """They would keep a drain waiting for its whole grace."""
    health.set_all_serving(True)
    client = await listener.connect()
    watch = await client.open(WATCH, body=message(HealthCheckRequest()))
    await client.receive_until(lambda: bool(client.replies[watch].data))

    health.close()
    reply = await client.reply(watch)

    assert _statuses(bytes(reply.data)) == [SERVING, NOT_SERVING]
    assert reply.status == 14


async def test_a_watcher_that_leaves_is_forgotten(health: Health) -> None:
    server = RpcServer([health])
    async with serving(server) as listener:
        client = await listener.connect()
        watch = await client.open(WATCH, body=message(HealthCheckRequest()))
        await client.receive_until(lambda: bool(client.replies[watch].data))

        client.h2.reset_stream(watch)
        await client.flush()
        await wait_all_tasks_blocked()

        assert server.statistics().calls_open == 0
        with trio.fail_after(10):
            assert await _check(client) == [NOT_SERVING]
