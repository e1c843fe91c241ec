"""The same request twice is one request: for plans and single orders, over both APIs, for ever."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cream.client import CreamClient, DuplicateId, v1
from tests.integration.agents import ask
from tests.integration.daemon import Daemon, running
from tests.integration.plan_messages import plan_message

PLANS = Path(__file__).parents[2] / "examples" / "plans"
Json = dict[str, Any]


def swing() -> Json:
    return dict(json.loads((PLANS / "equity-swing-long.json").read_text()))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path) as started:
        yield started


def submit(daemon: Daemon, plan: Json, status: int = 200) -> Json:
    return daemon.post("/v1/submit-orders", {"decision_plan": plan}, status)


def submit_message(daemon: Daemon, plan: Json) -> v1.ExecutionAck:
    async def work(client: CreamClient) -> v1.ExecutionAck:
        return await client.submit_orders(plan_message(plan))

    return ask(daemon.grpc_port, work)


def place(daemon: Daemon, request: v1.SubmitOrderRequest) -> v1.SubmitOrderResponse:
    async def work(client: CreamClient) -> v1.SubmitOrderResponse:
        return await client.submit_order(request)

    return ask(daemon.grpc_port, work)


def ids(reply: Json) -> list[str]:
    return [one["order_id"] for one in reply["orders"]]


def entries(daemon: Daemon) -> list[Json]:
    return [one for one in daemon.orders() if one["purpose"] == "ENTRY"]


def test_a_plan_that_is_submitted_again_is_not_sent_again(daemon: Daemon) -> None:
    first, second = submit(daemon, swing()), submit(daemon, swing())

    assert first["ok"]
    assert second["ok"]
    assert ids(first) == ids(second)
    assert len(entries(daemon)) == 1


def test_equality_is_of_the_content_not_of_the_text(daemon: Daemon) -> None:
    first = submit(daemon, swing())
    other = swing()
    other["decisions"][0]["limit_price"] = "238.5"

    assert ids(submit(daemon, other)) == ids(first)


def test_the_other_api_knows_the_plan_too(daemon: Daemon) -> None:
    first = submit(daemon, swing())

    again = submit_message(daemon, swing())

    assert [one.order_id for one in again.orders] == ids(first)
    assert len(entries(daemon)) == 1


def test_the_same_id_with_other_content_is_refused(daemon: Daemon) -> None:
    submit(daemon, swing())
    other = swing()
    other["decisions"][0]["size"]["quantity"] = "4000"

    reply = submit(daemon, other, status=409)

    assert (reply["code"], reply["grpc_code"]) == ("DUPLICATE_ID", 6)
    with pytest.raises(DuplicateId):
        submit_message(daemon, other)
    assert len(entries(daemon)) == 1


def test_a_restart_remembers_the_plan(daemon: Daemon) -> None:
    first = submit(daemon, swing())

    daemon.restart()

    assert ids(submit(daemon, swing())) == ids(first)
    assert len(entries(daemon)) == 1


def test_a_refused_plan_is_judged_anew(daemon: Daemon) -> None:
    daemon.post("/v1/trading-state", {"state": "HALTED", "reason": "test"})
    assert not submit(daemon, swing())["ok"]

    daemon.post("/v1/trading-state", {"state": "ACTIVE", "reason": "test"})

    assert submit(daemon, swing())["ok"]


def single(quantity: int = 10) -> v1.SubmitOrderRequest:
    return v1.SubmitOrderRequest(
        instrument=v1.Instrument(instrument_id="MSFT", instrument_type=v1.InstrumentType.EQUITY),
        side=v1.OrderSide.BUY,
        quantity=quantity,
        order_type=v1.OrderType.LIMIT,
        limit_price=512.5,
        time_in_force=v1.TimeInForce.DAY,
        client_order_id="agent-7-order-1",
        cycle_id="cycle-7",
        stop_loss_price="498.00",
        take_profit_price="545.00",
    )


def test_a_single_order_is_placed_once_and_remembered(daemon: Daemon) -> None:
    first, second = place(daemon, single()), place(daemon, single())
    daemon.restart()
    third = place(daemon, single())

    assert first.order_id == second.order_id == third.order_id
    assert first.client_order_id == "agent-7-order-1"
    assert len(entries(daemon)) == 1


def test_a_client_order_id_with_other_content_is_refused(daemon: Daemon) -> None:
    place(daemon, single())

    with pytest.raises(DuplicateId):
        place(daemon, single(quantity=11))

    assert len(entries(daemon)) == 1


def test_a_refusal_by_the_gate_is_an_answer_not_an_error(daemon: Daemon) -> None:
    """Clients retry UNAVAILABLE and its like; a business refusal is never one of them."""
    naked = single()
    naked.stop_loss_price = None

    reply = place(daemon, naked)

    assert reply.status is v1.OrderStatus.REJECTED
    assert reply.error_message is not None
    assert reply.error_message.startswith("[MISSING_STOP_LOSS]")
    assert daemon.orders() == []
