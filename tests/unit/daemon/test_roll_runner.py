"""Rolls that are made, at the real venue."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.exchange.calendar import SessionMode
from cream.core.execution import option_events as o
from cream.core.model.errors import CreamError
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderPurpose, OrderStatus, OrderType, Side
from cream.core.model.plan import (
    Decision,
    Guard,
    OptionLeg,
    PositionIntent,
    RiskDenomination,
    StrategyFamily,
)
from cream.core.model.state import TradingState
from cream.core.options.chain import ChainFilter, Listing
from cream.core.options.roll_rules import RollRule, RollRules, RollTarget
from cream.core.options.rolling import RollMode, RollPolicy
from cream.daemon.tree import TreeSettings
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.option_lab import option, quote, spread
from tests.unit.daemon.test_option_keeper import by

D = Decimal
# Two days before its end, on a Wednesday: any position is to be rolled, at once.
CALL = OptionContract("AAPL", date(2026, 11, 27), OptionRight.CALL, D("240"))
LATER = OptionContract("AAPL", date(2026, 12, 24), OptionRight.CALL, D("240"))
WEDNESDAY = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, start=WEDNESDAY)


def rolling(
    *,
    dry_run: bool = False,
    enabled: bool = True,
    look_seconds: float = 1.0,
    target: RollTarget | None = None,
    **policy: object,
) -> Callable[[TreeSettings], TreeSettings]:
    """Rolls are made, by these rules."""
    rule = RollRule(
        policy=evolve(RollPolicy(mode=RollMode.ACTIVE, most_short_delta=None), **policy),
        target=target or RollTarget(),
    )

    def change(settings: TreeSettings) -> TreeSettings:
        own = RollRules(enabled=enabled, dry_run=dry_run, look_seconds=look_seconds, others=rule)
        limits = settings.constraints
        wide = evolve(
            limits,
            per_instrument=evolve(
                limits.per_instrument, max_equity_pct=D(1), max_notional=D(100_000)
            ),
            portfolio=evolve(limits.portfolio, max_underlying_equity_pct=D(2)),
            risk_limits=evolve(limits.risk_limits, max_per_trade_risk_pct=D(100)),
        )
        return evolve(by()(evolve(settings, constraints=wide)), rolling=own)

    return change


async def fresh(life: Life) -> None:
    """The share is quoted anew, and with it all its options."""
    latest = life.market.latest("AAPL")
    assert latest is not None
    life.quote("AAPL", f"{latest.bid}", f"{latest.ask}")


async def later(life: Life, condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for it, with fresh quotes all the while."""
    with trio.fail_after(seconds):
        while not condition():
            await fresh(life)
            with trio.move_on_after(1.0):
                await life.tree.desk.wait_change()


async def eventually(condition: Callable[[], object], seconds: float = 400.0) -> None:
    """Look twice a second, with the quotes as they are."""
    with trio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - time is what it waits for
            await trio.sleep(0.5)


async def hold_covered(life: Life, quantity: str = "2", **levels: object) -> None:
    """Calls that are sold, with shares behind them."""
    # Their stop is watched here: an order at the broker that may sell them would uncover the calls.
    guard = Guard(stop_limit_price=D("228.00"))
    shares = await life.submit(buy("200", limit=None, guard=guard), plan_id="shares")
    assert shares.verdict.ok, shares.verdict.violations
    await life.until(lambda: life.held() == 200)
    wanted = {"limit": "0.70", "stop": None, "target": None, **levels}
    sold = option(CALL, quantity, short=True, **wanted)
    result = await life.submit(sold, plan_id="calls")
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(CALL.symbol) == -D(quantity))


def settled(world: World) -> list[o.RollSettled]:
    """How rolls ended, in the journal."""
    events = (one.event for one in world.journal.durable)
    return [one for one in events if isinstance(one, o.RollSettled)]


def owed(life: Life) -> list[o.RollOwed]:
    return list(life.tree.desk.book.options.rolls.values())


