"""Every route answers as INTERFACE.md 3 says, and everything that goes wrong has one shape."""

from typing import Any

import pytest
import trio
from attrs import evolve

from cream.adapters.server.settings import ServerSettings
from cream.core.model.errors import CreamError
from cream.core.model.instrument import Equity
from cream.core.model.order import OrderStatus
from cream.core.model.state import Cause, Restriction, TradingState
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, REFUSAL, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import SWING, Json, change, spread, swing
from tests.unit.adapters.server.site import BEARER, METRICS, SETTINGS, TOKEN_HASH, application

WITH_TOKEN = evolve(SETTINGS, token_hashes=(TOKEN_HASH,))


async def call(
    operations: FakeOperations,
    method: str,
    path: str,
    body: Any = None,
    settings: ServerSettings = SETTINGS,
    **more: Any,
) -> Any:
    client = application(operations, settings).test_client()
    if body is not None:
        more["json"] = body
    return await client.open(path, method=method, **more)


async def get(operations: FakeOperations, path: str) -> Any:
    reply = await call(operations, "GET", path)
    assert reply.status_code == 200
    return await reply.get_json()


async def post(operations: FakeOperations, path: str, body: Any) -> Any:
    reply = await call(operations, "POST", path, body)
    assert reply.status_code == 200, await reply.get_data()
    assert reply.content_type == "application/json"
    return await reply.get_json()


async def refused(reply: Any, status: int, code: str) -> dict[str, str]:
    """The details of an error of the one shape."""
    content = await reply.get_json()
    assert reply.status_code == status
    assert reply.content_type == "application/json"
    assert set(content) == {"code", "message", "grpc_code", "details"}
    assert content["code"] == code
    assert content["message"]
    assert isinstance(content["grpc_code"], int)
    return {each["field"]: each["problem"] for each in content["details"]}


# Plans ------------------------------------------------------------------------------------------


async def test_a_check_answers_the_verdict(operations: FakeOperations) -> None:
    body = {"decision_plan": SWING, "portfolio_state": {"equity": "5"}}

    shown = await post(operations, "/v1/check-constraints", body)

    assert shown["ok"] is True
    assert shown["orders"][0]["symbol"] == "AAPL"
    assert shown["validated_at"] == "2026-11-23T15:00:00Z"
    ((plan, override),) = operations.checked
    assert plan.plan_id == "swing-1"
    assert override is not None


async def test_a_refusal_is_an_answer_and_not_an_error(operations: FakeOperations) -> None:
    operations.refusals = (REFUSAL,)

    checked = await post(operations, "/v1/check-constraints", {"decision_plan": SWING})
    submitted = await post(operations, "/v1/submit-orders", {"decision_plan": SWING})

    assert checked["ok"] is False
    assert checked["violations"][0]["code"] == "MISSING_STOP_LOSS"
    assert submitted["ok"] is False
    assert submitted["orders"] == []


async def test_a_submit_places_once_and_answers_again(operations: FakeOperations) -> None:
    body = {"decision_plan": SWING, "execution_params": {"wait_seconds": 0}}

    first = await post(operations, "/v1/submit-orders", body)
    again = await post(operations, "/v1/submit-orders", body)

    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["orders"] == again["orders"]
    assert len(operations.orders_by_id) == 1
    assert first["orders"][0]["status"] == "ACCEPTED"


async def test_the_same_plan_id_with_other_content_is_a_conflict(
    operations: FakeOperations,
) -> None:
    await post(operations, "/v1/submit-orders", {"decision_plan": SWING})

    other = await call(
        operations, "POST", "/v1/submit-orders", {"decision_plan": swing(limit_price="1")}
    )

    await refused(other, 409, "DUPLICATE_ID")


async def test_the_older_bodies_are_accepted(operations: FakeOperations) -> None:
    plan = change(swing(), {"environment": ...})
    old_check = {"request_id": "r", "cycle_id": "cycle-swing-1", "account_equity": "100000"}

    checked = await post(operations, "/v1/check-constraints", {**old_check, "plan": plan})
    old_submit = {"cycle_id": "cycle-swing-1", "environment": "paper", "plan": plan}
    submitted = await post(operations, "/v1/submit-orders", old_submit)

    assert checked["ok"] is True
    assert submitted["environment"] == "PAPER"


