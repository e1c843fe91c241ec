"""What the real daemon shows over JSON it shows over gRPC, field by field, to two clients."""

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from grpclib.client import Channel

from cream.client import (
    CreamClient,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    Refused,
    Unauthenticated,
)
from cream.wire import account_grpc, options_grpc, simulation_grpc, status_grpc
from cream.wire.account_pb2 import GetFeesRequest, ListActivitiesRequest
from cream.wire.options_pb2 import (
    GetOptionAlarmsRequest,
    GetOptionRiskRequest,
    GetOptionRollsRequest,
)
from cream.wire.simulation_pb2 import SetQuoteRequest
from cream.wire.status_pb2 import (
    GetCircuitBreakersRequest,
    GetFeedHealthRequest,
    GetReadinessRequest,
    GetReconciliationRequest,
    GetSupervisionRequest,
    ReconcileRequest,
)
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running
from tests.unit.adapters.server.both import as_json, with_times

PLAN = Path(__file__).parents[2] / "examples" / "plans" / "vertical-call-spread.json"
OWNED, OWED = "AAPL  261218C00240000", "AAPL  261218C00250000"
TOKEN = "a token that is long enough to be one"

# What is another a moment later, however still the market stands.
MOVING = (
    "as_of",
    "completed_at",
    "last_message_age_seconds",
    "messages",
    "oldest_seconds",
    # Of a subsystem it is worked out anew each time, from a clock that does not go by the wall's.
    "since",
)

STUBS: dict[str, Any] = {
    "AccountService": account_grpc.AccountServiceStub,
    "OptionService": options_grpc.OptionServiceStub,
    "SimulationService": simulation_grpc.SimulationServiceStub,
    "StatusService": status_grpc.StatusServiceStub,
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that holds a spread of options, in a market that is moved by hand only."""
    with running(tmp_path_factory.mktemp("both")) as one:
        one.post("/v1/submit-orders", {"decision_plan": json.loads(PLAN.read_text())})
        one.eventually("both legs are held", lambda: len(one.positions()) == 2)
        yield one


def by_grpclib(port: int, path: str, request: Message) -> Any:
    """The reply to a client of grpclib."""
    service, method = path.split("/")

    async def main() -> Any:
        async with Channel("127.0.0.1", port) as channel:
            return await getattr(STUBS[service](channel), method)(request, timeout=30)

    return asyncio.run(main())


def by_grpcio(port: int, path: str, request: Message, reply: type[Message]) -> Any:
    """The reply to the official client."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(
            f"/cream.v1.{path}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=reply.FromString,
        )
        return call(request, timeout=30)


def steady(shown: Any) -> Any:
    """What is compared: figures to four digits, and of what moves only that it is there."""
    if isinstance(shown, dict):
        return {
            name: value is not None if name in MOVING else steady(value)
            for name, value in shown.items()
        }
    if isinstance(shown, list):
        return [steady(one) for one in shown]
    return _rounded(shown)


def _rounded(value: Any) -> Any:
    if isinstance(value, str) and "." in value:
        try:
            return f"{float(value):.4g}"
        except ValueError:
            return value
    return value


READS: list[tuple[str, Message, str, str]] = [
    ("OptionService/GetOptionRisk", GetOptionRiskRequest(), "", "/v1/options/risk"),
    ("OptionService/GetOptionAlarms", GetOptionAlarmsRequest(), "", "/v1/options/alarms"),
    ("OptionService/GetOptionRolls", GetOptionRollsRequest(), "", "/v1/options/rolls"),
    ("AccountService/ListActivities", ListActivitiesRequest(), "", "/v1/activities"),
    ("AccountService/GetFees", GetFeesRequest(), "", "/v1/fees"),
    ("StatusService/GetReadiness", GetReadinessRequest(), "", "/ready"),
    ("StatusService/GetFeedHealth", GetFeedHealthRequest(), "", "/v1/feed-health"),
    ("StatusService/GetCircuitBreakers", GetCircuitBreakersRequest(), "", "/v1/circuit-breaker"),
    ("StatusService/GetSupervision", GetSupervisionRequest(), "", "/v1/supervision"),
    (
        "StatusService/GetReconciliation",
        GetReconciliationRequest(),
        "reconciliation",
        "/v1/reconciliation",
    ),
]


@pytest.mark.parametrize(
    ("path", "request_message", "within", "route"), READS, ids=[one[0] for one in READS]
)
def test_a_reply_is_the_same_over_json_and_to_both_clients(
    daemon: Daemon, path: str, request_message: Message, within: str, route: str
) -> None:
    theirs = by_grpclib(daemon.grpc_port, path, request_message)
    official = by_grpcio(daemon.grpc_port, path, request_message, type(theirs))

    shown = steady(with_times(daemon.get(route)))
    for message in (theirs, official):
        reply = as_json(message)
        assert steady(reply[within] if within else reply) == shown


