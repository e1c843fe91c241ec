"""Options that are held, over gRPC: the same as over JSON."""

from decimal import Decimal

import pytest
from attrs import evolve
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from cream.core.model.plan import Guard, RiskDenomination
from cream.core.options.holdings_risk import holdings_risk
from cream.core.options.roll_levels import RollLevels
from cream.wire import options_pb2
from tests.fakes.account_history import a_history
from tests.fakes.operations import FakeOperations
from tests.fakes.rolls import CALL, PUT, a_roll_owed
from tests.unit.adapters.server.both import as_json, with_times
from tests.unit.adapters.server.calls import Caller
from tests.unit.adapters.server.site import BEARER, TOKEN_HASH, get, post
from tests.unit.core.options.test_holdings_risk import BASIS, option, shares

SERVICE = "OptionService"


async def test_the_risk_is_told_as_json_tells_it(operations: FakeOperations) -> None:
    operations.risk = holdings_risk([option(-2), shares("DEF", 10, None)], BASIS)

    reply = await Caller(operations).call(
        f"{SERVICE}/GetOptionRisk", options_pb2.GetOptionRiskRequest()
    )

    assert as_json(reply) == with_times(await get(operations, "/v1/options/risk"))
    assert not reply.total.HasField("underlying")
    assert [one.underlying for one in reply.underlyings] == ["XYZ", "DEF"]
    assert reply.underlyings[0].delta_shares == "-100.00"
    assert (reply.shorts[0].quantity, reply.shorts[0].strike_dollars) == ("-2", "20000.00")


async def test_alarms_are_told_as_json_tells_them() -> None:
    operations = FakeOperations(history=a_history())

    reply = await Caller(operations).call(
        f"{SERVICE}/GetOptionAlarms", options_pb2.GetOptionAlarmsRequest()
    )

    assert as_json(reply) == with_times(await get(operations, "/v1/options/alarms"))
    assert [one.kind for one in reply.alarms] == ["orphan_leg"]


async def test_rolls_are_told_as_json_tells_them(operations: FakeOperations) -> None:
    """One that is due, one that is not, and one under way; the first with carried levels."""
    levels = RollLevels(
        stop_loss=Decimal("4.20"),
        take_profit=None,
        denomination=RiskDenomination.OPTION_PRICE,
        guard=Guard(),
    )
    due, *others = operations.rolls.answers
    operations.rolls = evolve(
        operations.rolls,
        answers=(evolve(due, refused="TRADING_HALTED: no", new_levels=levels), *others),
        under_way=(a_roll_owed(),),
    )

    reply = await Caller(operations).call(
        f"{SERVICE}/GetOptionRolls", options_pb2.GetOptionRollsRequest()
    )

    assert as_json(reply) == with_times(await get(operations, "/v1/options/rolls"))
    first, second = reply.rolls
    assert (first.net_limit, first.units, first.refused) == ("-0.30", 2, "TRADING_HALTED: no")
    assert (first.stop_loss, first.HasField("take_profit")) == ("4.20", False)
    assert (second.outcome, second.HasField("into"), list(second.into_legs)) == ("NONE", False, [])
    assert [one.roll_id for one in reply.under_way] == ["roll-1"]


async def test_a_roll_is_begun_by_the_symbol_of_a_leg(operations: FakeOperations) -> None:
    caller = Caller(operations, token_hashes=(TOKEN_HASH,))
    request = options_pb2.RollOptionRequest(symbol="AAPL261127C00240000")

    reply = await caller.call(f"{SERVICE}/RollOption", request, **BEARER)

    assert operations.commands == [("roll_now", CALL.symbol, f"token-{TOKEN_HASH[:8]}")]
    shown = await post(operations, "/v1/options/rolls", {"symbol": "AAPL261127C00240000"})
    assert as_json(reply.roll) == with_times({**shown, "actor": f"token-{TOKEN_HASH[:8]}"})


async def test_a_roll_needs_a_token_where_tokens_are_configured(
    operations: FakeOperations,
) -> None:
    caller = Caller(operations, token_hashes=(TOKEN_HASH,))

    with pytest.raises(GRPCError) as caught:
        await caller.call(
            f"{SERVICE}/RollOption", options_pb2.RollOptionRequest(symbol=CALL.symbol)
        )

    assert caught.value.status is Status.UNAUTHENTICATED
    assert not operations.commands


async def test_what_is_not_rolled_is_refused_with_its_reason(operations: FakeOperations) -> None:
    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(
            f"{SERVICE}/RollOption", options_pb2.RollOptionRequest(symbol=PUT.symbol)
        )

    assert caught.value.status is Status.FAILED_PRECONDITION
    assert caught.value.message == f"{PUT.symbol} is not rolled: the market is closed"


@pytest.mark.parametrize("symbol", ["", "AAPL", "AAPL261332C00240000"])
async def test_what_is_no_option_is_not_rolled(operations: FakeOperations, symbol: str) -> None:
    with pytest.raises(GRPCError) as caught:
        await Caller(operations).call(
            f"{SERVICE}/RollOption", options_pb2.RollOptionRequest(symbol=symbol)
        )

    assert caught.value.status is Status.INVALID_ARGUMENT
    assert not operations.commands