PLAN_PATHS = ("/v1/check-constraints", "/v1/submit-orders")

HALF_A_CONTRACT = {"quantity": "1.5", "unit": "CONTRACTS"}

# The table "Bad input" of the walking daemon: what is no answer but an error, and its field.
BAD_INPUT: list[tuple[str, Any, str]] = [
    ("unknown enum", swing(action="HODL"), "action"),
    ("negative size", swing(size={"quantity": "-5", "unit": "SHARES"}), "size.quantity"),
    ("zero size", swing(size={"quantity": 0, "unit": "SHARES"}), "size.quantity"),
    ("10^30 size", swing(size={"quantity": 10**30, "unit": "SHARES"}), "size.quantity"),
    ("1e30 size", swing(size={"quantity": "1e30", "unit": "SHARES"}), "size.quantity"),
    ("NaN text", swing(confidence="NaN"), "confidence"),
    ("infinity text", swing(limit_price="Infinity"), "limit_price"),
    ("fractional contracts", spread(size=HALF_A_CONTRACT), "size.quantity"),
    ("unreadable symbol", swing(instrument_id="???"), "instrument_id"),
    ("bad timestamp", change(swing(), {"timestamp": "soon"}), ""),
    ("unknown key", swing(stop="1"), "stop"),
]  # fmt: skip


@pytest.mark.parametrize("path", PLAN_PATHS)
@pytest.mark.parametrize(
    ("plan", "field"), [row[1:] for row in BAD_INPUT], ids=[row[0] for row in BAD_INPUT]
)
async def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    operations: FakeOperations, path: str, plan: Json, field: str
) -> None:
    reply = await call(operations, "POST", path, {"decision_plan": plan})

    details = await refused(reply, 400, "INVALID_REQUEST")
    expected = f"decision_plan.decisions[0].{field}" if field else "decision_plan.timestamp"
    assert list(details) == [expected]
    assert not operations.submitted
    assert not operations.checked
    assert not operations.orders_by_id


@pytest.mark.parametrize("path", PLAN_PATHS)
@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999999999999999999999"])
async def test_a_number_that_is_none_is_refused(
    operations: FakeOperations, path: str, token: str
) -> None:
    body = '{"decision_plan": {"cycle_id": "c", "environment": "PAPER", "decisions": [{'
    body += f'"instrument_id": "AAPL", "action": "BUY", "confidence": {token},'
    body += '"size": {"quantity": 1, "unit": "SHARES"}}]}}'
    headers = {"content-type": "application/json"}

    reply = await call(operations, "POST", path, data=body, headers=headers)

    details = await refused(reply, 400, "INVALID_REQUEST")
    assert list(details) == ["decision_plan.decisions[0].confidence"]


async def test_duplicate_decision_ids_are_refused(operations: FakeOperations) -> None:
    plan = swing()
    plan["decisions"] *= 2

    reply = await call(operations, "POST", "/v1/submit-orders", {"decision_plan": plan})

    details = await refused(reply, 400, "INVALID_REQUEST")
    assert list(details) == ["decision_plan.decisions[1].decision_id"]


async def test_a_tactic_of_a_later_version_is_named(operations: FakeOperations) -> None:
    body = {"decision_plan": swing(execution_tactic="VWAP")}

    reply = await call(operations, "POST", "/v1/submit-orders", body)

    await refused(reply, 400, "TACTIC_UNAVAILABLE")


# Bodies and the framework -----------------------------------------------------------------------

