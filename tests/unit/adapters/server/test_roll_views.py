"""Rolls over HTTP."""

from decimal import Decimal

from attrs import evolve

from cream.core.model.plan import Guard, RiskDenomination
from cream.core.options.roll_levels import RollLevels
from tests.fakes.operations import FakeOperations
from tests.fakes.rolls import CALL, PUT, a_roll_owed
from tests.unit.adapters.server.site import call


async def test_what_would_be_rolled_is_told_with_its_price_and_what_not_with_its_reason(
    operations: FakeOperations,
) -> None:
    reply = await call(operations, "GET", "/v1/options/rolls")

    assert reply.status_code == 200
    shown = await reply.get_json()
    rolls = shown.pop("rolls")
    assert shown == {
        "as_of": "2026-11-23T15:00:00Z",
        "enabled": True,
        "dry_run": True,
        "under_way": [],
    }
    assert rolls[0] == {
        "symbol": CALL.symbol,
        "quantity": "-4",
        "outcome": "ROLL_URGENTLY",
        "reasons": ["urgent_expiry", "delta"],
        "legs": [{"symbol": CALL.symbol, "ratio": -2}],
        "why": None,
        "into": "AAPL  261224C00240000",
        "into_quantity": "-2",
        "units": 2,
        "close_ratio": 2,
        "open_ratio": 1,
        "net_middle": "-0.50",
        "net_natural": "-0.305",
        "net_limit": "-0.30",
        "into_legs": [{"symbol": "AAPL  261224C00240000", "ratio": -1}],
        "as_one": False,
        "refused": None,
        "stop_loss": None,
        "take_profit": None,
    }
    told = {name: value for name, value in rolls[1].items() if value is not None}
    assert told == {
        "symbol": PUT.symbol,
        "quantity": "1",
        "outcome": "NONE",
        "reasons": ["profit_target"],
        "legs": [],
        "why": "the market is closed",
    }
    assert operations.commands == []


async def test_a_roll_that_is_not_urgent_says_so(operations: FakeOperations) -> None:
    first = operations.rolls.answers[0]
    operations.rolls = evolve(operations.rolls, answers=(evolve(first, urgent=False),))

    reply = await call(operations, "GET", "/v1/options/rolls")

    assert (await reply.get_json())["rolls"][0]["outcome"] == "ROLL"


async def test_what_the_gate_says_and_where_levels_would_stand_is_told(
    operations: FakeOperations,
) -> None:
    levels = RollLevels(
        stop_loss=Decimal("4.20"),
        take_profit=None,
        denomination=RiskDenomination.OPTION_PRICE,
        guard=Guard(),
    )
    first = operations.rolls.answers[0]
    changed = evolve(first, refused="TRADING_HALTED: no", new_levels=levels)
    operations.rolls = evolve(operations.rolls, answers=(changed,))

    (shown,) = (await (await call(operations, "GET", "/v1/options/rolls")).get_json())["rolls"]

    assert (shown["refused"], shown["stop_loss"]) == ("TRADING_HALTED: no", "4.20")
    assert shown["take_profit"] is None


async def test_what_is_under_way_is_told_beside_what_is_due(operations: FakeOperations) -> None:
    operations.rolls = evolve(operations.rolls, under_way=(a_roll_owed(),))

    shown = await (await call(operations, "GET", "/v1/options/rolls")).get_json()

    assert shown["under_way"] == [
        {
            "roll_id": "roll-1",
            "since": "2026-11-23T15:00:00Z",
            "units": 2,
            "legs": [{"symbol": CALL.symbol, "ratio": -1}],
            "into_legs": [{"symbol": "AAPL  261224C00240000", "ratio": -1}],
            "as_one": False,
            "urgent": False,
            "reasons": ["delta"],
            "actor": "",
        }
    ]


async def test_an_operator_rolls_one_position_by_the_symbol_of_a_leg(
    operations: FakeOperations,
) -> None:
    reply = await call(operations, "POST", "/v1/options/rolls", {"symbol": "AAPL261127C00240000"})

    assert reply.status_code == 200
    assert (await reply.get_json())["roll_id"] == "roll-1"
    ((command, symbol, actor),) = operations.commands
    assert (command, symbol) == ("roll_now", CALL.symbol)
    assert actor


async def test_what_is_not_rolled_is_refused_with_its_reason(operations: FakeOperations) -> None:
    reply = await call(operations, "POST", "/v1/options/rolls", {"symbol": "AAPL261127P00230000"})

    assert reply.status_code == 409
    error = await reply.get_json()
    assert (error["code"], error["message"]) == (
        "ROLL_REFUSED",
        f"{PUT.symbol} is not rolled: the market is closed",
    )


async def test_what_is_no_option_is_not_rolled(operations: FakeOperations) -> None:
    reply = await call(operations, "POST", "/v1/options/rolls", {"symbol": "AAPL"})

    assert reply.status_code == 400
    assert operations.commands == []
