"""What the daemon shows of itself, and the levers of operators and of the simulation."""

import pytest

from cream.core.model.instrument import Equity
from cream.core.model.state import Cause, Restriction, TradingState
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import Json
from tests.unit.adapters.server.site import METRICS, call, get, post, refused


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
    assert killed["causes"][0]["reason"] == "runaway"
    assert killed["results"] == [
        {
            "requested_id": "o-entry",
            "order_id": "o-entry",
            "accepted": True,
            "status": "PENDING_CANCEL",
            "error": None,
        }
    ]
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


async def test_a_comparison_with_the_broker_is_shown_and_can_be_asked_for(
    operations: FakeOperations,
) -> None:
    shown = await get(operations, "/v1/reconciliation")
    asked = await (await call(operations, "POST", "/v1/reconciliation")).get_json()

    assert shown == asked
    assert (shown["layer"], shown["clean"]) == ("full", True)
    assert [one["kind"] for one in shown["differences"]] == ["MISSING_AT_BROKER"]
    assert (shown["unanswered"], shown["guessed"]) == (["o-2"], ["o-3"])


async def test_metrics_are_those_of_the_registry(operations: FakeOperations) -> None:
    reply = await call(operations, "GET", "/metrics")

    assert (await reply.get_data(), reply.content_type) == METRICS


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
