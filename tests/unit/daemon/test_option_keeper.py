"""Legs that are left alone, and contracts on their last day, at the real venue."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from cream.core.exchange.calendar import SessionMode
from cream.core.execution.book import Book
from cream.core.execution.events import OrderIntended
from cream.core.execution.option_duties import ExpiryAction
from cream.core.execution.option_events import CloseOwed
from cream.core.model.instrument import OptionContract, OptionRight
from cream.core.model.order import OrderPurpose, OrderStatus, OrderTerms, Side
from cream.core.model.plan import PositionIntent, RiskDenomination
from cream.core.risk.decisions import Decide, Decided
from cream.daemon.tree import TreeSettings
from tests.fakes.approvals import approved
from tests.fakes.builders import order_terms
from tests.fakes.roll_orders import roll_terms
from tests.fakes.world import Life, World
from tests.unit.daemon.option_lab import HIGH, LOW, leave, option, quote, spread

# The Wednesday before Thanksgiving, and the Friday after it, which closes at 13:00.
TODAY, EARLY = date(2026, 11, 25), date(2026, 11, 27)
ENDING_LOW = OptionContract("AAPL", TODAY, OptionRight.CALL, Decimal("240.00"))
ENDING_HIGH = OptionContract("AAPL", TODAY, OptionRight.CALL, Decimal("245.00"))
# In New York 14:25, 95 minutes before the close.
BEFORE_CUTOFF = datetime(2026, 11, 25, 19, 25, tzinfo=UTC)
AFTER_CUTOFF = datetime(2026, 11, 25, 19, 30, 1, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def by(**policy: object) -> Callable[[TreeSettings], TreeSettings]:
    """This policy, and Greeks that are nobody's concern here."""

    def change(settings: TreeSettings) -> TreeSettings:
        wide = evolve(
            settings.constraints.options,
            max_portfolio_theta=Decimal(-100_000),
            max_portfolio_gamma=Decimal(100_000),
        )
        limits = evolve(settings.constraints, options=wide)
        own = evolve(settings.options, **policy)
        return evolve(settings, constraints=limits, options=own)

    return change


async def sooner_or_later(condition: Callable[[], object]) -> None:
    """Look now and then, never in the moment in which the keeper does; two hours at most."""
    with trio.fail_after(7_200):
        while not condition():  # noqa: ASYNC110 - time is what it waits for
            await trio.sleep(0.713)


async def durably_owed(world: World, life: Life) -> None:
    await sooner_or_later(
        lambda: any(isinstance(one.event, CloseOwed) for one in world.journal.durable)
    )


def kinds(life: Life) -> list[str]:
    return [kind for _, kind in life.tree.desk.book.options.alarms]


async def hold_spread(
    life: Life, low: OptionContract = LOW, high: OptionContract = HIGH, quantity: int = 5
) -> None:
    quote(life, low, "5.00", "5.20")
    quote(life, high, "3.00", "3.20")
    result = await life.submit(spread(str(quantity), "2.25", long=low, short=high))
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(high.symbol) == -quantity)


async def by_hand(life: Life, contract: OptionContract, quantity: str, side: Side) -> None:
    """Somebody else trades in the account."""
    buys = side is Side.BUY
    terms = evolve(
        order_terms("stranger", quantity, side=side, instrument=contract),
        client_order_id=f"by-hand-{contract.symbol}-{quantity}",
        position_intent=PositionIntent.BUY_TO_CLOSE if buys else PositionIntent.SELL_TO_CLOSE,
    )
    await life.broker.submit(terms)


# Orphans ----------------------------------------------------------------------------------------


