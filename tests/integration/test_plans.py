"""Every example plan does what it says, over JSON and over gRPC, with identical verdicts."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cream.client import CreamClient, v1
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running
from tests.integration.plan_messages import plan_message

PLANS = Path(__file__).parents[2] / "examples" / "plans"
Json = dict[str, Any]

APPROVED = (
    "equity-swing-long",
    "short-entry",
    "no-trade",
    "iron-condor",
    "vertical-call-spread",
    "single-call",
    "twap",
)
REFUSED = {
    "wrong-side-stop": "STOP_WRONG_SIDE",
    "not-approved": "PLAN_NOT_APPROVED",
    "split-to-dodge-limit": "PER_INSTRUMENT_PCT_EQUITY_EXCEEDED",
    "rebalance": "POSITION_MISMATCH",
    "naked-short-leg": "UNDEFINED_RISK",
}


def plan(name: str) -> Json:
    return dict(json.loads((PLANS / f"{name}.json").read_text()))


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that is only asked, so that its account stays empty."""
    with running(tmp_path_factory.mktemp("checker")) as daemon:
        yield daemon


@pytest.fixture
def trader(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with an empty account of its own."""
    with running(tmp_path) as daemon:
        yield daemon


def test_every_example_has_an_expectation() -> None:
    assert {path.stem for path in PLANS.glob("*.json")} == {*APPROVED, *REFUSED}


def check(daemon: Daemon, name: str) -> Json:
    return daemon.post("/v1/check-constraints", {"decision_plan": plan(name)})


def check_by_grpc(daemon: Daemon, name: str) -> v1.CheckConstraintsResponse:
    async def work(client: CreamClient) -> v1.CheckConstraintsResponse:
        return await client.check_constraints(plan_message(plan(name)))

    return ask(daemon.grpc_port, work)


def submit_by_grpc(daemon: Daemon, name: str) -> v1.ExecutionAck:
    async def work(client: CreamClient) -> v1.ExecutionAck:
        return await client.submit_orders(plan_message(plan(name)))

    return ask(daemon.grpc_port, work)


@pytest.mark.parametrize("name", APPROVED)
def test_a_sound_plan_is_approved(checker: Daemon, name: str) -> None:
    verdict = check(checker, name)

    assert verdict["ok"], verdict["violations"]
    assert not [one for one in verdict["violations"] if one["severity"] in ("ERROR", "CRITICAL")]


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_an_unsound_plan_is_refused_for_its_reason(checker: Daemon, name: str, code: str) -> None:
    verdict = check(checker, name)

    assert not verdict["ok"]
    assert code in [one["code"] for one in verdict["violations"]]


@pytest.mark.parametrize("name", [*APPROVED, *REFUSED])
def test_both_apis_give_the_same_verdict(checker: Daemon, name: str) -> None:
    by_json, by_grpc = check(checker, name), check_by_grpc(checker, name)

    assert by_grpc.approved == by_json["ok"]
    assert [(one.code, one.message, one.field_path) for one in by_grpc.violations] == [
        (one["code"], one["message"], one["field_path"]) for one in by_json["violations"]
    ]
    assert [one.name for one in by_grpc.checks] == [one["code"] for one in by_json["checks"]]
    assert [(one.symbol, Decimal(one.quantity)) for one in by_grpc.orders] == [
        (one["symbol"], Decimal(one["quantity"])) for one in by_json["orders"]
    ]
    assert by_grpc.policy_version == by_json["policy_version"]


def only_order(daemon: Daemon, name: str) -> Json:
    orders = check(daemon, name)["orders"]
    assert len(orders) == 1
    return dict(orders[0])


def test_dollars_buy_whole_shares_rounded_down(checker: Daemon) -> None:
    order = only_order(checker, "equity-swing-long")

    assert (order["side"], order["quantity"], order["order_class"]) == ("BUY", "20", "BRACKET")
    assert (order["limit_price"], order["stop_price"]) == ("238.50", "228.50")
    assert order["take_profit_price"] == "253.50"


def test_a_short_entry_sells(checker: Daemon) -> None:
    order = only_order(checker, "short-entry")

    assert (order["side"], order["quantity"]) == ("SELL", "10")
    assert Decimal(order["stop_price"]) > Decimal(order["limit_price"])


def test_a_condor_is_one_order_for_a_credit(checker: Daemon) -> None:
    order = only_order(checker, "iron-condor")

    assert (order["order_class"], order["quantity"], order["limit_price"]) == (
        "MLEG",
        "2",
        "-1.60",
    )
    assert len(order["legs"]) == 4


def test_a_single_option_has_no_bracket_at_the_broker(checker: Daemon) -> None:
    order = only_order(checker, "single-call")

    assert (order["order_class"], order["time_in_force"]) == ("SIMPLE", "DAY")


def test_a_plan_without_trades_makes_no_orders(trader: Daemon) -> None:
    reply = trader.post("/v1/submit-orders", {"decision_plan": plan("no-trade")})

    assert reply["ok"]
    assert reply["orders"] == []
    assert trader.orders() == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_plan_changes_nothing(checker: Daemon, name: str) -> None:
    reply = checker.post("/v1/submit-orders", {"decision_plan": plan(name)})
    by_grpc = submit_by_grpc(checker, name)

    assert not reply["ok"]
    assert not by_grpc.ok
    assert checker.orders() == []


def order_of(daemon: Daemon, decision_id: str, purpose: str) -> Json | None:
    found = [
        one
        for one in daemon.orders()
        if one["decision_id"] == decision_id and one["purpose"] == purpose
    ]
    return found[0] if found else None


def filled(daemon: Daemon, decision_id: str) -> Json:
    def entry() -> Json | None:
        order = order_of(daemon, decision_id, "ENTRY")
        return order if order is not None and order["status"] == "FILLED" else None

    return dict(daemon.eventually(f"{decision_id} fills", entry))


def test_an_entry_fills_and_its_exits_work(trader: Daemon) -> None:
    trader.post("/v1/submit-orders", {"decision_plan": plan("equity-swing-long")})

    entry = filled(trader, "swing-1-aapl")
    stop = order_of(trader, "swing-1-aapl", "STOP_LOSS")
    target = order_of(trader, "swing-1-aapl", "TAKE_PROFIT")
    position = trader.positions()[0]

    assert entry["filled_quantity"] == "20"
    assert stop is not None
    assert stop["parent_order_id"] == entry["order_id"]
    assert target is not None
    assert target["status"] == "ACCEPTED"
    assert (position["symbol"], position["protected_quantity"]) == ("AAPL", "20")


def test_a_short_entry_fills(trader: Daemon) -> None:
    trader.post("/v1/submit-orders", {"decision_plan": plan("short-entry")})
    trader.quote("TSLA", "430.00", "430.02")

    filled(trader, "short-1-tsla")

    assert trader.positions()[0]["quantity"] == "-10"


@pytest.mark.parametrize(
    ("name", "decision", "legs"),
    [("iron-condor", "ic-1-spy", 4), ("vertical-call-spread", "vs-1-aapl", 2)],
)
def test_a_spread_fills_as_one(trader: Daemon, name: str, decision: str, legs: int) -> None:
    trader.post("/v1/submit-orders", {"decision_plan": plan(name)})

    order = filled(trader, decision)
    signs = [Decimal(one["quantity"]) for one in trader.positions()]

    assert len(trader.positions()) == legs
    assert sum(signs) == 0
    assert Decimal(order["avg_fill_price"]) <= Decimal(order["limit_price"])


def test_an_option_is_watched_here_on_its_own_price(trader: Daemon) -> None:
    trader.post("/v1/submit-orders", {"decision_plan": plan("single-call")})
    filled(trader, "call-1-nvda")
    assert trader.positions()[0]["protected_quantity"] == "3"

    trader.quote("NVDA  261218C00190000", "3.10", "3.20")

    trader.eventually("the stop sells", lambda: trader.positions() == [])
    exit_order = order_of(trader, "call-1-nvda", "EXIT")
    assert exit_order is not None
    assert exit_order["filled_quantity"] == "3"


def test_a_twap_is_worked_in_whole_slices(trader: Daemon) -> None:
    quick = plan("twap")
    quick["decisions"][0]["execution_params"] = {
        "duration_minutes": 1,
        "slice_interval_seconds": 10,
    }
    planned = trader.post("/v1/check-constraints", {"decision_plan": quick})["orders"]
    assert [one["quantity"] for one in planned] == ["18"]

    trader.post("/v1/submit-orders", {"decision_plan": quick})

    def slices() -> list[Json]:
        entries = [one for one in trader.orders() if one["purpose"] == "ENTRY"]
        return [one for one in entries if one["parent_order_id"]]

    first = trader.eventually("the first slice fills", lambda: slices())[0]
    trader.eventually(
        "what has filled is protected",
        lambda: trader.positions() and trader.positions()[0]["protected_quantity"] == "3",
    )
    assert first["requested_quantity"] == "3"