async def test_a_single_short_is_closed_and_then_opened_again(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        await hold_covered(life)
        await fresh(life)
        await later(life, lambda: settled(world))

        assert (life.held(CALL.symbol), life.held(LATER.symbol), life.held()) == (0, -2, 200)
        (closed,) = life.orders(OrderPurpose.EXIT)
        opened = life.orders(OrderPurpose.ENTRY)[-1]
        assert (closed.terms.side, closed.terms.position_intent) == (
            Side.BUY,
            PositionIntent.BUY_TO_CLOSE,
        )
        assert opened.terms.position_intent is PositionIntent.SELL_TO_OPEN
        assert closed.last_fill_at is not None
        assert closed.last_fill_at <= opened.intended_at
        (end,) = settled(world)
        assert (end.outcome, end.closed, end.opened) == ("rolled", 2, 2)
        assert owed(life) == []


async def hold_long(life: Life, quantity: str = "2") -> None:
    """Calls that are owned, with levels in their own price."""
    levels = {"stop": "0.21", "target": "9.03", "denomination": RiskDenomination.OPTION_PRICE}
    result = await life.submit(option(CALL, quantity, limit="0.85", **levels))
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(CALL.symbol) == D(quantity))


async def test_a_single_long_is_rolled_by_one_order(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        await hold_long(life)

        await later(life, lambda: settled(world))

        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, 2)
        (roll,) = life.orders(OrderPurpose.ROLL)
        assert [(leg.contract, leg.ratio) for leg in roll.terms.legs] == [(CALL, -1), (LATER, 1)]
        (end,) = settled(world)
        assert (end.outcome, end.closed, end.opened) == ("rolled", 2, 2)
        assert life.orders(OrderPurpose.EXIT) == []


# Spreads ------------------------------------------------------------------------------------------

HIGHER = OptionContract("AAPL", date(2026, 11, 27), OptionRight.CALL, D("245"))
LATER_HIGHER = evolve(HIGHER, expiration=LATER.expiration)
PUT = OptionContract("AAPL", date(2026, 11, 27), OptionRight.PUT, D("235"))
LOWER_PUT = evolve(PUT, strike=D("232.5"))