def test_the_risk_is_that_of_the_spread(daemon: Daemon) -> None:
    risk = ask(daemon.grpc_port, lambda client: client.get_option_risk())

    (underlying,) = risk.underlyings
    assert underlying.underlying == "AAPL"
    assert float(underlying.delta_shares) > 0
    assert [one.symbol for one in risk.shorts] == [OWED]
    assert risk.total is not None
    assert risk.total.underlying is None
    assert risk.total.delta_shares == underlying.delta_shares


def test_orders_are_listed_as_over_json(daemon: Daemon) -> None:
    async def listed(client: CreamClient) -> list[tuple[str, str, str | None]]:
        async with client.list_orders() as messages:
            return [
                (one.order_id, one.status_detail, one.exact_filled_quantity)
                async for message in messages
                for one in message.orders
            ]

    shown = [(one["order_id"], one["status"], one["filled_quantity"]) for one in daemon.orders()]
    assert ask(daemon.grpc_port, listed) == shown
    assert shown


def test_a_comparison_is_made_and_shown(daemon: Daemon) -> None:
    reply = by_grpclib(daemon.grpc_port, "StatusService/Reconcile", ReconcileRequest())

    shown = with_times(daemon.get("/v1/reconciliation"))
    assert as_json(reply.reconciliation) == shown
    assert shown["clean"]


def test_the_market_is_moved_by_hand(daemon: Daemon) -> None:
    request = SetQuoteRequest(symbol="XOM", bid="115.99", ask="116.010", bid_size=5)

    reply = by_grpclib(daemon.grpc_port, "SimulationService/SetQuote", request)
    body = {"symbol": "XOM", "bid": "115.99", "ask": "116.010", "bid_size": 5}
    shown = with_times(daemon.post("/v1/simulation/quote", body))

    assert (reply.ask, reply.bid_size, reply.ask_size) == ("116.010", 5, 1000)
    assert {**as_json(reply), "at": None} == {**shown, "at": None}


def test_what_is_wrong_is_named_as_over_json(daemon: Daemon) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(
            daemon.grpc_port,
            lambda c: c.list_activities(since="2026-13-01", until="today", limit=0, cursor="x"),
        )

    query = "since=2026-13-01&until=today&limit=0&cursor=x"
    details = daemon.get(f"/v1/activities?{query}", status=400)["details"]
    found = [(one.field, one.problem) for one in caught.value.details.problems]
    assert found == [(one["field"], one["problem"]) for one in details]
    assert [name for name, _ in found] == ["since", "until", "limit", "cursor"]


@pytest.mark.parametrize(
    ("symbol", "kind", "code"),
    [
        ("AAPL", InvalidRequest, "INVALID_REQUEST"),
        ("MSFT261218C00240000", NotFound, "NOT_FOUND"),
    ],
)
def test_a_roll_of_what_is_not_held_says_why_as_over_json(
    daemon: Daemon, symbol: str, kind: type[Refused], code: str
) -> None:
    with pytest.raises(kind) as caught:
        ask(daemon.grpc_port, lambda client: client.roll_option(symbol))

    reply = daemon.http.post("/v1/options/rolls", json={"symbol": symbol}).json()
    assert caught.value.details.reason == reply["code"] == code
    assert caught.value.message == reply["message"]


def test_a_roll_that_the_gate_refuses_is_not_begun_and_one_that_it_lets_pass_is(
    tmp_path: Path,
) -> None:
    """A daemon of its own, since the roll changes what is held."""
    hashes = [sha256(TOKEN.encode()).hexdigest()]
    with running(tmp_path, server={"token_hashes": hashes}) as one:
        one.http.headers["authorization"] = f"Bearer {TOKEN}"
        one.post("/v1/submit-orders", {"decision_plan": json.loads(PLAN.read_text())})
        one.eventually("both legs are held", lambda: len(one.positions()) == 2)

        with pytest.raises(Unauthenticated):
            ask(one.grpc_port, lambda client: client.roll_option(OWNED))
        one.post("/v1/trading-state", {"state": "REDUCING", "reason": "test"})
        with pytest.raises(PreconditionFailed) as caught:
            ask(one.grpc_port, lambda client: client.roll_option(OWNED), token=TOKEN)
        assert caught.value.details.reason == "ROLL_REFUSED"
        rolls = one.get("/v1/options/rolls")
        assert (rolls["enabled"], rolls["under_way"]) == (False, [])

        one.post("/v1/trading-state", {"state": "ACTIVE", "reason": "test"})
        reply = ask(one.grpc_port, lambda client: client.roll_option(OWNED), token=TOKEN)

        assert reply.roll is not None
        assert [(leg.symbol, leg.ratio) for leg in reply.roll.legs] == [(OWNED, 1), (OWED, -1)]
        assert reply.roll.actor == f"token-{hashes[0][:8]}"
        shown = with_times(one.get("/v1/options/rolls"))["under_way"]
        assert [roll["roll_id"] for roll in shown] == [reply.roll.roll_id]
        one.eventually(
            "its order works",
            lambda: [each for each in one.orders() if each["purpose"] == "ROLL"],
        )