BODY_PATHS = (
    *PLAN_PATHS,
    "/v1/order-state",
    "/v1/cancel-orders",
    "/v1/trading-state",
    "/v1/kill-switch",
    "/v1/mass-cancel",
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


# Orders and holdings ----------------------------------------------------------------------------


async def test_orders_are_all_orders_each_once(operations: FakeOperations) -> None:
    operations.put(states.filled_entry(), states.stop_child(), states.filled_spread())

    shown = (await get(operations, "/v1/orders"))["orders"]

    assert [one["order_id"] for one in shown] == ["o-entry", "o-stop", "o-spread"]
    assert shown[0]["legs"] == []
    assert shown[1]["parent_order_id"] == "o-entry"
    assert len(shown[2]["legs"]) == 2


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("status=HELD", ["o-stop"]),
        ("status=FILLED", []),
        ("limit=2", ["o-stop", "o-spread"]),
        ("limit=0", []),
        ("limit=99", ["o-entry", "o-stop", "o-spread"]),
        ("status=ACCEPTED&limit=1", ["o-spread"]),
    ],
)
async def test_orders_can_be_narrowed(
    operations: FakeOperations, query: str, ids: list[str]
) -> None:
    operations.put(states.filled_entry(), states.stop_child(), states.filled_spread())

    shown = (await get(operations, f"/v1/orders?{query}"))["orders"]

    assert [one["order_id"] for one in shown] == ids


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("status=DONE", ["status"]),
        ("limit=-1", ["limit"]),
        ("limit=x&state=FILLED", ["limit", "state"]),
        ("limit=1&limit=2", ["limit"]),
    ],
)
async def test_a_query_that_is_wrong_is_named(
    operations: FakeOperations, query: str, fields: list[str]
) -> None:
    reply = await call(operations, "GET", f"/v1/orders?{query}")

    assert sorted(await refused(reply, 400, "INVALID_REQUEST")) == fields


async def test_an_order_is_found_by_any_of_its_ids_with_its_children(
    operations: FakeOperations,
) -> None:
    operations.put(states.filled_entry(), states.stop_child())
    ids = ["b-o-entry", "nobody", "cream-o-stop", "o-entry"]

    shown = await post(operations, "/v1/order-state", {"order_ids": ids})

    assert [one["order_id"] for one in shown["orders"]] == ["o-entry", "o-stop", "o-entry"]
    assert [leg["order_id"] for leg in shown["orders"][0]["legs"]] == ["o-stop"]
    assert shown["not_found"] == ["nobody"]


async def test_a_cancel_answers_for_each_id(operations: FakeOperations) -> None:
    closed = evolve(working(states.STOP), status=OrderStatus.FILLED)
    operations.put(working(states.ENTRY), closed)
    body = {"order_ids": ["cream-o-entry", "o-stop", "nobody"], "reason": "thesis over"}

    results = (await post(operations, "/v1/cancel-orders", body))["results"]

    assert [one["accepted"] for one in results] == [True, False, False]
    assert [one["status"] for one in results] == ["PENDING_CANCEL", "FILLED", None]
    codes = [one["error"] and one["error"]["code"] for one in results]
    assert codes == [None, "ORDER_NOT_CANCELABLE", "NOT_FOUND"]
    assert operations.commands == [("cancel", tuple(body["order_ids"]), "thesis over", "local")]


async def test_positions_and_the_portfolio_are_shown(operations: FakeOperations) -> None:
    operations.position_views = [states.held()]

    positions = await get(operations, "/v1/positions")
    portfolio = await get(operations, "/v1/portfolio")

    assert positions["positions"] == portfolio["positions"]
    assert portfolio["account"]["account_id"] == "SIM-1"


# The daemon's state -----------------------------------------------------------------------------


async def test_health_is_always_fine(operations: FakeOperations) -> None:
    operations.not_ready = ("journal: it cannot commit",)

    assert (await get(operations, "/health"))["status"] == "ok"


async def test_readiness_is_a_status_with_reasons(operations: FakeOperations) -> None:
    ready = await call(operations, "GET", "/ready")
    operations.not_ready = ("broker: the link is SUSPECT", "operator: HALTED, news")
    not_ready = await call(operations, "GET", "/ready")

    assert (ready.status_code, await ready.get_json()) == (200, {"ready": True, "reasons": []})
    assert not_ready.status_code == 503
    assert await not_ready.get_json() == {
        "ready": False,
        "reasons": ["broker: the link is SUSPECT", "operator: HALTED, news"],
    }


async def test_the_trading_state_is_shown_and_set(operations: FakeOperations) -> None:
    before = await get(operations, "/v1/trading-state")
    halted = await post(operations, "/v1/trading-state", {"state": "HALTED", "reason": "news"})
    body = {"state": "ACTIVE", "reason": "clear", "actor": "kim", "force": True}
    active = await post(operations, "/v1/trading-state", body)

    assert (before["state"], halted["state"], active["state"]) == ("ACTIVE", "HALTED", "ACTIVE")
    assert halted["causes"][0]["reason"] == "news"
    assert operations.commands == [
        ("set", TradingState.HALTED, "news", "local", False),
        ("set", TradingState.ACTIVE, "clear", "kim", True),
    ]


