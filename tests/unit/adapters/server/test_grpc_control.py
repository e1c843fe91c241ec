"""The operator's levers over gRPC are those over JSON."""

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.core.model.state import Cause, Restriction, TradingState
from cream.wire import control_pb2
from tests.fakes.operations import FakeOperations
from tests.fakes.operations_data import NOW, working
from tests.unit.adapters.server import states
from tests.unit.adapters.server.calls import Caller
from tests.unit.adapters.server.site import BEARER, TOKEN_HASH

SERVICE = "ControlService"


def setting(**fields: object) -> control_pb2.SetTradingStateRequest:
    given = {"state": "TRADING_STATE_HALTED", "reason": "news", **fields}
    return control_pb2.SetTradingStateRequest(**given)  # type: ignore[arg-type]


async def test_the_state_is_shown_and_set(operations: FakeOperations) -> None:
    caller = Caller(operations)

    before = await caller.call(f"{SERVICE}/GetTradingState", control_pb2.GetTradingStateRequest())
    halted = await caller.call(f"{SERVICE}/SetTradingState", setting(actor="kim"))
    after = await caller.call(f"{SERVICE}/GetTradingState", control_pb2.GetTradingStateRequest())

    assert before.state == control_pb2.TRADING_STATE_ACTIVE
    assert halted.state == after.state == control_pb2.TRADING_STATE_HALTED
    assert after.causes[0].actor == "kim"


async def test_a_caller_without_a_name_is_named_by_its_token(operations: FakeOperations) -> None:
    caller = Caller(operations, token_hashes=(TOKEN_HASH,))

    await caller.call(f"{SERVICE}/SetTradingState", setting(), **BEARER)

    assert operations.commands == [
        ("set", TradingState.HALTED, "news", f"token-{TOKEN_HASH[:8]}", False)
    ]


async def test_a_cause_that_stands_is_a_failed_precondition(operations: FakeOperations) -> None:
    operations.causes[Cause.LOSS_LIMIT] = Restriction(
        cause=Cause.LOSS_LIMIT, state=TradingState.HALTED, reason="loss", actor="x", since=NOW
    )
    caller = Caller(operations)
    request = setting(state="TRADING_STATE_ACTIVE")

    with pytest.raises(GRPCError) as caught:
        await caller.call(f"{SERVICE}/SetTradingState", request)
    request.force = True
    forced = await caller.call(f"{SERVICE}/SetTradingState", request)

    assert caught.value.status is Status.FAILED_PRECONDITION
    assert forced.state == control_pb2.TRADING_STATE_ACTIVE


async def test_the_kill_switch_and_the_mass_cancel_are_pulled(operations: FakeOperations) -> None:
    operations.put(working(states.ENTRY))
    caller = Caller(operations)

    killed = await caller.call(
        f"{SERVICE}/KillSwitch", control_pb2.KillSwitchRequest(reason="runaway", flatten=True)
    )
    cancelled = await caller.call(
        f"{SERVICE}/MassCancel", control_pb2.MassCancelRequest(reason="maintenance")
    )

    assert killed.state == control_pb2.TRADING_STATE_HALTED
    (result,) = killed.results
    assert (result.order_id, result.accepted) == ("o-entry", True)
    assert result.status_detail == "PENDING_CANCEL"
    assert not result.HasField("error_message")
    assert operations.commands[0] == ("kill", "runaway", "local", True)
    assert (cancelled.requested, cancelled.complete) == (1, False)
    assert list(cancelled.remaining) == ["o-entry"]


OPTION = "AAPL261218C00240000"


async def test_options_are_exercised_or_left_to_expire(operations: FakeOperations) -> None:
    caller = Caller(operations)

    part = await caller.call(
        f"{SERVICE}/Exercise", control_pb2.ExerciseRequest(symbol=OPTION, quantity=2)
    )
    await caller.call(f"{SERVICE}/Exercise", control_pb2.ExerciseRequest(symbol=OPTION))
    left = await caller.call(
        f"{SERVICE}/DoNotExercise", control_pb2.DoNotExerciseRequest(symbol=OPTION)
    )

    assert (part.outcome, part.quantity, part.instruction) == ("taken", 2, "exercise")
    assert left.instruction == "do_not_exercise"
    assert [one[:3] for one in operations.commands] == [
        ("exercise", "AAPL  261218C00240000", "2"),
        ("exercise", "AAPL  261218C00240000", "None"),
        ("do_not_exercise", "AAPL  261218C00240000", "local"),
    ]


@pytest.mark.parametrize(
    ("method", "request_message"),
    [
        ("Exercise", control_pb2.ExerciseRequest(symbol="AAPL")),
        ("Exercise", control_pb2.ExerciseRequest(symbol=OPTION, quantity=0)),
        ("DoNotExercise", control_pb2.DoNotExerciseRequest()),
        ("SetTradingState", setting(reason="")),
        ("SetTradingState", setting(state=0)),
        ("KillSwitch", control_pb2.KillSwitchRequest()),
        ("MassCancel", control_pb2.MassCancelRequest(reason=" ")),
    ],
)
async def test_a_lever_without_a_reason_is_not_pulled(
    operations: FakeOperations, method: str, request_message: object
) -> None:
    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(f"{SERVICE}/{method}", request_message)

    assert caught.value.status is Status.INVALID_ARGUMENT
    assert not operations.commands
