"""The execution service answers as the contract says, and a refusal is an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
from attrs import evolve
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.adapters.rpc.google_rpc import BadRequest
from cream.adapters.server.fills import fill_view
from cream.core.execution import events as e
from cream.core.model.broker import Difference
from cream.core.model.market import Unknown
from cream.core.model.order import OrderStatus
from cream.core.model.order_state import standing
from cream.core.model.state import Cause, TradingState
from cream.core.operations import StreamEnd
from cream.wire import common_pb2, control_pb2, execution_pb2
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, REFUSAL, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.both import as_json
from tests.unit.adapters.server.calls import Caller, FakeStream
from tests.unit.adapters.server.plans import SWING, parsed, spread, swing
from tests.unit.adapters.server.site import BEARER, TOKEN_HASH
from tests.unit.adapters.server.wire_plans import instrument_message, plan_message

SERVICE = "ExecutionService"


@pytest.fixture
def caller(operations: FakeOperations) -> Caller:
    return Caller(operations)


async def call(caller: Caller, method: str, request: Any, **metadata: str) -> Any:
    return await caller.call(f"{SERVICE}/{method}", request, **metadata)


async def status_of(caller: Caller, method: str, request: Any) -> GRPCError:
    with pytest.raises(GRPCError) as caught:
        await call(caller, method, request)
    return caught.value


def check(plan: Any) -> execution_pb2.CheckConstraintsRequest:
    return execution_pb2.CheckConstraintsRequest(decision_plan=plan_message(plan))


def submit(plan: Any) -> execution_pb2.SubmitOrdersRequest:
    return execution_pb2.SubmitOrdersRequest(decision_plan=plan_message(plan))


def single(**fields: Any) -> execution_pb2.SubmitOrderRequest:
    given: dict[str, Any] = {
        "instrument": instrument_message("AAPL"),
        "side": "ORDER_SIDE_BUY",
        "quantity": 20,
        "order_type": "ORDER_TYPE_MARKET",
        "client_order_id": "mine-1",
    }
    return execution_pb2.SubmitOrderRequest(**{**given, **fields})


async def test_a_check_judges_the_plan_that_json_would_have_brought(caller: Caller) -> None:
    reply = await call(caller, "CheckConstraints", check(spread()))

    assert reply.approved
    ((plan, override),) = caller.operations.checked
    assert plan == parsed(spread())
    assert override is None


async def test_a_refusal_by_the_gate_is_an_ok_reply(caller: Caller) -> None:
    caller.operations.refusals = (REFUSAL,)

    checked = await call(caller, "CheckConstraints", check(SWING))
    placed = await call(caller, "SubmitOrders", submit(SWING))
    one = await call(caller, "SubmitOrder", single())

    assert not checked.approved
    assert checked.rejection_reason == "The entry has no stop"
    assert not placed.ok
    assert one.status == execution_pb2.ORDER_STATUS_REJECTED
    assert one.error_message == "[MISSING_STOP_LOSS] The entry has no stop"


@pytest.mark.parametrize("method", ["CheckConstraints", "SubmitOrders"])
async def test_malformed_input_is_invalid_argument_with_every_field(
    caller: Caller, method: str
) -> None:
    plan = swing(size={"quantity": "0", "unit": "SHARES"}, limit_price="-1")
    request = check(plan) if method == "CheckConstraints" else submit(plan)

    error = await status_of(caller, method, request)

    assert error.status is Status.INVALID_ARGUMENT
    bad = error.details[1]
    assert isinstance(bad, BadRequest)
    prefix = "decision_plan.decisions[0]."
    assert {one.field for one in bad.field_violations} == {
        prefix + "size.quantity",
        prefix + "order_plan.entry_limit_price",
    }
    assert not caller.operations.orders_by_id


async def test_plans_and_orders_are_placed_once(caller: Caller) -> None:
    first = await call(caller, "SubmitOrders", submit(SWING))
    again = await call(caller, "SubmitOrders", submit(SWING))
    one = await call(caller, "SubmitOrder", single())
    one_again = await call(caller, "SubmitOrder", single())

    assert first.orders[0].order_id == again.orders[0].order_id
    assert one.order_id == one_again.order_id
    assert len(caller.operations.orders_by_id) == 2


@pytest.mark.parametrize(
    ("method", "first", "other"),
    [
        ("SubmitOrders", submit(SWING), submit(swing(limit_price="1"))),
        ("SubmitOrder", single(), single(quantity=21)),
    ],
)
async def test_the_same_id_with_other_content_already_exists(
    caller: Caller, method: str, first: Any, other: Any
) -> None:
    await call(caller, method, first)

    assert (await status_of(caller, method, other)).status is Status.ALREADY_EXISTS


async def test_an_order_is_found_by_any_of_its_ids(caller: Caller) -> None:
    caller.operations.put(states.filled_entry(), states.stop_child())

    for any_id in ("o-entry", "cream-o-entry", "b-o-entry"):
        request = execution_pb2.GetOrderStateRequest(order_id=any_id)
        reply = await call(caller, "GetOrderState", request)
        assert reply.order_id == "o-entry"
        assert len(reply.order.legs) == 1
    missing = execution_pb2.GetOrderStateRequest(order_id="nobody")
    empty = execution_pb2.GetOrderStateRequest()
    assert (await status_of(caller, "GetOrderState", missing)).status is Status.NOT_FOUND
    assert (await status_of(caller, "GetOrderState", empty)).status is Status.INVALID_ARGUMENT


async def test_a_cancel_is_taken_refused_or_about_nothing(operations: FakeOperations) -> None:
    caller = Caller(operations, token_hashes=(TOKEN_HASH,))
    closed = evolve(working(states.STOP), state=standing(OrderStatus.FILLED))
    operations.put(working(states.ENTRY), closed)

    def request(order_id: str) -> execution_pb2.CancelOrderRequest:
        return execution_pb2.CancelOrderRequest(order_id=order_id)

    taken = await call(caller, "CancelOrder", request("o-entry"), **BEARER)
    refused = await call(caller, "CancelOrder", request("o-stop"), **BEARER)
    with pytest.raises(GRPCError) as caught:
        await call(caller, "CancelOrder", request("nobody"), **BEARER)

    assert taken.accepted
    assert taken.status_detail == "PENDING_CANCEL"
    assert not refused.accepted
    assert refused.error_message == "[ORDER_NOT_CANCELABLE] the order is FILLED"
    assert caught.value.status is Status.NOT_FOUND
    assert operations.commands[0][-1] == f"token-{TOKEN_HASH[:8]}"


async def test_account_positions_and_portfolio_are_those_of_the_one_account(
    caller: Caller,
) -> None:
    caller.operations.position_views = [states.held(), states.option()]

    account = await call(caller, "GetAccountState", execution_pb2.GetAccountStateRequest())
    every = await call(
        caller, "GetPositions", execution_pb2.GetPositionsRequest(account_id="SIM-1")
    )
    one = await call(
        caller,
        "GetPositions",
        execution_pb2.GetPositionsRequest(symbols=["AAPL261218C00240000"]),
    )
    whole = await call(caller, "GetPortfolioState", execution_pb2.GetPortfolioStateRequest())

    assert account.account_state.account_id == "SIM-1"
    assert [one.quantity for one in every.positions] == [20, 3]
    assert [one.quantity for one in one.positions] == [3]
    assert len(whole.positions) == 2


@pytest.mark.parametrize("method", ["GetAccountState", "GetPositions", "GetPortfolioState"])
async def test_another_account_is_not_found(caller: Caller, method: str) -> None:
    request = getattr(execution_pb2, f"{method}Request")(account_id="OTHER")

    assert (await status_of(caller, method, request)).status is Status.NOT_FOUND


@pytest.mark.parametrize("method", ["GetAccountState", "GetPortfolioState"])
async def test_an_account_that_was_never_told_is_to_be_asked_for_again(
    caller: Caller, method: str
) -> None:
    caller.operations.account_datum = Unknown("no broker")
    request = getattr(execution_pb2, f"{method}Request")()

    assert (await status_of(caller, method, request)).status is Status.UNAVAILABLE


# The execution stream ---------------------------------------------------------------------------


@asynccontextmanager
async def following(
    caller: Caller, ends: list[GRPCError] | None = None, **request: Any
) -> AsyncIterator[FakeStream]:
    """A stream that is followed; how it ended is put into `ends`."""
    stream = FakeStream(execution_pb2.StreamExecutionsRequest(**request))

    async def follow() -> None:
        try:
            await caller.run(f"{SERVICE}/StreamExecutions", stream)
        except GRPCError as end:
            assert ends is not None, "nothing was to end the stream"
            ends.append(end)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        yield stream
        nursery.cancel_scope.cancel()


async def test_a_stream_begins_with_how_things_stand(caller: Caller) -> None:
    other = working(evolve(states.ENTRY, order_id="o-2", plan_id="p-2", cycle_id="c-2"))
    caller.operations.put(states.filled_entry(), states.stop_child(), other)
    caller.operations.position_views = [states.held()]

    async with following(caller) as stream:
        messages = await stream.wait_sent(4)

    assert all(one.snapshot and one.sequence == 7 for one in messages)
    first, second, position, state = messages
    assert [one.order_id for one in first.execution.orders] == ["o-entry", "o-stop"]
    assert first.execution.plan_id == "swing-1"
    assert second.execution.plan_id == "p-2"
    assert position.position.quantity == 20
    assert state.trading_state.state == control_pb2.TRADING_STATE_ACTIVE
    assert not state.HasField("execution")


async def test_a_snapshot_of_nothing_is_still_a_message(caller: Caller) -> None:
    async with following(caller, cycle_id="c-none") as stream:
        (only,) = await stream.wait_sent(1)

    assert only.snapshot
    assert only.HasField("execution")
    assert not only.execution.orders
    assert only.execution.environment == common_pb2.ENVIRONMENT_PAPER


async def test_every_change_follows_with_its_sequence(caller: Caller) -> None:
    operations = caller.operations
    async with following(caller) as stream:
        await stream.wait_sent(2)
        operations.publish(states.order_filled(), states.filled_entry(), positions=[states.held()])
        operations.publish(
            e.TradingRestricted(
                at=NOW, cause=Cause.OPERATOR, state=TradingState.HALTED, reason="x", actor="k"
            )
        )
        order, position, state = (await stream.wait_sent(5))[2:]

    assert (order.sequence, position.sequence, state.sequence) == (8, 8, 9)
    assert not order.snapshot
    assert order.execution.orders[0].exact_filled_quantity == "10.5"
    assert position.HasField("position")
    assert state.HasField("trading_state")
    assert not operations.subscribers


async def test_each_execution_is_told_to_who_asks_for_them(caller: Caller) -> None:
    """Before the order that it changed; and of the orders that are followed only."""
    event = states.order_filled()
    async with (
        following(caller, include_fills=True) as everything,
        following(caller, include_fills=True, order_ids=["o-entry"]) as mine,
        following(caller, include_fills=True, order_ids=["o-2"]) as others,
        following(caller, order_ids=["o-entry"]) as orders,
    ):
        await everything.wait_sent(2)
        for each in (mine, others, orders):
            await each.wait_sent(1)
        caller.operations.publish(event, states.filled_entry())
        told = (await everything.wait_sent(4))[2:]
        await trio.testing.wait_all_tasks_blocked()

    fill, order = told
    assert as_json(fill.fill) == attrs.asdict(fill_view(event.fill))
    assert (fill.sequence, fill.HasField("execution"), order.HasField("fill")) == (8, False, False)
    assert mine.sent[1:] == told
    assert len(others.sent) == 1
    assert [one.HasField("fill") for one in orders.sent[1:]] == [False]


async def test_what_somebody_has_to_look_at_is_told_one_by_one(caller: Caller) -> None:
    """Not to who follows some orders only: it is about everything."""
    found = [
        Difference(kind="POSITION_QUANTITY", subject=one, ours="1", theirs="0", critical=True)
        for one in ("AAPL", "MSFT")
    ]
    event = e.ReconciliationCompleted(at=NOW, layer="full", differences=tuple(found))

    async with following(caller) as everything, following(caller, cycle_id="c-2") as some:
        await everything.wait_sent(2)
        await some.wait_sent(1)
        caller.operations.publish(event, alerts=found)
        first, second = (await everything.wait_sent(4))[2:]
        await trio.testing.wait_all_tasks_blocked()
        assert len(some.sent) == 1

    assert [one.alert.subject for one in (first, second)] == ["AAPL", "MSFT"]
    assert (first.sequence, first.alert.ours, first.alert.critical) == (8, "1", True)
    assert not first.HasField("execution")


@pytest.mark.parametrize(
    "chosen",
    [
        {"cycle_id": "c-2"},
        {"order_ids": ["o-2"]},
        {"order_ids": ["b-o-2", "x"]},
        {"cycle_id": "c-2", "order_ids": ["o-2", "o-entry"]},
    ],
)
async def test_a_filter_keeps_everything_else_out(caller: Caller, chosen: Any) -> None:
    mine = working(evolve(states.ENTRY, order_id="o-2", plan_id="p-2", cycle_id="c-2"))
    caller.operations.put(states.filled_entry(), mine)
    caller.operations.position_views = [states.held()]

    async with following(caller, **chosen) as stream:
        await stream.wait_sent(1)
        caller.operations.publish(
            states.order_filled(), states.filled_entry(), mine, positions=[states.held()]
        )
        messages = await stream.wait_sent(2)
        await trio.testing.wait_all_tasks_blocked()

    assert [[one.order_id for one in each.execution.orders] for each in messages] == [
        ["o-2"],
        ["o-2"],
    ]
    assert len(stream.sent) == 2


async def test_a_stream_that_falls_behind_ends_and_says_so(caller: Caller) -> None:
    caller.operations.buffer = 2
    ends: list[GRPCError] = []
    async with following(caller, ends) as stream:
        await stream.wait_sent(2)
        for _ in range(5):
            caller.operations.publish(states.order_filled(), states.filled_entry())
        await trio.testing.wait_all_tasks_blocked()

    heard = [one.sequence for one in stream.sent[2:]]
    assert heard == [8, 9, 10], "a prefix without a gap"
    assert ends[0].status is Status.RESOURCE_EXHAUSTED
    assert "reconnect for a snapshot" in str(ends[0].message)


async def test_a_stream_ends_when_the_daemon_stops(caller: Caller) -> None:
    ends: list[GRPCError] = []
    async with following(caller, ends) as stream:
        await stream.wait_sent(2)
        caller.shutdown.set()
        await trio.testing.wait_all_tasks_blocked()

    assert ends[0].status is Status.UNAVAILABLE
    assert ends[0].message == "The daemon is stopping"
    assert not caller.operations.subscribers


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        (StreamEnd.STOPPING, Status.UNAVAILABLE, "The daemon is stopping"),
        (StreamEnd.BROKEN_OFF, Status.UNAVAILABLE, "The journal cannot commit"),
        (StreamEnd.FELL_BEHIND, Status.RESOURCE_EXHAUSTED, "The stream fell behind"),
    ],
)
async def test_a_stream_ends_for_the_reason_that_its_publisher_gives(
    caller: Caller, why: StreamEnd, status: Status, words: str
) -> None:
    """Also where nobody has told the server of the stop yet."""
    ends: list[GRPCError] = []
    async with following(caller, ends) as stream:
        await stream.wait_sent(2)
        (subscriber,) = caller.operations.subscribers
        caller.operations.end_stream(subscriber, why)
        await trio.testing.wait_all_tasks_blocked()

    assert ends[0].status is status
    assert str(ends[0].message).startswith(words)


async def test_a_defect_ends_a_stream_and_says_so(caller: Caller, logs: list[Any]) -> None:
    caller.operations.broken = RuntimeError("secret")
    ends: list[GRPCError] = []
    async with following(caller, ends):
        await trio.testing.wait_all_tasks_blocked()

    assert ends[0].status is Status.INTERNAL
    assert "secret" not in str(ends[0].message)
    assert [entry["event"] for entry in logs] == ["server.call_failed"]


async def test_ids_of_a_filter_are_checked(caller: Caller) -> None:
    request = execution_pb2.StreamExecutionsRequest(order_ids=["", "x"])

    error = await status_of(caller, "StreamExecutions", request)

    assert error.status is Status.INVALID_ARGUMENT