async def test_a_vertical_is_rolled_by_one_order_of_four_legs(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        bought = await life.submit(spread("3", None, long=CALL, short=HIGHER))
        assert bought.verdict.ok, bought.verdict.violations
        await life.until(lambda: life.held(HIGHER.symbol) == -3)

        await later(life, lambda: settled(world))

        assert [life.held(one.symbol) for one in (CALL, HIGHER, LATER, LATER_HIGHER)] == [
            *(0, 0, 3, -3)
        ]
        (roll,) = life.orders(OrderPurpose.ROLL)
        assert len(roll.terms.legs) == 4
        (held,) = life.tree.desk.book.options.spreads.values()
        assert {(leg.contract, leg.ratio) for leg in held.legs} == {(LATER, 1), (LATER_HIGHER, -1)}
        assert [(one.outcome, one.closed, one.opened) for one in settled(world)] == [
            ("rolled", 3, 3)
        ]


def condor(quantity: str) -> Decision:
    """Sold on both sides, with wings; all legs end on the same day."""
    legs = [(CALL, -1), (HIGHER, 1), (PUT, -1), (LOWER_PUT, 1)]
    buys, sells = PositionIntent.BUY_TO_OPEN, PositionIntent.SELL_TO_OPEN
    return evolve(
        spread(quantity, None),
        strategy_family=StrategyFamily.IRON_CONDOR,
        legs=tuple(OptionLeg(one, ratio, buys if ratio > 0 else sells) for one, ratio in legs),
    )


async def test_an_iron_condor_is_closed_as_a_whole_and_then_opened_as_a_whole(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        sold = await life.submit(condor("2"))
        assert sold.verdict.ok, sold.verdict.violations
        await life.until(lambda: life.held(LOWER_PUT.symbol) == 2)

        await later(life, lambda: settled(world))

        old = (CALL, HIGHER, PUT, LOWER_PUT)
        new = [evolve(one, expiration=LATER.expiration) for one in old]
        assert [life.held(one.symbol) for one in old] == [0, 0, 0, 0]
        assert [life.held(one.symbol) for one in new] == [-2, 2, -2, 2]
        assert life.orders(OrderPurpose.ROLL) == []
        (closed,) = life.orders(OrderPurpose.EXIT)
        opened = life.orders(OrderPurpose.ENTRY)[-1]
        assert (len(closed.terms.legs), len(opened.terms.legs)) == (4, 4)
        assert closed.last_fill_at is not None
        assert closed.last_fill_at <= opened.intended_at
        assert [(one.outcome, one.closed, one.opened) for one in settled(world)] == [
            ("rolled", 2, 2)
        ]


# Limits, and patience -----------------------------------------------------------------------------

# A short with a week to go is not urgent; the window of these rules is the whole day.
IN_NO_HURRY = {
    "urgent_days": 0,
    "opens_at": time(0, 0),
    "closes_at": time(23, 59),
    "look_seconds": 30.0,
}
# From the middle of the market to where it fills at once in two steps.
PATIENT = RollTarget(concession=D(0), concession_step=D("0.5"))


async def hold_quoted(life: Life, quantity: str = "2", size: int = 100) -> None:
    """Covered calls, and the contract that follows them, quoted by hand."""
    await hold_covered(life, quantity)
    quote(life, LATER, "3.90", "4.10")
    quote(life, CALL, "0.60", "0.80", size)


def limits(life: Life, contract: OptionContract) -> list[Decimal | None]:
    """At which prices the orders of a roll in `contract` were sent, oldest first."""
    return [
        one.terms.limit_price
        for one in life.orders()
        if one.terms.instrument == contract and one.terms.plan_id.startswith("roll-")
    ]


def failures(life: Life) -> list[str]:
    alarms = life.tree.desk.book.options.alarms.items()
    return [alarm.message for (_, kind), alarm in alarms if kind == "roll_failed"]


async def test_what_does_not_fill_is_taken_back_and_priced_anew(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)

        await eventually(lambda: settled(world))

        assert limits(life, CALL) == [D("0.70"), D("0.75"), D("0.80")]
        assert limits(life, LATER) == [D("4.00"), D("3.95"), D("3.90")]
        closes = life.orders(OrderPurpose.EXIT)
        assert [one.status for one in closes] == [
            *(OrderStatus.CANCELED, OrderStatus.CANCELED, OrderStatus.FILLED)
        ]
        waited = [later.intended_at - one.intended_at for one, later in pairwise(closes)]
        assert all(timedelta(seconds=30) <= one < timedelta(seconds=33) for one in waited)
        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, -2)


async def test_what_was_closed_in_part_is_opened_before_the_rest_is_closed(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(look_seconds=30.0)) as life:
        await hold_quoted(life, size=1)

        await eventually(lambda: life.held(LATER.symbol) == -1)

        assert life.held(CALL.symbol) == -1
        first = life.orders(OrderPurpose.EXIT)[0]
        assert (first.status, first.filled) == (OrderStatus.CANCELED, 1)
        quote(life, CALL, "0.60", "0.80")
        await eventually(lambda: settled(world))
        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, -2)
        (end,) = settled(world)
        assert (end.outcome, end.closed, end.opened) == ("rolled", 2, 2)


async def out_of_it(life: Life) -> None:
    """It is closed, and what is to be opened waits for its price."""
    await eventually(lambda: limits(life, LATER))
    await life.until(lambda: life.orders()[-1].status is OrderStatus.ACCEPTED)
    assert life.held(CALL.symbol) == 0


