"""Options that would be rolled, at the real venue: told of once, and nothing is sent."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import asdict, evolve
from trio.testing import MockClock

from cream.core.exchange.calendar import SessionMode
from cream.core.execution.option_events import OptionAlarmed
from cream.core.execution.rolls import RollReport
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.plan import RiskDenomination
from cream.core.options.chain import ChainFilter, Listing
from cream.core.options.roll_choice import NoRoll, Roll
from cream.core.options.roll_rules import RollRules
from cream.core.options.rolling import Trigger
from cream.daemon.roller import Rolls
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World
from tests.unit.daemon.option_lab import option
from tests.unit.daemon.test_option_keeper import by

# Two days before its end, on a Wednesday: any position is to be rolled.
CALL = OptionContract("AAPL", date(2026, 11, 27), OptionRight.CALL, Decimal("240"))
LATER = OptionContract("AAPL", date(2026, 12, 24), OptionRight.CALL, Decimal("240"))
WEDNESDAY = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, start=WEDNESDAY)


def rolling(enabled: bool = True, **rules: object) -> Callable[[TreeSettings], TreeSettings]:
    def change(settings: TreeSettings) -> TreeSettings:
        own = evolve(RollRules(enabled=enabled), **rules)
        return evolve(by()(settings), rolling=own)

    return change


async def hold(life: Life, quantity: str = "2") -> None:
    levels = {"stop": "0.20", "target": "9.00", "denomination": RiskDenomination.OPTION_PRICE}
    result = await life.submit(option(CALL, quantity, limit="0.85", **levels))
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(CALL.symbol) == Decimal(quantity))


async def fresh(life: Life) -> None:
    """The share is quoted anew, and with it all its options."""
    quote = life.market.latest("AAPL")
    assert quote is not None
    life.quote("AAPL", f"{quote.bid}", f"{quote.ask}")


async def look(life: Life) -> RollReport:
    await fresh(life)
    report: RollReport = await life.operations.option_rolls()
    return report


def alarms(life: Life) -> list[str]:
    return [
        alarm.message
        for (_, kind), alarm in life.tree.desk.book.options.alarms.items()
        if kind == "roll_due"
    ]


def told(world: World) -> int:
    """How often anything was told, in the journal."""
    return sum(isinstance(one.event, OptionAlarmed) for one in world.journal.durable)


async def test_what_would_be_rolled_is_shown_though_rolling_is_off(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(enabled=False)) as life:
        await hold(life)
        orders = len(life.orders())

        report = await look(life)

        assert not report.enabled
        (roll,) = report.answers
        assert isinstance(roll, Roll), roll
        assert (roll.contract, roll.into) == (CALL, LATER)
        assert (roll.quantity, roll.into_quantity, roll.urgent) == (2, 2, True)
        assert roll.reasons == (Trigger.URGENT_EXPIRY,)
        # What is asked for the new one, less what is bid for the old one.
        asked, bid = life.market.latest(LATER.symbol), life.market.latest(CALL.symbol)
        assert asked is not None
        assert bid is not None
        assert roll.natural == asked.ask - bid.bid
        await trio.sleep(600)
        assert alarms(life) == []
        assert (len(life.orders()), life.held(CALL.symbol)) == (orders, 2)


async def test_a_dry_run_tells_it_once_a_day_and_sends_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(look_seconds=1.0)) as life:
        await hold(life)
        orders = len(life.orders())
        await fresh(life)
        await life.until(lambda: alarms(life))
        sequence = life.tree.desk.book.sequence
        for _ in range(6):
            await fresh(life)
            await trio.sleep(1)

        (message,) = alarms(life)
        assert message.startswith(f"a dry run would roll 2 of {CALL.symbol} into 2 of ")
        assert life.tree.desk.book.sequence == sequence
        assert (len(life.orders()), life.held(CALL.symbol)) == (orders, 2)


async def test_after_a_crash_it_is_not_told_again_that_day(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(look_seconds=1.0)) as life:
        await hold(life)
        await fresh(life)
        await life.until(lambda: alarms(life))
        await life.until(lambda: told(world))
        world.journal = world.journal.crash()
        life.die()

    async with world.life(rolling(look_seconds=1.0)) as life:
        for _ in range(6):
            await fresh(life)
            await trio.sleep(1)
        assert len(alarms(life)) == 1
        assert told(world) == 1


async def test_who_turns_it_off_is_told_no_more(autojump_clock: MockClock, world: World) -> None:
    async with world.life(rolling(look_seconds=1.0)) as life:
        await hold(life)
        await fresh(life)
        await life.until(lambda: alarms(life))

    async with world.life(rolling(enabled=False)) as life:
        await life.until(lambda: not alarms(life))
        assert life.held(CALL.symbol) == 2


async def test_an_old_price_rolls_nothing(autojump_clock: MockClock, world: World) -> None:
    async with world.life(rolling(enabled=False)) as life:
        await hold(life)
        life.broker.fault("stale_quotes", {})
        await trio.sleep(60)

        (answer,) = (await life.operations.option_rolls()).answers

        assert isinstance(answer, NoRoll)
        assert re.fullmatch(r"the price of AAPL is 6\d\.\d s old", answer.why)


class Silent:
    """A source of chains that does not answer."""

    name = "silent"

    async def listing(self, wanted: ChainFilter) -> Listing:
        await trio.lowlevel.checkpoint()
        raise CreamError("NOT_READY", "no answer")


async def test_without_a_chain_each_position_says_so(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(look_seconds=1.0)) as life:
        await hold(life)
        rolls = life.tree.operations.rolls
        mute = evolve(rolls, chains=evolve(rolls.chains, source=Silent()))

        (answer,) = (await mute.look()).answers

        assert isinstance(answer, NoRoll)
        assert answer.why == "its chain cannot be read: no answer"


async def test_out_of_hours_nothing_is_rolled(autojump_clock: MockClock, world: World) -> None:
    world.session = SessionMode.CALENDAR
    async with world.life(rolling(enabled=False)) as life:
        await hold(life)
    world.later(7 * 3_600)

    async with world.life(rolling(enabled=False)) as life:
        (answer,) = (await look(life)).answers

        assert isinstance(answer, NoRoll)
        assert (answer.why, answer.reasons) == ("the market is closed", (Trigger.URGENT_EXPIRY,))
        assert (await look(life)).as_of > WEDNESDAY


async def test_on_a_day_without_a_session_yesterday_s_roll_is_due_no_more(
    autojump_clock: MockClock, world: World
) -> None:
    world.session = SessionMode.CALENDAR
    async with world.life(rolling(look_seconds=1.0)) as life:
        await hold(life)
        await fresh(life)
        await life.until(lambda: alarms(life))
    # Thanksgiving.
    world.later(24 * 3_600)

    async with world.life(rolling(look_seconds=1.0)) as life:
        await life.until(lambda: not alarms(life))
        assert life.held(CALL.symbol) == 2


async def test_what_is_not_possible_now_is_tried_again(
    autojump_clock: MockClock, world: World
) -> None:
    looks = []

    class Once(Rolls):
        """It fails the first time."""

        async def look(self, only: str = "") -> RollReport:
            looks.append(self)
            if len(looks) == 1:
                raise CreamError("NOT_READY", "not now")
            return await super().look(only)

    async with world.life(rolling(look_seconds=1.0)) as life:
        life.tree.roller.rolls = Once(**asdict(life.tree.roller.rolls, recurse=False))
        await hold(life)
        for _ in range(3):
            await fresh(life)
            await trio.sleep(1)

        assert len(looks) > 1
        assert len(alarms(life)) == 1
