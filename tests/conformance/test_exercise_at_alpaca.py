"""Instructions about options, by the real adapter and daemon, at the sandbox."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from cream.core.options.occ import parse_occ
from tests.conformance.alpaca_world import AlpacaLife, life
from tests.conformance.failure_world import same_as_at_the_venue

CALL = parse_occ("AAPL261218C00200000")


async def owning(one: AlpacaLife, quantity: str = "2") -> None:
    body: dict[str, Any] = {"symbol": "AAPL261218C00200000", "qty": quantity, "side": "buy"}
    one.sandbox.exchange.submit(body | {"type": "market", "time_in_force": "day"}, "by-hand")
    await one.until(lambda: one.held(CALL.symbol) == int(quantity))


@pytest.mark.parametrize("fault", ["", "rest.post_accept_then_504"])
async def test_an_exercise_is_done_once_though_its_answer_is_lost(
    autojump_clock: MockClock, fault: str
) -> None:
    async with life() as one:
        await owning(one)
        if fault:
            one.fault(fault, count=1)

        state = await one.operations.exercise(CALL, Decimal(2), "me")

        assert state.answered is not None
        assert state.answered.outcome == "taken"
        await one.until(lambda: one.held() == 200)
        assert one.held(CALL.symbol) == 0
        same_as_at_the_venue(one)


async def test_what_is_not_to_be_exercised_ends_without_shares_on_both_sides(
    autojump_clock: MockClock,
) -> None:
    """Deep in the money, on its last day, while it may still be bought."""
    async with life(start=datetime(2026, 12, 18, 18, 45, tzinfo=UTC)) as one:
        await owning(one)

        state = await one.operations.do_not_exercise(CALL, "me")

        assert state.answered is not None
        assert (state.answered.outcome, state.answered.message) == ("taken", "")
        await trio.sleep(2.5 * 3_600)
        await one.until(lambda: one.held(CALL.symbol) == 0, seconds=600)
        assert (one.held(), one.held_at_venue()) == (0, 0)
        assert one.sandbox.exchange.book()["positions"] == []


async def test_what_alpaca_refuses_is_told_in_its_words(autojump_clock: MockClock) -> None:
    """A part of a holding is not exercised there."""
    async with life() as one:
        await owning(one)
        state = await one.operations.exercise(CALL, Decimal(1), "me")
        assert state.answered is not None
        assert state.answered.outcome == "refused"
        assert "all of them are exercised, or none" in state.answered.message
        assert one.held(CALL.symbol) == 2
