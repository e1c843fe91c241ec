"""Instructions about options: written down, sent once, and looked up where no answer came."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.exchange.calendar import SessionMode
from cream.core.execution.option_events import ExerciseAnswered, ExerciseAsked
from cream.core.model.broker import ExerciseOutcome
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderPurpose
from cream.core.model.plan import RiskDenomination
from tests.fakes.world import Life, World
from tests.unit.daemon.option_lab import leave, option, quote
from tests.unit.daemon.test_option_keeper import by

EXPIRY = date(2026, 12, 18)
ITM = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal("235.00"))
OTM = OptionContract("AAPL", EXPIRY, OptionRight.CALL, Decimal("240.00"))
PUT = OptionContract("AAPL", EXPIRY, OptionRight.PUT, Decimal("235.00"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def own(life: Life, contract: OptionContract = ITM) -> None:
    """Two contracts."""
    quote(life, contract, "5.90", "6.00")
    bought = option(
        contract,
        limit="6.00",
        stop="4.50",
        target="9.00",
        denomination=RiskDenomination.OPTION_PRICE,
    )
    result = await life.submit(bought)
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(contract.symbol) == 2)


async def exercise(life: Life, quantity: str | None = "1") -> tuple[str, str]:
    state = await life.operations.exercise(
        ITM, None if quantity is None else Decimal(quantity), "me"
    )
    assert state.answered is not None
    return state.answered.outcome, state.answered.message


def events(world: World, kind: type) -> list[object]:
    return [one.event for one in world.journal.durable if isinstance(one.event, kind)]


async def test_contracts_become_shares_at_once_and_no_reconciliation_wonders(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)

        assert await exercise(life) == ("taken", "")

        assert (life.held(ITM.symbol), life.held()) == (1, 100)
        assert life.tree.desk.book.positions["AAPL"].average_price == 235
        view = await life.operations.reconcile_now()
        assert view.last is not None
        # The strike was paid without a fill, which is told and nothing more.
        told = [(one.kind, one.critical) for one in view.last.differences]
        assert told == [("CASH", False)]
        assert not life.tree.desk.book.restrictions
    (asked,) = events(world, ExerciseAsked)
    assert isinstance(asked, ExerciseAsked)
    assert (asked.actor, asked.quantity, asked.held) == ("me", 1, 2)


async def test_without_a_quantity_all_of_it_is_exercised(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        assert (await exercise(life, None))[0] == "taken"

        assert (life.held(ITM.symbol), life.held()) == (0, 200)
        assert ITM.symbol not in life.tree.desk.book.protections


@pytest.mark.parametrize(
    ("contract", "quantity", "words"),
    [
        (PUT, "1", "no long position"),
        (ITM, "3", "2 of"),
        (ITM, "0", "above zero"),
        (ITM, "1.5", "whole number"),
    ],
)
async def test_what_cannot_be_meant_is_neither_written_down_nor_sent(
    autojump_clock: MockClock,
    world: World,
    contract: OptionContract,
    quantity: str,
    words: str,
) -> None:
    async with world.life() as life:
        await own(life)
        with pytest.raises(CreamError, match=words):
            await life.operations.exercise(contract, Decimal(quantity), "me")
        with pytest.raises(CreamError, match="last day"):
            await life.operations.do_not_exercise(ITM, "me")
        assert life.stubborn.requested("exercise") == []
    assert events(world, ExerciseAsked) == []


@pytest.mark.parametrize("right", OptionRight)
async def test_what_the_market_gives_for_less_is_not_exercised(
    autojump_clock: MockClock, world: World, right: OptionRight
) -> None:
    contract = OTM if right is OptionRight.CALL else PUT
    async with world.life() as life:
        await own(life, contract)
        with pytest.raises(CreamError, match="pays nothing"):
            await life.operations.exercise(contract, Decimal(1), "me")


async def test_what_is_being_sold_is_not_exercised_too(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        out = await life.submit(leave(ITM, "2", limit="9.00"), plan_id="out")
        assert out.verdict.ok, out.verdict.violations
        with pytest.raises(CreamError, match="are being sold"):
            await exercise(life)
        assert life.orders(OrderPurpose.EXIT)[0].is_open


async def test_a_refusal_is_told_and_changes_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        life.broker.fault("submit_unavailable", {"count": 1})
        outcome, message = await exercise(life)

        assert (outcome, "BROKER_UNAVAILABLE" in message) == ("refused", True)
        assert life.held(ITM.symbol) == 2
        assert (await exercise(life))[0] == "taken"


async def test_an_answer_that_was_lost_is_found_in_the_positions(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        life.broker.fault("submit_timeout_booked", {"count": 1})

        assert await exercise(life) == ("taken", "the broker's positions show it")

        assert (life.held(ITM.symbol), life.held()) == (1, 100)
        assert len(life.stubborn.requested("exercise")) == 1


async def test_what_nobody_can_tell_is_an_alarm_and_is_not_sent_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        life.broker.fault("submit_lost", {"count": 1})

        outcome, message = await exercise(life)
        await trio.sleep(120)

        assert (outcome, "look before asking again" in message) == ("unknown", True)
        assert len(life.stubborn.requested("exercise")) == 1
        assert [kind for _, kind in life.tree.desk.book.options.alarms] == ["exercise_unknown"]


async def test_a_crash_between_sending_and_answer_is_looked_up(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        life.nursery.start_soon(_swallow, life)
        await life.until(lambda: life.stubborn.requested("exercise"))
        await life.until(lambda: events(world, ExerciseAsked))
        world.journal = world.journal.crash()
        life.die()
    assert events(world, ExerciseAnswered) == []

    async with world.life() as life:
        await life.until(lambda: events(world, ExerciseAnswered))
        (answered,) = events(world, ExerciseAnswered)
        assert isinstance(answered, ExerciseAnswered)
        assert answered.outcome == "taken"
        assert life.stubborn.requested("exercise") == []
        await life.until(lambda: life.held() == 100)
        assert life.held(ITM.symbol) == 1


async def _swallow(life: Life) -> None:
    """The instruction arrives, and its answer stays away."""
    inner = life.stubborn.inner.exercise

    async def arrives(contract: OptionContract, quantity: Decimal) -> ExerciseOutcome:
        await inner(contract, quantity)
        await trio.sleep_forever()
        raise AssertionError

    life.stubborn.inner.exercise = arrives  # type: ignore[method-assign]
    await life.operations.exercise(ITM, Decimal(1), "me")


async def test_a_second_instruction_waits_its_turn(autojump_clock: MockClock, world: World) -> None:
    """Two operators at once: each contract is exercised once."""
    async with world.life() as life:
        await own(life)
        outcomes: list[str] = []

        async def one() -> None:
            outcomes.append((await exercise(life))[0])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one)
            nursery.start_soon(one)
        assert outcomes == ["taken", "taken"]
        assert (life.held(ITM.symbol), life.held()) == (0, 200)


async def test_a_caller_that_leaves_has_lost_only_the_answer(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await own(life)
        with trio.move_on_after(0.0001):
            await exercise(life)
        await life.until(lambda: life.held() == 100)


async def test_on_its_last_day_an_option_can_be_left_unexercised(
    autojump_clock: MockClock, world: World
) -> None:
    contract = evolve(ITM, expiration=date(2026, 11, 25))
    world.session, world.start = SessionMode.CALENDAR, datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
    async with world.life(by()) as life:
        await own(life, contract)
        state = await life.operations.do_not_exercise(contract, "me")

        assert state.answered is not None
        assert state.answered.outcome == "taken"
        assert life.held(contract.symbol) == 2
