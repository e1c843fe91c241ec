"""What the daemon does with an order that closes some options and opens others, at the venue."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.execution import events as e
from cream.core.execution.book import Book
from cream.core.model.instrument import OptionContract
from cream.core.model.order import (
    Order,
    OrderPurpose,
    OrderStatus,
    OrderTerms,
    OrderType,
    WalkTerms,
)
from cream.core.model.plan import RiskDenomination
from cream.core.model.state import TradingState
from cream.core.model.verdict import Verdict
from cream.core.risk.decisions import Decide, Decided
from cream.core.risk.gate import Approved
from cream.daemon.tree import TreeSettings
from tests.fakes.roll_orders import next_month, roll_terms, send
from tests.fakes.world import Life, World
from tests.unit.daemon.option_lab import HIGH, LOW, option, quote, spread

NEXT_LOW, NEXT_HIGH = next_month(LOW), next_month(HIGH)
OUT = ((LOW, -1, False), (HIGH, 1, False))
INTO = ((NEXT_LOW, 1, True), (NEXT_HIGH, -1, True))
# What is closed brings 1.80, what is opened costs 2.40.
NATURAL, PATIENT = "0.60", "0.10"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def calm(settings: TreeSettings) -> TreeSettings:
    """Greeks that are nobody's concern here."""
    wide = evolve(
        settings.constraints.options,
        max_portfolio_theta=Decimal(-100_000),
        max_portfolio_gamma=Decimal(100_000),
    )
    return evolve(settings, constraints=evolve(settings.constraints, options=wide))


def quote_all(life: Life) -> None:
    for contract, bid, ask in (
        (LOW, "5.00", "5.10"),
        (HIGH, "3.10", "3.20"),
        (NEXT_LOW, "8.00", "8.10"),
        (NEXT_HIGH, "5.70", "5.80"),
    ):
        quote(life, contract, bid, ask)


async def hold_spread(life: Life, quantity: int = 3) -> None:
    quote_all(life)
    result = await life.submit(spread(str(quantity), "2.10"))
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(HIGH.symbol) == -quantity)


async def hold_call(life: Life) -> None:
    quote_all(life)
    stop = {"stop": "4.00", "target": "9.00", "denomination": RiskDenomination.OPTION_PRICE}
    result = await life.submit(option(LOW, "2", limit="5.10", **stop))
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(LOW.symbol) == 2)


def of_spread(quantity: int = 3, net: str = NATURAL, **changes: object) -> OrderTerms:
    return roll_terms(*OUT, *INTO, quantity=quantity, net=net, **changes)


def of_call(net: str, **changes: object) -> OrderTerms:
    """With a stop for what it opens."""
    own = {"stop_loss": Decimal("6.00"), "denomination": RiskDenomination.OPTION_PRICE}
    return roll_terms(OUT[0], INTO[0], quantity=2, net=net, **{**own, **changes})


async def rolls(life: Life, terms: OrderTerms) -> None:
    answer = await send(life, terms)
    assert isinstance(answer, Approved), answer
    await life.until(lambda: roll(life).broker_order_id is not None or terms.is_tactic)


def roll(life: Life) -> Order:
    return life.tree.desk.book.order("o-roll")


def holdings(life: Life) -> list[int]:
    return [int(life.held(one.symbol)) for one in (LOW, HIGH, NEXT_LOW, NEXT_HIGH)]


