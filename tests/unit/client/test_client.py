"""Does each method ask what its name says, as who it is, and repeat only what it may?"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
import trustme
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.client import CreamClient, DeadlineExceeded, Refused, Unavailable, v1
from cream.wire import (
    account_pb2,
    control_pb2,
    decision_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)
from tests.unit.client.fake_daemon import Script, run, serving

Call = Callable[[CreamClient], Awaitable[object]]

PLAN = v1.DecisionPlan(cycle_id="y", plan_id="p")
WIRE_PLAN = decision_pb2.DecisionPlan(cycle_id="y", plan_id="p")
UNNAMED = v1.DecisionPlan()
HALTED = v1.TradingStateValue.TRADING_STATE_HALTED

FAULT = ParseDict({"on": True, "count": 2}, Struct())

# Name of the call, how the client makes it, what arrives, what it answers, whether it is repeated.
CALLS: list[tuple[str, Call, Message, Message, bool]] = [
    (
        "CheckConstraints",
        lambda c: c.check_constraints(
            PLAN,
            account_state=v1.AccountState(equity=5.0),
            positions=[v1.Position(quantity=-3)],
            constraints=v1.RiskConstraints(max_shares=7),
        ),
        execution_pb2.CheckConstraintsRequest(
            decision_plan=WIRE_PLAN,
            account_state=execution_pb2.AccountState(equity=5.0),
            positions=[execution_pb2.Position(quantity=-3)],
            constraints=execution_pb2.RiskConstraints(max_shares=7),
        ),
        execution_pb2.CheckConstraintsResponse(approved=True, policy_version="v"),
        True,
    ),
    (
        "SubmitOrders",
        lambda c: c.submit_orders(PLAN, allow_partial=True, wait_seconds=0.0),
        execution_pb2.SubmitOrdersRequest(
            decision_plan=WIRE_PLAN,
            execution_params=execution_pb2.ExecutionParams(allow_partial=True, wait_seconds=0.0),
        ),
        execution_pb2.ExecutionAck(ok=True, left_out=["d"]),
        True,
    ),
    (
        "SubmitOrders",
        lambda c: c.submit_orders(UNNAMED),
        execution_pb2.SubmitOrdersRequest(
            decision_plan=decision_pb2.DecisionPlan(),
            execution_params=execution_pb2.ExecutionParams(),
        ),
        execution_pb2.ExecutionAck(ok=True),
        False,
    ),
    (
        "SubmitOrder",
        lambda c: c.submit_order(v1.SubmitOrderRequest(client_order_id="c", quantity=2)),
        execution_pb2.SubmitOrderRequest(client_order_id="c", quantity=2),
        execution_pb2.SubmitOrderResponse(order_id="o", status_detail="ACCEPTED"),
        True,
    ),
    (
        "SubmitOrder",
        lambda c: c.submit_order(v1.SubmitOrderRequest(quantity=2)),
        execution_pb2.SubmitOrderRequest(quantity=2),
        execution_pb2.SubmitOrderResponse(order_id="o"),
        False,
    ),
    (
        "GetOrderState",
        lambda c: c.get_order_state("o"),
        execution_pb2.GetOrderStateRequest(order_id="o"),
        execution_pb2.GetOrderStateResponse(order=execution_pb2.OrderState(order_id="o")),
        True,
    ),
    (
        "CancelOrder",
        lambda c: c.cancel_order("o"),
        execution_pb2.CancelOrderRequest(order_id="o"),
        execution_pb2.CancelOrderResponse(accepted=True),
        True,
    ),
    (
        "GetAccountState",
        lambda c: c.get_account_state(account_id="a"),
        execution_pb2.GetAccountStateRequest(account_id="a"),
        execution_pb2.GetAccountStateResponse(
            account_state=execution_pb2.AccountState(exact_equity="100000.00")
        ),
        True,
    ),
    (
        "GetPositions",
        lambda c: c.get_positions(symbols=["AAPL"]),
        execution_pb2.GetPositionsRequest(symbols=["AAPL"]),
        execution_pb2.GetPositionsResponse(positions=[execution_pb2.Position(quantity=1)]),
        True,
    ),
    (
        "GetPortfolioState",
        lambda c: c.get_portfolio_state(),
        execution_pb2.GetPortfolioStateRequest(),
        execution_pb2.GetPortfolioStateResponse(realized_pnl=1.5),
        True,
    ),
    (
        "GetSnapshot",
        lambda c: c.get_snapshot(["AAPL"], bar_timeframes=[1, 60]),
        market_snapshot_pb2.GetSnapshotRequest(
            symbols=["AAPL"], include_bars=True, bar_timeframes=[1, 60]
        ),
        market_snapshot_pb2.GetSnapshotResponse(),
        True,
    ),
    (
        "GetOptionChain",
        lambda c: c.get_option_chain("AAPL", expirations=["2026-12-18"], min_strike=0.0),
        market_snapshot_pb2.GetOptionChainRequest(
            underlying="AAPL", expirations=["2026-12-18"], min_strike=0.0
        ),
        market_snapshot_pb2.GetOptionChainResponse(),
        True,
    ),
    (
        "GetTradingState",
        lambda c: c.get_trading_state(),
        control_pb2.GetTradingStateRequest(),
        control_pb2.GetTradingStateResponse(state=control_pb2.TRADING_STATE_ACTIVE),
        True,
    ),
    (
        "SetTradingState",
        lambda c: c.set_trading_state(HALTED, "drill", actor="me", force=True),
        control_pb2.SetTradingStateRequest(
            state=control_pb2.TRADING_STATE_HALTED, reason="drill", actor="me", force=True
        ),
        control_pb2.SetTradingStateResponse(state=control_pb2.TRADING_STATE_HALTED),
        False,
    ),
    (
        "KillSwitch",
        lambda c: c.kill_switch("fire", flatten=True),
        control_pb2.KillSwitchRequest(reason="fire", flatten=True),
        control_pb2.KillSwitchResponse(results=[control_pb2.CancelResult(order_id="o")]),
        False,
    ),
    (
        "MassCancel",
        lambda c: c.mass_cancel("fire"),
        control_pb2.MassCancelRequest(reason="fire"),
        control_pb2.MassCancelResponse(requested=2, confirmed=1, remaining=["o"]),
        False,
    ),
    (
        "Exercise",
        lambda c: c.exercise("AAPL261218C00240000", 2),
        control_pb2.ExerciseRequest(symbol="AAPL261218C00240000", quantity=2),
        control_pb2.ExerciseResponse(outcome="taken", quantity=2),
        False,
    ),
    (
        "DoNotExercise",
        lambda c: c.do_not_exercise("AAPL261218C00240000"),
        control_pb2.DoNotExerciseRequest(symbol="AAPL261218C00240000"),
        control_pb2.ExerciseResponse(outcome="refused", message="too late"),
        False,
    ),
    (
        "Heartbeat",
        lambda c: c.heartbeat("agent-1", timeout_seconds=5.0, on_loss=v1.OnClientLoss.REDUCE),
        control_pb2.HeartbeatRequest(
            session_id="agent-1", timeout_seconds=5.0, on_loss="ON_CLIENT_LOSS_REDUCE"
        ),
        control_pb2.HeartbeatResponse(session_id="agent-1", timeout_seconds=5.0),
        False,
    ),
    (
        "GetOptionRisk",
        lambda c: c.get_option_risk(),
        options_pb2.GetOptionRiskRequest(),
        options_pb2.GetOptionRiskResponse(unknown=["AAPL"]),
        True,
    ),
    (
        "GetOptionAlarms",
        lambda c: c.get_option_alarms(),
        options_pb2.GetOptionAlarmsRequest(),
        options_pb2.GetOptionAlarmsResponse(alarms=[options_pb2.OptionAlarm(kind="roll_due")]),
        True,
    ),
    (
        "GetOptionRolls",
        lambda c: c.get_option_rolls(),
        options_pb2.GetOptionRollsRequest(),
        options_pb2.GetOptionRollsResponse(enabled=True),
        True,
    ),
    (
        "RollOption",
        lambda c: c.roll_option("AAPL261218C00240000"),
        options_pb2.RollOptionRequest(symbol="AAPL261218C00240000"),
        options_pb2.RollOptionResponse(roll=options_pb2.OptionRollUnderWay(roll_id="r")),
        False,
    ),
    (
        "ListActivities",
        lambda c: c.list_activities(
            types=["FEE"], since="2026-11-01", until="2026-11-30", limit=0, cursor="x"
        ),
        account_pb2.ListActivitiesRequest(
            types=["FEE"], since="2026-11-01", until="2026-11-30", limit=0, cursor="x"
        ),
        account_pb2.ListActivitiesResponse(next_cursor="y"),
        True,
    ),
    (
        "GetFees",
        lambda c: c.get_fees(),
        account_pb2.GetFeesRequest(),
        account_pb2.GetFeesResponse(fees=[account_pb2.DayOfFees(charged="0.03")]),
        True,
    ),
    (
        "GetReadiness",
        lambda c: c.get_readiness(),
        status_pb2.GetReadinessRequest(),
        status_pb2.GetReadinessResponse(reasons=["recovering"]),
        True,
    ),
    (
        "GetFeedHealth",
        lambda c: c.get_feed_health(),
        status_pb2.GetFeedHealthRequest(),
        status_pb2.GetFeedHealthResponse(unusable_quotes={"CROSSED": 3}, health_score=0.0),
        True,
    ),
    (
        "GetCircuitBreakers",
        lambda c: c.get_circuit_breakers(),
        status_pb2.GetCircuitBreakersRequest(),
        status_pb2.GetCircuitBreakersResponse(state="OPEN"),
        True,
    ),
    (
        "GetSupervision",
        lambda c: c.get_supervision(),
        status_pb2.GetSupervisionRequest(),
        status_pb2.GetSupervisionResponse(subsystems=[status_pb2.Subsystem(name="feed")]),
        True,
    ),
    (
        "GetReconciliation",
        lambda c: c.get_reconciliation(),
        status_pb2.GetReconciliationRequest(),
        status_pb2.GetReconciliationResponse(
            reconciliation=status_pb2.Reconciliation(layer="full")
        ),
        True,
    ),
    (
        "Reconcile",
        lambda c: c.reconcile(),
        status_pb2.ReconcileRequest(),
        status_pb2.ReconcileResponse(reconciliation=status_pb2.Reconciliation(clean=True)),
        True,
    ),
    (
        "SetQuote",
        lambda c: c.set_quote("AAPL", "228.39", Decimal("228.41"), ask_size=0),
        simulation_pb2.SetQuoteRequest(symbol="AAPL", bid="228.39", ask="228.41", ask_size=0),
        simulation_pb2.SetQuoteResponse(symbol="AAPL", bid="228.39"),
        False,
    ),
    (
        "Disconnect",
        lambda c: c.disconnect(0.0),
        simulation_pb2.DisconnectRequest(seconds=0.0),
        simulation_pb2.DisconnectResponse(),
        False,
    ),
    (
        "SetFault",
        lambda c: c.set_fault("submit_lost", on=True, count=2),
        simulation_pb2.SetFaultRequest(name="submit_lost", parameters=FAULT),
        simulation_pb2.SetFaultResponse(),
        False,
    ),
]
IDS = [f"{row[0]}-{'repeatable' if row[4] else 'once'}" for row in CALLS]
GONE = GRPCError(Status.UNAVAILABLE, "starting")


@pytest.mark.parametrize(("name", "call", "request_", "reply", "_"), CALLS, ids=IDS)
def test_a_call_carries_its_request_and_gives_back_the_reply(
    name: str, call: Call, request_: Message, reply: Message, _: bool
) -> None:
    script = Script()
    script.will(name, reply)

    async def scenario(client: CreamClient) -> None:
        answer = await call(client)

        assert type(answer).__name__ == type(reply).__name__
        assert type(reply).FromString(bytes(answer)) == reply  # type: ignore[call-overload]

    run(script, scenario)
    assert [(seen.name, seen.request) for seen in script.seen] == [(name, request_)]


@pytest.mark.parametrize(("name", "call", "request_", "reply", "repeatable"), CALLS, ids=IDS)
def test_only_what_cannot_happen_twice_is_asked_twice(
    name: str, call: Call, request_: Message, reply: Message, repeatable: bool
) -> None:
    """A plan or order without an id, and an operator's levers, are never sent a second time."""
    script = Script()
    script.will(name, GONE, GONE, reply)

    async def scenario(client: CreamClient) -> None:
        if repeatable:
            await call(client)
        else:
            with pytest.raises(Unavailable):
                await call(client)

    run(script, scenario)
    assert script.names() == [name] * (3 if repeatable else 1)
    assert all(seen.request == request_ for seen in script.seen)


