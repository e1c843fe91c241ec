"""Rolls over HTTP."""

from attrs import evolve

from tests.fakes.operations import FakeOperations
from tests.fakes.rolls import CALL, PUT
from tests.unit.adapters.server.site import call


async def test_what_would_be_rolled_is_told_with_its_price_and_what_not_with_its_reason(
    operations: FakeOperations,
) -> None:
    reply = await call(operations, "GET", "/v1/options/rolls")

    assert reply.status_code == 200
    shown = await reply.get_json()
    rolls = shown.pop("rolls")
    assert shown == {"as_of": "2026-11-23T15:00:00Z", "enabled": True, "dry_run": True}
    assert rolls[0] == {
        "symbol": CALL.symbol,
        "quantity": "-4",
        "outcome": "ROLL_URGENTLY",
        "reasons": ["urgent_expiry", "delta"],
        "why": None,
        "into": "AAPL  261224C00240000",
        "into_quantity": "-2",
        "units": 2,
        "close_ratio": 2,
        "open_ratio": 1,
        "net_middle": "-0.50",
        "net_natural": "-0.305",
        "net_limit": "-0.30",
    }
    told = {name: value for name, value in rolls[1].items() if value is not None}
    assert told == {
        "symbol": PUT.symbol,
        "quantity": "1",
        "outcome": "NONE",
        "reasons": ["profit_target"],
        "why": "the market is closed",
    }
    assert operations.commands == []


async def test_a_roll_that_is_not_urgent_says_so(operations: FakeOperations) -> None:
    first = operations.rolls.answers[0]
    operations.rolls = evolve(operations.rolls, answers=(evolve(first, urgent=False),))

    reply = await call(operations, "GET", "/v1/options/rolls")

    assert (await reply.get_json())["rolls"][0]["outcome"] == "ROLL"
