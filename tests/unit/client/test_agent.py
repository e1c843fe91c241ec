"""Does the example agent do what its text says, whatever the daemon answers?"""

import asyncio

import pytest
from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.wire import common_pb2, execution_pb2, market_snapshot_pb2
from examples import agent
from tests.unit.client.fake_daemon import Answer, Hold, Script, serving

QUOTE = market_snapshot_pb2.Quote(symbol="AAPL", bid=238.39, ask=238.41)
SNAPSHOT = market_snapshot_pb2.GetSnapshotResponse(
    snapshot=market_snapshot_pb2.MarketSnapshot(
        symbols=[market_snapshot_pb2.SymbolSnapshot(symbol="AAPL", quote=QUOTE)]
    )
)
APPROVED = execution_pb2.CheckConstraintsResponse(
    approved=True,
    orders=[
        execution_pb2.PlannedOrder(symbol="AAPL", side=execution_pb2.ORDER_SIDE_BUY, quantity="20")
    ],
)
VIOLATION = execution_pb2.ConstraintViolation(code="MISSING_STOP_LOSS", message="no stop")


def order(purpose: str, status: str, filled: int = 0) -> execution_pb2.OrderState:
    """An order as the daemon tells of it."""
    return execution_pb2.OrderState(
        order_id=purpose,
        purpose=f"ORDER_PURPOSE_{purpose}",
        side=execution_pb2.ORDER_SIDE_BUY,
        instrument=common_pb2.Instrument(instrument_id="AAPL"),
        requested_quantity=20,
        filled_quantity=filled,
        status_detail=status,
    )


def news(*orders: execution_pb2.OrderState) -> Message:
    """One message of the execution stream."""
    ack = execution_pb2.ExecutionAck(orders=list(orders))
    return execution_pb2.StreamExecutionsResponse(execution=ack)


SENT = execution_pb2.ExecutionAck(ok=True, orders=[order("ENTRY", "PENDING_NEW")])


def play(script: Script, *options: str) -> tuple[bool, list[str]]:
    """What the agent returned, and what it showed."""
    shown: list[str] = []

    async def scenario() -> bool:
        async with serving(script) as port:
            arguments = agent.parse(["AAPL", "--port", str(port), *options])
            return await agent.main(arguments, shown.append)

    return asyncio.run(scenario()), shown


def scripted(*stream: Answer, ack: Answer = SENT, verdict: Answer = APPROVED) -> Script:
    """A daemon with a quote, a verdict, an answer to the plan, and a stream."""
    script = Script()
    script.will("GetSnapshot", SNAPSHOT)
    script.will("CheckConstraints", verdict)
    script.will("SubmitOrders", ack)
    script.will("StreamExecutions", *stream)
    return script


def test_it_follows_its_plan_until_the_bracket_works() -> None:
    script = scripted(
        news(),
        news(order("ENTRY", "PARTIALLY_FILLED", filled=5)),
        news(order("STOP_LOSS", "HELD"), order("TAKE_PROFIT", "ACCEPTED")),
        news(order("ENTRY", "FILLED", filled=20)),
        Hold(),
    )

    works, shown = play(script)

    assert works
    assert shown == [
        "AAPL is offered at 238.41",
        "it would send BUY 20 AAPL",
        "ENTRY        BUY  AAPL 5/20 PARTIALLY_FILLED",
        "STOP_LOSS    BUY  AAPL 0/20 HELD",
        "TAKE_PROFIT  BUY  AAPL 0/20 ACCEPTED",
        "ENTRY        BUY  AAPL 20/20 FILLED",
        "the bracket works",
    ]
    assert script.left.is_set()


def test_the_plan_that_is_checked_is_the_plan_that_is_submitted() -> None:
    script = scripted(news(order("ENTRY", "REJECTED")))

    play(script, "--cycle", "c7", "--dollars", "700")

    by_name = {seen.name: seen.request for seen in script.seen}
    submitted = by_name["SubmitOrders"].decision_plan
    decision = submitted.decisions[0]
    assert by_name["CheckConstraints"].decision_plan == submitted
    assert (submitted.plan_id, submitted.cycle_id) == ("c7", "c7")
    assert (decision.size.quantity, decision.size.unit) == (700, common_pb2.SIZE_UNIT_DOLLARS)
    assert decision.order_plan.entry_limit_price == 238.53
    assert decision.risk_levels.stop_loss_level == 228.99
    assert decision.risk_levels.take_profit_level == 252.84
    # The stream is opened before the plan leaves, so that nothing is missed.
    assert script.names().index("CheckConstraints") == 1
    assert set(script.names()[2:]) == {"StreamExecutions", "SubmitOrders"}


def test_what_the_gate_refuses_is_not_submitted() -> None:
    refusal = execution_pb2.CheckConstraintsResponse(violations=[VIOLATION])
    script = scripted(verdict=refusal)

    works, shown = play(script)

    assert not works
    assert shown[-1] == "the gate says MISSING_STOP_LOSS: no stop"
    assert script.names() == ["GetSnapshot", "CheckConstraints"]


@pytest.mark.parametrize(
    ("ack", "stream", "last"),
    [
        (
            execution_pb2.ExecutionAck(violations=[VIOLATION]),
            [Hold()],
            "refused: MISSING_STOP_LOSS",
        ),
        (
            GRPCError(Status.ALREADY_EXISTS, "other content"),
            [Hold()],
            "nothing was done: [ALREADY_EXISTS] other content",
        ),
        (
            GRPCError(Status.INTERNAL, "defect"),
            [Hold()],
            "no answer, so ask before doing anything else: [INTERNAL] defect",
        ),
        (
            SENT,
            [news(order("ENTRY", "CANCELED")), Hold()],
            "the entry is closed and nothing is filled",
        ),
        (SENT, [], "it would send BUY 20 AAPL"),
    ],
    ids=["refused", "other plan", "defect", "entry closed", "stream ended"],
)
def test_every_other_end_is_told(ack: Answer, stream: list[Answer], last: str) -> None:
    works, shown = play(scripted(*stream, ack=ack))

    assert not works
    assert shown[-1] == last


def test_patience_ends_and_the_daemon_goes_on() -> None:
    works, shown = play(scripted(news(), Hold()), "--patience", "0.2")

    assert not works
    assert shown[-1] == "not working after 0.2 s; the daemon goes on without us"


def test_without_a_quote_there_is_nothing_to_plan() -> None:
    script = Script()
    script.will("GetSnapshot", market_snapshot_pb2.GetSnapshotResponse())

    with pytest.raises(SystemExit, match="no quote for AAPL"):
        play(script)