async def test_a_spread_is_rolled_and_the_broker_agrees(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(calm) as life:
        await hold_spread(life)
        cash = (await life.broker.account()).cash
        await rolls(life, of_spread())

        await life.until(lambda: roll(life).status is OrderStatus.FILLED)

        assert holdings(life) == [0, 0, 3, -3]
        assert (await life.broker.account()).cash == cash - 180
        book = life.tree.desk.book
        assert book.position(LOW).realized_pnl == -30  # bought at 5.10, sold at 5.00, three times
        assert [one.quantity for one in book.options.spreads.values()] == [3]
        theirs = {one.instrument.symbol: one.quantity for one in await life.broker.positions()}
        assert theirs == {NEXT_LOW.symbol: 3, NEXT_HIGH.symbol: -3}
        await trio.sleep(120)
        assert book.trading_state is TradingState.ACTIVE
        assert not book.options.alarms


async def test_what_a_plan_asks_for_may_still_not_close_and_open_at_once(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(calm) as life:
        await hold_spread(life)
        mixed = spread("3", "0.60")
        opening = spread("3", "0.60", long=NEXT_LOW, short=NEXT_HIGH).legs
        legs = (*spread("3", opens=False).legs, *opening)

        result = await life.submit(evolve(mixed, legs=legs), plan_id="mixed")

        assert [one.code for one in result.verdict.violations] == ["LEG_INTENT"]


async def test_a_roll_that_is_refused_leaves_everything_as_it_was(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(calm) as life:
        await hold_spread(life)

        answer = await send(life, of_spread(4))

        assert isinstance(answer, Verdict)
        assert [one.code for one in answer.violations] == ["POSITION_MISMATCH"]
        assert life.orders(OrderPurpose.ROLL) == []
        assert holdings(life) == [3, -3, 0, 0]


async def test_a_roll_goes_with_a_mass_cancel(autojump_clock: MockClock, world: World) -> None:
    async with world.life(calm) as life:
        await hold_spread(life)
        await rolls(life, of_spread(net=PATIENT))

        await life.operations.mass_cancel("a test", "me")

        await life.until(lambda: roll(life).status is OrderStatus.CANCELED)
        assert not await life.broker.open_orders()
        assert holdings(life) == [3, -3, 0, 0]


async def test_a_roll_does_not_leave_once_trading_is_restricted(
    autojump_clock: MockClock, world: World
) -> None:
    """It was let through, and waits for a broker that takes nothing now."""
    async with world.life(calm) as life:
        await hold_spread(life)
        life.broker.fault("submit_unavailable", {})
        assert isinstance(await send(life, of_spread()), Approved)
        await life.until(lambda: life.tree.router.in_flight)
        await life.operations.set_trading_state(TradingState.REDUCING, "less", "me")
        life.broker.fault("submit_unavailable", {"on": False})

        await life.until(lambda: not roll(life).is_open)

        assert roll(life).status is OrderStatus.REJECTED
        assert holdings(life) == [3, -3, 0, 0]


async def test_a_roll_does_not_leave_once_what_it_closes_is_gone(
    autojump_clock: MockClock, world: World
) -> None:
    """Somebody has closed one of the three meanwhile: filled, it would sell what nobody has."""
    async with world.life(calm) as life:
        await hold_spread(life)
        life.broker.fault("submit_unavailable", {})
        assert isinstance(await send(life, of_spread()), Approved)
        await life.until(lambda: life.tree.router.in_flight)
        life.broker.fault("submit_unavailable", {"on": False})
        await life.tree.desk.do(adjusted(LOW, 2))
        await life.tree.desk.do(adjusted(HIGH, -2))

        await life.until(lambda: not roll(life).is_open)

        assert (roll(life).status, roll(life).filled) == (OrderStatus.REJECTED, 0)
        assert life.held(NEXT_LOW.symbol) == 0


def adjusted(contract: OptionContract, quantity: int) -> Decide[None]:
    """What the broker is found to hold."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        event = e.PositionAdjusted(
            at=now,
            instrument=contract,
            quantity=Decimal(quantity),
            average_price=Decimal(3),
            reason="by hand",
        )
        return Decided(None, (event,))

    return decide


async def test_a_stop_has_the_resting_roll_cancelled_and_sells_once(
    autojump_clock: MockClock, world: World
) -> None:
    """The roll holds the contracts at the venue, which sells none of them twice."""
    async with world.life(calm) as life:
        await hold_call(life)
        await rolls(life, of_call("2.00"))
        quote(life, LOW, "3.90", "4.00")

        await life.until(lambda: life.held(LOW.symbol) == 0)

        assert roll(life).status is OrderStatus.CANCELED
        (sold,) = life.orders(OrderPurpose.EXIT)
        assert (sold.filled, sold.status) == (2, OrderStatus.FILLED)
        assert life.held(NEXT_LOW.symbol) == 0


async def test_what_is_rolled_into_is_guarded_from_then_on(
    autojump_clock: MockClock, world: World
) -> None:
    """By the levels of the roll: what the old call had is gone with it."""
    async with world.life(calm) as life:
        await hold_call(life)
        await rolls(life, of_call("3.10"))
        await life.until(lambda: life.held(NEXT_LOW.symbol) == 2)
        assert list(life.tree.desk.book.protections) == [NEXT_LOW.symbol]
        quote(life, NEXT_LOW, "5.95", "6.05")

        await life.until(lambda: life.held(NEXT_LOW.symbol) == 0)

        (sold,) = life.orders(OrderPurpose.EXIT)
        assert (sold.terms.parent_order_id, sold.filled) == ("o-roll", 2)


async def test_a_roll_may_walk(autojump_clock: MockClock, world: World) -> None:
    """From the middle to what fills at once, step by step, and never beyond its limit."""
    async with world.life(calm) as life:
        await hold_spread(life)
        walk = WalkTerms(steps=4, interval_seconds=5)
        await rolls(life, of_spread(walk=walk))

        await life.until(lambda: not roll(life).is_open, seconds=120)

        assert holdings(life) == [0, 0, 3, -3]
        steps = [one for one in life.orders(OrderPurpose.ROLL) if one.terms.parent_order_id]
        limits = [one.terms.limit_price for one in steps]
        assert limits[-1] == Decimal(NATURAL)
        assert limits == sorted(limits)
        assert len(limits) > 1
        assert [one.quantity for one in life.tree.desk.book.options.spreads.values()] == [3]


async def test_a_roll_that_works_is_known_again_after_a_restart(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(calm) as life:
        await hold_spread(life)
        await rolls(life, of_spread(net=PATIENT))
        life.die()
    async with world.life(calm) as life:
        quote_all(life)
        assert roll(life).is_open
        quote(life, NEXT_LOW, "7.00", "7.60")

        await life.until(lambda: roll(life).status is OrderStatus.FILLED)

        assert holdings(life) == [0, 0, 3, -3]
        assert life.tree.desk.book.trading_state is TradingState.ACTIVE


async def test_the_flattening_waits_for_the_roll_to_go_and_leaves_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(calm) as life:
        await hold_spread(life)
        await rolls(life, of_spread(net=PATIENT))

        await life.operations.kill_switch("a test", "me", flatten=True)

        await life.until(lambda: holdings(life) == [0, 0, 0, 0], seconds=120)
        assert roll(life).status is OrderStatus.CANCELED
        assert not await life.broker.positions()


async def test_a_stop_ends_a_walking_roll_between_two_steps_or_in_one(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(calm) as life:
        await hold_call(life)
        walk = WalkTerms(steps=4, interval_seconds=5)
        await rolls(life, of_call("2.98", walk=walk))
        await life.until(lambda: len(life.orders(OrderPurpose.ROLL)) > 1)
        quote(life, LOW, "3.90", "4.00")

        await life.until(lambda: life.held(LOW.symbol) == 0)
        await life.until(lambda: not roll(life).is_open)

        assert [one.filled for one in life.orders(OrderPurpose.EXIT)] == [2]
        assert all(one.filled == 0 for one in life.orders(OrderPurpose.ROLL))
        await trio.sleep(60)
        assert not await life.broker.open_orders()
        assert life.held(NEXT_LOW.symbol) == 0


async def test_a_stop_that_left_it_to_a_roll_fires_when_the_roll_comes_to_nothing(
    autojump_clock: MockClock, world: World
) -> None:
    """A roll at the market closes at any price. No quote comes at the moment of its refusal."""
    async with world.life(calm) as life:
        await hold_call(life)
        life.broker.fault("submit_unavailable", {})
        at_market = of_call("0", limit_price=None, order_type=OrderType.MARKET)
        assert isinstance(await send(life, at_market), Approved)
        await life.until(lambda: life.tree.router.in_flight)
        quote(life, LOW, "3.90", "4.00")
        await trio.sleep(0.1)
        assert life.orders(OrderPurpose.EXIT) == []
        await life.until(lambda: not roll(life).is_open, seconds=300)
        life.broker.fault("submit_unavailable", {"on": False})

        await life.until(lambda: life.held(LOW.symbol) == 0)

        (sold,) = life.orders(OrderPurpose.EXIT)
        assert sold.intended_at == roll(life).updated_at
        assert life.held(NEXT_LOW.symbol) == 0
