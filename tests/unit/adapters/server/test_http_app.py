"""Everything that goes wrong has one shape, every reply an id, and tokens are demanded."""

from typing import Any

import pytest
import trio
from attrs import evolve

from cream.core.model.errors import CreamError
from tests.fakes.operations import FakeOperations
from tests.unit.adapters.server.plans import SWING
from tests.unit.adapters.server.site import (
    BEARER,
    SETTINGS,
    TOKEN_HASH,
    application,
    call,
    refused,
)

WITH_TOKEN = evolve(SETTINGS, token_hashes=(TOKEN_HASH,))


PLAN_PATHS = ("/v1/check-constraints", "/v1/submit-orders")


BODY_PATHS = (
    *PLAN_PATHS,
    "/v1/order-state",
    "/v1/cancel-orders",
    "/v1/trading-state",
    "/v1/kill-switch",
    "/v1/mass-cancel",
    "/v1/options/rolls",
    "/v1/options/exercise",
    "/v1/options/do-not-exercise",
    "/v1/heartbeat",
    "/v1/simulation/quote",
    "/v1/simulation/disconnect",
    "/v1/simulation/fault",
)


@pytest.mark.parametrize("path", BODY_PATHS)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "INVALID_REQUEST"),
        (b"{", 400, "INVALID_REQUEST"),
        (b"[]", 400, "INVALID_REQUEST"),
        (b"{}", 400, "INVALID_REQUEST"),
        (b"x" * 2000, 413, "BODY_TOO_LARGE"),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused(
    operations: FakeOperations, path: str, body: bytes, status: int, code: str
) -> None:
    small = evolve(SETTINGS, max_body_bytes=1024)
    headers = {"content-type": "application/json"}

    reply = await call(operations, "POST", path, settings=small, data=body, headers=headers)

    await refused(reply, status, code)
    assert not operations.commands


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_a_body_that_is_not_called_json_is_refused(
    operations: FakeOperations, kind: str | None
) -> None:
    headers = {} if kind is None else {"content-type": kind}

    reply = await call(operations, "POST", "/v1/order-state", data=b"{}", headers=headers)

    await refused(reply, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_charset_beside_json_is_fine(operations: FakeOperations) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    body = b'{"order_ids": []}'

    reply = await call(operations, "POST", "/v1/order-state", data=body, headers=headers)

    assert reply.status_code == 200


@pytest.mark.parametrize("path", ["/", "/v2/orders", "/v1/orders/", "/v1//orders", "/static/x"])
async def test_a_path_that_does_not_exist_is_not_found(
    operations: FakeOperations, path: str
) -> None:
    await refused(await call(operations, "GET", path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/orders", {"GET", "HEAD"}),
        ("GET", "/v1/submit-orders", {"POST"}),
        ("OPTIONS", "/health", {"GET", "HEAD"}),
        ("PUT", "/v1/trading-state", {"GET", "HEAD", "POST"}),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_refused_with_those_it_takes(
    operations: FakeOperations, method: str, path: str, allowed: set[str]
) -> None:
    reply = await call(operations, method, path)

    await refused(reply, 405, "METHOD_NOT_ALLOWED")
    assert set(reply.headers["Allow"].split(", ")) == allowed


async def test_a_plain_request_of_the_stream_is_refused(operations: FakeOperations) -> None:
    await refused(await call(operations, "GET", "/v1/stream"), 400, "INVALID_REQUEST")


async def test_a_defect_says_nothing_of_itself_and_the_log_has_the_story(
    operations: FakeOperations, logs: list[Any]
) -> None:
    operations.broken = RuntimeError("secret detail")

    reply = await call(operations, "GET", "/v1/orders", headers={"X-Request-ID": "mine"})

    await refused(reply, 500, "INTERNAL")
    assert b"secret" not in await reply.get_data()
    assert [entry["event"] for entry in logs] == ["http.request_failed"]
    assert logs[0]["exc_info"] is operations.broken


async def test_an_error_of_the_operations_keeps_its_code_and_status(
    operations: FakeOperations,
) -> None:
    operations.broken = CreamError("PERSISTENCE_UNAVAILABLE", "the journal cannot commit")

    reply = await call(operations, "POST", "/v1/submit-orders", {"decision_plan": SWING})

    await refused(reply, 503, "PERSISTENCE_UNAVAILABLE")


async def test_a_group_of_errors_is_one_error(operations: FakeOperations) -> None:
    """A part that opens a nursery raises in groups."""
    inner = CreamError("NOT_READY", "the daemon is starting")
    operations.broken = ExceptionGroup("", [inner])

    await refused(await call(operations, "GET", "/v1/orders"), 503, "NOT_READY")


async def test_every_reply_carries_the_callers_id_or_one_of_ours(
    operations: FakeOperations,
) -> None:
    client = application(operations).test_client()

    given = await client.get("/health", headers={"X-Request-ID": "agent-7/42"})
    first = await client.get("/health")
    second = await client.get("/nowhere", headers={"X-Request-ID": "x" * 129})

    assert given.headers["X-Request-ID"] == "agent-7/42"
    assert first.headers["X-Request-ID"].startswith("r-")
    assert second.headers["X-Request-ID"].startswith("r-")
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ready"),
        ("GET", "/v1/orders"),
        ("POST", "/v1/submit-orders"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/nowhere"),
    ],
)
async def test_with_tokens_configured_everything_demands_one(
    operations: FakeOperations, method: str, path: str
) -> None:
    without = await call(operations, method, path, settings=WITH_TOKEN)
    wrong = {"authorization": "Bearer wrong"}
    with_wrong = await call(operations, method, path, settings=WITH_TOKEN, headers=wrong)
    with_token = await call(operations, method, path, settings=WITH_TOKEN, headers=BEARER)

    await refused(without, 401, "UNAUTHENTICATED")
    await refused(with_wrong, 401, "UNAUTHENTICATED")
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert with_token.status_code != 401


async def test_health_is_open_and_commands_carry_the_tokens_name(
    operations: FakeOperations,
) -> None:
    open_path = await call(operations, "GET", "/health", settings=WITH_TOKEN)
    body = {"reason": "x"}
    await call(operations, "POST", "/v1/mass-cancel", body, settings=WITH_TOKEN, headers=BEARER)

    assert open_path.status_code == 200
    assert operations.commands == [("mass_cancel", "x", f"token-{TOKEN_HASH[:8]}")]


async def test_a_body_that_does_not_come_is_given_up(
    operations: FakeOperations, autojump_clock: trio.abc.Clock
) -> None:
    client = application(operations).test_client()

    async with client.request("/v1/order-state", method="POST") as connection:
        # Neither a byte nor the end of the body is sent.
        await trio.sleep(SETTINGS.body_timeout_seconds + 1)
        reply = await connection.as_response()

    await refused(reply, 408, "INVALID_REQUEST")
