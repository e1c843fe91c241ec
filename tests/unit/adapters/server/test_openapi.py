"""The document describes what is really answered and accepted, and /docs needs nothing else."""

import json
import re
from typing import Any

import attrs
import jsonschema
import pytest

from cream.adapters.server import json_bodies, plan_json
from tests.fakes.account_history import a_history
from tests.fakes.chains import a_chain
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import REFUSAL, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.plans import LEGS, SWING, spread, swing
from tests.unit.adapters.server.site import SETTINGS, TOKEN_HASH, application

ROUTES = [
    ("GET", "/health", None),
    ("GET", "/ready", None),
    ("POST", "/v1/check-constraints", {"decision_plan": SWING}),
    ("POST", "/v1/check-constraints", {"decision_plan": spread(legs=json.dumps(LEGS))}),
    ("POST", "/v1/submit-orders", {"decision_plan": SWING, "execution_params": {}}),
    ("POST", "/v1/submit-orders", {"plan": SWING, "environment": "paper"}),
    ("POST", "/v1/order-state", {"order_ids": ["o-entry", "x"]}),
    ("GET", "/v1/orders", None),
    ("POST", "/v1/cancel-orders", {"order_ids": ["o-entry", "x"], "reason": "r"}),
    ("GET", "/v1/positions", None),
    ("GET", "/v1/portfolio", None),
    ("GET", "/v1/option-chain?underlying=AAPL", None),
    ("GET", "/v1/trading-state", None),
    ("POST", "/v1/trading-state", {"state": "HALTED", "reason": "r", "actor": "kim"}),
    ("POST", "/v1/kill-switch", {"reason": "r", "flatten": False}),
    ("POST", "/v1/mass-cancel", {"reason": "r"}),
    ("GET", "/v1/options/rolls", None),
    ("POST", "/v1/options/rolls", {"symbol": "AAPL261127C00240000"}),
    ("GET", "/v1/options/alarms", None),
    ("GET", "/v1/activities?type=FEE&limit=1", None),
    ("GET", "/v1/fees", None),
    ("GET", "/v1/options/risk", None),
    ("POST", "/v1/options/exercise", {"symbol": "AAPL261218C00240000", "quantity": 2}),
    ("POST", "/v1/options/do-not-exercise", {"symbol": "AAPL261218C00240000"}),
    ("POST", "/v1/heartbeat", {"session_id": "agent-1"}),
    ("GET", "/v1/feed-health", None),
    ("GET", "/v1/market?symbols=AAPL,XOM", None),
    ("GET", "/v1/circuit-breaker", None),
    ("GET", "/v1/reconciliation", None),
    ("POST", "/v1/reconciliation", None),
    ("GET", "/v1/supervision", None),
    ("POST", "/v1/simulation/quote", {"symbol": "AAPL", "bid": "1", "ask": 2}),
    ("POST", "/v1/simulation/disconnect", {"seconds": 1}),
    ("POST", "/v1/simulation/fault", {"name": "stale_quotes", "on": True}),
]


async def document(with_tokens: bool = False) -> Any:
    hashes = (TOKEN_HASH,) if with_tokens else ()
    app = application(FakeOperations(), attrs.evolve(SETTINGS, token_hashes=hashes))
    return app.extensions["QUART_SCHEMA"].openapi_provider.schema()


def check(value: Any, schema: Any, whole: Any) -> None:
    jsonschema.validate(value, {**schema, "components": whole["components"]})


def busy() -> FakeOperations:
    positions = [states.held(), states.option()]
    operations = FakeOperations(position_views=positions, chain=a_chain(), history=a_history())
    operations.put(states.filled_entry(), states.stop_child(), working(states.SPREAD))
    return operations


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_what_is_answered_and_accepted_is_what_is_described(
    method: str, path: str, body: Any
) -> None:
    whole = json.loads(json.dumps(await document()))
    operation = whole["paths"][path.partition("?")[0]][method.lower()]
    client = application(busy()).test_client()

    reply = await client.open(path, method=method, json=body)

    content = operation["responses"][str(reply.status_code)]["content"]
    check(await reply.get_json(), content["application/json"]["schema"], whole)
    if body is not None:
        described = operation["requestBody"]["content"]["application/json"]["schema"]
        check(body, described, whole)
    assert operation["summary"]


async def test_an_error_is_what_is_described() -> None:
    whole = json.loads(json.dumps(await document()))
    operations = FakeOperations(refusals=(REFUSAL,), not_ready=("journal: no",))
    client = application(operations).test_client()

    error = await client.post("/v1/check-constraints", json={})
    not_ready = await client.get("/ready")

    default = whole["paths"]["/v1/check-constraints"]["post"]["responses"]["default"]
    check(await error.get_json(), default["content"]["application/json"]["schema"], whole)
    responses = whole["paths"]["/ready"]["get"]["responses"]
    content = responses["503"]["content"]["application/json"]
    check(await not_ready.get_json(), content["schema"], whole)


async def test_every_reference_leads_somewhere() -> None:
    whole = await document()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(whole)))

    assert references
    assert references <= set(whole["components"]["schemas"])


async def test_every_route_of_the_interface_is_in_the_document() -> None:
    whole = await document()
    described = {
        (method.upper(), path)
        for path, operations in whole["paths"].items()
        for method in operations
    }

    assert described == {(method, path.partition("?")[0]) for method, path, _ in ROUTES}
    query = whole["paths"]["/v1/orders"]["get"]["parameters"]
    assert [one["name"] for one in query] == ["status", "limit"]


async def test_the_described_keys_are_those_that_are_read() -> None:
    """The reader and the description are two texts; this holds them together."""

    def keys(model: Any) -> set[str]:
        return {field.name for field in attrs.fields(model)}

    assert keys(json_bodies.Plan) == set(plan_json._PLAN_KEYS)
    assert keys(json_bodies.Decision) == set(plan_json._DECISION_KEYS)
    assert keys(json_bodies.Leg) == set(plan_json._LEG_KEYS)
    assert keys(json_bodies.PortfolioState) == set(plan_json._PORTFOLIO_KEYS)
    assert keys(json_bodies.HeldPosition) == set(plan_json._POSITION_KEYS[:3])


async def test_the_document_says_that_tokens_are_demanded_where_they_are() -> None:
    with_tokens, without = await document(with_tokens=True), await document()

    assert with_tokens["security"] == [{"bearer": []}]
    assert with_tokens["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert "security" not in without


async def test_the_document_is_served_and_is_the_same() -> None:
    client = application(FakeOperations()).test_client()

    reply = await client.get("/openapi.json")

    assert reply.status_code == 200
    assert reply.content_type == "application/json"
    assert await reply.get_json() == json.loads(json.dumps(await document()))


async def test_the_page_for_people_lists_every_route_and_fetches_nothing() -> None:
    client = application(FakeOperations()).test_client()

    page = (await (await client.get("/docs")).get_data()).decode()

    for _, path, _ in ROUTES:
        assert f"<code>{path.partition('?')[0]}</code>" in page
    assert "<script" not in page
    assert "//" not in page.replace("<!doctype", "")


def test_a_plan_of_the_tests_is_no_special_case() -> None:
    assert swing() == SWING