def test_the_token_goes_with_calls_and_streams() -> None:
    script = Script()
    script.will("GetTradingState", control_pb2.GetTradingStateResponse())

    async def scenario(client: CreamClient) -> None:
        await client.get_trading_state()
        async with client.stream_executions() as updates:
            assert [update async for update in updates] == []

    run(script, scenario, token="s3cret")
    assert [seen.authorization for seen in script.seen] == ["Bearer s3cret"] * 2


def test_without_a_token_nothing_is_said_of_one() -> None:
    script = Script()
    script.will("GetTradingState", control_pb2.GetTradingStateResponse())

    async def scenario(client: CreamClient) -> None:
        await client.get_trading_state()

    run(script, scenario)
    assert script.seen[0].authorization == ""


def test_a_token_is_not_sent_in_clear_text_to_another_machine() -> None:
    with pytest.raises(ValueError, match=r"clear text to daemon\.example"):
        CreamClient("daemon.example", token="s3cret")


def test_streams_ask_for_what_they_are_told() -> None:
    script = Script()
    quote = market_snapshot_pb2.Quote(symbol="AAPL", bid=1.0)
    script.will("StreamExecutions", execution_pb2.StreamExecutionsResponse(sequence=7))
    script.will("SubscribeMarketData", market_snapshot_pb2.SubscribeMarketDataResponse(quote=quote))
    for order_id in ("o-1", "o-2"):
        order = execution_pb2.OrderState(order_id=order_id)
        script.will("ListOrders", execution_pb2.ListOrdersResponse(orders=[order]))

    async def scenario(client: CreamClient) -> None:
        async with client.stream_executions(
            cycle_id="y", order_ids=["o"], include_fills=True
        ) as executions:
            assert [update.sequence async for update in executions] == [7]
        async with client.subscribe_market_data(
            ["AAPL"], include_options=True, bar_timeframes=[5]
        ) as market:
            news = [update async for update in market]
        assert [update.quote and update.quote.bid for update in news] == [1.0]
        async with client.list_orders(status="FILLED", limit=5) as orders:
            listed = [order.order_id async for some in orders for order in some.orders]
        assert listed == ["o-1", "o-2"]

    run(script, scenario)
    assert [seen.request for seen in script.seen] == [
        execution_pb2.StreamExecutionsRequest(cycle_id="y", order_ids=["o"], include_fills=True),
        market_snapshot_pb2.SubscribeMarketDataRequest(
            symbols=["AAPL"], include_options=True, bar_timeframes=[5]
        ),
        execution_pb2.ListOrdersRequest(status="FILLED", limit=5),
    ]