async def test_no_more_is_paid_than_is_left_of_the_most_that_a_roll_may_cost(
    autojump_clock: MockClock, world: World
) -> None:
    """The calls cost 0.80: at a credit of 3.00 in all the next ones have to bring 3.80."""
    bounded = evolve(PATIENT, most_debit=D("-3.00"))
    async with world.life(rolling(target=bounded, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await out_of_it(life)
        quote(life, LATER, "3.00", "3.20")

        await eventually(lambda: settled(world))

        (end,) = settled(world)
        assert (end.outcome, end.closed, end.opened) == ("closed_and_not_opened", 2, 0)
        why = "2 were closed and are not opened again: it costs -3.10, and -3.80 is left"
        assert end.message.startswith(why)
        assert failures(life) == [end.message]
        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, 0)
        await trio.sleep(120)
        assert limits(life, LATER) == [D("4.00")]


async def test_the_limit_of_the_second_order_is_what_the_first_has_left(
    autojump_clock: MockClock, world: World
) -> None:
    bounded = evolve(PATIENT, most_debit=D("-3.13"))
    async with world.life(rolling(target=bounded, **IN_NO_HURRY)) as life:
        await hold_quoted(life)

        await eventually(lambda: len(limits(life, LATER)) == 3)

        # The natural price would be 3.90.
        assert limits(life, LATER) == [D("4.00"), D("3.95"), D("3.93")]


async def test_what_the_gate_refuses_by_then_is_not_opened_and_somebody_is_told(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await out_of_it(life)
        gate = life.operations.gate
        small = evolve(gate.limits.per_instrument, max_contracts=1)
        gate.relimit(evolve(gate.limits, per_instrument=small))

        await eventually(lambda: settled(world))

        (end,) = settled(world)
        assert end.outcome == "closed_and_not_opened"
        assert "the gate refuses it: PER_INSTRUMENT_UNITS_EXCEEDED" in end.message
        assert failures(life) == [end.message]
        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, 0)


async def test_what_the_gate_would_not_open_again_is_not_closed(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        await hold_quoted(life)
        gate = life.operations.gate
        small = evolve(gate.limits.per_instrument, max_contracts=1)
        gate.relimit(evolve(gate.limits, per_instrument=small))
        await trio.sleep(5)

        (answer,) = (await life.operations.option_rolls()).answers

        assert answer.refused.startswith("PER_INSTRUMENT_UNITS_EXCEEDED")
        assert (owed(life), life.held(CALL.symbol)) == ([], -2)


async def test_a_halt_in_the_middle_takes_the_opening_back_and_ends_it(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await out_of_it(life)

        await life.operations.set_trading_state(TradingState.HALTED, "enough", "me")
        await eventually(lambda: settled(world))

        opened = life.orders(OrderPurpose.ENTRY)[-1]
        assert (opened.terms.instrument, opened.status) == (LATER, OrderStatus.CANCELED)
        (end,) = settled(world)
        assert (end.outcome, end.opened) == ("closed_and_not_opened", 0)
        assert "trading is HALTED: enough" in end.message


async def test_while_trading_is_halted_no_roll_begins(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        await life.operations.set_trading_state(TradingState.HALTED, "enough", "me")
        await life.operations.set_trading_state(TradingState.ACTIVE, "go on", "me")
        await hold_covered(life)
        await life.operations.set_trading_state(TradingState.REDUCING, "enough", "me")
        for _ in range(10):
            await fresh(life)
            await trio.sleep(1)

        assert owed(life) == []
        assert settled(world) == []
        assert life.held(CALL.symbol) == -2


async def test_who_turns_rolling_off_ends_what_is_under_way(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await eventually(lambda: limits(life, CALL))

    async with world.life(rolling(dry_run=True, target=PATIENT, **IN_NO_HURRY)) as life:
        await eventually(lambda: settled(world))

        (end,) = settled(world)
        assert (end.outcome, end.message) == ("not_rolled", "rolling is turned off")
        assert life.held(CALL.symbol) == -2
        assert not any(one.is_open for one in life.orders(OrderPurpose.EXIT))


async def test_a_broker_that_goes_away_between_the_two_is_waited_for(
    autojump_clock: MockClock, world: World
) -> None:
    """What was to be opened is taken back with all other entries, and opened once afterwards."""
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await out_of_it(life)

        life.broker.disconnect(120)
        await trio.sleep(125)
        opened = life.orders(OrderPurpose.ENTRY)[-1]
        assert (opened.terms.instrument, opened.filled) == (LATER, 0)
        await eventually(lambda: settled(world))

        assert [(one.outcome, one.opened) for one in settled(world)] == [("rolled", 2)]
        assert (life.held(LATER.symbol), done_by_rolls(life, LATER)) == (-2, -2)


async def test_at_the_cut_off_of_its_last_day_a_roll_yields_to_the_close(
    autojump_clock: MockClock, world: World
) -> None:
    """11:30 in New York, as the market closes at 13:00. One of two is bought back by then."""
    world.session = SessionMode.CALENDAR
    world.start = datetime(2026, 11, 27, 16, 29, 45, tzinfo=UTC)
    async with world.life(rolling()) as life:
        quote(life, CALL, "0.20", "0.30")
        quote(life, LATER, "3.90", "4.10")
        await hold_covered(life, limit="0.20")
        quote(life, CALL, "0.20", "0.30", 1)
        await eventually(lambda: life.held(CALL.symbol) == -1)
        await eventually(lambda: life.tree.desk.book.options.owed)
        quote(life, CALL, "0.20", "0.30")

        await eventually(lambda: life.held(CALL.symbol) == 0)
        await eventually(lambda: settled(world))

        (end,) = settled(world)
        assert (end.outcome, end.closed, end.opened) == ("closed_and_not_opened", 1, 0)
        assert end.message.endswith(f"{CALL.symbol} is to be closed: expiry")
        last = life.orders(OrderPurpose.EXIT)[-1].terms
        assert (last.order_type, last.quantity, last.plan_id) == (OrderType.MARKET, 1, "")
        await trio.sleep(120)
        assert (life.held(CALL.symbol), life.held(LATER.symbol), owed(life)) == (0, 0, [])


async def test_after_a_failure_the_same_position_is_let_rest(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(look_seconds=60.0)) as life:
        await hold_long(life)
        life.broker.fault("reject_submit", {"count": 1})
        await eventually(lambda: settled(world))

        (end,) = settled(world)
        assert (end.outcome, end.closed) == ("not_rolled", 0)
        assert failures(life) == [end.message]
        assert end.message.startswith("the broker refused it")
        await trio.sleep(14 * 60)
        assert (owed(life), life.held(CALL.symbol)) == ([], 2)
        await eventually(lambda: life.held(LATER.symbol) == 2)
        assert failures(life) == []


# Levels -------------------------------------------------------------------------------------------


async def test_levels_in_its_own_price_keep_their_ratio_to_the_premium(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        await hold_long(life)
        paid = life.tree.desk.book.position(CALL).average_price

        await later(life, lambda: life.held(LATER.symbol) > 0)

        latest = life.market.latest(LATER.symbol)
        assert latest is not None
        guard = life.tree.desk.book.protections[LATER.symbol]
        ratio = latest.mid / paid
        assert guard.watched == LATER.symbol
        assert guard.stop_loss == (D("0.21") * ratio).quantize(D("0.01"), ROUND_CEILING)
        assert guard.take_profit == (D("9.03") * ratio).quantize(D("0.01"), ROUND_FLOOR)
        assert CALL.symbol not in life.tree.desk.book.protections
        # And they are those of the new one in deed.
        quote(life, LATER, "0.30", "0.40")
        await eventually(lambda: life.held(LATER.symbol) == 0)


async def test_levels_in_the_price_of_the_underlying_stay_where_they_are(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        levels = {"stop": "229.50", "target": "260.00"}
        result = await life.submit(option(CALL, "2", limit="0.85", **levels))
        assert result.verdict.ok, result.verdict.violations
        await life.until(lambda: life.held(CALL.symbol) == 2)

        await later(life, lambda: life.held(LATER.symbol) > 0)

        guard = life.tree.desk.book.protections[LATER.symbol]
        assert (guard.watched, guard.stop_loss, guard.take_profit) == ("AAPL", D("229.50"), D(260))


async def test_the_levels_of_a_short_are_those_of_what_is_sold_next(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling()) as life:
        await hold_covered(life, stop="1.30", denomination=RiskDenomination.OPTION_PRICE)
        sold_at = life.tree.desk.book.position(CALL).average_price

        await later(life, lambda: settled(world))

        guard = life.tree.desk.book.protections[LATER.symbol]
        opened = life.orders(OrderPurpose.ENTRY)[-1].terms
        assert opened.limit_price is not None
        expected = D("1.30") * opened.limit_price / sold_at
        assert guard.stop_loss == expected.quantize(D("0.01"), ROUND_FLOOR)


# Crashes ------------------------------------------------------------------------------------------


def rolled_records(world: World) -> int:
    """How many records the journal has since a roll is owed."""
    events = [one.event for one in world.journal.durable]
    begun = next((at for at, one in enumerate(events) if isinstance(one, o.RollOwed)), len(events))
    return len(events) - begun


def done_by_rolls(life: Life, contract: OptionContract) -> Decimal:
    """What orders of rolls have traded in `contract`, signed."""
    fills = [
        one.terms.side.sign * one.filled
        for one in life.orders()
        if one.terms.instrument == contract and one.terms.plan_id.startswith("roll-")
    ]
    for order in life.orders(OrderPurpose.ROLL):
        fills += [leg.ratio * order.filled for leg in order.terms.legs if leg.contract == contract]
    return sum(fills, D(0))


@pytest.mark.parametrize("after", range(1, 12))
async def test_a_crash_after_any_record_of_two_orders_neither_loses_nor_doubles_one(
    autojump_clock: MockClock, world: World, after: int
) -> None:
    async with world.life(rolling()) as life:
        await hold_covered(life)
        await later(life, lambda: rolled_records(world) >= after or settled(world))
        world.journal = world.journal.crash()
        life.die()

    async with world.life(rolling()) as life:
        await later(life, lambda: settled(world))

        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, -2)
        assert done_by_rolls(life, CALL) == 2
        assert done_by_rolls(life, LATER) == -2
        assert [one.outcome for one in settled(world)] == ["rolled"]


@pytest.mark.parametrize("after", range(1, 7))
async def test_a_crash_after_any_record_of_one_order_neither_loses_nor_doubles_it(
    autojump_clock: MockClock, world: World, after: int
) -> None:
    async with world.life(rolling()) as life:
        await hold_long(life)
        await later(life, lambda: rolled_records(world) >= after or settled(world))
        world.journal = world.journal.crash()
        life.die()

    async with world.life(rolling()) as life:
        await later(life, lambda: settled(world))

        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, 2)
        assert done_by_rolls(life, CALL) == -2
        assert done_by_rolls(life, LATER) == 2
        assert [one.outcome for one in settled(world)] == ["rolled"]
        assert LATER.symbol in life.tree.desk.book.protections


# By hand ------------------------------------------------------------------------------------------


async def test_an_operator_rolls_one_position_though_rolling_is_off(
    autojump_clock: MockClock, world: World
) -> None:
    off = rolling(enabled=False, dry_run=True)
    async with world.life(off) as life:
        await hold_covered(life)
        await fresh(life)

        begun = await life.operations.roll_now(CALL.symbol, "cli:kim")
        await later(life, lambda: settled(world))

        assert (begun.actor, begun.reasons[-1]) == ("cli:kim", "asked_for")
        assert (life.held(CALL.symbol), life.held(LATER.symbol)) == (0, -2)
        assert [one.event for one in world.journal.durable if one.event == begun]


@pytest.mark.parametrize(
    ("symbol", "code"), [(CALL.symbol, "ROLL_REFUSED"), (LATER.symbol, "NOT_FOUND")]
)
async def test_what_cannot_be_rolled_by_hand_says_why(
    autojump_clock: MockClock, world: World, symbol: str, code: str
) -> None:
    async with world.life(rolling(enabled=False)) as life:
        await hold_covered(life)
        await life.operations.set_trading_state(TradingState.HALTED, "enough", "me")
        await fresh(life)

        with pytest.raises(CreamError) as caught:
            await life.operations.roll_now(symbol, "me")

        assert caught.value.kind.code == code
        assert owed(life) == []


async def test_no_plan_has_the_name_of_a_roll(autojump_clock: MockClock, world: World) -> None:
    """Its orders would have the ids of the roll's."""
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await eventually(lambda: owed(life))
        name = owed(life)[0].roll_id
        decision = evolve(buy("1"), decision_id="close-0")

        with pytest.raises(CreamError) as during:
            await life.submit(decision, plan_id=name)
        await eventually(lambda: settled(world))
        with pytest.raises(CreamError) as after:
            await life.submit(decision, plan_id=name)

        assert [one.value.kind.code for one in (during, after)] == ["DUPLICATE_ID"] * 2
        assert life.held() == 200


async def test_of_two_that_would_meet_in_a_contract_one_is_rolled_after_the_other(
    autojump_clock: MockClock, world: World
) -> None:
    """Both would go into the same contract."""
    target = RollTarget(days=9)
    second = evolve(CALL, expiration=date(2026, 12, 4))
    async with world.life(rolling(target=target, urgent_days=9, credit_days=9)) as life:
        await hold_long(life)
        result = await life.submit(
            option(second, "2", limit=None, stop="229.50", target="260.00"), plan_id="second"
        )
        assert result.verdict.ok, result.verdict.violations

        await later(life, lambda: len(settled(world)) >= 2)

        rolls = life.orders(OrderPurpose.ROLL)
        assert all(one.last_fill_at <= two.intended_at for one, two in pairwise(rolls))
        assert life.held(CALL.symbol) == 0
        assert life.held(second.symbol) == 0


@pytest.mark.parametrize("hold", [hold_covered, hold_long])
@pytest.mark.parametrize("silent", [False, True])
async def test_an_order_that_was_sent_before_a_crash_and_never_answered_is_not_sent_again(
    autojump_clock: MockClock,
    world: World,
    hold: Callable[[Life], Awaitable[None]],
    silent: bool,
) -> None:
    """The broker has it and has filled it; nobody here has heard of either."""
    async with world.life(rolling()) as life:
        await hold(life)
        life.stubborn.mute = True
        if silent:
            await later(life, lambda: owed(life))
            life.stubborn.fall_silent()
        with trio.move_on_after(10):
            await later(life, lambda: False)
        world.journal = world.journal.crash()
        life.die()

    async with world.life(rolling()) as life:
        await later(life, lambda: settled(world))

        assert [one.outcome for one in settled(world)] == ["rolled"]
        assert life.held(CALL.symbol) == 0
        assert abs(life.held(LATER.symbol)) == 2
        assert (abs(done_by_rolls(life, CALL)), abs(done_by_rolls(life, LATER))) == (2, 2)


async def test_what_is_being_rolled_is_not_rolled_by_hand_as_well(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(rolling(target=PATIENT, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        await eventually(lambda: owed(life))

        with pytest.raises(CreamError, match="it is being rolled"):
            await life.operations.roll_now(CALL.symbol, "me")

        assert len(owed(life)) == 1


# Without a market ---------------------------------------------------------------------------------


class Mute:
    """A source of chains that has stopped to answer."""

    name = "mute"

    async def listing(self, wanted: ChainFilter) -> Listing:
        await trio.lowlevel.checkpoint()
        raise CreamError("NOT_READY", "no answer")


@pytest.mark.parametrize(
    ("is_out", "outcome"), [(False, "not_rolled"), (True, "closed_and_not_opened")]
)
async def test_without_a_chain_what_was_not_begun_ends_and_what_was_closed_waits_its_time(
    autojump_clock: MockClock, world: World, is_out: bool, outcome: str
) -> None:
    wide = evolve(PATIENT, concession_step=D(0))
    async with world.life(rolling(target=wide, **IN_NO_HURRY)) as life:
        await hold_quoted(life)
        if is_out:
            quote(life, CALL, "0.60", "0.60")
            await out_of_it(life)
        else:
            await eventually(lambda: limits(life, CALL))
        world.journal = world.journal.crash()
        life.die()

    world.chains = Mute()
    async with world.life(rolling(target=wide, **IN_NO_HURRY)) as life:
        quote(life, CALL, "0.60", "0.80")
        quote(life, LATER, "3.90", "4.10")
        await eventually(lambda: settled(world), 900)

        (end,) = settled(world)
        assert end.outcome == outcome
        assert (life.held(LATER.symbol), life.held(CALL.symbol)) == (0, 0 if is_out else -2)
        assert ("chain cannot be read" in end.message) is not is_out