async def test_a_cause_that_stands_is_a_conflict(operations: FakeOperations) -> None:
    operations.causes[Cause.DISCONNECT] = Restriction(
        cause=Cause.DISCONNECT,
        state=TradingState.REDUCING,
        reason="silent",
        actor="watchdog",
        since=NOW,
    )
    body = {"state": "ACTIVE", "reason": "clear"}

    reply = await call(operations, "POST", "/v1/trading-state", body)

    await refused(reply, 409, "STATE_NOT_CLEARED")


async def test_the_kill_switch_and_the_mass_cancel_are_pulled(operations: FakeOperations) -> None:
    operations.put(working(states.ENTRY))

    killed = await post(operations, "/v1/kill-switch", {"reason": "runaway", "flatten": True})
    cancelled = await post(operations, "/v1/mass-cancel", {"reason": "maintenance"})

    assert killed["state"] == "HALTED"
    assert cancelled["remaining"] == ["o-entry"]
    assert operations.commands[0] == ("kill", "runaway", "local", True)
    assert operations.commands[-1] == ("mass_cancel", "maintenance", "local")


async def test_feed_breaker_and_subsystems_are_shown(operations: FakeOperations) -> None:
    feed = await get(operations, "/v1/feed-health")
    breaker = await get(operations, "/v1/circuit-breaker")
    supervision = await get(operations, "/v1/supervision")

    assert feed["provider"] == "synthetic"
    assert breaker["state"] == "OPEN"
    assert supervision["subsystems"][0]["name"] == "feed_reader"


async def test_metrics_are_those_of_the_registry(operations: FakeOperations) -> None:
    reply = await call(operations, "GET", "/metrics")

    assert (await reply.get_data(), reply.content_type) == METRICS


# The simulation ---------------------------------------------------------------------------------


async def test_the_levers_of_the_simulation_are_pulled(operations: FakeOperations) -> None:
    levers = operations.levers
    assert levers is not None
    body = {"symbol": "AAPL", "bid": "228.39", "ask": "228.41"}

    quote = await post(operations, "/v1/simulation/quote", body)
    await post(operations, "/v1/simulation/disconnect", {"seconds": 45})
    await post(operations, "/v1/simulation/fault", {"name": "stale_quotes", "on": True})

    assert quote["bid"] == "228.39"
    assert quote["bid_size"] == 1000
    assert levers.disconnected_for == [45.0]
    assert levers.faults == [("stale_quotes", {"on": True})]


async def test_a_lever_may_refuse(operations: FakeOperations) -> None:
    symbol = Equity("ZZZ").symbol
    body = {"symbol": symbol, "bid": 1, "ask": 2}

    unknown = await call(operations, "POST", "/v1/simulation/quote", body)
    fault = await call(operations, "POST", "/v1/simulation/fault", {"name": "gremlins"})

    await refused(unknown, 404, "NOT_FOUND")
    await refused(fault, 400, "INVALID_REQUEST")


@pytest.mark.parametrize("lever", ["quote", "disconnect", "fault"])
@pytest.mark.parametrize("body", [{}, {"symbol": "AAPL", "bid": 1, "ask": 2}])
async def test_with_a_real_broker_there_are_no_levers(lever: str, body: Json) -> None:
    operations = FakeOperations(has_simulation=False)

    reply = await call(operations, "POST", f"/v1/simulation/{lever}", body)

    await refused(reply, 404, "NOT_IN_SIMULATION")


# Tokens -----------------------------------------------------------------------------------------


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


# A caller that leaves ---------------------------------------------------------------------------


async def test_a_body_that_does_not_come_is_given_up(
    operations: FakeOperations, autojump_clock: trio.abc.Clock
) -> None:
    client = application(operations).test_client()

    async with client.request("/v1/order-state", method="POST") as connection:
        # Neither a byte nor the end of the body is sent.
        await trio.sleep(SETTINGS.body_timeout_seconds + 1)
        reply = await connection.as_response()

    await refused(reply, 408, "INVALID_REQUEST")
