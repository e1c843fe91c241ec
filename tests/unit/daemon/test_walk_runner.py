"""A limit that walks from mid to natural at the real venue: never twice, never too far."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.model.order import Order, OrderPurpose, OrderStatus
from cream.core.model.plan import RiskDenomination, Size, SizeUnit, StrategyFamily
from tests.fakes.world import Life, World, buy
from tests.unit.daemon.option_lab import HIGH, LOW, leave, option, quote, spread
from tests.unit.daemon.timed import about

WALK = {"tactic": "WALK", "tactic_params": {"steps": 4, "step_interval_seconds": 10}}
S = OrderStatus


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def wide(life: Life) -> None:
    """A spread with a mid of 2.00 and a natural price of 2.20."""
    quote(life, LOW, "5.00", "5.20")
    quote(life, HIGH, "3.00", "3.20")


def cheap(life: Life) -> None:
    """A mid of 1.50 and a natural price of 1.70: less than what the market quotes by itself."""
    quote(life, LOW, "4.50", "4.70")
    quote(life, HIGH, "3.00", "3.20")


async def walk(
    life: Life, quantity: str = "5", net: str = "2.25", market: Callable[[Life], None] = wide
) -> Order:
    market(life)
    result = await life.submit(spread(quantity, net, **WALK))
    assert result.verdict.ok, result.verdict.violations
    return result.orders[0]


def steps(life: Life) -> list[Order]:
    return [one for one in life.orders(OrderPurpose.ENTRY) if one.terms.parent_order_id]


def limits(life: Life) -> list[str]:
    return [str(one.terms.limit_price) for one in steps(life)]


def parent(life: Life) -> Order:
    return next(one for one in life.orders() if one.terms.walk is not None)


async def test_a_spread_is_filled_at_the_step_that_the_market_gives(
    autojump_clock: MockClock, world: World
) -> None:
    """Between the third step and the fourth somebody asks for less."""
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: len(steps(life)) == 3)
        quote(life, LOW, "5.00", "5.09")

        await life.until(lambda: life.held(LOW.symbol) == 5)

        assert limits(life)[:3] == ["2.00", "2.05", "2.10"]
        assert life.held(HIGH.symbol) == -5
        assert (parent(life).status, parent(life).filled) == (S.FILLED, 5)
        assert parent(life).average_price == Decimal("2.09")
        assert parent(life).leg_fills[0].filled == 5
        assert [one.status for one in steps(life)] == [S.CANCELED, S.CANCELED, S.FILLED]


async def test_steps_are_an_interval_apart_and_end_at_the_natural_price(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: life.held(LOW.symbol) == 5)

        assert limits(life) == ["2.00", "2.05", "2.10", "2.15", "2.20"]
        first, last = steps(life)[0], steps(life)[-1]
        assert (last.intended_at - first.intended_at).total_seconds() == about(40)
        assert parent(life).average_price == Decimal("2.20")


async def test_an_option_alone_walks_as_well(autojump_clock: MockClock, world: World) -> None:
    """What it trades is what it is named by."""
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.20")
        entry = buy(instrument=LOW, limit="5.25", stop="230.00", target=None, **WALK)
        size = Size(Decimal(3), SizeUnit.CONTRACTS)
        single = evolve(entry, size=size, strategy_family=StrategyFamily.OPTION_LONG)
        result = await life.submit(single)
        assert result.verdict.ok, result.verdict.violations

        await life.until(lambda: life.held(LOW.symbol) == 3)

        assert limits(life)[0] == "5.10"
        assert len(limits(life)) > 1
        assert parent(life).status is S.FILLED


async def test_the_orders_own_limit_is_not_passed(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await walk(life, net="2.10")
        await trio.sleep(300)

        assert limits(life) == ["2.00", "2.05", "2.10"]
        assert steps(life)[-1].status is S.ACCEPTED
        assert life.held(LOW.symbol) == 0


async def test_what_fills_at_one_step_is_not_bought_again_at_the_next(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: len(steps(life)) == 2)
        quote(life, LOW, "5.00", "5.04", size=2)
        await life.until(lambda: life.held(LOW.symbol) == 2)
        quote(life, LOW, "5.00", "5.20")

        await life.until(lambda: life.held(LOW.symbol) == 5)

        assert [one.terms.quantity for one in steps(life)] == [5, 5, 3, 3, 3]
        assert sum(one.filled for one in steps(life)) == 5
        assert life.held(HIGH.symbol) == -5


async def test_a_crash_in_the_middle_neither_doubles_nor_loses(
    autojump_clock: MockClock, world: World
) -> None:
    """A life that ends at each second of the walk; one more finishes what they began."""
    for _ in range(8):
        async with world.life() as life:
            if not life.orders():
                await walk(life, net="1.75", market=cheap)
            cheap(life)
            await trio.sleep(3)
            world.journal = world.journal.crash()
            life.die()
    async with world.life() as life:
        cheap(life)
        await life.until(lambda: life.held(LOW.symbol) == 5, seconds=200)
        await trio.sleep(60)

        assert (life.held(LOW.symbol), life.held(HIGH.symbol)) == (5, -5)
        assert parent(life).status is S.FILLED
        assert sum(one.filled for one in steps(life)) == 5
        # A life begins with quotes of its own, so limits may differ; steps come once and in order.
        assert limits(life) == sorted(limits(life))
        assert 3 <= len(steps(life)) <= 5
        assert all(one.terms.limit_price <= parent(life).terms.limit_price for one in steps(life))


async def test_a_cancel_takes_the_step_along_and_sends_no_other(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        order = await walk(life)
        await life.until(lambda: len(steps(life)) == 2)

        await life.operations.cancel_orders([order.order_id], "enough", "me")
        await life.until(lambda: parent(life).status is S.CANCELED)
        await trio.sleep(60)

        assert [one.status for one in steps(life)] == [S.CANCELED, S.CANCELED]
        assert life.held(LOW.symbol) == 0


async def test_a_mass_cancel_ends_the_walk(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: len(steps(life)) == 2)

        report = await life.operations.mass_cancel("enough", "me")
        await trio.sleep(60)

        assert report.complete
        assert parent(life).status is S.CANCELED
        assert len(steps(life)) == 2


async def test_a_leg_that_is_quoted_on_one_side_only_pauses_it(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: len(steps(life)) == 2)
        life.quote(HIGH.symbol, "0.00", "3.20")
        await trio.sleep(120)
        assert (len(steps(life)), steps(life)[-1].is_open) == (2, True)

        quote(life, HIGH, "3.00", "3.20")
        await life.until(lambda: len(steps(life)) == 3)


async def test_stale_quotes_pause_it(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: len(steps(life)) == 1)
        life.market.freeze(True)
        await trio.sleep(120)
        assert limits(life) == ["2.00"]

        life.market.freeze(False)
        await life.until(lambda: len(steps(life)) == 2)
        # The pause is not made up for: the next step is an interval later again.
        apart = steps(life)[-1]
        await life.until(lambda: len(steps(life)) == 3)
        assert (steps(life)[-1].intended_at - apart.intended_at).total_seconds() == about(10)


async def test_a_spread_is_closed_by_walking_too(autojump_clock: MockClock, world: World) -> None:
    async with world.life() as life:
        wide(life)
        await life.submit(spread("5", "2.25"))
        await life.until(lambda: life.held(LOW.symbol) == 5)
        out = await life.submit(spread("5", "-1.80", opens=False, **WALK), plan_id="out")
        assert out.verdict.ok, out.verdict.violations

        await life.until(lambda: life.held(LOW.symbol) == 0, seconds=100)

        assert life.held(HIGH.symbol) == 0
        exits = [one for one in life.orders(OrderPurpose.EXIT) if one.terms.parent_order_id]
        assert [str(one.terms.limit_price) for one in exits] == [
            "-2.00",
            "-1.95",
            "-1.90",
            "-1.85",
            "-1.80",
        ]


async def test_a_single_option_walks_and_is_protected_from_its_first_contract(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.20")
        bought = option(
            LOW,
            limit="5.30",
            stop="4.00",
            target="8.00",
            denomination=RiskDenomination.OPTION_PRICE,
            **WALK,
        )
        result = await life.submit(bought)
        assert result.verdict.ok, result.verdict.violations

        await life.until(lambda: life.held(LOW.symbol) == 2, seconds=100)

        guarding = life.tree.desk.book.protections[LOW.symbol]
        assert guarding.stop_loss == Decimal("4.00")
        quote(life, LOW, "3.90", "4.10")
        await life.until(lambda: life.held(LOW.symbol) == 0)


async def test_a_step_that_the_broker_refuses_is_not_the_end(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        life.broker.fault("reject_submit", {"count": 1})
        await walk(life)

        await life.until(lambda: life.held(LOW.symbol) == 5, seconds=100)

        assert steps(life)[0].status is S.REJECTED


async def test_halted_trading_sends_no_further_step(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        await walk(life)
        await life.until(lambda: len(steps(life)) == 1)
        await life.operations.kill_switch("enough", "me", False)
        await trio.sleep(100)

        assert len(steps(life)) == 1
        assert not any(one.is_open for one in life.orders())


async def test_shares_do_not_walk_and_neither_does_what_has_no_limit(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        wide(life)
        for number, decision in enumerate((buy(**WALK), spread("5", None, **WALK))):
            result = await life.submit(decision, plan_id=f"p{number}")
            codes = {one.code for one in result.verdict.violations}
            assert "TACTIC_UNAVAILABLE" in codes
        assert life.orders() == []


async def test_an_exit_by_walking_ends_when_a_stop_was_quicker(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life() as life:
        quote(life, LOW, "5.00", "5.20")
        await life.submit(
            option(
                LOW,
                limit="5.30",
                stop="4.00",
                target="9.00",
                denomination=RiskDenomination.OPTION_PRICE,
            )
        )
        await life.until(lambda: life.held(LOW.symbol) == 2)
        out = leave(LOW, limit="4.90", **WALK)
        result = await life.submit(out, plan_id="out")
        assert result.verdict.ok, result.verdict.violations
        quote(life, LOW, "3.90", "4.10")

        await life.until(lambda: life.held(LOW.symbol) == 0)
        await life.until(lambda: not list(life.tree.desk.book.open_orders()))
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT) if not one.terms.walk) == 2