async def test_a_leg_whose_partner_was_closed_by_another_is_told_of_and_left_alone(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(by()) as life:
        await hold_spread(life)
        await by_hand(life, HIGH, "2", Side.BUY)
        await life.until(lambda: life.held(HIGH.symbol) == -3)
        assert kinds(life) == []

        await life.until(lambda: kinds(life) == ["orphan_leg"])
        await trio.sleep(60)

        (alarm,) = life.tree.desk.book.options.alarms.values()
        assert (alarm.symbol, alarm.message) == (
            LOW.symbol,
            f"2 of {LOW.symbol} are held without {HIGH.symbol}",
        )
        assert life.held(LOW.symbol) == 5
        assert life.orders(OrderPurpose.EXIT) == []


async def test_the_orphan_alone_is_closed_where_the_policy_says_so(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(by(close_orphans=True)) as life:
        await hold_spread(life)
        await by_hand(life, HIGH, "2", Side.BUY)

        await life.until(lambda: life.held(LOW.symbol) == 3)
        await life.until(lambda: not life.tree.desk.book.options.owed)
        await trio.sleep(60)

        assert (life.held(LOW.symbol), life.held(HIGH.symbol)) == (3, -3)
        (sold,) = life.orders(OrderPurpose.EXIT)
        assert (sold.filled, sold.terms.position_intent) == (2, PositionIntent.SELL_TO_CLOSE)
        assert kinds(life) == []


async def test_legs_that_we_part_ourselves_are_no_orphans(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(by(close_orphans=True)) as life:
        await hold_spread(life)
        bought_back = await life.submit(leave(HIGH, "5"), plan_id="out")
        assert bought_back.verdict.ok, bought_back.verdict.violations
        await life.until(lambda: life.held(HIGH.symbol) == 0)
        await trio.sleep(120)

        assert life.held(LOW.symbol) == 5
        assert kinds(life) == []


async def test_an_orphan_owed_before_a_crash_is_closed_once(
    autojump_clock: MockClock, world: World
) -> None:
    async with world.life(by(close_orphans=True)) as life:
        await hold_spread(life)
        await by_hand(life, HIGH, "5", Side.BUY)
        await durably_owed(world, life)
        world.journal = world.journal.crash()
        life.die()

    async with world.life(by(close_orphans=True)) as life:
        await life.until(lambda: life.held(LOW.symbol) == 0)
        await trio.sleep(120)
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT)) == 5
        assert not life.tree.desk.book.options.owed


async def test_who_forbids_it_after_all_is_obeyed(autojump_clock: MockClock, world: World) -> None:
    async with world.life(by(close_orphans=True)) as life:
        await hold_spread(life)
        life.broker.fault("reject_submit", {"count": 100})
        await by_hand_now(life)
        await durably_owed(world, life)
        world.journal = world.journal.crash()
        life.die()

    async with world.life(by()) as life:
        await life.until(lambda: not life.tree.desk.book.options.owed)
        await trio.sleep(120)
        assert life.held(LOW.symbol) == 5


async def by_hand_now(life: Life) -> None:
    """Past the fault that refuses what we send."""
    life.broker.fault("reject_submit", {"on": False})
    await by_hand(life, HIGH, "5", Side.BUY)
    life.broker.fault("reject_submit", {"count": 100})


# The last day -----------------------------------------------------------------------------------


async def test_a_spread_is_closed_at_the_cut_off_the_short_leg_first(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    async with world.life(by(cutoff_minutes=94)) as life:
        await hold_spread(life, ENDING_LOW, ENDING_HIGH)
        await trio.sleep(50)
        assert life.orders(OrderPurpose.EXIT) == []

        await sooner_or_later(lambda: life.held(ENDING_LOW.symbol) == 0)

        assert life.held(ENDING_HIGH.symbol) == 0
        bought, sold = life.orders(OrderPurpose.EXIT)
        assert (bought.terms.side, sold.terms.side) == (Side.BUY, Side.SELL)
        assert bought.updated_at <= sold.intended_at
        cutoff = datetime(2026, 11, 25, 19, 26, tzinfo=UTC)
        assert 0 <= (bought.intended_at - cutoff).total_seconds() < 3
        await life.until(lambda: not life.tree.desk.book.options.owed)


async def test_on_a_day_that_closes_early_the_cut_off_is_early_too(
    autojump_clock: MockClock, world: World
) -> None:
    """13:00 in New York less 90 minutes."""
    contract = OptionContract("AAPL", EARLY, OptionRight.CALL, Decimal("240.00"))
    world.session, world.start = SessionMode.CALENDAR, datetime(2026, 11, 27, 16, 28, tzinfo=UTC)
    async with world.life(by()) as life:
        await long_call(life, contract)
        await sooner_or_later(lambda: life.held(contract.symbol) == 0)

        (sold,) = life.orders(OrderPurpose.EXIT)
        late = sold.intended_at - datetime(2026, 11, 27, 16, 30, tzinfo=UTC)
        assert 0 <= late.total_seconds() < 3


async def long_call(life: Life, contract: OptionContract) -> None:
    """Bought at whatever it costs now."""
    quote(life, contract, "0.90", "0.95")
    result = await life.submit(
        option(
            contract,
            limit="0.95",
            stop="0.20",
            target="3.00",
            denomination=RiskDenomination.OPTION_PRICE,
        )
    )
    assert result.verdict.ok, result.verdict.violations
    await life.until(lambda: life.held(contract.symbol) == 2)


async def test_another_cut_off_can_hold_for_one_underlying(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    async with world.life(by(cutoff_by_underlying={"AAPL": 94})) as life:
        await long_call(life, ENDING_LOW)
        await sooner_or_later(lambda: life.held(ENDING_LOW.symbol) == 0)


@pytest.mark.parametrize("ending", ["the old one", "the new one"])
async def test_at_the_cut_off_a_roll_is_taken_back(
    autojump_clock: MockClock, world: World, ending: str
) -> None:
    """What it was to close is closed at the market, once; what it was to open is not opened."""
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    out, into = (ENDING_LOW, LOW) if ending == "the old one" else (LOW, ENDING_LOW)
    async with world.life(by(cutoff_minutes=94)) as life:
        quote(life, LOW, "5.00", "5.10")
        await long_call(life, ENDING_LOW)
        await trio.sleep(1)
        if out is LOW:
            levels = {"stop": "4.00", "target": "9.00"}
            by_price = RiskDenomination.OPTION_PRICE
            later = option(LOW, limit="5.10", decision_id="l", denomination=by_price, **levels)
            assert (await life.submit(later, plan_id="later")).verdict.ok
            await life.until(lambda: life.held(LOW.symbol) == 2)
        patient = "-5.50" if out is LOW else "2.00"
        terms = roll_terms((out, -1, False), (into, 1, True), quantity=2, net=patient)
        # The gate opens nothing that ends today: this one was let through before.
        await life.tree.desk.do(intended(life, terms))
        await life.until(lambda: life.tree.desk.book.order("o-roll").broker_order_id)

        await sooner_or_later(lambda: life.held(ENDING_LOW.symbol) == 0)

        assert life.tree.desk.book.order("o-roll").status is OrderStatus.CANCELED
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT)) == 2
        assert life.held(LOW.symbol) == (0 if out is ENDING_LOW else 2)
        assert not await life.broker.open_orders()


def intended(life: Life, terms: OrderTerms) -> Decide[None]:
    """Send an order that nobody judges any more."""

    def decide(book: Book, now: datetime) -> Decided[None]:
        intent = OrderIntended(at=now, terms=terms, reason="a test")
        return Decided(None, (intent,), approved(life.tree.option_keeper.gate, terms))

    return decide


async def test_a_crash_before_the_cut_off_is_paid_closes_once(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    async with world.life(by(cutoff_minutes=94)) as life:
        await long_call(life, ENDING_LOW)
        life.broker.fault("submit_unavailable", {})
        await durably_owed(world, life)
        world.journal = world.journal.crash()
        life.die()

    world.later(120)
    async with world.life(by(cutoff_minutes=94)) as life:
        quote(life, ENDING_LOW, "0.90", "0.95")
        await life.until(lambda: life.held(ENDING_LOW.symbol) == 0)
        await trio.sleep(120)
        assert sum(one.filled for one in life.orders(OrderPurpose.EXIT)) == 2


async def test_where_the_policy_is_to_leave_it_an_alarm_is_given_once(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    async with world.life(by(expiry=ExpiryAction.NONE, cutoff_minutes=94)) as life:
        await long_call(life, ENDING_LOW)
        await sooner_or_later(lambda: kinds(life) == ["expires_held"])
        await trio.sleep(60)

        assert life.held(ENDING_LOW.symbol) == 2
        told = [one for one in world.journal.durable if type(one.event).__name__ == "OptionAlarmed"]
        assert len(told) == 1


async def test_what_is_far_out_of_the_money_can_be_left_to_expire(
    autojump_clock: MockClock, world: World
) -> None:
    """The underlying at 238.40 is 0.7 % below the strike, and then 3 %."""
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    policy = by(cutoff_minutes=94, leave_otm_pct=Decimal("0.02"))
    async with world.life(policy) as life:
        await long_call(life, ENDING_LOW)
        life.tree.desk.book.protections.drop(ENDING_LOW.symbol)
        life.quote("AAPL", "232.00", "232.02")
        await trio.sleep(120)
        assert life.held(ENDING_LOW.symbol) == 2

        life.quote("AAPL", "239.00", "239.02")
        quote(life, ENDING_LOW, "0.20", "0.25")
        await life.until(lambda: life.held(ENDING_LOW.symbol) == 0)


async def test_what_cannot_be_closed_is_an_alarm_in_the_end(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    async with world.life(by(cutoff_minutes=10)) as life:
        await long_call(life, ENDING_LOW)
    # A minute before the cut-off, so that the fault is there before the first try.
    world.later(84 * 60)
    async with world.life(by(cutoff_minutes=10)) as life:
        life.broker.fault("reject_submit", {"count": 10_000})
        await sooner_or_later(lambda: "not_closed" in kinds(life))

        refused = [one.status for one in life.orders(OrderPurpose.EXIT)]
        assert set(refused) == {OrderStatus.REJECTED}
        # Ten minutes of tries: after a second at first, each half minute later.
        assert 15 < len(refused) < 30
        assert not life.tree.desk.book.options.owed


async def test_nothing_is_opened_after_the_cut_off(autojump_clock: MockClock, world: World) -> None:
    """And what would open it is taken back."""
    world.session, world.start = SessionMode.CALENDAR, AFTER_CUTOFF
    async with world.life(by()) as life:
        quote(life, ENDING_LOW, "5.00", "5.20")
        result = await life.submit(
            option(
                ENDING_LOW,
                limit="5.20",
                stop="4.00",
                target="8.00",
                denomination=RiskDenomination.OPTION_PRICE,
            )
        )
        assert "NEAR_EXPIRY" in {one.code for one in result.verdict.violations}


async def test_a_spread_that_would_add_to_it_is_taken_back(
    autojump_clock: MockClock, world: World
) -> None:
    world.session, world.start = SessionMode.CALENDAR, BEFORE_CUTOFF
    async with world.life(by(cutoff_minutes=94)) as life:
        await hold_spread(life, ENDING_LOW, ENDING_HIGH)
        more = spread("5", "1.60", long=ENDING_LOW, short=ENDING_HIGH)
        resting = (await life.submit(more, plan_id="more")).orders[0]
        await sooner_or_later(lambda: life.held(ENDING_LOW.symbol) == 0)

        assert life.tree.desk.book.order(resting.order_id).status is OrderStatus.CANCELED