def test_a_client_is_used_inside_its_block_only() -> None:
    async def scenario() -> None:
        client = CreamClient()
        with pytest.raises(RuntimeError, match="async with"):
            await client.get_trading_state()
        async with client:
            pass
        with pytest.raises(RuntimeError, match="async with"):
            client.stream_executions()

    asyncio.run(scenario())


def test_a_call_has_its_own_time_limit_where_it_is_given_one() -> None:
    """The client's is ten seconds here."""
    script = Script()

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(DeadlineExceeded):
            await client.mass_cancel("late", timeout=0.01)

    run(script, scenario)


def test_over_tls_the_daemon_is_known_by_its_certificate() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_alpn_protocols(["h2"])
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    script = Script()
    script.will("GetTradingState", control_pb2.GetTradingStateResponse())

    async def scenario() -> None:
        async with serving(script, ssl=server) as port:
            async with CreamClient(port=port, ssl=trusting, token="s3cret") as client:
                await client.get_trading_state()
            async with CreamClient(port=port, ssl=True, token="s3cret") as stranger:
                with pytest.raises(Unavailable, match="certificate"):
                    await stranger.mass_cancel("never arrives")

    asyncio.run(scenario())
    assert script.names() == ["GetTradingState"]


def test_an_error_of_the_daemon_arrives_as_its_kind() -> None:
    script = Script()
    script.will("SubmitOrders", GRPCError(Status.ALREADY_EXISTS, "other content"))

    async def scenario(client: CreamClient) -> None:
        with pytest.raises(Refused, match="other content"):
            await client.submit_orders(PLAN)

    run(script, scenario)
    assert script.names() == ["SubmitOrders"]
